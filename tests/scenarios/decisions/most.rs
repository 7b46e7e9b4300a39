//! A query releases as much as its lists can say, where the narrowest list of each refusal by itself would leave nothing.

use super::cases::{consent, deny, named, permit, record, treatment};
use super::lists::{asked, found, labelled, let_out, of};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Actor, Answer, Asked, Consent, Data, EmergencyPolicy, EmergencyRefusal, Moment, Outcome};
use amanah_ledger::engine::{Party, Query, Record, Rule, Side, Span, evaluate};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Kind};
use amanah_tests::reference::verdict::Terms;
use std::collections::BTreeSet;

const THEN: Span = Span { from: Some(Moment(10)), until: Some(Moment(20)) };

fn but(code: &str) -> Data {
    Data { except_labels: BTreeSet::from([Kind::Sensitivity.coding(code)]), ..Data::default() }
}

fn at(period: Span) -> Data {
    Data { period: Some(period), ..Data::default() }
}

fn about(data: Data, rule: Rule) -> Rule {
    Rule { data, ..rule }
}

fn with(rules: Vec<Rule>, root: Rule) -> Consent {
    Consent { rules, ..consent("a", root) }
}

#[test]
fn what_a_permit_excepts_and_the_rule_above_or_another_consent_permits_is_not_left_out() {
    let records = [labelled("HIV"), record()];
    let of_one = [with(vec![about(but("HIV"), permit())], permit())];
    let of_two = [consent("a", about(but("HIV"), permit())), consent("b", permit())];
    let below_refusal = [with(vec![about(but("HIV"), permit())], deny()), consent("b", permit())];
    assert_eq!(let_out(&asked(&of_one, &[]), &records), [true, true]);
    assert_eq!(let_out(&asked(&of_two, &[]), &records), [true, true]);
    assert_eq!(let_out(&asked(&of_two[..1], &[]), &records), [false, true]);
    // What it leaves to a refusal is refused, whoever permits it; but not what that refusal is not about.
    assert_eq!(let_out(&asked(&below_refusal, &[]), &records), [false, true]);
    let observations = Data { classes: of("Observation").classes, ..but("HIV") };
    let below_another =
        [with(vec![about(observations, permit())], about(of("Condition"), deny())), consent("b", permit())];
    assert_eq!(let_out(&asked(&below_another, &[]), &records), [true, true]);
}

#[test]
fn a_permit_of_what_somebody_wrote_leaves_what_others_wrote_to_the_default() {
    let author = Actor { side: Side::Author, party: Party::Named(named("Practitioner/b")) };
    let consents = [consent("a", Rule { actors: vec![author], ..about(of("Condition"), permit()) })];
    let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Honoured, hours: 24, review_hours: 72 };
    let terms = Terms { default: DefaultPolicy::AllNormal, emergency, duties: Vec::new() };
    let question = |asked| super::cases::ask(treatment(), asked);
    let by_query = |kind: &str| {
        let query = Query { classes: vec![Coding::resource_type(kind)], ..Query::default() };
        evaluate(&consents, &question(Asked::Query(query)), Moment(100), &terms.policy())
    };
    let by_record = |record: &Record| {
        let asked = Asked::Records(vec![record.clone()]);
        evaluate(&consents, &question(asked), Moment(100), &terms.policy()).effect == Effect::Permit
    };
    let by_others = Record { author: Some(named("Practitioner/c")), ..record() };
    let answer: Answer = by_query("Observation");
    assert_eq!((answer.outcome, answer.effect), (Outcome::NoConsent, Effect::Permit));
    for one in [record(), by_others] {
        assert_eq!(let_out(&answer, std::slice::from_ref(&one)), [by_record(&one)], "{one:?} {answer:?}");
    }
}

