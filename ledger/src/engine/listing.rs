//! Which rules a redaction can say, and how it lists them.

use super::redaction::{Listed, Redacted, Redaction};
use super::{Actor, Class, Data, Identifiers, Moment, Party, Records, Rule, Side};
use crate::document::Effect;
use crate::vocabulary::{Coding, Kind, Vocabulary, system};
use std::collections::BTreeSet;

/// A rule that is about a part of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listable<'a> {
    pub(super) rule: &'a Rule,
    pub(super) by: By,
    pub(super) reach: Reach,
    pub(super) of: Of<'a>,
}

/// By what a rule is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// By its data.
    Data,
    /// By its data, and its actors narrow it to what somebody keeps or wrote. They do not where who asks is one of them.
    DataAndActors,
    /// By its kinds alone, which is more than it is about.
    Kinds,
}

/// Which of its kinds a list says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of<'a> {
    All,
    /// Those that are no category of one type.
    Plain,
    /// This category of one type.
    One(&'a Class),
}

/// How much of what a rule is about it holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// All of it.
    All,
    /// Less: its exceptions give a part back.
    Lifted,
    /// None, unless a record is of a type in a category that the tables do not give it.
    Apart,
}

impl<'a> Listable<'a> {
    /// By its data, for all that it is about.
    pub(super) fn by_data(rule: &'a Rule) -> Self {
        Self { rule, by: By::Data, reach: Reach::All, of: Of::All }
    }

    /// The same as several, as no list says a category of one type beside other kinds.
    pub(super) fn kind_by_kind(self) -> Vec<Self> {
        let classes = &self.rule.data.classes;
        let (joined, plain): (Vec<&'a Class>, Vec<_>) = classes.iter().partition(|class| class.category.is_some());
        let plain = (!plain.is_empty() || classes.is_empty()).then_some(Of::Plain);
        plain.into_iter().chain(joined.into_iter().map(Of::One)).map(|of| Self { of, ..self }).collect()
    }

    /// Whether a list can say what it is about. A confidentiality means "up to" in what is released and "from" in what
    /// is left out, whichever the rule itself does. Members of a group that nobody here knows cannot be listed to be
    /// left out, and no record shows in which role or version somebody wrote it.
    pub(super) fn can_be(self, of: Redacted) -> bool {
        let as_what = match of {
            Redacted::AnyOf => Effect::Deny,
            Redacted::AllBut => Effect::Permit,
        };
        let mut labels = self.rule.data.labels.iter();
        let labels_mean_so = self.by == By::Kinds || self.rule.effect == as_what || !labels.any(is_confidentiality);
        // What is no label anywhere else could be a clinical code, and the list would release that.
        let is_label = |label: &Coding| is_confidentiality(label) || label.system == system::ACT_CODE;
        let are_labels = of == Redacted::AnyOf || self.rule.data.labels.iter().all(is_label);
        let is_open = |actor: &Actor| {
            let has_unknown_members = matches!(&actor.party, Party::Group(group) if group.members.is_none());
            actor.side != Side::Recipient && has_unknown_members
        };
        let mut actors = self.rule.actors.iter();
        let actors_show = match of {
            _ if self.by != By::DataAndActors => true,
            Redacted::AnyOf => !actors.any(is_open),
            Redacted::AllBut => actors.any(shows_in_records),
        };
        labels_mean_so && are_labels && actors_show && (of == Redacted::AllBut || self.says_something())
    }

    /// Whether it is about any data in particular: a refusal of all but some labels is not.
    fn says_something(self) -> bool {
        let Data { labels, except_labels: _, period, records, classes, documents, codes } = &self.rule.data;
        let is_of_kinds = !classes.is_empty() || !documents.is_empty();
        match self.by {
            By::Kinds => is_of_kinds,
            By::DataAndActors => true,
            By::Data => {
                is_of_kinds || period.is_some() || !(labels.is_empty() && records.is_empty() && codes.is_empty())
            }
        }
    }
}

fn is_confidentiality(label: &Coding) -> bool {
    label.system == system::CONFIDENTIALITY
}

/// Whether its records say of an actor that they are theirs.
fn shows_in_records(actor: &Actor) -> bool {
    match (actor.side, &actor.party) {
        (Side::Recipient | Side::Unknown, _) | (_, Party::Role { .. }) => false,
        (_, Party::Agent { version, .. }) => version.is_none(),
        (_, Party::Anyone | Party::Named(_) | Party::Group(_)) => true,
    }
}

/// Writes lists at a moment: it decides who belongs to a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lister(pub(super) Moment);

impl Lister {
    /// What a rule says about data, one entry for each part that is joined to the others by AND.
    fn parts(self, listable: Listable<'_>, of: Redacted) -> Vec<Listed> {
        let Data { labels, except_labels: _, period, records, classes, documents, codes } = &listable.rule.data;
        let mut all = vec![Listed::codes(documents)];
        match listable.of {
            Of::All => all.extend(kinds_of(classes, of)),
            Of::Plain => {
                all.push(Listed::codes(classes.iter().filter(|one| one.category.is_none()).map(|one| &one.of)))
            }
            Of::One(class) => all.extend([Listed::codes([&class.of]), Listed::codes(&class.category)]),
        }
        match listable.by {
            By::Kinds => {}
            By::Data | By::DataAndActors => all.extend([
                Listed::codes(labels),
                Listed::codes(codes),
                Listed { periods: period.iter().copied().collect(), ..Listed::default() },
                Self::of_records(records),
            ]),
        }
        if listable.by == By::DataAndActors {
            all.push(self.actors_of(&listable.rule.actors, of));
        }
        all.retain(|part| !part.is_empty());
        all
    }

