//! What of a query is refused to breaking the glass by name (CE-1 step 7): it stays shut in an emergency.

use super::combine::Hall;
use super::listing::Listable;
use super::part::Part;
use super::redaction::Redaction;
use super::several::all_but_either;
use super::voice::{BreakGlass, Voice};
use super::withheld::{Choice, Withheld};

impl<'a> Hall<'a> {
    /// Whether a refusal of all that is asked names breaking the glass.
    pub(super) fn refuses_break_glass(&self) -> bool {
        let bars_all = |voice: &Voice<'a>| voice.barred.iter().any(|part| self.is_all(part));
        let refuses = |voice: &Voice<'a>| voice.break_glass != BreakGlass::Open && voice.not_barred().next().is_none();
        self.speaking().any(|(_, voice)| refuses(voice) || bars_all(voice))
    }

    /// What of a query is so refused, and so left out in an emergency too. A record is refused or not.
    pub(super) fn barred(&self) -> Vec<Redaction> {
        if self.asked.is_none() {
            return Vec::new();
        }
        let refusing = self.speaking().filter(|(_, voice)| voice.break_glass != BreakGlass::Open);
        let but_not_barred: Vec<Redaction> = refusing
            .flat_map(|(_, voice)| {
                let parts: Vec<Part<'a>> = voice.not_barred().collect();
                all_but_either(parts.iter().flat_map(|part| self.lister.released(part)))
            })
            .collect();
        let barred = self.withholding(Choice::Opening(but_not_barred.clone()), |voice| Withheld {
            rules: &voice.barred,
            permits: voice.leaving_barred.clone(),
            given: Vec::new(),
        });
        barred.into_iter().chain(but_not_barred).collect()
    }

    /// Whether that leaves nothing of it.
    pub(super) fn is_barred(&self) -> bool {
        self.asked.is_some_and(|asked| !asked.is_any(&self.barred()))
    }
}

impl<'a> Voice<'a> {
    /// What a refusal of all that names breaking the glass does not refuse by name: what is released from it, and what
    /// rules refuse in the place of a root.
    fn not_barred(&self) -> impl Iterator<Item = Part<'a>> {
        let by_rules = self.withheld.iter().filter(|_| self.break_glass == BreakGlass::RefusedByRoot);
        let by_rules = by_rules.filter(|part| !self.barred.contains(part) && part.can_be_released());
        self.stance.parts().iter().cloned().chain(by_rules.copied().map(Listable::into))
    }
}