#[test]
fn what_an_exception_gives_back_of_a_refusal_is_released_where_nothing_else_is() {
    let refusal = Rule { exceptions: vec![about(of("Observation"), permit())], ..about(at(THEN), deny()) };
    let records = [found("Observation", 15), found("Observation", 35), found("Condition", 15), found("Condition", 35)];
    // Below a refusal of everything, and below a permit for somebody else.
    let others = Actor { side: Side::Recipient, party: Party::Named(named("Practitioner/x")) };
    for root in [deny(), Rule { actors: vec![others], ..permit() }] {
        let answer = asked(&[with(vec![refusal.clone()], root)], &[]);
        assert_eq!(let_out(&answer, &records), [true, false, false, false], "{answer:?}");
    }
    // What the rules of a root give back of it.
    let then = Data { period: Some(THEN), ..of("Observation") };
    let answer = asked(&[with(vec![about(then, permit())], about(of("Observation"), deny()))], &[]);
    assert_eq!(let_out(&answer, &records), [true, false, false, false], "{answer:?}");
    // What else is permitted goes first, and then the whole time is left out.
    let answer = asked(&[with(vec![refusal.clone()], permit())], &[]);
    assert_eq!(let_out(&answer, &records), [false, true, false, true], "{answer:?}");
    // Another refusal beside it holds.
    let beside = about(Data { labels: BTreeSet::from([Kind::Sensitivity.coding("HIV")]), ..Data::default() }, deny());
    let answer = asked(&[with(vec![refusal, beside], deny())], &[]);
    let labelled = Record { labels: labelled("HIV").labels, ..found("Observation", 15) };
    assert_eq!(let_out(&answer, &[found("Observation", 15), labelled]), [true, false], "{answer:?}");
}

#[test]
fn two_refusals_release_what_both_except() {
    let one = with(vec![about(of("Observation"), permit())], deny());
    let other = Consent { rules: vec![about(at(THEN), permit())], ..consent("b", deny()) };
    let answer = asked(&[one, other], &[]);
    let records = [found("Observation", 15), found("Observation", 35), found("Condition", 15)];
    assert_eq!(let_out(&answer, &records), [true, false, false], "{answer:?}");
}

#[test]
fn refusals_of_more_consents_than_are_listed_together_release_what_is_like_one_record() {
    let refusal = |index: usize| Consent {
        rules: vec![about(at(Span { from: None, until: Some(Moment(i64::try_from(index).unwrap())) }), permit())],
        ..consent(&format!("{index:02}"), deny())
    };
    for count in [8, 9] {
        let answer = asked(&(0..count).map(refusal).collect::<Vec<_>>(), &[]);
        let records = [found("Observation", -5), found("Observation", 5)];
        assert_eq!(let_out(&answer, &records), [true, false], "{answer:?}");
    }
}

#[test]
fn lists_are_chosen_that_leave_something_together() {
    // By itself the refusal of that kind at that time is said by the time, and then nothing of the permit is left.
    let refusal = about(Data { period: Some(Span { from: Some(Moment(0)), until: None }), ..of("Condition") }, deny());
    let narrow = Consent { rules: vec![about(at(THEN), permit())], ..consent("b", deny()) };
    let answer = asked(&[with(vec![refusal], permit()), narrow], &[]);
    let records = [found("Observation", 15), found("Condition", 15), found("Observation", 35)];
    assert_eq!(let_out(&answer, &records), [true, false, false], "{answer:?}");
}

#[test]
fn of_codes_that_a_refusal_joins_one_sort_is_left_out_where_the_others_are_asked_for() {
    let hiv = BTreeSet::from([Kind::Sensitivity.coding("HIV")]);
    let refusal = about(Data { labels: hiv.clone(), ..of("Condition") }, deny());
    let consents = [with(vec![refusal], permit())];
    let query = Query { labels: hiv, ..Query::default() };
    let answer = super::cases::answer(&consents, &super::cases::ask(treatment(), Asked::Query(query)));
    let condition = Record { of: Some(Coding::resource_type("Condition")), ..labelled("HIV") };
    assert_eq!(let_out(&answer, &[labelled("HIV"), condition]), [true, false], "{answer:?}");
    // A kind that is asked for by name and that a refusal names is refused.
    assert_eq!(asked(&consents, &["Condition"]).outcome, Outcome::Deny);
}
