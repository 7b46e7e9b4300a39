//! Which rules a redaction can say, and how it lists them.

use super::redaction::{Listed, Redacted, Redaction};
use super::{Actor, Class, Data, Identifiers, Moment, Party, Records, Rule, Side};
use crate::document::Effect;
use crate::vocabulary::{Coding, Kind, Vocabulary, system};
use std::collections::BTreeSet;

/// A rule that is about a part of a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listable<'a> {
    pub(super) rule: &'a Rule,
    pub(super) by: By,
    pub(super) reach: Reach,
    pub(super) labels: Labels,
    /// The innermost rule above it that is about a part as well: it is about no more than that.
    pub(super) above: Option<Above<'a>>,
}

/// A rule above another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Above<'a> {
    rule: &'a Rule,
    by: By,
}

/// The same rule in the same way: not one that says the same.
impl PartialEq for Listable<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.rule, other.rule) && (self.by, self.reach) == (other.by, other.reach)
    }
}

impl Eq for Listable<'_> {}

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

/// Whether its labels say which records it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    Tell,
    /// All that is asked for has them.
    Given,
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
        Self { rule, by: By::Data, reach: Reach::All, labels: Labels::Tell, above: None }
    }

    /// The same below a rule that is about a part.
    pub(super) fn below(self, rule: Self) -> Self {
        Self { above: self.above.or(Some(Above { rule: rule.rule, by: rule.by })), ..self }
    }

    /// The same within what some rules are about, if it stands below one of them.
    pub(super) fn within<'b>(self, rules: impl IntoIterator<Item = &'b Rule>) -> Option<Self> {
        let is_above = |rule: &Rule| self.above.is_some_and(|above| std::ptr::eq(above.rule, rule));
        rules.into_iter().any(is_above).then_some(Self { above: None, ..self })
    }

    /// The rule above it, as what leaves that out leaves this out, too.
    pub(super) fn above(self) -> Option<Self> {
        self.above.map(|Above { rule, by }| Self { by, reach: self.reach, ..Self::by_data(rule) })
    }

    /// Whether a list can release some of what it is about and nothing else. No record shows in which role or version
    /// somebody wrote it.
    pub(super) fn can_be_released(self) -> bool {
        let labels = &self.rule.data.labels;
        let labels_say = labels.is_empty() || self.labels == Labels::Given || self.released_labels().next().is_some();
        let shows = |actor: &Actor| shows_in_records(actor, self.rule.effect);
        labels_say && (self.by != By::DataAndActors || self.rule.actors.iter().any(shows))
    }

    /// Its labels, as far as a list can release them: a confidentiality that is released means "up to", and what is no
    /// label anywhere else could be a clinical code, which the list would release.
    fn released_labels(self) -> impl Iterator<Item = &'a Coding> {
        let means_up_to = self.rule.effect == Effect::Permit;
        let tell = self.labels == Labels::Tell;
        let is_said = move |label: &&Coding| match label.system.as_str() {
            _any if !tell => false,
            system::CONFIDENTIALITY => means_up_to,
            other => other == system::ACT_CODE,
        };
        self.rule.data.labels.iter().filter(is_said)
    }
}

pub(super) fn is_confidentiality(label: &Coding) -> bool {
    label.system == system::CONFIDENTIALITY
}

/// Whether its records say of an actor that they are theirs: to a refusal that its exceptions turn round, more is.
fn shows_in_records(actor: &Actor, effect: Effect) -> bool {
    match (actor.side, &actor.party) {
        (Side::Recipient, _) | (_, Party::Role { .. }) => false,
        (Side::Unknown, _) if effect == Effect::Permit => false,
        (_, Party::Agent { version, .. }) => version.is_none() || effect == Effect::Deny,
        (_, Party::Anyone | Party::Named(_) | Party::Group(_)) => true,
    }
}

/// Writes lists at a moment: it decides who belongs to a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lister(pub(super) Moment);

