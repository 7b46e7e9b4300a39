//! Cases in which the engine and a second reading of its specification once differed, and some they agree on.

use amanah_ledger::document::Effect;
use amanah_ledger::engine::*;
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Kind, Vocabulary, system};
use amanah_tests::reference::verdict::Terms;
use std::collections::BTreeSet;

pub(super) fn named(name: &str) -> Identifiers {
    BTreeSet::from([Identifier::reference(name)])
}

pub(super) fn recipient(name: &str) -> Actor {
    Actor { side: Side::Recipient, party: Party::Named(named(name)) }
}

pub(super) fn consent(id: &str, root: Rule) -> Consent {
    Consent {
        id: id.to_owned(),
        vocabulary: Vocabulary::v2(),
        standing: ConsentStanding::InForce,
        since: 0,
        patient: named("Patient/p"),
        custodians: Vec::new(),
        classes: None,
        period: Span::ALWAYS,
        authority: Span::ALWAYS,
        supersedes: BTreeSet::new(),
        root: ConsentRoot::Rule(root),
        rules: Vec::new(),
        obligations: Vec::new(),
    }
}

pub(super) fn permit() -> Rule {
    Rule::bare(Effect::Permit, "root")
}

pub(super) fn deny() -> Rule {
    Rule::bare(Effect::Deny, "root")
}

pub(super) fn treatment() -> Coding {
    Kind::Purpose.coding("TREAT")
}

pub(super) fn glass() -> Coding {
    Kind::Purpose.coding("BTG")
}

pub(super) fn ask(purpose: Coding, asked: Asked) -> Question {
    Question {
        patient: named("Patient/p"),
        custodian: Some(named("Organization/h")),
        asker: Asker { names: named("Practitioner/a"), ..Asker::default() },
        purpose: Some(purpose),
        actions: BTreeSet::new(),
        classes: None,
        asked,
        emergency: Some(Attestation { authority: "head of ward".to_owned(), at: Moment(100) }),
    }
}

pub(super) fn record() -> Record {
    let none = || Some(BTreeSet::new());
    Record {
        names: Some(named("Observation/1")),
        of: Some(Coding::resource_type("Observation")),
        categories: none(),
        labels: BTreeSet::new(),
        codes: none(),
        date: Some(Span::ALWAYS),
        author: Some(named("Practitioner/b")),
        custodian: None,
        related: Some(Identifiers::new()),
    }
}

pub(super) fn one_record() -> Asked {
    Asked::Records(vec![record()])
}

pub(super) fn answer(consents: &[Consent], question: &Question) -> Answer {
    let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Honoured, hours: 24, review_hours: 72 };
    let terms = Terms { default: DefaultPolicy::Deny, emergency, duties: Vec::new() };
    evaluate(consents, question, Moment(100), &terms.policy())
}

#[test]
fn membership_counts_at_the_moment_of_the_question() {
    let until = |moment: i64| {
        let period = Span { from: None, until: Some(Moment(moment)) };
        let members = Some(vec![Membership { who: named("Practitioner/a"), period }]);
        let party = Party::Group(Group { names: named("Group/g"), members });
        consent("a", Rule { actors: vec![Actor { side: Side::Recipient, party }], ..permit() })
    };
    assert_eq!(answer(&[until(100)], &ask(treatment(), one_record())).outcome, Outcome::Permit);
    assert_eq!(answer(&[until(99)], &ask(treatment(), one_record())).outcome, Outcome::NoConsent);
}

#[test]
fn another_version_of_an_agent_is_another_agent() {
    let party = Party::Agent { names: named("Device/agent"), version: Some("1".to_owned()) };
    let consents = [consent("a", Rule { actors: vec![Actor { side: Side::Recipient, party }], ..permit() })];
    let by = |version: &str| {
        let agent = Some(Agent { names: named("Device/agent"), version: Some(version.to_owned()) });
        let question = ask(treatment(), one_record());
        answer(&consents, &Question { asker: Asker { agent, ..question.asker.clone() }, ..question })
    };
    assert_eq!(by("1").outcome, Outcome::Permit);
    assert_eq!(by("2").outcome, Outcome::NoConsent);
}

