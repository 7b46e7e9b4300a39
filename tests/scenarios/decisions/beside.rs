//! What else is asked for beside a kind, what stands around a refusal, and what an emergency changes: a query is answered for
//! all of it.

use super::cases::{answer, ask, consent, deny, glass, permit, recipient, record, treatment};
use super::lists::{asked, found, labelled, let_out, of};
use amanah_ledger::engine::{
    Asked, Class, Consent, Data, EmergencyPolicy, EmergencyRefusal, Listed, Moment, Obligation,
};
use amanah_ledger::engine::{Outcome, Query, Record, Redacted, Redaction, Rule, Span, evaluate};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Kind, Vocabulary};
use amanah_tests::reference::verdict::Terms;
use std::collections::BTreeSet;

const THEN: Span = Span { from: Some(Moment(10)), until: Some(Moment(20)) };

fn about(data: Data, rule: Rule) -> Rule {
    Rule { data, ..rule }
}

fn with(rules: Vec<Rule>, id: &str, root: Rule) -> Consent {
    Consent { rules, ..consent(id, root) }
}

fn asthma() -> BTreeSet<Coding> {
    BTreeSet::from([Coding::new("http://snomed.info/sct", "195967001")])
}

fn of_kinds(kinds: &[&str]) -> Query {
    Query { classes: kinds.iter().map(|kind| Coding::resource_type(kind)).collect(), ..Query::default() }
}

#[test]
fn lists_are_chosen_that_leave_something_of_each_kind() {
    let then = |kind: &str| Data { period: Some(THEN), ..of(kind) };
    let narrow = with(vec![about(then("Condition"), permit()), about(of("Observation"), permit())], "a", deny());
    let refusal = about(Data { period: Some(THEN), codes: asthma(), ..Data::default() }, deny());
    let consents = [narrow, with(vec![refusal], "b", permit())];
    // Of observations alone that time would be left out, and then no condition is left.
    let answer = asked(&consents, &["Observation", "Condition"]);
    let coded = |record: Record| Record { codes: Some(asthma()), ..record };
    let records = [found("Condition", 15), found("Observation", 35), coded(found("Condition", 15))];
    assert_eq!(let_out(&answer, &records), [true, true, false], "{answer:?}");
}

#[test]
fn a_refusal_below_another_rule_may_be_left_out_by_what_that_is_about() {
    // By itself it would be said by the kind that it names, and nothing would be left of that.
    let refusal = about(Data { codes: asthma(), ..of("Observation") }, deny());
    let then = Data { period: Some(THEN), ..Data::default() };
    let refused_then = Rule { exceptions: vec![refusal], ..about(then, permit()) };
    let answer = asked(&[with(vec![refused_then], "a", permit())], &["Observation"]);
    let coded = Record { codes: Some(asthma()), ..found("Observation", 15) };
    assert_eq!(let_out(&answer, &[coded, found("Observation", 35)]), [false, true], "{answer:?}");
    assert_eq!(answer.outcome, Outcome::Permit);
}

#[test]
fn who_asks_for_one_category_is_not_given_another_that_a_type_is_named_in() {
    let category = |code: &str| Kind::Category.coding(code);
    let class = Class { of: Coding::resource_type("Observation"), category: Some(category("laboratory")) };
    let laboratory = about(Data { classes: BTreeSet::from([class]), ..Data::default() }, permit());
    let outcome = |code: &str| {
        let query = Query { classes: vec![category(code)], ..Query::default() };
        answer(&[consent("a", laboratory.clone())], &ask(treatment(), Asked::Query(query))).outcome
    };
    assert_eq!((outcome("laboratory"), outcome("vital-signs")), (Outcome::Permit, Outcome::Deny));
}

#[test]
fn what_a_consent_asks_to_be_left_out_leaves_something() {
    let hiv = Kind::Sensitivity.coding("HIV");
    let listed = Listed { codes: vec![hiv.clone()], ..Listed::default() };
    let redact = Obligation::Redact(Redaction { of: Redacted::AnyOf, listed });
    let consents = [Consent { obligations: vec![redact], ..consent("a", permit()) }];
    let by_label = |label: Option<Coding>| {
        let query = Query { labels: label.into_iter().collect(), ..Query::default() };
        answer(&consents, &ask(treatment(), Asked::Query(query))).outcome
    };
    assert_eq!((by_label(None), by_label(Some(hiv))), (Outcome::Permit, Outcome::Deny));
}

#[test]
fn no_default_makes_up_for_lists_that_cannot_say_what_no_consent_speaks_about() {
    // The first table does not know a label that covers the one which is asked for, so it may be what is refused: leaving it
    // out leaves that one out, too.
    let other = Rule { actors: vec![recipient("Practitioner/x")], ..permit() };
    let sensitive = |code: &str| BTreeSet::from([Kind::Sensitivity.coding(code)]);
    let refusal = about(Data { labels: sensitive("SUD"), ..Data::default() }, deny());
    let read_by = |vocabulary| Consent { vocabulary, ..with(vec![refusal.clone()], "a", other.clone()) };
    let asked = ask(treatment(), Asked::Query(Query { labels: sensitive("BH"), ..Query::default() }));
    for default in [DefaultPolicy::Deny, DefaultPolicy::AllNormal] {
        let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Honoured, hours: 24, review_hours: 72 };
        let policy = Terms { default, emergency, duties: Vec::new() }.policy();
        let outcome = |vocabulary| evaluate(&[read_by(vocabulary)], &asked, Moment(100), &policy).outcome;
        assert_eq!(outcome(Vocabulary::v1()), Outcome::Deny, "{default:?}");
        assert_eq!(outcome(Vocabulary::v2()), Outcome::NoConsent, "{default:?}");
    }
}

#[test]
fn an_emergency_opens_a_kind_that_is_refused_to_it_by_name_as_far_as_lists_can_say() {
    let hiv = BTreeSet::from([Kind::Sensitivity.coding("HIV")]);
    let refusal =
        Rule { purposes: BTreeSet::from([glass()]), ..about(Data { labels: hiv, ..of("Observation") }, deny()) };
    let declared = |consents: &[Consent], query| answer(consents, &ask(glass(), Asked::Query(query)));
    let answer = declared(&[with(vec![refusal], "a", permit())], of_kinds(&["Observation"]));
    assert!(answer.emergency.is_some(), "{answer:?}");
    assert_eq!(let_out(&answer, &[labelled("HIV"), record()]), [false, true], "{answer:?}");
    // What is given back of a refusal of everything is opened too; without that nothing is.
    let of_all = Rule { purposes: BTreeSet::from([glass()]), ..deny() };
    let given_back = Rule { exceptions: vec![about(of("Condition"), permit())], ..of_all.clone() };
    let whatever = |rule| declared(&[with(vec![rule], "a", permit()), consent("b", deny())], Query::default());
    assert!(whatever(of_all).emergency.is_none());
    let answer = whatever(given_back);
    let condition = Record { of: Some(Coding::resource_type("Condition")), ..record() };
    assert_eq!(let_out(&answer, &[condition, record()]), [true, false], "{answer:?}");
}
