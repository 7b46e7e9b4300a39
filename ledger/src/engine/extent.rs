//! Which of the records that a query may find a rule is about, as far as lists tell: some, or all of them.

use super::Data;
use super::listing::{By, Listable, Lister, Reach};
use super::part::joined;
use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::{Remainder, rank};
use crate::document::Effect;
use crate::vocabulary::{Coding, system};

impl Lister {
    /// Of each alternative what a rule is surely not about, left out; where no list can say it, nothing is.
    pub(super) fn at_most(self, part: &Listable<'_>) -> Vec<Vec<Redaction>> {
        let rule = part.rule;
        let is_confidentiality = |code: &Coding| code.system == system::CONFIDENTIALITY;
        let means_from = |list: &Listed| rule.effect == Effect::Deny && list.codes.iter().any(is_confidentiality);
        let excepted = Listed::codes(&rule.data.except_labels);
        let excepted = (!excepted.is_empty()).then_some(Redaction { of: Redacted::AnyOf, listed: excepted });
        let actors = (part.by == By::DataAndActors && rule.effect == Effect::Permit && part.can_be_released())
            .then(|| self.released_actors(rule));
        let only = |listed| Redaction { of: Redacted::AllBut, listed };
        let of_alternative = |lists: Vec<Listed>| {
            let lists = lists.into_iter().filter(|list| !means_from(list)).chain(actors.clone()).map(only);
            lists.chain(excepted.clone()).collect()
        };
        self.alternatives(&rule.data, &rule.data.labels).into_iter().map(of_alternative).collect()
    }
}

impl Listable<'_> {
    /// Whether lists of its data say all that it is about. Of a permit that its exceptions turn round, labels mean less than
    /// a list of them.
    fn is_plain(&self) -> bool {
        let means_so = self.rule.effect == Effect::Deny || self.rule.data.labels.is_empty();
        means_so && self.by == By::Data && self.reach == Reach::All
    }

    /// How confidential what it is about is at least: a refusal of a confidentiality means "from".
    pub(super) fn at_least(&self) -> usize {
        let labels = &self.rule.data.labels;
        let ranks: Option<Vec<usize>> = labels.iter().map(rank).collect();
        let least = ranks.and_then(|ranks| ranks.into_iter().min());
        least.filter(|_| self.rule.effect == Effect::Deny).unwrap_or(0)
    }
}

impl Remainder<'_> {
    /// Whether data like this is all that is asked for, whatever it excepts.
    pub(super) fn is_all_of(&self, lister: Lister, data: &Data) -> bool {
        self.surely_of(lister, &[data]).is_none()
    }

    /// What a refusal refuses for sure, one list for each that leaves out no more than it; `None` if that is all of it.
    pub(super) fn surely_refused(&self, lister: Lister, part: &Listable<'_>) -> Option<Vec<Redaction>> {
        let rule = part.rule;
        if part.is_plain() && rule.data.except_labels.is_empty() {
            return match part.above() {
                None => self.surely_of(lister, &[&rule.data]),
                Some(above) if above.is_plain() => self.surely_of(lister, &[&rule.data, &above.rule.data]),
                Some(_) => Some(Vec::new()),
            };
        }
        // A label that nobody knows is no reason here.
        let all_but = part.all_but_excepted().filter(|_| part.is_plain() && part.above.is_none());
        all_but.map_or(Some(Vec::new()), |list| self.is_any([&list]).then(|| vec![list]))
    }

    fn surely_of(&self, lister: Lister, data: &[&Data]) -> Option<Vec<Redaction>> {
        let open = self.open_lists(lister, data);
        let is_all = open.iter().any(Vec::is_empty);
        let lists: Vec<Redaction> = open.into_iter().filter(|lists| lists.len() == 1).flatten().collect();
        (!is_all && self.is_any(&lists)).then_some(lists)
    }

    /// Of each alternative of what all these are about the lists of which some record that is asked for may have nothing.
    fn open_lists(&self, lister: Lister, data: &[&Data]) -> Vec<Vec<Redaction>> {
        let without = |listed| Redaction { of: Redacted::AnyOf, listed };
        let open = |lists: Vec<Listed>| lists.into_iter().map(without).filter(|list| self.is_any([list])).collect();
        joined(data.iter().map(|data| lister.alternatives(data, &data.labels))).into_iter().map(open).collect()
    }
}