#[test]
fn a_refusal_that_names_itself_as_replaced_still_refuses() {
    let refusal = Consent { supersedes: BTreeSet::from(["a".to_owned()]), ..consent("a", deny()) };
    let answer = answer(&[refusal, consent("b", permit())], &ask(treatment(), one_record()));
    assert_eq!(answer.outcome, Outcome::Deny);
}

#[test]
fn nobody_replaces_a_consent_before_they_have_the_right_to() {
    let later = Span { from: Some(Moment(101)), until: None };
    let successor =
        Consent { supersedes: BTreeSet::from(["a".to_owned()]), authority: later, ..consent("b", permit()) };
    let consents = [consent("a", deny()), successor, consent("c", permit())];
    assert_eq!(answer(&consents, &ask(treatment(), one_record())).outcome, Outcome::Deny);
}

#[test]
fn a_refusal_of_what_an_agent_wrote_is_not_about_what_others_wrote() {
    let party = Party::Agent { names: named("Device/agent"), version: None };
    let rule = Rule { actors: vec![Actor { side: Side::Author, party }], ..deny() };
    let consents = [Consent { rules: vec![rule], ..consent("a", permit()) }];
    assert_eq!(answer(&consents, &ask(treatment(), one_record())).outcome, Outcome::Permit);
    let by_agent = Record { author: Some(named("Device/agent")), ..record() };
    let asked = Asked::Records(vec![by_agent]);
    assert_eq!(answer(&consents, &ask(treatment(), asked)).outcome, Outcome::Deny);
}

#[test]
fn a_duty_for_a_purpose_of_an_unknown_system_is_for_that_purpose_alone() {
    let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Honoured, hours: 24, review_hours: 72 };
    let duties = vec![(Coding::new("urn:other", "TREAT"), Duty::of("DELAU"))];
    let terms = Terms { default: DefaultPolicy::Deny, emergency, duties };
    let question = ask(Coding::new("urn:other", "COC"), one_record());
    let answer = evaluate(&[consent("a", permit())], &question, Moment(100), &terms.policy());
    assert_eq!((answer.outcome, answer.obligations), (Outcome::Permit, Vec::new()));
}

#[test]
fn what_a_permit_and_the_law_ask_for_holds_in_an_emergency_too() {
    let of_class = |class: &str| Class { of: Coding::resource_type(class), category: None };
    let data = Data { classes: BTreeSet::from([of_class("Observation")]), ..Data::default() };
    let keep = Obligation::Duty(Duty::of("NORDSCLCD"));
    let permits = Consent { obligations: vec![keep.clone()], ..consent("a", Rule { data, ..permit() }) };
    let part_2 = Record {
        of: Some(Coding::resource_type("Condition")),
        labels: BTreeSet::from([Coding::new(system::ACT_CODE, "42CFRPart2")]),
        ..record()
    };
    let answer = answer(&[permits], &ask(glass(), Asked::Records(vec![record(), part_2])));
    assert!(answer.emergency.is_some(), "{answer:?}");
    let has_notice =
        answer.obligations.iter().any(|one| matches!(one, Obligation::Duty(duty) if duty.notice.is_some()));
    assert!(has_notice && answer.obligations.contains(&keep), "{:?}", answer.obligations);
    assert!(answer.obligations.contains(&Obligation::Duty(Duty::of("AUDIT"))), "{:?}", answer.obligations);
}

#[test]
fn a_missing_document_lifts_no_refusal_to_break_the_glass() {
    let refusal = consent("a", Rule { purposes: BTreeSet::from([glass()]), ..deny() });
    let missing = Consent { standing: ConsentStanding::Missing, ..consent("b", permit()) };
    let answer = answer(&[refusal, missing], &ask(glass(), one_record()));
    assert_eq!((answer.outcome, answer.effect, answer.emergency), (Outcome::Deny, Effect::Deny, None));
}

#[test]
fn a_permit_to_break_the_glass_is_no_refusal_of_it() {
    let named = Rule { purposes: BTreeSet::from([glass()]), ..permit() };
    let permits = Consent { rules: vec![named], ..consent("b", permit()) };
    let answer = answer(&[consent("a", deny()), permits], &ask(glass(), one_record()));
    assert_eq!((answer.outcome, answer.effect), (Outcome::Deny, Effect::Permit));
}
