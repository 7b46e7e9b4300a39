//! How a refusal is said in what a query leaves out (CE-1 step 9). Lists know no AND, so of what a refusal joins by AND one
//! part is listed, and that leaves out more than is refused.

use super::combine::Hall;
use super::listing::{By, Listable, Lister, is_confidentiality, later_sensitivities};
use super::redaction::{Listed, Redacted, Redaction};
use super::voice::Voice;
use super::{Actor, Class, Data, Party, Rule, Side, Span};
use crate::document::Effect;
use crate::vocabulary::{Coding, Vocabulary, system};
use std::collections::BTreeSet;

/// By which part of a rule what it is about is left out, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Single records, those about them, or of an author.
    Records,
    Period,
    /// Whose records they are.
    Actors,
    /// All its codes, whatever they are codes of: other engines list them so, and other enforcement points expect it. Of a
    /// category of one type it is the category.
    Codes,
    /// The same, but where that category is asked for, it is the type.
    CodesByType,
    /// Its labels alone.
    Labels,
    /// Its types and categories alone.
    Classes,
    /// Its kinds of documents alone.
    Documents,
    /// Its clinical codes alone.
    Clinical,
    /// What it excepts, as all that is not left out.
    AllButExcepted,
}

const WAYS: [Way; 10] = [
    Way::Records,
    Way::Period,
    Way::Actors,
    Way::Codes,
    Way::CodesByType,
    Way::Labels,
    Way::Classes,
    Way::Documents,
    Way::Clinical,
    Way::AllButExcepted,
];

impl<'a> Listable<'a> {
    /// Whether a list can leave out what it is about.
    pub(super) fn can_be_left_out(self) -> bool {
        self.ways().next().is_some()
    }

    fn ways(self) -> impl Iterator<Item = Way> + use<'a> {
        WAYS.into_iter().filter(move |way| self.is_said(*way))
    }

    fn is_said(self, way: Way) -> bool {
        let Data { labels, except_labels, period, records, classes, documents, codes } = &self.rule.data;
        let by_data = self.by != By::Kinds;
        match way {
            Way::Records => by_data && !records.is_empty(),
            Way::Period => by_data && period.is_some_and(|period| period != Span::ALWAYS),
            Way::Actors => self.by == By::DataAndActors && !self.rule.actors.iter().any(has_unknown_members),
            Way::Codes => {
                [Way::Labels, Way::Classes, Way::Documents, Way::Clinical].into_iter().any(|one| self.is_said(one))
            }
            Way::CodesByType => classes.iter().any(|class| class.category.is_some()),
            Way::Labels => by_data && !labels.is_empty() && self.means_from(),
            Way::Classes => !classes.is_empty(),
            Way::Documents => !documents.is_empty(),
            Way::Clinical => by_data && !codes.is_empty(),
            Way::AllButExcepted => by_data && except_labels.iter().any(is_sensitivity),
        }
    }

    /// What is refused by a rule about nothing but what it excepts, if a list says just that.
    pub(super) fn all_but_excepted(self) -> Option<Redaction> {
        let Data { except_labels, .. } = &self.rule.data;
        let says_nothing_more = self.rule.data == Data { except_labels: except_labels.clone(), ..Data::default() };
        let is_said = says_nothing_more && except_labels.iter().all(is_sensitivity);
        is_said.then(|| Redaction { of: Redacted::AllBut, listed: Listed::codes(except_labels) })
    }

    /// Its labels, where they are what is listed. Labels that nobody knows it excepts, if it excepts any sensitivity.
    fn labels_left_out(self, listed: &Listed) -> impl Iterator<Item = &'a Coding> {
        let excepts_unknown = self.rule.data.except_labels.iter().any(is_sensitivity);
        self.rule.data.labels.iter().filter(move |label| !excepts_unknown && listed.codes.contains(label))
    }

    /// A confidentiality that is left out means "from", and in a permit that its exceptions turn round "up to".
    fn means_from(self) -> bool {
        self.rule.effect == Effect::Deny || !self.rule.data.labels.iter().any(is_confidentiality)
    }
}

/// Members of a group that nobody here knows cannot be listed.
fn has_unknown_members(actor: &Actor) -> bool {
    actor.side != Side::Recipient && matches!(&actor.party, Party::Group(group) if group.members.is_none())
}

fn is_sensitivity(label: &Coding) -> bool {
    label.system == system::ACT_CODE
}

