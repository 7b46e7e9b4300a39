//! Step 9: the answer to a query is that for all that it may find.

use super::applicable::{Stand, stands};
use super::asking::Asking;
use super::emergency::emergency;
use super::kind::KindVerdict;
use super::obligations::{Permitted, obligations};
use super::pairs::Pair;
use super::release::Basis;
use super::verdict::{ItemVerdict, of_all};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Duty, Obligation, Outcome, Override, Query, Record};
use std::collections::BTreeSet;

/// The answer to a query.
#[derive(Debug, Clone)]
pub struct QueryVerdict {
    /// What the consents say.
    pub outcome: Outcome,
    /// What happens.
    pub effect: Effect,
    /// For each kind.
    pub kinds: Vec<KindVerdict>,
    /// For each record that came along.
    pub along: Vec<ItemVerdict>,
    /// An emergency that overrides what the consents say.
    pub emergency: Option<Override>,
    /// How each consent stands.
    pub stands: Vec<Stand>,
    /// What lets records out.
    pub basis: Basis,
}

/// What the consents say of each kind that a query asks for.
pub fn kinds(pair: &Pair, query: &Query) -> Vec<KindVerdict> {
    let stands = stands(&pair.consents, &pair.question, pair.as_of);
    let asking = Asking { pair, query, stands: &stands };
    asking.kinds().into_iter().map(|kind| asking.kind(kind)).collect()
}

/// The answer to a query of whose kinds the consents say this: each of them "must be permitted" (the declared query).
pub fn of_query(pair: &Pair, query: &Query, mut kinds: Vec<KindVerdict>) -> QueryVerdict {
    let Pair { consents, question, as_of, terms } = pair;
    let stands = stands(consents, question, *as_of);
    let asking = Asking { pair, query, stands: &stands };
    let outcome = of_all(kinds.iter().map(|kind| kind.outcome));
    let is_barred = kinds.iter().any(|kind| kind.is_barred);
    let emergency = emergency(question, outcome, is_barred, *as_of, terms.emergency);
    if emergency.is_some() {
        kinds.iter_mut().for_each(|kind| kind.effect = Effect::Permit);
    }
    let is_permitted = kinds.iter().all(|kind| kind.effect == Effect::Permit);
    let effect = if is_permitted { Effect::Permit } else { Effect::Deny };
    let basis = Basis::of(effect, emergency.is_some(), &kinds);
    // A choice: CE-1 has no records beside a query. Each has its own answer after the default policy, and the engine
    // leaves them at that in an emergency too.
    let along = query.along.iter().map(|record| asking.item(record)).collect();
    QueryVerdict { outcome, effect, kinds, along, emergency, stands: stands.clone(), basis }
}

/// The duties that are due for those records that are let out and meant.
pub fn duties(pair: &Pair, query: &Query, own: &QueryVerdict, is_meant: impl Fn(&Record) -> bool) -> BTreeSet<Duty> {
    let Pair { consents, question, terms, .. } = pair;
    let asking = Asking { pair, query, stands: &own.stands };
    let (by, has_part_2) = asking.let_out(&own.basis, &own.kinds, is_meant);
    let permitted = Permitted { by: &by, has_part_2, is_override: own.emergency.is_some() };
    let all = match own.effect {
        Effect::Permit => obligations(consents, question, permitted, terms),
        Effect::Deny => BTreeSet::new(),
    };
    let duty = |one| match one {
        Obligation::Duty(duty) => Some(duty),
        Obligation::Redact(_) => None,
    };
    all.into_iter().filter_map(duty).collect()
}
