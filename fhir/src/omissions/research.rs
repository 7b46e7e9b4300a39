//! Research: permitted uses and permitted days.

use super::needs;
use crate::{data_use, windows};
use amanah_ledger::engine::windows::CivilDay;
use amanah_ledger::engine::{Moment, Outcome};
use amanah_ledger::mutant::Mutant;
use serde_json::{Value, json};

fn within(consented: Value, purpose: Value) -> Outcome {
    let parents = json!({ "asthma": ["lung disease"] });
    let file = json!({ "data_use": consented, "research_purpose": purpose, "ontology_parents": parents });
    let asked = data_use::read(&file).unwrap();
    asked.data_use.permits(&asked.purpose, Moment(0)).outcome
}

#[test]
fn what_only_people_can_judge_goes_to_them() {
    let health = json!({ "hmbResearch": true });
    needs(Mutant::JudgementSkipped, || {
        within(health.clone(), json!({ "hmbResearch": true, "pediatric": true })) == Outcome::Review
    });
    assert_eq!(within(health.clone(), json!({ "hmbResearch": true })), Outcome::Permit);
    assert_eq!(within(json!({ "hmbResearch": true, "publicationResults": true }), health), Outcome::Review);
}

#[test]
fn a_disease_covers_what_falls_under_it() {
    let lungs = json!({ "diseaseRestrictions": ["lung disease"] });
    needs(Mutant::DiseaseExact, || {
        within(lungs.clone(), json!({ "diseaseRestrictions": ["asthma"] })) == Outcome::Permit
    });
    assert_eq!(within(json!({ "diseaseRestrictions": ["asthma"] }), lungs), Outcome::Deny);
}

#[test]
fn the_conditions_of_a_use_hold() {
    let no_profit = json!({ "duo": ["DUO:0000042", "DUO:0000045"] });
    let purpose = |non_profit: bool| json!({ "hmbResearch": true, "nonProfitUse": non_profit });
    needs(Mutant::UseConditionsIgnored, || within(no_profit.clone(), purpose(false)) == Outcome::Deny);
    assert_eq!(within(no_profit, purpose(true)), Outcome::Permit);
    let eu = json!({ "duo": ["DUO:0000042", { "code": "DUO:0000022", "values": ["EU"] }] });
    assert_eq!(within(eu.clone(), json!({ "region": "EU" })), Outcome::Permit);
    assert_eq!(within(eu.clone(), json!({ "region": "US" })), Outcome::Deny);
    assert_eq!(within(eu, json!({ "hmbResearch": true })), Outcome::Review);
}

fn days(requirement: Value, consents: Vec<Value>) -> Vec<String> {
    let requirement = windows::requirement(&requirement).unwrap();
    let consents: Vec<_> = consents.iter().map(|one| windows::consent(one).unwrap()).collect();
    let today = windows::consent(
        &json!({ "provisions": [{ "code": "x", "type": "permit", "period": ["2026-11-22", "2026-11-22"] }] }),
    );
    let CivilDay(today) = today.unwrap().pieces[0].days.from;
    let permitted = requirement.permitted(&consents, CivilDay(today));
    let written = |day| windows::written(day);
    permitted.windows.iter().map(|one| format!("{} to {}", written(one.from), written(one.until))).collect()
}

fn piece(code: &str, effect: &str, from: &str, until: &str) -> Value {
    json!({ "code": code, "type": effect, "period": [from, until] })
}

#[test]
fn a_closed_gate_lets_nothing_through() {
    let requirement = json!({ "required": ["use"], "gates": ["gate"] });
    let consent = |until: &str| {
        let gate = piece("gate", "permit", "2025-01-01", until);
        json!({ "provisions": [gate, piece("use", "permit", "2020-01-01", "2030-12-31")] })
    };
    assert_eq!(days(requirement.clone(), vec![consent("2026-12-31")]), ["2020-01-01 to 2030-12-31"]);
    needs(Mutant::GateIgnored, || days(requirement.clone(), vec![consent("2026-01-01")]).is_empty());
}

#[test]
fn pieces_of_different_consents_do_not_add_up() {
    let requirement = json!({ "required": ["collect", "use"] });
    let one = |code: &str| json!({ "provisions": [piece(code, "permit", "2024-01-01", "2024-12-31")] });
    needs(Mutant::PiecesCombined, || days(requirement.clone(), vec![one("collect"), one("use")]).is_empty());
}

#[test]
fn a_retroactive_permit_reaches_back() {
    let requirement = json!({ "required": ["use"], "retroactive": { "before": "use" }, "lookback": "1990-01-01" });
    let pieces =
        [piece("use", "permit", "2024-01-01", "2024-12-31"), piece("before", "permit", "2020-01-01", "2024-12-31")];
    let consent = json!({ "provisions": pieces });
    needs(Mutant::RetroactiveIgnored, || {
        days(requirement.clone(), vec![consent.clone()]) == ["1990-01-01 to 2024-12-31"]
    });
}
