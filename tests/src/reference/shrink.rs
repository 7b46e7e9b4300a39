//! The smallest pair that still shows what a pair shows.

use super::pairs::Pair;
use amanah_ledger::engine::{Asked, Consent, ConsentRoot, Data, Query, Record, Rule, Span};
use std::collections::BTreeSet;

/// Takes parts out, one at a time, as long as `shows` holds.
pub fn shrunk(pair: &Pair, shows: impl Fn(&Pair) -> bool) -> Pair {
    let mut smallest = pair.clone();
    loop {
        let Some(smaller) = smaller(&smallest).into_iter().find(|one| shows(one)) else { return smallest };
        smallest = smaller;
    }
}

/// Every way to take one part out.
fn smaller(pair: &Pair) -> Vec<Pair> {
    let mut all = Vec::new();
    for consents in without_one(&pair.consents) {
        all.push(Pair { consents, ..pair.clone() });
    }
    for consents in with_one_smaller(&pair.consents, smaller_consent) {
        all.push(Pair { consents, ..pair.clone() });
    }
    for asked in smaller_asked(&pair.question.asked) {
        let mut one = pair.clone();
        one.question.asked = asked;
        all.push(one);
    }
    let changes: [fn(&mut Pair); 9] = [
        |pair| pair.question.asker.roles.clear(),
        |pair| pair.question.asker.groups.clear(),
        |pair| pair.question.asker.agent = None,
        |pair| pair.question.classes = None,
        |pair| pair.question.emergency = None,
        |pair| pair.question.actions.clear(),
        |pair| pair.question.purpose = None,
        |pair| pair.question.custodian = None,
        |pair| pair.terms.duties.clear(),
    ];
    all.extend(changed(pair, &changes, |pair| format!("{:?}{:?}", pair.question, pair.terms)));
    all
}

/// The changes that change something.
fn changed<T: Clone>(one: &T, changes: &[fn(&mut T)], print: impl Fn(&T) -> String) -> Vec<T> {
    let mut all = Vec::new();
    for change in changes {
        let mut other = one.clone();
        change(&mut other);
        if print(&other) != print(one) {
            all.push(other);
        }
    }
    all
}

fn without_one<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let without =
        |place: usize| list.iter().enumerate().filter(move |(at, _)| *at != place).map(|(_, one)| one.clone());
    (0..list.len()).map(|place| without(place).collect()).collect()
}

fn with_one_smaller<T: Clone>(list: &[T], smaller: impl Fn(&T) -> Vec<T>) -> Vec<Vec<T>> {
    let mut all = Vec::new();
    for (place, one) in list.iter().enumerate() {
        for other in smaller(one) {
            let mut changed = list.to_vec();
            changed[place] = other;
            all.push(changed);
        }
    }
    all
}

fn smaller_consent(consent: &Consent) -> Vec<Consent> {
    let mut all = Vec::new();
    for rules in without_one(&consent.rules).into_iter().chain(with_one_smaller(&consent.rules, smaller_rule)) {
        all.push(Consent { rules, ..consent.clone() });
    }
    if let ConsentRoot::Rule(root) = &consent.root {
        for root in smaller_rule(root) {
            all.push(Consent { root: ConsentRoot::Rule(root), ..consent.clone() });
        }
    }
    let changes: [fn(&mut Consent); 6] = [
        |consent| consent.custodians.clear(),
        |consent| consent.classes = None,
        |consent| consent.period = Span::ALWAYS,
        |consent| consent.authority = Span::ALWAYS,
        |consent| consent.supersedes.clear(),
        |consent| consent.obligations.clear(),
    ];
    all.extend(changed(consent, &changes, |consent| {
        let Consent { custodians, classes, period, authority, supersedes, obligations, .. } = consent;
        format!("{custodians:?}{classes:?}{period:?}{authority:?}{supersedes:?}{obligations:?}")
    }));
    all
}

fn smaller_rule(rule: &Rule) -> Vec<Rule> {
    let mut all = Vec::new();
    let exceptions = without_one(&rule.exceptions).into_iter();
    for exceptions in exceptions.chain(with_one_smaller(&rule.exceptions, smaller_rule)) {
        all.push(Rule { exceptions, ..rule.clone() });
    }
    all.extend(without_one(&rule.actors).into_iter().map(|actors| Rule { actors, ..rule.clone() }));
    let changes: [fn(&mut Rule); 12] = [
        |rule| rule.period = Span::ALWAYS,
        |rule| rule.purposes = BTreeSet::new(),
        |rule| rule.actions = BTreeSet::new(),
        |rule| rule.unknown = Vec::new(),
        |rule| rule.data = Data::default(),
        |rule| rule.data.labels.clear(),
        |rule| rule.data.except_labels.clear(),
        |rule| rule.data.period = None,
        |rule| rule.data.records.clear(),
        |rule| rule.data.classes.clear(),
        |rule| rule.data.documents.clear(),
        |rule| rule.data.codes.clear(),
    ];
    all.extend(changed(rule, &changes, |rule| format!("{rule:?}")));
    all
}

fn smaller_asked(asked: &Asked) -> Vec<Asked> {
    match asked {
        Asked::Records(records) => {
            let fewer = without_one(records).into_iter().filter(|records| !records.is_empty());
            fewer.chain(with_one_smaller(records, smaller_record)).map(Asked::Records).collect()
        }
        Asked::Query(query) => {
            let changes: [fn(&mut Query); 5] = [
                |query| query.classes.clear(),
                |query| query.labels.clear(),
                |query| query.codes.clear(),
                |query| query.period = None,
                |query| query.along.clear(),
            ];
            changed(query, &changes, |query| format!("{query:?}")).into_iter().map(Asked::Query).collect()
        }
    }
}

fn smaller_record(record: &Record) -> Vec<Record> {
    let changes: [fn(&mut Record); 6] = [
        |record| record.labels.clear(),
        |record| record.custodian = None,
        |record| record.categories = Some(BTreeSet::new()),
        |record| record.codes = Some(BTreeSet::new()),
        |record| record.related = Some(BTreeSet::new()),
        |record| record.date = Some(Span::ALWAYS),
    ];
    changed(record, &changes, |record| format!("{record:?}"))
}
