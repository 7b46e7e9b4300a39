//! Whether a rule is about this data (CE-1 step 3): AND over the parts of its scope, OR inside each.

use super::party::is_same;
use super::question::{Cover, Inquiry, Record, Subject};
use super::remainder::may_be_both;
use super::{Class, Data, Identifiers, Records, Rule, Span};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, system};
use std::collections::BTreeSet;

impl Inquiry<'_> {
    /// A scope that says nothing is the whole record.
    pub(super) fn data(&self, scope: &Data, effect: Effect) -> Cover {
        if matches!(self.subject, Subject::Query { .. }) && self.is_void(scope, effect) {
            return Cover::Nothing;
        }
        let part = |is_said: bool, left_out: Mutant, cover: &dyn Fn() -> Cover| {
            if is_said && !lacks(left_out) { cover() } else { Cover::Whole }
        };
        Cover::all([
            part(!scope.labels.is_empty(), Mutant::LabelIgnored, &|| self.labelled(&scope.labels, effect)),
            part(!scope.except_labels.is_empty(), Mutant::ExceptedLabelIgnored, &|| {
                self.excepted(&scope.except_labels)
            }),
            part(scope.period.is_some(), Mutant::DataPeriodIgnored, &|| self.dated(scope.period, effect)),
            part(!scope.records.is_empty(), Mutant::RecordIgnored, &|| self.recorded(&scope.records, effect)),
            part(!scope.classes.is_empty(), Mutant::ClassIgnored, &|| self.classed(&scope.classes, effect)),
            part(!scope.documents.is_empty(), Mutant::ClassIgnored, &|| self.documented(&scope.documents, effect)),
            part(!scope.codes.is_empty(), Mutant::CodeIgnored, &|| self.coded(&scope.codes, effect)),
        ])
    }

    /// Left out is what a refusal of these labels would meet. Of a query the rest is answered, and these are withheld.
    fn excepted(&self, labels: &BTreeSet<Coding>) -> Cover {
        match (self.subject, self.labelled(labels, Effect::Deny)) {
            (_, Cover::Whole) => Cover::Nothing,
            (Subject::Record(_), _) | (Subject::Query { .. }, Cover::Nothing | Cover::Part) => Cover::Whole,
        }
    }

    /// Whether a rule excepts some of a query.
    pub(super) fn excepts_some(&self, rule: &Rule) -> bool {
        let is_query = matches!(self.subject, Subject::Query { .. });
        is_query && self.labelled(&rule.data.except_labels, Effect::Deny) == Cover::Part
    }

    fn dated(&self, period: Option<Span>, effect: Effect) -> Cover {
        let Some(period) = period else { return Cover::Whole };
        let date = match self.subject {
            Subject::Record(record) => record.date,
            // Everything is from a time without ends, as far as a refusal goes.
            Subject::Query { .. } if effect == Effect::Deny && period == Span::ALWAYS => return Cover::Whole,
            Subject::Query { query, .. } => query.period,
        };
        let Some(date) = date else { return self.unstated(effect) };
        match (self.subject, effect) {
            (Subject::Record(_), Effect::Permit) => Cover::whole_if(date.lies_in(&period)),
            (Subject::Record(_), Effect::Deny) => Cover::whole_if(date.meets(&period)),
            (Subject::Query { .. }, _) if date.lies_in(&period) => Cover::Whole,
            (Subject::Query { .. }, _) if date.meets(&period) => Cover::Part,
            (Subject::Query { .. }, _) => Cover::Nothing,
        }
    }

    fn recorded(&self, records: &[Records], effect: Effect) -> Cover {
        match self.subject {
            Subject::Record(record) => Cover::any(records.iter().map(|one| self.is_recorded(one, record, effect))),
            Subject::Query { .. } => Cover::Part,
        }
    }

    fn is_recorded(&self, records: &Records, record: &Record, effect: Effect) -> Cover {
        match records {
            Records::Instance(names) => self.stated(record.names.as_ref(), names, effect),
            Records::Related(names) => {
                let itself = self.stated(record.names.as_ref(), names, effect);
                if lacks(Mutant::RelatedIsInstance) {
                    return itself;
                }
                Cover::any([itself, self.stated(record.related.as_ref(), names, effect)])
            }
            Records::AuthoredBy(names) => self.stated(record.author.as_ref(), names, effect),
        }
    }

    fn stated(&self, stated: Option<&Identifiers>, names: &Identifiers, effect: Effect) -> Cover {
        stated.map_or_else(|| self.unstated(effect), |stated| Cover::whole_if(is_same(names, stated)))
    }

    fn classed(&self, classes: &BTreeSet<Class>, effect: Effect) -> Cover {
        Cover::any(classes.iter().map(|class| match self.subject {
            Subject::Record(record) => self.is_of_class(class, record, effect),
            Subject::Query { class: asked, named, .. } => Self::query_of_class(class, asked, named, effect),
        }))
    }

    fn is_of_class(&self, class: &Class, record: &Record, effect: Effect) -> Cover {
        let within = class.category.as_ref().map_or(Cover::Whole, |one| self.among(one, [&record.categories], effect));
        Cover::all([self.is_of_kind(&class.of, record, effect), within])
    }

    /// A type, a category, or for documents what they are about.
    fn is_of_kind(&self, kind: &Coding, record: &Record, effect: Effect) -> Cover {
        match kind.system.as_str() {
            system::RESOURCE_TYPE => {
                record.of.as_ref().map_or_else(|| self.unstated(effect), |of| Cover::whole_if(of == kind))
            }
            system::OBSERVATION_CATEGORY | system::DIAGNOSTIC_SERVICE => {
                let has_none = record.categories.is_none() && !self.may_have(&kind.code, record);
                if has_none { Cover::Nothing } else { self.among(kind, [&record.categories], effect) }
            }
            _document => self.among(kind, [&record.categories, &record.codes], effect),
        }
    }

    /// Whether a record of this type can be in this category at all.
    fn may_have(&self, category: &str, record: &Record) -> bool {
        let types = self.vocabulary.types_of_category(category);
        types.is_empty() || record.of.as_ref().is_none_or(|of| types.contains(&of.code.as_str()))
    }

    /// Whether a permit that covers nothing of a query does so by its kinds alone, and some record could be of its kinds and
    /// of the one that is asked for.
    pub(super) fn may_meet(&self, rule: &Rule) -> bool {
        let Subject::Query { class: Some(asked), .. } = self.subject else { return false };
        if rule.effect == Effect::Deny {
            return false;
        }
        let is_type = |kind: &Coding| kind.system == system::RESOURCE_TYPE;
        let of_classes: Vec<&Coding> = rule.data.classes.iter().map(|class| &class.of).collect();
        let of_documents: Vec<&Coding> = rule.data.documents.iter().collect();
        let are_types = |kinds: &[&Coding]| !kinds.is_empty() && kinds.iter().all(|kind| is_type(kind));
        let are_apart = is_type(asked) && (are_types(&of_classes) || are_types(&of_documents));
        let data = Data { classes: BTreeSet::new(), documents: BTreeSet::new(), ..rule.data.clone() };
        !are_apart && self.cover(&Rule { data, exceptions: Vec::new(), ..rule.clone() }) != Cover::Nothing
    }

    /// Whether a permit of these kinds would release nothing of the one that is asked for.
    pub(super) fn is_of_other_kinds(&self, rule: &Rule) -> bool {
        let Data { classes, documents, .. } = &rule.data;
        let is_apart = |is_said: bool, cover: Cover| is_said && cover == Cover::Nothing;
        is_apart(!classes.is_empty(), self.classed(classes, Effect::Permit))
            || is_apart(!documents.is_empty(), self.documented(documents, Effect::Permit))
    }

    /// Whether there are records, by the tables and as consents name them, of a kind of the rule and of the one asked for.
    pub(super) fn may_be_of_kind(&self, rule: &Rule) -> bool {
        let Subject::Query { class: Some(asked), named, .. } = self.subject else { return true };
        let Data { classes, documents, .. } = &rule.data;
        let of_class = classes.is_empty() || classes.iter().any(|class| may_be_both(&class.of, asked, named));
        of_class && (documents.is_empty() || documents.iter().any(|kind| may_be_both(kind, asked, named)))
    }

    /// A category of one type is never all that a query asks for: other types may have it too. Whoever names a type in a
    /// category knows such records, whatever the tables say.
    fn query_of_class(class: &Class, asked: Option<&Coding>, named: &[&Class], effect: Effect) -> Cover {
        let of_type = || Self::asked_for(&class.of, asked, named, effect);
        match &class.category {
            Some(category) if Some(category) == asked => Cover::Part,
            Some(category) if asked.is_some_and(|asked| asked.system == category.system) => {
                of_type().min(apart(effect))
            }
            Some(_) => of_type().min(Cover::Part),
            None => of_type(),
        }
    }

    /// Two resource types have no record in common, nor have a type and a category that the tables give to others. A kind
    /// of document may be of any type.
    fn asked_for(kind: &Coding, asked: Option<&Coding>, named: &[&Class], effect: Effect) -> Cover {
        let Some(asked) = asked else { return Cover::Part };
        if asked == kind {
            return Cover::Whole;
        }
        let is_type = |kind: &Coding| kind.system == system::RESOURCE_TYPE;
        if is_type(kind) && is_type(asked) {
            return Cover::Nothing;
        }
        if asked.system == kind.system || !may_be_both(kind, asked, named) { apart(effect) } else { Cover::Part }
    }

    fn among<const N: usize>(&self, code: &Coding, lists: [&Option<BTreeSet<Coding>>; N], effect: Effect) -> Cover {
        Cover::any(lists.into_iter().map(|list| match list {
            Some(list) => Cover::whole_if(list.contains(code)),
            None => self.unstated(effect),
        }))
    }

    fn documented(&self, kinds: &BTreeSet<Coding>, effect: Effect) -> Cover {
        Cover::any(kinds.iter().map(|kind| match self.subject {
            Subject::Record(record) => self.is_of_kind(kind, record, effect),
            Subject::Query { class, named, .. } => Self::asked_for(kind, class, named, effect),
        }))
    }

    fn coded(&self, codes: &BTreeSet<Coding>, effect: Effect) -> Cover {
        match self.subject {
            Subject::Record(record) => match &record.codes {
                Some(stated) => Cover::whole_if(!codes.is_disjoint(stated)),
                None => self.unstated(effect),
            },
            // What else a record is about, a query does not say.
            Subject::Query { query, .. } if codes.is_disjoint(&query.codes) => Cover::Part,
            Subject::Query { .. } => Cover::Whole,
        }
    }
}

/// A rule and a query that name different categories may still meet in one record, which can have several: this helps no
/// permit, and a refusal is reported.
fn apart(effect: Effect) -> Cover {
    match effect {
        Effect::Permit => Cover::Nothing,
        Effect::Deny => Cover::Part,
    }
}
