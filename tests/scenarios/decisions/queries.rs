//! Cases of queries: what one releases is nothing that would be refused by itself, and no less than it need be.

use super::cases::{answer, ask, consent, deny, glass, named, one_record, permit, recipient, record, treatment};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::*;
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Kind, Vocabulary, system};
use amanah_tests::reference::release::is_released;
use std::collections::BTreeSet;

/// Whether a query for everything releases this record; whether it is permitted by itself must not be less.
fn releases(consents: &[Consent], record: &Record) -> bool {
    let query = answer(consents, &ask(treatment(), Asked::Query(Query::default())));
    let is_released = query.outcome == Outcome::Permit && is_released(&query.obligations, record);
    let alone = answer(consents, &ask(treatment(), Asked::Records(vec![record.clone()])));
    assert!(!is_released || alone.outcome == Outcome::Permit, "released, and by itself {alone:?}");
    is_released
}

fn author(party: Party) -> Vec<Actor> {
    vec![Actor { side: Side::Author, party }]
}

fn by(name: &str) -> Record {
    Record { author: Some(named(name)), ..record() }
}

#[test]
fn a_query_leaves_out_what_a_refused_agent_wrote() {
    let agent = Party::Agent { names: named("Device/agent"), version: Some("1".to_owned()) };
    let exception = Rule { actors: vec![recipient("Practitioner/somebody-else")], ..permit() };
    let refusal = Rule { actors: author(agent), exceptions: vec![exception], ..deny() };
    let consents = [Consent { rules: vec![refusal], ..consent("a", permit()) }];
    assert!(!releases(&consents, &by("Device/agent")));
    assert!(releases(&consents, &by("Practitioner/b")));
}

#[test]
fn a_query_releases_a_named_record_and_not_what_refers_to_it() {
    let data = |records: Records| Data { records: vec![records], ..Data::default() };
    let encounter = Record { names: Some(named("Encounter/1")), ..record() };
    let of_it = Record { related: Some(named("Encounter/1")), ..record() };
    let itself = [consent("a", Rule { data: data(Records::Instance(named("Encounter/1"))), ..permit() })];
    assert!(releases(&itself, &encounter) && !releases(&itself, &of_it));
    let all_of_it = [consent("a", Rule { data: data(Records::Related(named("Encounter/1"))), ..permit() })];
    assert!(releases(&all_of_it, &encounter) && releases(&all_of_it, &of_it) && !releases(&all_of_it, &record()));
}

#[test]
fn a_query_releases_a_category_of_one_type_only() {
    let laboratory = Coding::new(system::OBSERVATION_CATEGORY, "laboratory");
    let class = Class { of: Coding::resource_type("Observation"), category: Some(laboratory.clone()) };
    let data = Data { classes: BTreeSet::from([class]), ..Data::default() };
    let consents = [consent("a", Rule { data, ..permit() })];
    let of_type = |of: &str| Record {
        of: Some(Coding::resource_type(of)),
        categories: Some(BTreeSet::from([laboratory.clone()])),
        ..record()
    };
    assert!(releases(&consents, &of_type("Observation")) && !releases(&consents, &of_type("DiagnosticReport")));
    let query = Query { classes: vec![laboratory.clone()], ..Query::default() };
    let answer = answer(&consents, &ask(treatment(), Asked::Query(query)));
    assert_eq!(answer.outcome, Outcome::Permit);
    assert!(!is_released(&answer.obligations, &of_type("DiagnosticReport")), "{answer:?}");
}

#[test]
fn a_query_leaves_out_what_members_of_a_refused_group_wrote() {
    let by_group = |members: Option<Vec<Membership>>| {
        let party = Party::Group(Group { names: named("Group/g"), members });
        let refusal = Rule { actors: author(party), ..deny() };
        [Consent { rules: vec![refusal], ..consent("a", permit()) }]
    };
    let member = Membership { who: named("Practitioner/b"), period: Span::ALWAYS };
    let known = by_group(Some(vec![member]));
    assert!(!releases(&known, &by("Practitioner/b")) && releases(&known, &by("Practitioner/c")));
    // Where nobody knows who belongs to it, anybody may.
    assert!(!releases(&by_group(None), &by("Practitioner/c")));
}

