//! Other ways to answer a query. Each refusal is left out by the list that is best for itself, and whole: where nothing of
//! what is permitted is left so, lists are chosen that go together, or what an exception gives back is looked at alone.

use super::Applicability;
use super::combine::{Hall, Speaker, Verdict};
use super::left_out::LeftOut;
use super::part::Part;
use super::redaction::{Redacted, Redaction};
use super::voice::Voice;
use super::withheld::{Choice, Order};

/// Of more refusals than these nobody looks for other lists.
const WITHHELD_MAX: usize = 64;

/// Ways that are tried.
const WAYS_MAX: usize = 32;

impl<'a> Hall<'a> {
    /// What the consents say, heard so that something is permitted, if there is such a way.
    pub(super) fn settled(self) -> (Self, Verdict<'a>) {
        let verdict = self.verdict();
        if self.permits_beside(&verdict) || self.asked.is_none() || self.is_crowded() {
            return (self, verdict);
        }
        let mut unspoken = None;
        for other in self.others().take(WAYS_MAX) {
            let found = other.verdict();
            if other.permits_beside(&found) {
                return (other, found);
            }
            if matches!((&verdict, &found), (Verdict::NoConsent(_), Verdict::NoConsent(_))) && other.leaves_open() {
                unspoken.get_or_insert((other, found));
            }
        }
        match unspoken {
            Some(other) if !self.leaves_open() => other,
            Some(_) | None => (self, verdict),
        }
    }

    /// Whether there are so many refusals that each has its own best list and no other.
    pub(super) fn is_crowded(&self) -> bool {
        self.speaking().map(|(_, voice)| voice.withheld.len()).sum::<usize>() > WITHHELD_MAX
    }

    fn permits_beside(&self, verdict: &Verdict<'_>) -> bool {
        matches!(verdict, Verdict::Permit(..)) && self.leaves_beside()
    }

    /// Whether something is left that nobody speaks about.
    fn leaves_open(&self) -> bool {
        self.leaves_any_but(&self.left_open()) && self.leaves_beside()
    }

    fn leaves_beside(&self) -> bool {
        let any_of = || self.withheld.iter().filter(|list| list.of == Redacted::AnyOf);
        self.beside.iter().all(|kind| kind.is_left(any_of()))
    }

    fn others(&self) -> impl Iterator<Item = Self> {
        let orders = [Order::Forward, Order::Backward].into_iter();
        let with_other_lists = orders.map(|order| self.aiming_at(None, order)).chain(self.aiming_at_parts());
        with_other_lists.chain(self.lifting().flat_map(|hall| hall.aiming_at_parts().collect::<Vec<_>>()))
    }

    /// One refusal lifted in each.
    fn lifting(&self) -> impl Iterator<Item = Self> {
        let applies = |(speaker, _): &(&Speaker<'_>, _)| speaker.state == Applicability::Applies;
        let heard = self.voices.iter().enumerate().filter(move |(_, heard)| applies(heard));
        let may_exist =
            |part: &Part<'a>| self.asked.is_none_or(|asked| asked.may_be_of(self.lister, part, &LeftOut::default()));
        heard.flat_map(move |(at, (_, voice))| {
            voice.lifting(may_exist).map(move |lifting| self.hearing(at, lifting)).collect::<Vec<_>>()
        })
    }

    /// With this voice in place of another.
    fn hearing(&self, place: usize, voice: Voice<'a>) -> Self {
        let heard = |(at, (speaker, own)): (usize, &(&'a Speaker<'a>, Voice<'a>))| {
            (*speaker, if at == place { voice.clone() } else { own.clone() })
        };
        Self { voices: self.voices.iter().enumerate().map(heard).collect(), withheld: Vec::new(), ..*self }
    }

    fn aiming_at_parts(&self) -> impl Iterator<Item = Self> {
        let parts = self.speaking().flat_map(|(_, voice)| voice.stance.parts());
        parts.flat_map(|part| [Order::Forward, Order::Backward].map(|order| self.aiming_at(Some(part), order)))
    }

    /// With lists that leave something of a part, or of everything.
    fn aiming_at(&self, part: Option<&Part<'a>>, order: Order) -> Self {
        let alternative = part.and_then(|part| self.lister.released(part).into_iter().next()).unwrap_or_default();
        let only = |listed| Redaction { of: Redacted::AllBut, listed };
        let beside = alternative.into_iter().map(only).collect();
        let mut hall = Self { voices: self.voices.clone(), withheld: Vec::new(), ..*self };
        hall.withheld = hall.withheld_of_query(Choice::Together(beside, order));
        hall
    }
}
