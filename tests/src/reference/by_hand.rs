//! Consents and queries made by hand, and what is expected of them, for the tests of step 9.

use super::applicable::stands;
use super::asking::Asking;
use super::listed::Expected;
use super::pairs::Pair;
use super::verdict::Terms;
use amanah_ledger::document::Effect::{self, Deny, Permit};
use amanah_ledger::engine::{
    Asked, Asker, Class, Consent, ConsentRoot, ConsentStanding, Data, EmergencyPolicy, EmergencyRefusal, Identifier,
    Moment, Outcome, Query, Question, Rule, Span,
};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Vocabulary, system};

pub(super) fn of(kind: &str) -> Coding {
    Coding::resource_type(kind)
}

pub(super) fn category(code: &str) -> Coding {
    Coding::new(system::OBSERVATION_CATEGORY, code)
}

pub(super) fn sensitive(code: &str) -> Coding {
    Coding::new(system::ACT_CODE, code)
}

pub(super) fn level(code: &str) -> Coding {
    Coding::new(system::CONFIDENTIALITY, code)
}

pub(super) fn class(of: Coding) -> Class {
    Class { of, category: None }
}

/// The year that some rules are about.
pub(super) fn year() -> Span {
    Span { from: Some(Moment(10)), until: Some(Moment(20)) }
}

pub(super) fn data(kinds: &[&str], labels: &[&str]) -> Data {
    let classes = kinds.iter().map(|kind| class(of(kind))).collect();
    Data { classes, labels: labels.iter().map(|one| sensitive(one)).collect(), ..Data::default() }
}

pub(super) fn rule(effect: Effect, data: Data, exceptions: Vec<Rule>) -> Rule {
    Rule { data, exceptions, ..Rule::bare(effect, "here") }
}

pub(super) fn consent(id: &str, root: ConsentRoot, rules: Vec<Rule>) -> Consent {
    Consent {
        id: id.to_owned(),
        vocabulary: Vocabulary::v2(),
        standing: ConsentStanding::InForce,
        since: 0,
        patient: [Identifier::reference("Patient/p")].into(),
        custodians: Vec::new(),
        classes: None,
        period: Span::ALWAYS,
        authority: Span::ALWAYS,
        supersedes: [].into(),
        root,
        rules,
        obligations: Vec::new(),
    }
}

/// All is permitted but this.
pub(super) fn but(data: Data) -> Vec<Consent> {
    vec![consent("but", ConsentRoot::Decision(Permit), vec![rule(Deny, data, vec![])])]
}

/// All is refused but for these rules.
pub(super) fn only(rules: Vec<Rule>) -> Vec<Consent> {
    vec![consent("only", ConsentRoot::Decision(Deny), rules)]
}

pub(super) fn pair(consents: Vec<Consent>, query: Query, default: DefaultPolicy) -> Pair {
    let question = Question {
        patient: [Identifier::reference("Patient/p")].into(),
        custodian: Some([Identifier::reference("Organization/h")].into()),
        asker: Asker {
            names: [Identifier::reference("Practitioner/asks")].into(),
            roles: Vec::new(),
            groups: [].into(),
            agent: None,
        },
        purpose: Some(Coding::new(system::PURPOSE, "TREAT")),
        actions: [Coding::new(system::ACTION, "access")].into(),
        classes: None,
        asked: Asked::Query(query),
        emergency: None,
    };
    let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Reviewed, hours: 1, review_hours: 1 };
    Pair { consents, question, as_of: Moment(100), terms: Terms { default, emergency, duties: Vec::new() } }
}

pub(super) fn answers(pair: &Pair) -> Vec<(Outcome, Expected)> {
    let Asked::Query(query) = &pair.question.asked else { panic!("a query") };
    let stands = stands(&pair.consents, &pair.question, pair.as_of);
    let asking = Asking { pair, query, stands: &stands };
    let kinds: Vec<_> = asking.kinds().into_iter().map(|kind| asking.kind(kind)).collect();
    kinds.iter().map(|kind| kind.outcome).zip(asking.expected(&kinds)).collect()
}

pub(super) fn asked(consents: Vec<Consent>, query: Query) -> Vec<(Outcome, Expected)> {
    answers(&pair(consents, query, DefaultPolicy::Deny))
}

pub(super) fn for_kinds(kinds: &[Coding]) -> Query {
    Query { classes: kinds.to_vec(), ..Query::default() }
}

pub(super) fn observations() -> Query {
    for_kinds(&[of("Observation")])
}

pub(super) fn permit(expected: Expected) -> Vec<(Outcome, Expected)> {
    vec![(Outcome::Permit, expected)]
}