#[test]
fn a_query_leaves_out_sensitivities_that_its_consent_does_not_know() {
    let labels = |code: &str| BTreeSet::from([Kind::Sensitivity.coding(code)]);
    let marked = |code: &str| Record { labels: labels(code), ..record() };
    let data = |code: &str| Data { labels: labels(code), ..Data::default() };
    let first = |root: Rule| Consent { vocabulary: Vocabulary::v1(), ..consent("a", root) };
    // To the first vocabulary 42CFRPart2 could be HIV; in the newest COGN is a part of BH.
    let refused = [Consent { rules: vec![Rule { data: data("HIV"), ..deny() }], ..first(permit()) }];
    assert!(!releases(&refused, &marked("42CFRPart2")) && releases(&refused, &marked("GDIS")));
    let given = [first(Rule { data: data("BH"), ..permit() })];
    assert!(releases(&given, &marked("BH")) && !releases(&given, &marked("COGN")));
    // A rule that names it gives it, but not another rule that names it of observations only.
    let named = [first(Rule { data: Data { labels: &labels("BH") | &labels("COGN"), ..Data::default() }, ..permit() })];
    assert!(releases(&named, &marked("COGN")));
    let class = Class { of: Coding::resource_type("Observation"), category: None };
    let of_observations = Rule { data: Data { classes: BTreeSet::from([class]), ..data("COGN") }, ..permit() };
    let rules = vec![Rule { data: data("BH"), ..permit() }, of_observations];
    let condition = Record { of: Some(Coding::resource_type("Condition")), ..marked("COGN") };
    assert!(!releases(&[Consent { rules, ..first(deny()) }], &condition));
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

fn labelled(labels: &[Coding]) -> Record {
    Record { labels: labels.iter().cloned().collect(), ..record() }
}

fn about(effect: Rule, label: &Coding) -> Rule {
    Rule { data: Data { labels: BTreeSet::from([label.clone()]), ..Data::default() }, ..effect }
}

/// What a query for what has these labels is answered with.
fn asked_for(consents: &[Consent], purpose: Coding, query: Query) -> Answer {
    answer(consents, &ask(purpose, Asked::Query(query)))
}

#[test]
fn an_emergency_overrides_all_of_a_query_but_what_is_refused_to_it_by_name() {
    let hiv = Kind::Sensitivity.coding("HIV");
    let refusal = Rule { purposes: BTreeSet::from([glass()]), ..about(deny(), &hiv) };
    let for_treatment = Rule { purposes: BTreeSet::from([treatment()]), ..permit() };
    let below = Rule { exceptions: vec![about(deny(), &hiv)], purposes: BTreeSet::from([glass()]), ..permit() };
    let of_base = Consent { root: ConsentRoot::Decision(Effect::Deny), ..consent("a", deny()) };
    for consents in [
        consent("a", refusal.clone()),
        Consent { rules: vec![refusal.clone()], ..consent("a", for_treatment.clone()) },
        Consent { rules: vec![refusal.clone()], ..of_base.clone() },
    ]
    .map(|one| [one, consent("b", about(deny(), &Kind::Sensitivity.coding("PSY")))])
    {
        let answer = asked_for(&consents, glass(), Query::default());
        assert!(answer.emergency.is_some(), "{answer:?}");
        assert!(!is_released(&answer.obligations, &labelled(std::slice::from_ref(&hiv))), "{answer:?}");
        let psychiatric = labelled(&[Kind::Sensitivity.coding("PSY")]);
        assert!(is_released(&answer.obligations, &psychiatric), "overridden: {answer:?}");
    }
    let data = Data { except_labels: BTreeSet::from([hiv.clone()]), ..Data::default() };
    let lifted = Rule { purposes: BTreeSet::from([glass()]), exceptions: vec![Rule { data, ..permit() }], ..deny() };
    let consents = [Consent { rules: vec![lifted, deny()], ..consent("a", permit()) }];
    let answer = asked_for(&consents, glass(), Query::default());
    assert!(answer.emergency.is_some() && !is_released(&answer.obligations, &labelled(std::slice::from_ref(&hiv))));
    let permitted = asked_for(&[Consent { rules: vec![below], ..of_base }], glass(), Query::default());
    assert_eq!(permitted.outcome, Outcome::Permit);
    assert!(!is_released(&permitted.obligations, &labelled(std::slice::from_ref(&hiv))));
    let by_kind = Data {
        classes: BTreeSet::from([Class { of: Coding::resource_type("Condition"), category: None }]),
        ..Data::default()
    };
    let of_kind = Rule { purposes: BTreeSet::from([glass()]), data: by_kind, ..about(deny(), &hiv) };
    let query = Query { classes: vec![Coding::resource_type("Condition")], ..Query::default() };
    let barred = asked_for(&[consent("a", of_kind)], glass(), query);
    assert_eq!((barred.effect, barred.emergency), (Effect::Deny, None), "a kind that is refused to it by name");
}

#[test]
fn a_consent_that_permits_a_part_of_what_it_refuses_asks_for_its_duties() {
    let kind = Coding::resource_type("Observation");
    let data = Data { classes: BTreeSet::from([Class { of: kind, category: None }]), ..Data::default() };
    let duty = Obligation::Duty(Duty::of("NOREUSE"));
    let exception = Rule { data, ..permit() };
    let nested = Rule { exceptions: vec![exception.clone()], ..deny() };
    let shapes = [
        Consent { rules: vec![exception], ..consent("a", deny()) },
        Consent { rules: vec![nested], root: ConsentRoot::Decision(Effect::Permit), ..consent("a", deny()) },
    ];
    for shape in shapes {
        let consents = [Consent { obligations: vec![duty.clone()], ..shape }];
        let answer = asked_for(&consents, treatment(), Query::default());
        assert_eq!(answer.outcome, Outcome::Permit);
        assert!(answer.obligations.contains(&duty), "{answer:?}");
        assert_eq!(answer.considered[0].said, [Said::PermitPart]);
    }
}

#[test]
fn what_a_query_finds_may_be_more_confidential_than_it_asks() {
    let level = |code: &str| Kind::Confidentiality.coding(code);
    let query = |code: &str| Query { labels: BTreeSet::from([level(code)]), ..Query::default() };
    let up_to_normal = asked_for(&[consent("a", about(permit(), &level("N")))], treatment(), query("N"));
    assert_eq!(up_to_normal.outcome, Outcome::Permit);
    assert!(is_released(&up_to_normal.obligations, &labelled(&[level("N")])));
    assert!(!is_released(&up_to_normal.obligations, &labelled(&[level("N"), level("R")])));
    let by_default = |code: &str| {
        let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Honoured, hours: 24, review_hours: 72 };
        let policy = Policy::offline(DefaultPolicy::AllNormal, emergency, Vec::new());
        evaluate(&[], &ask(treatment(), Asked::Query(query(code))), Moment(100), &policy)
    };
    assert_eq!([by_default("N").effect, by_default("R").effect], [Effect::Permit, Effect::Deny]);
}

