//! The search against all sets of lists there are, over few entries.

use super::choice::is_some_choice_sayable;
use super::dice::Dice;
use super::entries::{Bits, Mark};

const ENTRIES: u32 = 3;

/// A record by the entries that leave it out, and those of them that keep it.
type Small = (u32, u32);

fn small(dice: &mut Dice) -> Small {
    let out = dice.below(8) as u32;
    (out, out & dice.below(8) as u32)
}

fn mark((out, kept): &Small) -> Mark {
    let bits = |of: &u32| Bits::of((0..ENTRIES).map(|entry| of >> entry & 1 == 1));
    Mark { out: bits(out), kept: bits(kept) }
}

/// Every list of what to leave out with every set of lists of what to keep, of which each has an entry.
fn is_let_out((out, kept): Small, left_out: u32, lists: u32) -> bool {
    let keeps = |list: u32| lists >> list & 1 == 0 || kept & list != 0;
    out & left_out == 0 && (1..1 << ENTRIES).all(keeps)
}

#[test]
fn lists_say_what_the_search_says() {
    let mut dice = Dice::of(7);
    let (mut sayable, mut unsayable) = (0, 0);
    for _ in 0..2000 {
        let kinds: Vec<Vec<Small>> =
            (0..dice.one(&[1, 2, 2, 3])).map(|_| (0..2).map(|_| small(&mut dice)).collect()).collect();
        let withheld: Vec<Small> = (0..dice.one(&[1, 2, 3])).map(|_| small(&mut dice)).collect();
        let mut all = (0..8).flat_map(|left_out| (0..1 << 8).step_by(2).map(move |lists| (left_out, lists)));
        let expected = all.any(|(left_out, lists)| {
            let lets = |one: &Small| is_let_out(*one, left_out, lists);
            kinds.iter().all(|kind| kind.iter().any(lets)) && !withheld.iter().any(lets)
        });
        let meant: Vec<Vec<Mark>> = kinds.iter().map(|kind| kind.iter().map(mark).collect()).collect();
        let others: Vec<Mark> = withheld.iter().map(mark).collect();
        assert_eq!(is_some_choice_sayable(&meant, &others), expected, "{kinds:?} without {withheld:?}");
        if expected { sayable += 1 } else { unsayable += 1 }
    }
    assert!(sayable > 100 && unsayable > 100, "{sayable} and {unsayable}");
}
