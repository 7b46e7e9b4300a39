//! Random consents and questions over a small world, so that they meet often.

use super::dice::Dice;
use super::verdict::Terms;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{
    Agent, Asked, Asker, Attestation, Consent, ConsentRoot, ConsentStanding, Due, Duty, EmergencyPolicy,
    EmergencyRefusal, HeldRole, Identifier, Identifiers, Listed, Moment, Obligation, Query, Question, Record, Redacted,
    Redaction, Span,
};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, Vocabulary, system};
use std::collections::BTreeSet;

/// One case: what is asked, of which consents, when, on which terms.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The consents.
    pub consents: Vec<Consent>,
    /// The question.
    pub question: Question,
    /// When.
    pub as_of: Moment,
    /// On which terms.
    pub terms: Terms,
}

pub(super) fn named(name: &str) -> Identifiers {
    BTreeSet::from([Identifier::reference(name)])
}

pub(super) fn party(dice: &mut Dice) -> Identifiers {
    let mut names = named(dice.one(&["Practitioner/a", "Practitioner/b", "Organization/h", "Device/d"]));
    if dice.percent(10) {
        names.insert(Identifier::assigned("urn:staff", dice.one(&["1", "2"])));
    }
    names
}

pub(super) fn agent_names(dice: &mut Dice) -> Identifiers {
    named(dice.one(&["Device/agent", "Device/other-agent"]))
}

pub(super) fn hospital(dice: &mut Dice) -> Identifiers {
    named(if dice.percent(80) { "Organization/h" } else { "Organization/k" })
}

pub(super) fn purpose(dice: &mut Dice) -> Coding {
    if dice.percent(3) {
        return Coding::new("urn:other", dice.one(&["TREAT", "COC"]));
    }
    let codes = ["TREAT", "TREAT", "TREAT", "COC", "COC", "ETREAT", "ERTREAT", "BTG", "HRESCH", "CLINTRCH"];
    Coding::new(system::PURPOSE, dice.one(&codes))
}

pub(super) fn action(dice: &mut Dice) -> Coding {
    Coding::new(system::ACTION, dice.one(&["access", "access", "use", "disclose"]))
}

pub(super) fn kind(dice: &mut Dice) -> Coding {
    Coding::resource_type(dice.one(&["Observation", "Observation", "Condition", "DocumentReference"]))
}

pub(super) fn category(dice: &mut Dice) -> Coding {
    Coding::new(system::OBSERVATION_CATEGORY, dice.one(&["laboratory", "laboratory", "vital-signs"]))
}

pub(super) fn document(dice: &mut Dice) -> Coding {
    Coding::new("http://loinc.org", dice.one(&["34133-9", "18842-5"]))
}

pub(super) fn code(dice: &mut Dice) -> Coding {
    Coding::new("http://snomed.info/sct", dice.one(&["1", "2"]))
}

pub(super) fn label(dice: &mut Dice) -> Coding {
    if dice.percent(45) {
        return Coding::new(system::CONFIDENTIALITY, dice.one(&["L", "M", "N", "N", "R", "V"]));
    }
    if dice.percent(4) {
        return Coding::new("urn:other", dice.one(&["R", "PSY"]));
    }
    let codes = ["PSY", "PSYTHPN", "SUD", "ETHUD", "ETH", "HIV", "BH", "COGN", "42CFRPart2", "IN-NO-TABLE"];
    Coding::new(system::ACT_CODE, dice.one(&codes))
}

/// A span around, before or after the moments at which questions are asked (90 to 110).
pub(super) fn span(dice: &mut Dice, around: u64) -> Span {
    if dice.percent(around) {
        return Span::ALWAYS;
    }
    let from = i64::try_from(60 + dice.below(50)).unwrap_or(60);
    let until = from + i64::try_from(dice.below(60)).unwrap_or(0);
    let from = dice.percent(80).then_some(Moment(from));
    Span { from, until: dice.percent(80).then_some(Moment(until)) }
}

pub(super) fn reference(dice: &mut Dice) -> Identifiers {
    named(dice.one(&["Observation/1", "Observation/2", "Encounter/1"]))
}

pub(super) fn role(dice: &mut Dice) -> Coding {
    Coding::new("urn:roles", dice.one(&["nurse", "doctor"]))
}

/// A record of which so many of a hundred facts are stated.
pub fn record(dice: &mut Dice, stated: u64) -> Record {
    Record {
        names: dice.maybe(stated, reference),
        of: dice.maybe(stated, kind),
        categories: dice
            .maybe(stated, |dice| dice.few(60, |dice| if dice.percent(85) { category(dice) } else { document(dice) })),
        labels: dice.few(50, label),
        codes: dice
            .maybe(stated, |dice| dice.few(60, |dice| if dice.percent(60) { code(dice) } else { document(dice) })),
        date: dice.maybe(stated, |dice| span(dice, 5)),
        author: dice.maybe(stated, party),
        custodian: dice.maybe(stated / 4, hospital),
        related: dice.maybe(stated, |dice| if dice.percent(40) { named("Encounter/1") } else { Identifiers::new() }),
    }
}