    /// Custodians and authors narrow a rule by record, like its data.
    pub(super) fn actors_of(self, actors: &[Actor], of: Redacted) -> Listed {
        let mut listed = Listed::default();
        for actor in actors.iter().filter(|actor| of == Redacted::AnyOf || shows_in_records(actor)) {
            let names = match &actor.party {
                Party::Named(names) | Party::Agent { names, .. } => names.clone(),
                Party::Group(group) => group.everybody(self.0),
                Party::Anyone | Party::Role { .. } => Identifiers::new(),
            };
            match actor.side {
                Side::Custodian => listed.custodians.extend(names),
                Side::Author => listed.authors.extend(names),
                Side::Unknown => {
                    listed.custodians.extend(names.iter().cloned());
                    listed.authors.extend(names);
                }
                Side::Recipient => {}
            }
        }
        listed
    }

    pub(super) fn of_records(records: &[Records]) -> Listed {
        let mut listed = Listed::default();
        for one in records {
            match one {
                Records::Instance(names) => listed.instances.extend(names.iter().cloned()),
                Records::Related(names) => listed.records.extend(names.iter().cloned()),
                Records::AuthoredBy(names) => listed.authors.extend(names.iter().cloned()),
            }
        }
        listed
    }

    /// Leaves out all that these rules speak about, and the labels that these permits except.
    pub(super) fn withheld<'a>(
        self,
        rules: impl IntoIterator<Item = Listable<'a>>,
        permits: impl IntoIterator<Item = &'a Rule>,
    ) -> Option<Redaction> {
        let mut listed = Listed::default();
        for part in rules.into_iter().flat_map(|rule| self.parts(rule, Redacted::AnyOf)) {
            listed.add(part);
        }
        for permit in permits {
            listed.add(Listed::codes(&permit.data.except_labels));
        }
        (!listed.is_empty()).then_some(Redaction { of: Redacted::AnyOf, listed })
    }

    /// Leaves out all but what these rules speak about. Several redactions hold together, so one rule whose parts are
    /// joined by AND is said by one for each part; beside other rules it cannot be said, and is not released.
    pub(super) fn all_but(self, rules: &[Listable<'_>]) -> Vec<Redaction> {
        let parts = rules.iter().map(|rule| self.parts(*rule, Redacted::AllBut));
        let (simple, joined): (Vec<_>, Vec<_>) = parts.partition(|parts| parts.len() <= 1);
        let said = if simple.is_empty() { joined.into_iter().next().unwrap_or_default() } else { vec![union(simple)] };
        said.into_iter().map(|listed| Redaction { of: Redacted::AllBut, listed }).collect()
    }
}

/// Kinds are joined by OR. A category of one type is an AND: what is left out is the whole category, and such a kind is
/// released where it stands alone.
fn kinds_of(classes: &BTreeSet<Class>, of: Redacted) -> Vec<Listed> {
    let (joined, simple): (Vec<_>, Vec<_>) = classes.iter().partition(|class| class.category.is_some());
    match (of, joined.first()) {
        (Redacted::AnyOf, _) => {
            vec![Listed::codes(classes.iter().map(|class| class.category.as_ref().unwrap_or(&class.of)))]
        }
        (Redacted::AllBut, Some(only)) if simple.is_empty() => {
            vec![Listed::codes([&only.of]), Listed::codes(&only.category)]
        }
        (Redacted::AllBut, _) => vec![Listed::codes(simple.into_iter().map(|class| &class.of))],
    }
}

/// Sensitivities that `vocabulary` does not know and the newest does. To a consent written in it they could be any: so
/// they are left out where it leaves out a sensitivity, and where it gives one, those that have since become its parts.
pub(super) fn later_sensitivities<'a>(
    vocabulary: &Vocabulary,
    left_out: impl IntoIterator<Item = &'a Coding>,
    given: impl IntoIterator<Item = &'a Coding>,
) -> Option<Redaction> {
    let newest = Vocabulary::newest();
    let is_sensitivity = |label: &&Coding| label.system == system::ACT_CODE;
    let leaves_out = left_out.into_iter().any(|label| is_sensitivity(&label));
    let given: Vec<&Coding> = given.into_iter().filter(is_sensitivity).collect();
    let kinds = [Kind::Sensitivity, Kind::Obligation, Kind::Refrain];
    let is_later = |code: &&str| !kinds.iter().any(|kind| vocabulary.knows(*kind, code));
    let is_meant = |code: &&str| leaves_out || given.iter().any(|label| newest.sensitivity_covers(&label.code, code));
    let codes = kinds.iter().flat_map(|kind| newest.codes(*kind)).filter(is_later).filter(is_meant);
    let codes: Vec<Coding> = codes.map(|code| Kind::Sensitivity.coding(code)).collect();
    (!codes.is_empty()).then(|| Redaction { of: Redacted::AnyOf, listed: Listed::codes(&codes) })
}

fn union(lists: Vec<Vec<Listed>>) -> Listed {
    let mut all = Listed::default();
    for part in lists.into_iter().flatten() {
        all.add(part);
    }
    all
}
