//! What the lists of an answer to a query can say: any OR and AND of what is released, and of what is left out no AND.

use super::cases::{answer, ask, consent, deny, permit, record, treatment};
use amanah_ledger::engine::{Answer, Asked, Class, Consent, Data, Identifier, Identifiers, Moment, Outcome, Query};
use amanah_ledger::engine::{Record, Records, Rule, Span};
use amanah_ledger::vocabulary::{Coding, Kind};
use amanah_tests::reference::release::is_released;
use std::collections::BTreeSet;

const THEN: Span = Span { from: Some(Moment(10)), until: Some(Moment(20)) };

pub(super) fn of(kind: &str) -> Data {
    let class = Class { of: Coding::resource_type(kind), category: None };
    Data { classes: BTreeSet::from([class]), ..Data::default() }
}

pub(super) fn found(kind: &str, at: i64) -> Record {
    let date = Some(Span { from: Some(Moment(at)), until: Some(Moment(at)) });
    Record { of: Some(Coding::resource_type(kind)), date, ..record() }
}

pub(super) fn labelled(code: &str) -> Record {
    Record { labels: BTreeSet::from([Kind::Sensitivity.coding(code)]), ..record() }
}

pub(super) fn asked(consents: &[Consent], kinds: &[&str]) -> Answer {
    let classes = kinds.iter().map(|kind| Coding::resource_type(kind)).collect();
    answer(consents, &ask(treatment(), Asked::Query(Query { classes, ..Query::default() })))
}

pub(super) fn let_out(answer: &Answer, records: &[Record]) -> Vec<bool> {
    records.iter().map(|record| is_released(&answer.obligations, record)).collect()
}

#[test]
fn of_two_consents_for_data_of_a_time_both_are_released() {
    let for_then = |id: &str, kind: &str, period: Span| {
        consent(id, Rule { data: Data { period: Some(period), ..of(kind) }, ..permit() })
    };
    let later = Span { from: Some(Moment(30)), until: None };
    let consents = [for_then("a", "Observation", THEN), for_then("b", "Condition", later)];
    let answer = asked(&consents, &[]);
    let records = [found("Observation", 15), found("Condition", 35), found("Observation", 35), found("Condition", 15)];
    assert_eq!(let_out(&answer, &records), [true, true, false, false], "{answer:?}");
}

#[test]
fn a_refusal_of_a_kind_at_a_time_leaves_out_the_time_and_the_kind_where_only_that_time_is_asked_for() {
    let refusal = Rule { data: Data { period: Some(THEN), ..of("Observation") }, ..deny() };
    let consents = [Consent { rules: vec![refusal], ..consent("a", permit()) }];
    let answer = asked(&consents, &["Observation"]);
    assert_eq!(answer.outcome, Outcome::Permit);
    assert_eq!(let_out(&answer, &[found("Observation", 15), found("Observation", 35)]), [false, true], "{answer:?}");
    let then = Query { period: Some(THEN), ..Query::default() };
    let answer = super::cases::answer(&consents, &ask(treatment(), Asked::Query(then)));
    assert_eq!(answer.outcome, Outcome::Permit);
    assert_eq!(let_out(&answer, &[found("Observation", 15), found("Condition", 15)]), [false, true], "{answer:?}");
}

#[test]
fn a_refusal_of_a_kind_in_one_record_leaves_out_the_record() {
    let one = Identifiers::from([Identifier::reference("Observation/77")]);
    let refusal = Rule { data: Data { records: vec![Records::Instance(one.clone())], ..of("Observation") }, ..deny() };
    let consents = [Consent { rules: vec![refusal], ..consent("a", permit()) }];
    let answer = asked(&consents, &["Observation"]);
    let named = Record { names: Some(one), ..record() };
    assert_eq!(let_out(&answer, &[named, found("Observation", 15)]), [false, true], "{answer:?}");
}

#[test]
fn a_refusal_of_all_but_a_sensitivity_releases_that() {
    let all_but = |code: &str| {
        let except_labels = BTreeSet::from([Kind::Sensitivity.coding(code)]);
        Rule { data: Data { except_labels, ..Data::default() }, ..deny() }
    };
    let consents = [Consent { rules: vec![all_but("HIV")], ..consent("a", permit()) }];
    let answer = asked(&consents, &[]);
    assert_eq!(let_out(&answer, &[labelled("HIV"), labelled("PSY"), record()]), [true, false, false], "{answer:?}");
    // A second one leaves nothing of it but what has both.
    let consents = [consents[0].clone(), Consent { rules: vec![all_but("PSY")], ..consent("b", permit()) }];
    let answer = asked(&consents, &[]);
    let both = Record { labels: ["HIV", "PSY"].map(|code| Kind::Sensitivity.coding(code)).into(), ..record() };
    assert_eq!(let_out(&answer, &[both, labelled("HIV"), labelled("PSY")]), [true, false, false], "{answer:?}");
}

#[test]
fn more_kinds_at_a_time_than_lists_can_say_are_released_in_part_and_never_more() {
    let of_time = |number: i64| {
        let period = Some(Span { from: Some(Moment(number * 10)), until: Some(Moment(number * 10)) });
        Rule { data: Data { period, ..of(&format!("Kind{number}")) }, ..permit() }
    };
    let rules: Vec<Rule> = (0..40).map(of_time).collect();
    let consents = [Consent { rules, ..consent("a", deny()) }];
    let answer = asked(&consents, &[]);
    assert_eq!(answer.outcome, Outcome::Permit);
    let own = (0..40).map(|number| found(&format!("Kind{number}"), number * 10));
    let other = (0..40).map(|number| found(&format!("Kind{number}"), number * 10 + 10));
    assert!(own.into_iter().any(|record| is_released(&answer.obligations, &record)), "{answer:?}");
    assert!(!other.into_iter().any(|record| is_released(&answer.obligations, &record)), "{answer:?}");
    assert!(answer.obligations.len() <= 64, "{}", answer.obligations.len());
}
