//! One query before as many rules as a patient's consents can have at one hospital, each about another part of it.

use amanah_ledger::document::{Effect, RULES_MAX};
use amanah_ledger::engine::{
    Asked, Asker, CONSENTS_MAX, Class, Consent, ConsentRoot, ConsentStanding, Data, EmergencyPolicy, EmergencyRefusal,
    Identifier, Moment, Policy, Query, Question, Records, Rule, Span, evaluate,
};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{Coding, Kind, Vocabulary, system};
use divan::{Bencher, black_box};
use std::collections::BTreeSet;

/// What the rules of each consent do.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Refuse parts of what is permitted.
    Refuse,
    /// Permit parts of what is refused.
    Permit,
    /// Permit parts where nothing else is said.
    PermitAlone,
    /// Refuse parts, each but for what its exception gives back.
    GiveBack,
    /// Permit parts, and refuse each again.
    PermitAndRefuse,
    /// Refuse parts of what is permitted, of two kinds of which each is left out by the list that is best for the other.
    TwoKinds,
}

const SHAPES: [Shape; 6] =
    [Shape::Refuse, Shape::Permit, Shape::PermitAlone, Shape::GiveBack, Shape::PermitAndRefuse, Shape::TwoKinds];

#[divan::bench(args = SHAPES, sample_count = 5)]
fn query(bencher: Bencher<'_, '_>, shape: Shape) {
    let consents: Vec<Consent> = (0..CONSENTS_MAX).map(|index| consent(index, shape)).collect();
    let classes = match shape {
        Shape::TwoKinds => vec![laboratory(), Kind::Type.coding("DocumentReference")],
        Shape::Refuse | Shape::Permit | Shape::PermitAlone | Shape::GiveBack | Shape::PermitAndRefuse => {
            vec![Kind::Type.coding("Observation")]
        }
    };
    let asked = Asked::Query(Query { classes, ..Query::default() });
    let question = Question {
        patient: BTreeSet::from([Identifier::reference("Patient/p")]),
        custodian: Some(BTreeSet::from([Identifier::reference("Organization/h")])),
        asker: Asker::default(),
        purpose: Some(Kind::Purpose.coding("TREAT")),
        actions: BTreeSet::new(),
        classes: None,
        asked,
        emergency: None,
    };
    let emergency = EmergencyPolicy { refusal: EmergencyRefusal::Honoured, hours: 24, review_hours: 72 };
    let policy = Policy::offline(DefaultPolicy::BasicNormal, emergency, Vec::new());
    bencher.bench_local(|| evaluate(black_box(&consents), black_box(&question), Moment(0), &policy));
}

fn consent(index: usize, shape: Shape) -> Consent {
    let root = match shape {
        Shape::Refuse | Shape::TwoKinds => Rule::bare(Effect::Permit, "provision"),
        Shape::Permit => Rule::bare(Effect::Deny, "provision"),
        Shape::PermitAlone | Shape::GiveBack | Shape::PermitAndRefuse => Rule {
            purposes: BTreeSet::from([Kind::Purpose.coding("HRESCH")]),
            ..Rule::bare(Effect::Permit, "provision")
        },
    };
    let numbers = (0..RULES_MAX).map(|rule| index * RULES_MAX + rule);
    let rules = match shape {
        Shape::Refuse => numbers.map(|number| rule(Effect::Deny, number)).collect(),
        Shape::Permit | Shape::PermitAlone => numbers.map(|number| rule(Effect::Permit, number)).collect(),
        Shape::GiveBack => {
            let with_exception =
                |number| Rule { exceptions: vec![rule(Effect::Permit, number + 1)], ..rule(Effect::Deny, number) };
            numbers.step_by(2).map(with_exception).collect()
        }
        Shape::PermitAndRefuse => numbers
            .step_by(2)
            .flat_map(|number| [Effect::Permit, Effect::Deny].map(|effect| rule(effect, number)))
            .collect(),
        Shape::TwoKinds => {
            numbers.map(|number| if number == 0 { of_both() } else { rule(Effect::Deny, number * 6) }).collect()
        }
    };
    Consent {
        id: format!("{index:04}"),
        vocabulary: if index.is_multiple_of(2) { Vocabulary::v2() } else { Vocabulary::v1() },
        standing: ConsentStanding::InForce,
        since: 0,
        patient: BTreeSet::from([Identifier::reference("Patient/p")]),
        custodians: Vec::new(),
        classes: None,
        period: Span::ALWAYS,
        authority: Span::ALWAYS,
        supersedes: BTreeSet::new(),
        root: ConsentRoot::Rule(root),
        rules,
        obligations: Vec::new(),
    }
}

fn laboratory() -> Coding {
    Coding::new(system::OBSERVATION_CATEGORY, "laboratory")
}

/// A refusal of what is of both of two kinds.
fn of_both() -> Rule {
    let class = Class { of: Kind::Type.coding("DocumentReference"), category: Some(laboratory()) };
    let data = Data { classes: BTreeSet::from([class]), ..Data::default() };
    Rule { data, ..Rule::bare(Effect::Deny, "0.0") }
}

/// About another part for each number: codes, times, single records, labels.
fn rule(effect: Effect, number: usize) -> Rule {
    let code = BTreeSet::from([Coding::new("http://loinc.org", &number.to_string())]);
    let data = match number % 6 {
        0 => Data { codes: code, ..Data::default() },
        1 => {
            let from = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(10);
            let period = Span { from: Some(Moment(from)), until: Some(Moment(from.saturating_add(5))) };
            Data { period: Some(period), ..Data::default() }
        }
        2 => {
            let class = Class { of: Kind::Type.coding("Observation"), category: Some(laboratory()) };
            Data { classes: BTreeSet::from([class]), codes: code, ..Data::default() }
        }
        3 => {
            let name = Identifier::reference(&format!("Observation/{number}"));
            Data { records: vec![Records::Instance(BTreeSet::from([name]))], ..Data::default() }
        }
        4 => Data { labels: BTreeSet::from([Kind::Sensitivity.coding("HIV")]), codes: code, ..Data::default() },
        _other => {
            Data { except_labels: BTreeSet::from([Kind::Sensitivity.coding("ETH")]), codes: code, ..Data::default() }
        }
    };
    Rule { data, ..Rule::bare(effect, &format!("0.{number}")) }
}
