//! Random rules.

use super::dice::Dice;
use super::pairs::{
    action, agent_names, category, code, document, hospital, kind, label, named, party, purpose, reference, role, span,
};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Actor, Class, Data, Group, Membership, Party, Records, Rule, Side};

fn group(dice: &mut Dice) -> Group {
    let member = |dice: &mut Dice| Membership { who: party(dice), period: span(dice, 50) };
    Group { names: named("Group/g"), members: dice.maybe(70, |dice| dice.few(90, member)) }
}

fn actor(dice: &mut Dice) -> Actor {
    let side = match dice.below(20) {
        0..15 => Side::Recipient,
        15..17 => Side::Custodian,
        17..19 => Side::Author,
        _ => Side::Unknown,
    };
    let party = match dice.below(20) {
        0..2 => Party::Anyone,
        2..12 => Party::Named(if side == Side::Custodian { hospital(dice) } else { party(dice) }),
        12..15 => Party::Role { codes: [role(dice)].into(), at: dice.maybe(50, hospital) },
        15..18 => Party::Group(group(dice)),
        _ => {
            Party::Agent { names: agent_names(dice), version: dice.maybe(50, |dice| dice.one(&["1", "2"]).to_owned()) }
        }
    };
    Actor { side, party }
}

fn class(dice: &mut Dice) -> Class {
    match dice.below(10) {
        0..6 => Class { of: kind(dice), category: None },
        6..8 => Class { of: kind(dice), category: Some(category(dice)) },
        8 => Class { of: category(dice), category: None },
        _ => Class { of: document(dice), category: None },
    }
}

fn records(dice: &mut Dice) -> Records {
    match dice.below(3) {
        0 => Records::Instance(reference(dice)),
        1 => Records::Related(reference(dice)),
        _ => Records::AuthoredBy(party(dice)),
    }
}

fn data(dice: &mut Dice, share: u64) -> Data {
    if !dice.percent(share) {
        return Data::default();
    }
    Data {
        labels: dice.few(30, label),
        except_labels: dice.few(20, label),
        period: dice.maybe(15, |dice| span(dice, 0)),
        records: dice.few(12, records),
        classes: dice.few(35, class),
        documents: dice.few(8, document),
        codes: dice.few(10, code),
    }
}

fn rule(dice: &mut Dice, effect: Effect, place: &str, scoped: u64) -> Rule {
    Rule {
        place: place.to_owned(),
        effect,
        period: span(dice, 85),
        actors: dice.few(30, actor),
        purposes: dice.few(45, purpose),
        actions: dice.few(20, action),
        data: data(dice, scoped),
        unknown: if dice.percent(4) { vec!["extension".to_owned()] } else { Vec::new() },
        exceptions: Vec::new(),
    }
}

/// The root of an R4 tree.
pub(super) fn root(dice: &mut Dice, effect: Effect) -> Rule {
    rule(dice, effect, "provision", 35)
}

/// Rules below a rule of this effect.
pub(super) fn below(dice: &mut Dice, above: Effect, depth: u64) -> Vec<Rule> {
    if depth > 2 || !dice.percent(if depth == 0 { 45 } else { 20 }) {
        return Vec::new();
    }
    let count = 1 + dice.below(2);
    let mut rules = Vec::new();
    for place in 0..count {
        let effect = if dice.percent(80) { above.opposite() } else { above };
        let mut rule = rule(dice, effect, &format!("{depth}.{place}"), 70);
        rule.exceptions = below(dice, effect, depth + 1);
        rules.push(rule);
    }
    rules
}