#[test]
fn a_query_for_records_of_substance_use_treatment_carries_the_notice() {
    let query = Query { labels: BTreeSet::from([Kind::Sensitivity.coding("42CFRPart2")]), ..Query::default() };
    for purpose in [treatment(), glass()] {
        let root = if purpose == glass() { deny() } else { permit() };
        let answer = asked_for(&[consent("a", root)], purpose, query.clone());
        let has_notice = |one: &Obligation| matches!(one, Obligation::Duty(duty) if duty.notice.is_some());
        assert!(answer.obligations.iter().any(has_notice), "{answer:?}");
    }
}

#[test]
fn what_an_exception_refuses_is_left_out_of_a_query_for_another_kind_that_a_record_may_have_too() {
    let laboratory = Coding::new(system::OBSERVATION_CATEGORY, "laboratory");
    let vital_signs = Coding::new(system::OBSERVATION_CATEGORY, "vital-signs");
    let psychiatry = Kind::Sensitivity.coding("PSY");
    let class = Class { of: laboratory.clone(), category: None };
    let of_laboratory = Data { classes: BTreeSet::from([class]), ..Data::default() };
    let both = Record {
        categories: Some(BTreeSet::from([laboratory, vital_signs.clone()])),
        ..labelled(std::slice::from_ref(&psychiatry))
    };
    for exception in [about(deny(), &psychiatry), deny()] {
        let permit_but = Rule { data: of_laboratory.clone(), exceptions: vec![exception], ..permit() };
        let consents = [Consent { rules: vec![permit_but], ..consent("a", permit()) }];
        let query = Query { classes: vec![vital_signs.clone()], ..Query::default() };
        let answer = asked_for(&consents, treatment(), query);
        assert_eq!(answer.outcome, Outcome::Permit);
        assert!(!is_released(&answer.obligations, &both), "{answer:?}");
    }
}

