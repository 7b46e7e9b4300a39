//! Cases in which the engine and a second reading of its specification once differed, and some they agree on.

use amanah_ledger::document::Effect;
use amanah_ledger::engine::*;
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Kind, Vocabulary, system};
use amanah_tests::reference::release::is_released;
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

fn treatment() -> Coding {
    Kind::Purpose.coding("TREAT")
}

fn glass() -> Coding {
    Kind::Purpose.coding("BTG")
}

fn ask(purpose: Coding, asked: Asked) -> Question {
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

fn record() -> Record {
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

fn one_record() -> Asked {
    Asked::Records(vec![record()])
}

fn answer(consents: &[Consent], question: &Question) -> Answer {
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

/// Refused is what is restricted, but not to one person; the rest was given for treatment. Asked is for another purpose.
#[test]
fn a_query_releases_nothing_normal_where_only_restricted_data_is_given() {
    let exception = Rule { actors: vec![recipient("Practitioner/a")], ..permit() };
    let restricted = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("R")]), ..Data::default() };
    let rule = Rule { data: restricted, exceptions: vec![exception], ..deny() };
    let root = Rule { purposes: BTreeSet::from([treatment()]), ..permit() };
    let consents = [Consent { rules: vec![rule], ..consent("a", root) }];
    let research = Kind::Purpose.coding("HRESCH");
    let query = answer(&consents, &ask(research.clone(), Asked::Query(Query::default())));
    assert_eq!(answer(&consents, &ask(research, one_record())).outcome, Outcome::NoConsent);
    assert!(query.outcome != Outcome::Permit || !is_released(&query.obligations, &record()), "{query:?}");
}

#[test]
fn a_query_releases_nothing_that_a_rule_above_its_permit_leaves_out() {
    let hiv = Kind::Sensitivity.coding("HIV");
    let data = Data { except_labels: BTreeSet::from([hiv.clone()]), ..Data::default() };
    let gate = Rule { data, exceptions: vec![permit()], ..deny() };
    let consents = [Consent { rules: vec![gate], ..consent("a", deny()) }];
    let marked = Record { labels: BTreeSet::from([hiv]), ..record() };
    let alone = answer(&consents, &ask(treatment(), Asked::Records(vec![marked.clone()])));
    assert_eq!(alone.outcome, Outcome::Deny);
    let query = answer(&consents, &ask(treatment(), Asked::Query(Query::default())));
    assert_eq!(query.outcome, Outcome::Permit);
    assert!(!is_released(&query.obligations, &marked) && is_released(&query.obligations, &record()), "{query:?}");
}

#[test]
fn a_query_releases_nothing_low_where_all_up_to_normal_is_refused() {
    let data = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("N")]), ..Data::default() };
    let rule = Rule { data, exceptions: vec![deny()], ..permit() };
    let consents = [Consent { rules: vec![rule], ..consent("a", permit()) }];
    let low = Record { labels: BTreeSet::from([Kind::Confidentiality.coding("L")]), ..record() };
    let alone = answer(&consents, &ask(treatment(), Asked::Records(vec![low.clone()])));
    assert_eq!(alone.outcome, Outcome::Deny);
    let query = answer(&consents, &ask(treatment(), Asked::Query(Query::default())));
    assert!(query.outcome != Outcome::Permit || !is_released(&query.obligations, &low), "{query:?}");
}

#[test]
fn a_query_releases_nothing_that_a_rule_above_a_part_leaves_out() {
    let hiv = Kind::Sensitivity.coding("HIV");
    let class = Class { of: Coding::resource_type("Observation"), category: None };
    let observations = Data { classes: BTreeSet::from([class]), ..Data::default() };
    let data = Data { except_labels: BTreeSet::from([hiv.clone()]), ..Data::default() };
    let gate = Rule { data, exceptions: vec![Rule { data: observations, ..permit() }], ..deny() };
    let root = Rule { purposes: BTreeSet::from([glass()]), ..permit() };
    let consents = [Consent { rules: vec![gate], ..consent("a", root) }];
    let marked = Record { labels: BTreeSet::from([hiv]), ..record() };
    let alone = answer(&consents, &ask(treatment(), Asked::Records(vec![marked.clone()])));
    assert_eq!(alone.outcome, Outcome::NoConsent);
    let query = answer(&consents, &ask(treatment(), Asked::Query(Query::default())));
    assert_eq!(query.outcome, Outcome::Permit);
    assert!(!is_released(&query.obligations, &marked) && is_released(&query.obligations, &record()), "{query:?}");
}
