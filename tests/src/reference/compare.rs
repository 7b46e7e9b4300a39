//! The engine's answer beside the reference's.

use super::applicable::{Stand, stands};
use super::asking::Asking;
use super::kind::KindVerdict;
use super::lines::Lines;
use super::pairs::Pair;
use super::query::{duties as due, kinds, of_query};
use super::release::withholds;
use super::tree::Word;
use super::tried::{Tally, try_records};
use super::verdict::verdict;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{
    Answer, Asked, Consent, ConsentRoot, Duty, Listed, Obligation, Outcome, Query, Record, Redacted, Redaction, Rule,
    Said, evaluate,
};
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, system};
use std::collections::BTreeSet;

/// What came of comparing one pair.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// Where the two differ, one line each; none if they agree. Up to its first colon a line says in what.
    pub lines: Vec<String>,
    /// How much more the engine withholds than it must: safe, and so no line.
    pub stricter: Stricter,
}

/// What is withheld beyond what must be, of one query.
#[derive(Debug, Clone, Default)]
pub struct Stricter {
    /// Kinds of which all is refused, where lists could let a part out.
    pub kinds: u64,
    /// The same where a refusal names the kind itself.
    pub redacted: u64,
    /// The same where a part is permitted that no lists let out alone.
    pub unsaid: u64,
    /// Emergencies that are not opened, where a part is not refused to them by name.
    pub emergencies: u64,
    /// The records that were tried, of queries that the engine permits: let out by both, withheld by both and, in
    /// `over`, withheld by the engine alone.
    pub tried: Tally,
}

impl Stricter {
    /// Each kind that the engine refuses beyond what it must, by whether lists could say what is said of it.
    fn count_kinds(&mut self, pair: &Pair, query: &Query, kinds: &[KindVerdict], is_stricter: &[bool]) {
        let stands = stands(&pair.consents, &pair.question, pair.as_of);
        let asking = Asking { pair, query, stands: &stands };
        let open = kinds.iter().filter(|kind| kind.outcome != Outcome::Deny);
        let open: Vec<(Option<&Coding>, Outcome)> = open.map(|kind| (kind.kind.as_ref(), kind.outcome)).collect();
        for (KindVerdict { kind, outcome, .. }, _) in kinds.iter().zip(is_stricter).filter(|(_, is)| **is) {
            let count = if kind.as_ref().is_some_and(|kind| asking.is_redacted(kind)) {
                &mut self.redacted
            } else if !asking.can_be_said(kind.as_ref(), *outcome) || !asking.can_be_said_together(&open) {
                &mut self.unsaid
            } else {
                &mut self.kinds
            };
            *count += 1;
        }
    }

    /// Kinds of which all is refused and not all has to be, whatever lists can say.
    pub fn refused(&self) -> u64 {
        self.kinds + self.redacted + self.unsaid
    }
}

/// What the engine answers to a pair.
pub fn engine(pair: &Pair) -> Answer {
    evaluate(&pair.consents, &pair.question, pair.as_of, &pair.terms.policy())
}

/// Where the two differ, and how much more than it must the engine withholds.
pub fn compared(pair: &Pair) -> Compared {
    let answer = engine(pair);
    match &pair.question.asked {
        Asked::Records(records) => Compared { lines: of_records(pair, records, &answer), ..Compared::default() },
        Asked::Query(query) => of_one_query(pair, query, &answer),
    }
}

fn of_records(pair: &Pair, records: &[Record], answer: &Answer) -> Vec<String> {
    let own = verdict(&pair.consents, &pair.question, records, pair.as_of, &pair.terms);
    let mut lines = Lines(Vec::new());
    lines.compare_items(&answer.items, &own.items);
    lines.compare("5, outcome", answer.outcome, own.outcome);
    let first = own.items.iter().find(|item| item.outcome == own.outcome);
    let ground = first.map(|item| (item.code, item.consent));
    lines.compare("5, ground", Some((answer.ground.code, answer.ground.consent)), ground);
    lines.compare("6, effect", answer.effect, own.effect);
    lines.compare("7, override", answer.emergency, own.emergency);
    let once: BTreeSet<&Obligation> = answer.obligations.iter().collect();
    lines.compare("8, obligations given once each", answer.obligations.len(), once.len());
    lines.compare("8, obligations", one_list(&answer.obligations), one_list(&own.obligations));
    lines.compare_stands(answer, &own.stands);
    for (place, considered) in answer.considered.iter().enumerate() {
        let said: BTreeSet<Said> = considered.said.iter().copied().collect();
        let words = own.words.iter().chain(&own.once).filter_map(|of_item| of_item.get(place));
        let own_said: BTreeSet<Said> = words.filter_map(|word| said_of(*word)).collect();
        // Where a document is missing everything is refused, and nobody is heard.
        let own_said = if own.stands.contains(&Stand::Missing) { BTreeSet::new() } else { own_said };
        lines.compare(&format!("4, said by consent {place}"), said, own_said);
    }
    lines.0
}

