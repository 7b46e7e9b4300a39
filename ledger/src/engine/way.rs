//! How a refusal is said in what a query leaves out (CE-1 step 9). Lists know no AND, so of what a refusal joins by AND one
//! part is listed, and that leaves out more than is refused.

use super::combine::Hall;
use super::listing::{By, Listable, Lister, Reach, is_confidentiality};
use super::redaction::{Listed, Redacted, Redaction};
use super::withheld::Choice;
use super::{Actor, Class, Data, Party, Side, Span};
use crate::document::Effect;
use crate::vocabulary::{Coding, system};

/// By which part of a rule what it is about is left out, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
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

    pub(super) fn ways(self) -> impl Iterator<Item = Way> + use<'a> {
        WAYS.into_iter().filter(move |way| self.is_said(*way))
    }

    fn is_said(self, way: Way) -> bool {
        let Data { labels, except_labels, period, records, classes, documents, codes } = &self.rule.data;
        let by_data = self.by != By::Kinds;
        match way {
            Way::Records => !records.is_empty(),
            Way::Period => period.is_some_and(|period| period != Span::ALWAYS),
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
    pub(super) fn labels_left_out(self, listed: &Listed) -> impl Iterator<Item = &'a Coding> {
        let excepts_unknown = self.rule.data.except_labels.iter().any(is_sensitivity);
        let own = self.rule.data.labels.iter().filter(move |_| !excepts_unknown);
        let above = self.above().into_iter().flat_map(|above| &above.rule.data.labels);
        own.chain(above).filter(move |label| listed.codes.contains(label))
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

    /// Whether a refusal may be said so. One that names the kind which is asked for is said by it: nothing of that kind is
    /// released, which other engines say too. A permit whose exceptions refuse is none that names a kind.
    pub(super) fn is_open(&self, way: Way, part: Listable<'_>, choice: &Choice) -> bool {
        let (by_class, by_document) = self.names(part, choice);
        match way {
            Way::Labels | Way::Clinical => !by_class && !by_document,
            Way::Classes => !by_document,
            Way::Documents => !by_class,
            Way::Records | Way::Period | Way::Actors | Way::Codes | Way::CodesByType | Way::AllButExcepted => true,
        }
    }

    /// Whether a refusal names the kind which is asked for as one of its classes, and as one of its documents.
    pub(super) fn names(&self, part: Listable<'_>, choice: &Choice) -> (bool, bool) {
        let Data { classes, documents, .. } = &part.rule.data;
        let asked = self.asked.and_then(|asked| asked.class);
        let names_any = part.rule.effect == Effect::Deny && part.reach != Reach::Apart;
        let Some(kind) = asked.filter(|_| names_any && !matches!(choice, Choice::Opening(_))) else {
            return (false, false);
        };
        (classes.iter().any(|class| class.category.is_none() && class.of == *kind), documents.contains(kind))
    }

    pub(super) fn said_in(&self, way: Way, part: Listable<'_>) -> Redaction {
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