impl Hall<'_> {
    /// By what a category of one type is left out.
    fn kind_of<'b>(&self, class: &'b Class, way: Way) -> &'b Coding {
        let is_asked_for = |kind: &Coding| self.asked.is_some_and(|asked| asked.query.classes.contains(kind));
        let by_category = class.category.as_ref().filter(|kind| way == Way::Codes || !is_asked_for(kind));
        by_category.unwrap_or(&class.of)
    }

    /// Whether a refusal may be said so. One that names a kind which is asked for is said by it: nothing of that kind is
    /// released, which other engines say too.
    fn is_open(&self, way: Way, part: Listable<'_>) -> bool {
        let Data { classes, documents, .. } = &part.rule.data;
        let is_class = |kind: &Coding| classes.iter().any(|class| class.category.is_none() && class.of == *kind);
        let asked = || self.asked.iter().flat_map(|asked| &asked.query.classes);
        match way {
            Way::Labels | Way::Clinical => !asked().any(|kind| is_class(kind) || documents.contains(kind)),
            Way::Classes => !asked().any(|kind| documents.contains(kind)),
            Way::Documents => !asked().any(is_class),
            Way::Records | Way::Period | Way::Actors | Way::Codes | Way::CodesByType | Way::AllButExcepted => true,
        }
    }

    fn said_in(&self, way: Way, part: Listable<'_>) -> Redaction {
        let Data { labels, except_labels, period, records, classes, documents, codes } = &part.rule.data;
        let any_of = |listed| Redaction { of: Redacted::AnyOf, listed };
        match way {
            Way::Records => any_of(Lister::of_records(records)),
            Way::Period => any_of(Listed { periods: period.iter().copied().collect(), ..Listed::default() }),
            Way::Actors => any_of(self.lister.actors_of(&part.rule.actors)),
            Way::Codes | Way::CodesByType => {
                let kinds = documents.iter().chain(classes.iter().map(|class| self.kind_of(class, way)));
                let labels = labels.iter().filter(|_| part.means_from());
                let is_by_data = |_: &&Coding| part.by != By::Kinds;
                let all = labels.filter(is_by_data).chain(kinds).chain(codes.iter().filter(is_by_data));
                any_of(Listed::union([Listed::codes(all)]))
            }
            Way::Labels => any_of(Listed::codes(labels)),
            Way::Classes => any_of(Listed::codes(classes.iter().map(|class| self.kind_of(class, way)))),
            Way::Documents => any_of(Listed::codes(documents)),
            Way::Clinical => any_of(Listed::codes(codes)),
            Way::AllButExcepted => Redaction {
                of: Redacted::AllBut,
                listed: Listed::codes(except_labels.iter().filter(|label| is_sensitivity(label))),
            },
        }
    }
}

/// How lists are chosen.
pub(super) enum Choice {
    /// For each refusal the narrowest by itself.
    Each,
    /// Those that leave something beside these and the ones chosen before.
    Together(Vec<Redaction>),
}

/// What of one consent is left out.
pub(super) struct Withheld<'v, 'a> {
    /// What these are about.
    pub(super) rules: &'v [Listable<'a>],
    /// The labels that these except.
    pub(super) permits: Vec<&'a Rule>,
    /// Of the labels by which each rule releases, what they did not mean when it was written.
    pub(super) given: Vec<&'a BTreeSet<Coding>>,
}

impl Choice {
    fn add(&mut self, list: &Redaction) {
        match self {
            Self::Each => {}
            Self::Together(beside) => beside.push(list.clone()),
        }
    }
}

impl<'a> Hall<'a> {
    /// What leaves out what a rule is about: the narrowest list that leaves something of each kind that is asked for, or
    /// of this one.
    pub(super) fn leaving_out(
        &self,
        part: Listable<'_>,
        vocabulary: &Vocabulary,
        choice: &Choice,
    ) -> Option<Redaction> {
        let ways = || part.ways().filter(|way| self.is_open(*way, part)).map(|way| self.said_in(way, part));
        let beside: &[Redaction] = match choice {
            Choice::Each => &[],
            Choice::Together(beside) => beside,
        };
        let leaves_any = |list: &Redaction| {
            let later = later_sensitivities(vocabulary, part.labels_left_out(&list.listed), []);
            self.asked.is_none_or(|asked| asked.is_any(beside.iter().chain([list]).chain(&later)))
        };
        let leaves_each = |list: &Redaction| self.asked.is_none_or(|asked| asked.is_any_of_each([list]));
        let leaves_all = |list: &Redaction| leaves_any(list) && leaves_each(list);
        ways().find(leaves_all).or_else(|| ways().find(leaves_any)).or_else(|| ways().last())
    }

    /// Leaves out what each consent says so of.
    pub(super) fn withholding(
        &self,
        mut choice: Choice,
        of: impl for<'v> Fn(&'v Voice<'a>) -> Withheld<'v, 'a>,
    ) -> Vec<Redaction> {
        let (mut any_of, mut later, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for (speaker, voice) in self.speaking() {
            let Withheld { rules, permits, given } = of(voice);
            let mut labels: Vec<&Coding> = permits.iter().flat_map(|permit| &permit.data.except_labels).collect();
            let excepted = Listed::codes(labels.iter().copied());
            choice.add(&Redaction { of: Redacted::AnyOf, listed: excepted.clone() });
            any_of.push(excepted);
            for rule in rules {
                let Some(list) = self.leaving_out(*rule, speaker.consent.vocabulary, &choice) else { continue };
                choice.add(&list);
                let Redaction { of, listed } = list;
                labels.extend(rule.labels_left_out(&listed));
                match of {
                    Redacted::AnyOf => any_of.push(listed),
                    Redacted::AllBut => all.push(Redaction { of, listed }),
                }
            }
            later.extend(later_sensitivities(speaker.consent.vocabulary, labels, given).map(|list| list.listed));
        }
        let unions = [later, any_of].map(Listed::union).into_iter().filter(|listed| !listed.is_empty());
        all.extend(unions.map(|listed| Redaction { of: Redacted::AnyOf, listed }));
        all
    }
}
