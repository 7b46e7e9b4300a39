//! Other ways to answer a query. Each refusal is left out by the list that is best for itself, and whole: where nothing of
//! what is permitted is left so, lists are chosen that go together, or what an exception gives back is looked at alone.

use super::Applicability;
use super::combine::{Hall, Speaker, Verdict};
use super::part::Part;
use super::redaction::{Redacted, Redaction};
use super::voice::{Stance, Voice};
use super::withheld::Choice;

/// Of more refusals than these nobody looks for other lists.
const WITHHELD_MAX: usize = 64;

/// Ways that are tried.
const WAYS_MAX: usize = 32;

impl<'a> Hall<'a> {
    /// What the consents say, heard so that something is permitted, if there is such a way.
    pub(super) fn settled(self) -> (Self, Verdict<'a>) {
        let verdict = self.verdict();
        let withheld: usize = self.speaking().map(|(_, voice)| voice.withheld.len()).sum();
        if matches!(verdict, Verdict::Permit(..)) || self.asked.is_none() || withheld > WITHHELD_MAX {
            return (self, verdict);
        }
        for other in self.others().take(WAYS_MAX) {
            let verdict = other.verdict();
            if matches!(verdict, Verdict::Permit(..)) {
                return (other, verdict);
            }
        }
        (self, verdict)
    }

    fn others(&self) -> impl Iterator<Item = Self> {
        let permits_all = self.speaking().any(|(_, voice)| voice.stance == Stance::Permit);
        let with_other_lists = permits_all.then(|| self.aiming_at(None)).into_iter().chain(self.aiming_at_parts());
        with_other_lists.chain(self.lifting().flat_map(|hall| hall.aiming_at_parts().collect::<Vec<_>>()))
    }

    /// One refusal lifted in each.
    fn lifting(&self) -> impl Iterator<Item = Self> {
        let applies = |(speaker, _): &(&Speaker<'_>, _)| speaker.state == Applicability::Applies;
        let heard = self.voices.iter().enumerate().filter(move |(_, heard)| applies(heard));
        heard.flat_map(move |(at, (_, voice))| voice.lifting().map(move |lifting| self.hearing(at, lifting)))
    }

    /// With this voice in place of another.
    fn hearing(&self, place: usize, voice: Voice<'a>) -> Self {
        let heard = |(at, (speaker, own)): (usize, &(&'a Speaker<'a>, Voice<'a>))| {
            (*speaker, if at == place { voice.clone() } else { own.clone() })
        };
        Self { voices: self.voices.iter().enumerate().map(heard).collect(), withheld: Vec::new(), ..*self }
    }

    fn aiming_at_parts(&self) -> impl Iterator<Item = Self> {
        self.speaking().flat_map(|(_, voice)| voice.stance.parts()).map(|part| self.aiming_at(Some(part)))
    }

    /// With lists that leave something of a part, or of everything.
    fn aiming_at(&self, part: Option<&Part<'a>>) -> Self {
        let alternative = part.and_then(|part| self.lister.released(part).into_iter().next()).unwrap_or_default();
        let only = |listed| Redaction { of: Redacted::AllBut, listed };
        let beside = alternative.into_iter().map(only).collect();
        let mut hall = Self { voices: self.voices.clone(), withheld: Vec::new(), ..*self };
        hall.withheld = hall.withheld_of_query(Choice::Together(beside));
        hall
    }
}
