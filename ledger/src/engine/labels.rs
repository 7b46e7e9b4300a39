//! Whether data is labelled as a rule says (CE-1 step 3): confidentiality by height, sensitivity by what it is a part of.

use super::Data;
use super::question::{Cover, Inquiry, Subject};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, NORMAL, system};
use std::collections::BTreeSet;

impl Inquiry<'_> {
    /// OR over the labels of a rule.
    pub(super) fn labelled(&self, rule: &BTreeSet<Coding>, effect: Effect) -> Cover {
        match self.subject {
            Subject::Record(record) => {
                Cover::whole_if(rule.iter().any(|label| self.is_labelled(label, &record.labels, effect)))
            }
            Subject::Query { query, .. } => {
                Cover::any(rule.iter().map(|label| self.query_labelled(label, &query.labels, effect)))
            }
        }
    }

    /// Whether a scope excepts all the labels that it names. A permit of a confidentiality is also about lower ones.
    pub(super) fn is_void(&self, scope: &Data, effect: Effect) -> bool {
        let is_confidentiality = |label: &Coding| label.system == system::CONFIDENTIALITY;
        let is_excepted = |label: &Coding| {
            let alike = scope.except_labels.iter().filter(|one| is_confidentiality(one) == is_confidentiality(label));
            let alone = BTreeSet::from([label.clone()]);
            let is_one = alike.into_iter().any(|one| self.is_labelled(one, &alone, Effect::Deny));
            is_one && (effect == Effect::Deny || !is_confidentiality(label))
        };
        !scope.labels.is_empty() && scope.labels.iter().all(is_excepted)
    }

    /// A confidentiality means "up to" where something is permitted and "from" where it is refused; the highest label
    /// counts, and no label is `N`.
    fn is_labelled(&self, rule: &Coding, labels: &BTreeSet<Coding>, effect: Effect) -> bool {
        if rule.system != system::CONFIDENTIALITY {
            return labels.iter().any(|label| self.is_sensitive(rule, label, effect));
        }
        let Some(limit) = self.vocabulary.confidentiality(&rule.code) else { return effect == Effect::Deny };
        if lacks(Mutant::ConfidentialityExact) {
            return labels.contains(rule);
        }
        let ranks = labels.iter().filter_map(|label| self.rank(label));
        let unlabelled = self.vocabulary.confidentiality(NORMAL);
        let counts = if lacks(Mutant::LowestLabelCounts) { ranks.min() } else { ranks.max() };
        let counts = if lacks(Mutant::UnlabelledCountsForNothing) { counts } else { counts.or(unlabelled) };
        let up_to = effect == Effect::Permit || lacks(Mutant::RefusalUpTo);
        counts.is_some_and(|counts| if up_to { counts <= limit } else { counts >= limit })
    }

    fn rank(&self, label: &Coding) -> Option<usize> {
        let known = (label.system == system::CONFIDENTIALITY).then(|| self.vocabulary.confidentiality(&label.code));
        known.flatten()
    }

    /// A sensitivity that the vocabulary does not know could be any: it never helps a permit and always meets a refusal.
    fn is_sensitive(&self, rule: &Coding, label: &Coding, effect: Effect) -> bool {
        if rule.system != system::ACT_CODE || label.system != system::ACT_CODE {
            return rule == label;
        }
        let meets_all = effect == Effect::Deny && !self.is_known(label) && !lacks(Mutant::UnknownLabelHarmless);
        meets_all || self.vocabulary.sensitivity_covers(&rule.code, &label.code)
    }

    fn is_known(&self, label: &Coding) -> bool {
        self.vocabulary.knows_label(&label.code)
    }

    /// What a query does not say about labels is open. One end of the scale holds for everything.
    fn query_labelled(&self, rule: &Coding, asked: &BTreeSet<Coding>, effect: Effect) -> Cover {
        let is_confidentiality = rule.system == system::CONFIDENTIALITY;
        let of_everything = match effect {
            Effect::Permit => "V",
            Effect::Deny => "U",
        };
        if is_confidentiality && rule.code == of_everything {
            return Cover::Whole;
        }
        let says = asked.iter().any(|label| (label.system == system::CONFIDENTIALITY) == is_confidentiality);
        if !says {
            return Cover::Part;
        }
        match (self.is_labelled(rule, asked, effect), effect) {
            // A record with the label that is asked for may have a higher one beside it.
            (true, Effect::Permit) if is_confidentiality => Cover::Part,
            (true, _) => Cover::Whole,
            (false, Effect::Permit) if is_confidentiality => Cover::Nothing,
            (false, _) => Cover::Part,
        }
    }
}