impl Lister {
    /// What data is about: of some entry one of each list. A category of one type is an AND of the two.
    pub(super) fn alternatives<'a>(
        self,
        data: &'a Data,
        labels: impl IntoIterator<Item = &'a Coding>,
    ) -> Vec<Vec<Listed>> {
        let Data { labels: _, except_labels: _, period, records, classes, documents, codes } = data;
        let mut rest = vec![
            Listed::codes(labels),
            Listed::codes(documents),
            Listed::codes(codes),
            Listed { periods: period.iter().copied().collect(), ..Listed::default() },
            Self::of_records(records),
        ];
        rest.retain(|list| !list.is_empty());
        let (in_categories, plain): (Vec<&Class>, Vec<_>) = classes.iter().partition(|class| class.category.is_some());
        let mut kinds: Vec<Vec<Listed>> = in_categories
            .into_iter()
            .map(|class| vec![Listed::codes([&class.of]), Listed::codes(&class.category)])
            .collect();
        if !plain.is_empty() || classes.is_empty() {
            kinds.push(vec![Listed::codes(plain.into_iter().map(|class| &class.of))]);
        }
        let with_rest =
            |kind: Vec<Listed>| kind.into_iter().filter(|list| !list.is_empty()).chain(rest.clone()).collect();
        kinds.into_iter().map(with_rest).collect()
    }

    /// The same of what a rule releases, of some actors only if they narrow it. Nothing is in a list of nobody.
    pub(super) fn released_by(self, part: Listable<'_>) -> Vec<Vec<Listed>> {
        let actors = (part.by == By::DataAndActors).then(|| self.released_actors(part.rule));
        let with_actors = |lists: Vec<Listed>| lists.into_iter().chain(actors.clone()).collect();
        self.alternatives(&part.rule.data, part.released_labels()).into_iter().map(with_actors).collect()
    }

    /// Custodians and authors narrow a rule by record, like its data.
    pub(super) fn released_actors(self, rule: &Rule) -> Listed {
        self.actors_of(rule.actors.iter().filter(|actor| shows_in_records(actor, rule.effect)))
    }

    pub(super) fn actors_of<'a>(self, actors: impl IntoIterator<Item = &'a Actor>) -> Listed {
        let mut listed = Listed::default();
        for actor in actors {
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
}

/// Sensitivities that `vocabulary` does not know and the newest does. To a consent written in it they could be any: so
/// they are left out where it leaves out a sensitivity, and where a rule gives one, those that have since become its parts
/// and that this rule does not name as well.
pub(super) fn later_sensitivities<'a>(
    vocabulary: &Vocabulary,
    left_out: impl IntoIterator<Item = &'a Coding>,
    given: impl IntoIterator<Item = &'a BTreeSet<Coding>>,
) -> Option<Redaction> {
    let newest = Vocabulary::newest();
    let is_sensitivity = |label: &&Coding| label.system == system::ACT_CODE;
    let leaves_out = left_out.into_iter().any(|label| is_sensitivity(&label));
    let given: Vec<&BTreeSet<Coding>> =
        given.into_iter().filter(|rule| rule.iter().any(|label| is_sensitivity(&label))).collect();
    if !leaves_out && given.is_empty() {
        return None;
    }
    let kinds = [Kind::Sensitivity, Kind::Obligation, Kind::Refrain];
    let is_later = |code: &&str| !vocabulary.knows_label(code);
    let gives = |rule: &BTreeSet<Coding>, code: &str| {
        let mut labels = rule.iter().filter(is_sensitivity);
        labels.clone().any(|label| newest.sensitivity_covers(&label.code, code))
            && !labels.any(|label| label.code == code)
    };
    let is_meant = |code: &&str| leaves_out || given.iter().any(|rule| gives(rule, code));
    let codes = kinds.iter().flat_map(|kind| newest.codes(*kind)).filter(is_later).filter(is_meant);
    let codes: Vec<Coding> = codes.map(|code| Kind::Sensitivity.coding(code)).collect();
    (!codes.is_empty()).then(|| Redaction { of: Redacted::AnyOf, listed: Listed::codes(&codes) })
}

/// Of such a list what leaves out nothing that `vocabulary` knows.
pub(super) fn without_older_parts(vocabulary: &Vocabulary, list: Redaction) -> Redaction {
    let newest = Vocabulary::newest();
    let is_older = |later: &Coding| {
        let known = vocabulary.codes(Kind::Sensitivity);
        known.into_iter().any(|code| newest.sensitivity_covers(&later.code, code))
    };
    Redaction { listed: Listed::codes(list.listed.codes.iter().filter(|later| !is_older(later))), ..list }
}
