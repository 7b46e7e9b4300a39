//! Step 9: which records can be let out by the same lists, one of each kind, while all that must be withheld is left
//! out.
//!
//! Lists hold all together, so of all that let out the same records the most that can be listed is the most that can be
//! left out. For records that are to be let out, one of each kind, that is: to leave out every single entry that none
//! of them has; and to keep only what has one of several entries, one taken from each of them. So a record is left out
//! by some lists that let those out if it has an entry that none of them has, or if each of them has an entry that it
//! has not.

use super::entries::Mark;
use std::cell::Cell;

/// Whether there is one of each kind that lists can let out together, without any of these others.
pub(super) fn is_some_choice_sayable(meant: &[Vec<Mark>], others: &[Mark]) -> bool {
    let others = Others { all: others, last: Cell::new(0) };
    let Some((first, more)) = meant.split_first() else { return true };
    // What cannot be let out by itself cannot be with others: more that is let out is less that can be listed.
    let alone = |of_kind: &Vec<Mark>| -> Vec<Mark> {
        of_kind.iter().filter(|one| others.are_left_out_beside(&[one])).cloned().collect()
    };
    let more: Vec<Vec<Mark>> = more.iter().map(alone).collect();
    first.iter().any(|one| others.are_left_out_beside(&[one]) && choose(&[one], &more, &others))
}

fn choose(chosen: &[&Mark], rest: &[Vec<Mark>], others: &Others<'_>) -> bool {
    let Some((of_kind, rest)) = rest.split_first() else { return true };
    of_kind.iter().any(|one| {
        let chosen = [chosen, &[one]].concat();
        others.are_left_out_beside(&chosen) && choose(&chosen, rest, others)
    })
}

/// What must be left out.
struct Others<'a> {
    all: &'a [Mark],
    /// Where the last one stood that was not: most choices fail by the same.
    last: Cell<usize>,
}

impl Others<'_> {
    fn are_left_out_beside(&self, chosen: &[&Mark]) -> bool {
        let Some((first, more)) = chosen.split_first() else { return true };
        let out = more.iter().fold(first.out.clone(), |all, one| all.or(&one.out));
        let is_let_out =
            |other: &Mark| !other.out.is_beyond(&out) && !chosen.iter().all(|one| one.kept.is_beyond(&other.kept));
        if self.all.get(self.last.get()).is_some_and(is_let_out) {
            return false;
        }
        let one = self.all.iter().position(is_let_out);
        self.last.set(one.unwrap_or_else(|| self.last.get()));
        one.is_none()
    }
}