#[test]
fn a_category_is_refused_with_its_only_type() {
    let of = |effect: Rule, kind: &str| {
        let class = Class { of: Coding::resource_type(kind), category: None };
        Rule { data: Data { classes: BTreeSet::from([class]), ..Data::default() }, ..effect }
    };
    let laboratory = Coding::new(system::OBSERVATION_CATEGORY, "laboratory");
    let query = Query { classes: vec![laboratory], ..Query::default() };
    let refusing = |kind: &str| {
        let consents = [Consent { rules: vec![of(deny(), kind)], ..consent("a", permit()) }];
        asked_for(&consents, treatment(), query.clone()).outcome
    };
    assert_eq!([refusing("Observation"), refusing("Condition")], [Outcome::Deny, Outcome::Permit]);
}

#[test]
fn what_is_released_of_one_kind_does_not_narrow_another() {
    let class = |of: &str, category: Option<Coding>| Class { of: Coding::resource_type(of), category };
    let laboratory = Coding::new(system::OBSERVATION_CATEGORY, "laboratory");
    let of = |one: Class| Data { classes: BTreeSet::from([one]), ..Data::default() };
    let only_laboratory = Rule { data: of(class("Observation", Some(laboratory.clone()))), ..permit() };
    let refusal = Rule { data: of(class("Observation", None)), ..deny() };
    let consents = [Consent { rules: vec![only_laboratory], ..consent("a", refusal) }, consent("b", permit())];
    let classes = vec![Coding::resource_type("Observation"), Coding::resource_type("DocumentReference")];
    let query = answer(&consents, &ask(treatment(), Asked::Query(Query { classes, ..Query::default() })));
    assert_eq!(query.outcome, Outcome::Permit);
    let observation = |categories| Record { categories: Some(categories), ..record() };
    let document = Record { of: Some(Coding::resource_type("DocumentReference")), ..record() };
    assert!(is_released(&query.obligations, &document), "{query:?}");
    assert!(is_released(&query.obligations, &observation(BTreeSet::from([laboratory]))), "{query:?}");
    assert!(!is_released(&query.obligations, &observation(BTreeSet::new())), "{query:?}");
}

#[test]
fn a_query_of_which_nothing_would_be_left_is_no_permit() {
    let labelled = |code: &str| Data { labels: BTreeSet::from([Kind::Sensitivity.coding(code)]), ..Data::default() };
    let marked = Query { labels: BTreeSet::from([Kind::Sensitivity.coding("HIV")]), ..Query::default() };
    let refusal = Rule { data: labelled("HIV"), ..deny() };
    let consents = [Consent { rules: vec![refusal], ..consent("a", Rule { data: labelled("HIV"), ..permit() }) }];
    let all = answer(&consents, &ask(treatment(), Asked::Query(Query::default())));
    let some = answer(&consents, &ask(treatment(), Asked::Query(marked)));
    assert_eq!((all.outcome, some.outcome), (Outcome::Deny, Outcome::Deny));
}

#[test]
fn an_emergency_does_not_open_what_a_permit_leaves_to_a_root_that_refuses_it() {
    let restricted = Kind::Confidentiality.coding("R");
    let permit_but =
        Rule { data: Data { except_labels: BTreeSet::from([restricted.clone()]), ..Data::default() }, ..permit() };
    let root = Rule { purposes: BTreeSet::from([glass()]), ..deny() };
    let consents = [Consent { rules: vec![permit_but], ..consent("a", root) }, consent("b", deny())];
    let query = asked_for(&consents, glass(), Query::default());
    assert!(query.emergency.is_some());
    let marked = Record { labels: BTreeSet::from([restricted]), ..record() };
    assert!(!is_released(&query.obligations, &marked) && is_released(&query.obligations, &record()), "{query:?}");
}
