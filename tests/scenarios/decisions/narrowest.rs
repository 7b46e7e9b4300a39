//! Where the lists that are best for each refusal leave nothing, a query is answered with narrower ones, as long as some lists
//! let out a record that is permitted and none that is refused.

use super::cases::{answer, ask, consent, deny, permit, recipient, record, treatment};
use super::lists::{asked, found, labelled, let_out, of};
use amanah_ledger::engine::{Asked, Class, Consent, Data, Moment, Outcome, Query, Record, Rule, Span};
use amanah_ledger::vocabulary::{Coding, Kind, Vocabulary};
use std::collections::BTreeSet;

const UNTIL: Span = Span { from: None, until: Some(Moment(20)) };

fn about(data: Data, rule: Rule) -> Rule {
    Rule { data, ..rule }
}

fn but(exceptions: Vec<Rule>, rule: Rule) -> Rule {
    Rule { exceptions, ..rule }
}

fn with(rules: Vec<Rule>, id: &str, root: Rule) -> Consent {
    Consent { rules, ..consent(id, root) }
}

fn sensitive(code: &str) -> Data {
    Data { labels: BTreeSet::from([Kind::Sensitivity.coding(code)]), ..Data::default() }
}

fn excepting(code: &str) -> Data {
    Data { except_labels: BTreeSet::from([Kind::Sensitivity.coding(code)]), ..Data::default() }
}

fn then() -> Data {
    Data { period: Some(UNTIL), ..Data::default() }
}

fn of_class(kind: &str, category: &str) -> Data {
    let class = Class { of: Coding::resource_type(kind), category: Some(Kind::Category.coding(category)) };
    Data { classes: BTreeSet::from([class]), ..Data::default() }
}

fn permitted_elsewhere() -> Rule {
    Rule { actors: vec![recipient("Practitioner/x")], ..permit() }
}

#[test]
fn what_the_exceptions_of_several_consents_permit_together_is_released() {
    let laboratory = but(
        vec![
            about(of_class("Condition", "laboratory"), permit()),
            but(vec![permit()], about(excepting("ETH"), deny())),
        ],
        deny(),
    );
    let labelled_so = but(vec![about(sensitive("ETH"), permit())], deny());
    let consents = [with(vec![laboratory], "a", deny()), with(vec![labelled_so], "b", permit())];
    let classes = vec![Coding::resource_type("Condition"), Kind::Category.coding("laboratory")];
    let answer = answer(&consents, &ask(treatment(), Asked::Query(Query { classes, ..Query::default() })));
    assert_eq!(answer.outcome, Outcome::Permit, "{answer:?}");
    let in_laboratory =
        |record: Record| Record { categories: Some([Kind::Category.coding("laboratory")].into()), ..record };
    let condition = |record: Record| Record { of: Some(Coding::resource_type("Condition")), ..record };
    let records =
        [condition(in_laboratory(labelled("ETH"))), condition(labelled("ETH")), condition(in_laboratory(record()))];
    assert_eq!(let_out(&answer, &records), [true, false, false], "{answer:?}");
}

#[test]
fn what_one_consent_gives_back_of_a_kind_that_it_names_is_released_where_another_permits_the_kind() {
    let restricted = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("R")]), ..of("Observation") };
    let refusal = but(vec![about(then(), permit())], about(restricted, deny()));
    let consents = [with(vec![refusal], "a", permitted_elsewhere()), consent("b", permit())];
    let answer = asked(&consents, &["Observation"]);
    assert_eq!(answer.outcome, Outcome::Permit, "{answer:?}");
    let confidential = |record: Record| Record { labels: [Kind::Confidentiality.coding("R")].into(), ..record };
    let records = [confidential(found("Observation", 15)), confidential(found("Observation", 35))];
    assert_eq!(let_out(&answer, &records), [true, false], "{answer:?}");
}

#[test]
fn of_two_kinds_what_is_given_back_of_one_goes_with_what_nobody_speaks_about_of_the_other() {
    let vital_signs = Data {
        classes: BTreeSet::from([Class { of: Kind::Category.coding("vital-signs"), category: None }]),
        ..Data::default()
    };
    let refusal = but(vec![about(then(), permit())], about(vital_signs, deny()));
    let answer = asked(&[with(vec![refusal], "a", permitted_elsewhere())], &["DocumentReference", "Observation"]);
    let outcomes: Vec<Outcome> = answer.items.iter().map(|item| item.outcome).collect();
    assert_eq!(outcomes, [Outcome::NoConsent, Outcome::Permit], "{answer:?}");
}