/// What the engine says of a kind is compared first; the rest of its answer must follow from what it says of all kinds,
/// also where it is stricter or wrong there, so that one difference does not hide another.
fn of_one_query(pair: &Pair, query: &Query, answer: &Answer) -> Compared {
    let mut lines = Lines(Vec::new());
    let kinds = kinds(pair, query);
    lines.compare("9, number of kinds", answer.items.len(), kinds.len());
    let is_stricter: Vec<bool> =
        answer.items.iter().zip(&kinds).map(|(one, kind)| lines.compare_outcome(one.outcome, kind)).collect();
    let is_alike: Vec<bool> = answer.items.iter().zip(&kinds).map(|(one, kind)| one.outcome == kind.outcome).collect();
    let as_engine = |is_shut| -> Vec<KindVerdict> {
        let pairs = answer.items.iter().zip(&kinds);
        pairs.map(|(one, kind)| kind.clone().with(one.outcome, kind.is_barred || is_shut)).collect()
    };
    let mut own = of_query(pair, query, as_engine(false));
    // What is refused to breaking the glass by name, no list may be able to say: then it is asked for by record.
    let is_shut = answer.emergency.is_none() && own.emergency.is_some();
    let is_stricter_in_emergency = is_shut && pair.consents.iter().any(refuses_glass);
    if is_stricter_in_emergency {
        own = of_query(pair, query, as_engine(true));
    }
    for ((one, kind), is_alike) in answer.items.iter().zip(&own.kinds).zip(is_alike) {
        lines.compare_kind(one, kind, is_alike);
    }
    lines.0.extend(permits_of_nothing(pair, query, answer));
    lines.compare("9, outcome", answer.outcome, own.outcome);
    let first = answer.items.iter().find(|item| item.outcome == answer.outcome);
    lines.compare("9, ground of the first kind with the outcome", Some(&answer.ground), first.map(|item| &item.ground));
    lines.compare("9, effect", answer.effect, own.effect);
    lines.compare("9, override", answer.emergency, own.emergency);
    let duties: Vec<&Duty> = answer.obligations.iter().filter_map(duty).collect();
    let at_least = |record: &Record| {
        !answer.obligations.iter().any(|one| withholds(one, record, pair.question.custodian.as_ref()))
    };
    lines.compare_duties(&duties, &due(pair, query, &own, at_least), &due(pair, query, &own, |_| true));
    lines.compare_items(&answer.along, &own.along);
    lines.compare_stands(answer, &own.stands);
    let tried = match answer.effect {
        Effect::Permit => try_records(pair, query, &own, &answer.obligations),
        Effect::Deny => Tally::default(),
    };
    for (why, record) in &tried.let_out {
        lines.0.push(format!("step 9, let out by the engine alone, {why:?}: {record:?}"));
    }
    let emergencies = is_stricter_in_emergency.into();
    let mut stricter = Stricter { emergencies, tried, ..Stricter::default() };
    stricter.count_kinds(pair, query, &kinds, &is_stricter);
    Compared { lines: lines.0, stricter }
}

/// "If a requested type itself is redacted -> DENY": what the engine calls a permit lets something of the kind out. What
/// a consent asks to be left out for itself is one of its obligations, and it permits still.
fn permits_of_nothing(pair: &Pair, query: &Query, answer: &Answer) -> Vec<String> {
    let stands = stands(&pair.consents, &pair.question, pair.as_of);
    let asking = Asking { pair, query, stands: &stands };
    let own_lists = pair.consents.iter().flat_map(|consent| &consent.obligations);
    if own_lists.filter(|one| duty(one).is_none()).count() > 0 || answer.emergency.is_some() {
        return Vec::new();
    }
    let is_withheld =
        |record: &Record| answer.obligations.iter().any(|one| withholds(one, record, pair.question.custodian.as_ref()));
    let kinds = answer.items.iter().zip(asking.kinds());
    let permitted = kinds.filter(|(item, _)| answer.effect == Effect::Permit && item.outcome == Outcome::Permit);
    permitted
        .filter(|(_, kind)| asking.found(kind.as_ref()).each().all(|record| is_withheld(&record)))
        .map(|(_, kind)| format!("step 9, a permit of which nothing is let out: {kind:?}"))
        .collect()
}

/// Whether any refusal of a consent is of breaking the glass, be it about this exchange or not.
fn refuses_glass(consent: &Consent) -> bool {
    let names_it = |rule: &Rule| rule.purposes.contains(&Coding::new(system::PURPOSE, BREAK_THE_GLASS));
    let root = match &consent.root {
        ConsentRoot::Rule(root) => names_it(root),
        ConsentRoot::Decision(_) => false,
    };
    let mut rules: Vec<&Rule> = consent.rules.iter().collect();
    while let Some(rule) = rules.pop() {
        if names_it(rule) {
            return true;
        }
        rules.extend(&rule.exceptions);
    }
    root
}

/// What is left out by one of several lists is left out by one list of all.
fn one_list<'a>(obligations: impl IntoIterator<Item = &'a Obligation>) -> (BTreeSet<&'a Obligation>, Redaction) {
    let mut others = BTreeSet::new();
    let mut all = Redaction { of: Redacted::AnyOf, listed: Listed::default() };
    for one in obligations {
        match one {
            Obligation::Redact(Redaction { of: Redacted::AnyOf, listed }) => {
                let Listed { codes, instances, records, authors, custodians, periods } = listed.clone();
                all.listed.codes.extend(codes);
                all.listed.instances.extend(instances);
                all.listed.records.extend(records);
                all.listed.authors.extend(authors);
                all.listed.custodians.extend(custodians);
                all.listed.periods.extend(periods);
            }
            Obligation::Redact(Redaction { of: Redacted::AllBut, .. }) | Obligation::Duty(_) => {
                others.insert(one);
            }
        }
    }
    all.listed.codes.sort();
    all.listed.codes.dedup();
    all.listed.periods.sort();
    all.listed.periods.dedup();
    (others, all)
}

fn duty(obligation: &Obligation) -> Option<&Duty> {
    match obligation {
        Obligation::Duty(duty) => Some(duty),
        Obligation::Redact(_) => None,
    }
}

fn said_of(word: Word) -> Option<Said> {
    match word {
        Word::Silent => None,
        Word::Permit => Some(Said::Permit),
        Word::NotCovered => Some(Said::NotCovered),
        Word::Deny { .. } => Some(Said::Deny),
    }
}