fn asker(dice: &mut Dice) -> Asker {
    let mut names = party(dice);
    if dice.percent(40) {
        names.extend(hospital(dice));
    }
    Asker {
        names,
        roles: dice.few(40, |dice| HeldRole { code: role(dice), at: dice.maybe(50, hospital) }),
        groups: if dice.percent(20) { named("Group/g") } else { Identifiers::new() },
        agent: dice.maybe(20, |dice| Agent {
            names: agent_names(dice),
            version: dice.maybe(75, |dice| dice.one(&["1", "2"]).to_owned()),
        }),
    }
}

fn query(dice: &mut Dice) -> Query {
    Query {
        classes: dice.few(70, |dice| if dice.percent(80) { kind(dice) } else { category(dice) }),
        labels: dice.few(15, label),
        codes: dice.few(10, code),
        period: dice.maybe(20, |dice| span(dice, 0)),
        along: dice.few(30, |dice| record(dice, 85)),
    }
}

fn question(dice: &mut Dice) -> Question {
    let class = |dice: &mut Dice| Coding::new(system::SCOPE, dice.one(&["patient-privacy", "research"]));
    let asked = if dice.percent(20) {
        Asked::Query(query(dice))
    } else {
        let count = dice.one(&[1, 1, 1, 2, 3]);
        Asked::Records((0..count).map(|_| record(dice, 85)).collect())
    };
    Question {
        patient: named("Patient/p"),
        custodian: dice.maybe(95, hospital),
        asker: asker(dice),
        purpose: dice.maybe(97, purpose),
        actions: if dice.percent(95) { BTreeSet::from([action(dice)]) } else { BTreeSet::new() },
        classes: dice.maybe(30, |dice| BTreeSet::from([class(dice)])),
        asked,
        emergency: dice.maybe(40, |dice| Attestation { authority: "head of ward".to_owned(), at: moment(dice) }),
    }
}

fn moment(dice: &mut Dice) -> Moment {
    Moment(i64::try_from(90 + dice.below(21)).unwrap_or(90))
}

fn duty(dice: &mut Dice) -> Duty {
    let by = dice.maybe(40, |dice| if dice.percent(50) { Due::At(moment(dice)) } else { Due::DaysAfterRelease(30) });
    Duty { by, ..Duty::of(dice.one(&["DELAU", "NOREUSE", "CPLYCD", "AUDIT"])) }
}

/// What a consent asks for itself: now and then that something is left out.
fn obligation(dice: &mut Dice) -> Obligation {
    if dice.percent(85) {
        return Obligation::Duty(duty(dice));
    }
    let listed = Listed { codes: vec![label(dice)], ..Listed::default() };
    Obligation::Redact(Redaction { of: Redacted::AnyOf, listed })
}

fn terms(dice: &mut Dice) -> Terms {
    let defaults =
        [DefaultPolicy::Deny, DefaultPolicy::BasicNormal, DefaultPolicy::AllNormal, DefaultPolicy::BreakGlassOnly];
    let refusal = if dice.percent(50) { EmergencyRefusal::Honoured } else { EmergencyRefusal::Reviewed };
    Terms {
        default: dice.one(&defaults),
        emergency: EmergencyPolicy { refusal, hours: 24, review_hours: 72 },
        duties: dice.few(30, |dice| (purpose(dice), duty(dice))),
    }
}

fn consent(dice: &mut Dice, place: u64, others: u64) -> Consent {
    let effect = if dice.percent(82) { Effect::Permit } else { Effect::Deny };
    let root = if dice.percent(65) {
        ConsentRoot::Rule(super::rules::root(dice, effect))
    } else {
        ConsentRoot::Decision(effect)
    };
    let standings = [ConsentStanding::Ended, ConsentStanding::Ended, ConsentStanding::Never, ConsentStanding::Missing];
    let in_force = dice.percent(93);
    Consent {
        id: format!("{}", (place * 7 + 3) % 10),
        vocabulary: if dice.percent(70) { Vocabulary::v2() } else { Vocabulary::v1() },
        standing: if in_force { ConsentStanding::InForce } else { dice.one(&standings) },
        since: dice.below(4),
        patient: named(if dice.percent(97) { "Patient/p" } else { "Patient/q" }),
        custodians: dice.few(40, hospital),
        classes: dice
            .maybe(25, |dice| BTreeSet::from([Coding::new(system::SCOPE, dice.one(&["patient-privacy", "research"]))])),
        period: span(dice, 75),
        authority: span(dice, 90),
        supersedes: dice.few(15, |dice| format!("{}", (dice.below(others) * 7 + 3) % 10)),
        root,
        rules: super::rules::below(dice, effect, 0),
        obligations: dice.few(24, obligation),
    }
}

/// The pair of a seed.
///
/// Among queries breaking the glass is more frequent than among records, for what step 9 says of an emergency.
pub fn pair(seed: u64) -> Pair {
    let mut dice = Dice::of(seed);
    let count = dice.one(&[0, 1, 1, 1, 1, 2, 2, 2, 3, 4]);
    let consents = (0..count).map(|place| consent(&mut dice, place, count)).collect();
    let mut question = question(&mut dice);
    if matches!(question.asked, Asked::Query(_)) && dice.percent(10) {
        question.purpose = Some(Coding::new(system::PURPOSE, BREAK_THE_GLASS));
        question.emergency = Some(Attestation { authority: "head of ward".to_owned(), at: moment(&mut dice) });
    }
    Pair { consents, question, as_of: moment(&mut dice), terms: terms(&mut dice) }
}