#[test]
fn a_kind_that_a_refusal_names_is_released_as_far_as_the_rule_above_excepts_what_it_is_about() {
    // Who reads the exception of psychotherapy notes never comes to the refusal below it.
    let notes = Data { labels: sensitive("PSYTHPN").labels, ..of("Observation") };
    let but_psychiatry = but(vec![about(notes, deny())], about(excepting("PSY"), permit()));
    let consents = [with(vec![but_psychiatry], "a", deny())];
    let answer = asked(&consents, &["Observation"]);
    assert_eq!(answer.outcome, Outcome::Permit, "{answer:?}");
    let observation = |record: Record| Record { of: Some(Coding::resource_type("Observation")), ..record };
    let records = [observation(record()), observation(labelled("PSY")), observation(labelled("PSYTHPN"))];
    assert_eq!(let_out(&answer, &records), [true, false, false], "{answer:?}");
}

#[test]
fn lists_that_let_out_what_may_be_refused_release_nothing() {
    // In the second table a label covers behavioural health. The first does not know it, so to a consent of that time it may
    // be any, also what is refused; and it cannot be left out without all that is asked for.
    let refusal = about(sensitive("HIV"), deny());
    let read_by =
        |vocabulary| Consent { vocabulary, ..with(vec![refusal.clone()], "a", about(sensitive("BH"), permit())) };
    let outcome =
        |vocabulary| answer(&[read_by(vocabulary)], &ask(treatment(), Asked::Query(Query::default()))).outcome;
    assert_eq!((outcome(Vocabulary::v1()), outcome(Vocabulary::v2())), (Outcome::Deny, Outcome::Permit));
}

#[test]
fn what_is_permitted_but_by_no_list_is_not_left_to_the_default() {
    // What is normal or more is given back, and less than that is not spoken about; no list leaves out what is less.
    let normal = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("N")]), ..Data::default() };
    let refusal = but(vec![permit()], about(normal, deny()));
    let answer = asked(&[with(vec![refusal], "a", permitted_elsewhere())], &[]);
    assert_eq!(answer.outcome, Outcome::Deny, "{answer:?}");
}

#[test]
fn all_that_is_given_back_of_a_refusal_is_released_if_lists_say_it() {
    let restricted = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("R")]), ..of("Observation") };
    let refusal = but(vec![about(then(), permit()), about(sensitive("ETH"), permit())], about(restricted, deny()));
    let consents = [with(vec![refusal], "a", permitted_elsewhere()), consent("b", permit())];
    let answer = asked(&consents, &["Observation"]);
    let confidential = |labels: &[Coding], at: i64| {
        let level = Kind::Confidentiality.coding("R");
        Record { labels: labels.iter().cloned().chain([level]).collect(), ..found("Observation", at) }
    };
    let eth = Kind::Sensitivity.coding("ETH");
    let records = [confidential(&[], 15), confidential(&[eth], 35), confidential(&[], 35)];
    assert_eq!(let_out(&answer, &records), [true, true, false], "{answer:?}");
}

#[test]
fn before_more_rules_than_are_looked_through_what_only_the_narrowest_lists_can_say_is_refused() {
    let restricted = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("R")]), ..of("Observation") };
    let refusal = but(vec![about(then(), permit())], about(restricted, deny()));
    let others = |count: usize| {
        let code = |number: usize| BTreeSet::from([Coding::new("http://loinc.org", &number.to_string())]);
        let rules = (0..count).map(|number| about(Data { codes: code(number), ..Data::default() }, deny())).collect();
        with(rules, "c", permit())
    };
    let outcome = |count: usize| {
        let consents = [with(vec![refusal.clone()], "a", permitted_elsewhere()), consent("b", permit()), others(count)];
        asked(&consents, &["Observation"]).outcome
    };
    assert_eq!((outcome(200), outcome(256)), (Outcome::Permit, Outcome::Deny));
}
