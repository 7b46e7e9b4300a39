//! What a custodian asks a patient for: a consent that the patient may give as it is asked for, smaller, or not at all.
//!
//! A request carries rules and no words. Whoever shows it renders the sentence from the rules, and a consent answers it
//! only if it allows nothing beyond them ([`ConsentRequest::covers`]).

use crate::codec::{self, BoundedVec, TooMany};
use crate::compose::{ComposeError, Place, Terms, write};
use crate::crypto::{Context, Digest, PublicKey};
use crate::document::Actor;
use crate::document::{
    Class, ConsentDocument, DataScope, MemberRef, Period, RULES_MAX, Root, Rule, RuleBody, TypeScope,
};
use crate::label::{Label, LabelKind};
use crate::preset::Selection;
use crate::time::UnixMs;
use crate::vocabulary::Code;
use bincode::{Decode, Encode};
use std::collections::BTreeSet;

/// Longest encoded request.
pub const CONSENT_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Most requests of one relationship that a custodian keeps, whatever became of them.
pub const HELD_REQUESTS_MAX: usize = 64;

/// A consent that is asked for.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct ConsentRequest {
    /// The network.
    pub chain: Digest,
    /// Who asks: whose records it is about.
    pub custodian: MemberRef,
    /// Who is asked.
    pub relationship: PublicKey,
    /// What kind of accesses the consent would speak about.
    pub class: Class,
    /// Root of the decision tree.
    pub root: RuleBody,
    /// Rules below the root, in pre-order.
    pub rules: BoundedVec<Rule, RULES_MAX>,
    /// Until when it would hold.
    pub until: UnixMs,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum RequestState {
    /// It waits for the patient.
    Open,
    /// The patient gave this consent.
    Approved {
        /// Its key.
        consent: PublicKey,
    },
    /// The patient said no.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// The hospital took it back.
    Withdrawn,
}

/// A request as its custodian keeps it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct HeldRequest {
    /// What is asked for.
    pub request: ConsentRequest,
    /// When it was asked.
    pub asked: UnixMs,
    /// From when on nobody can answer it.
    pub expires: UnixMs,
    /// Where it stands.
    pub state: RequestState,
}

/// All requests to one relationship, the earliest first.
pub type HeldRequests = BoundedVec<HeldRequest, HELD_REQUESTS_MAX>;

/// The part of a consent that goes beyond what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Widens {
    /// Other records, another patient or another network.
    #[error("it is about other records")]
    Subject,
    /// It permits where the request refuses, or speaks about other accesses.
    #[error("it does something else")]
    Effect,
    /// Somebody who was not asked for.
    #[error("it is for somebody else too")]
    Who,
    /// A purpose that was not asked for.
    #[error("it is for another purpose too")]
    Why,
    /// An act that was not asked for.
    #[error("it allows more to be done")]
    May,
    /// Data that was not asked for.
    #[error("it is about more data")]
    What,
    /// It lasts longer.
    #[error("it lasts longer")]
    Until,
    /// Its exceptions are not those of the request.
    #[error("its exceptions are others")]
    Rules,
}

impl ConsentRequest {
    /// The request for what this document gives; `None` if its root is no rule, or it says what a request does not keep:
    /// a retention, obligations, consents that it replaces.
    pub fn of(document: ConsentDocument) -> Option<Self> {
        let ConsentDocument { chain, custodian, relationship, class, root, rules, period, .. } = document;
        let is_kept = document.retention.is_none() && document.obligations.is_empty() && document.supersedes.is_empty();
        let Root::Rule(root) = root else { return None };
        is_kept.then_some(Self { chain, custodian, relationship, class, root, rules, until: period.until })
    }

    /// Names the request: the same bytes, the same digest.
    pub fn digest(&self) -> Digest {
        Context::ConsentRequest.hash(&[&codec::encode(self)])
    }

    /// `R-…`.
    pub fn label(&self) -> Label {
        Label::new(LabelKind::Request, &self.digest())
    }

    /// The consent that gives all that is asked for from `from` on, as version 1 of `consent`.
    ///
    /// # Errors
    /// When no such consent could be enforced, or said in full.
    pub fn document(&self, consent: PublicKey, from: UnixMs) -> Result<ConsentDocument, ComposeError> {
        let place = Place {
            chain: self.chain,
            custodian: self.custodian.clone(),
            relationship: self.relationship,
            consent,
            version: 1,
        };
        let terms = Terms {
            class: self.class,
            period: Period { from, until: self.until },
            root: self.root.clone(),
            rules: self.rules.as_slice().to_vec(),
            supersedes: Vec::new(),
        };
        write(place, terms)
    }

    /// The same request for the data of `selection` alone. What was left out of the first stays left out.
    ///
    /// # Errors
    /// When more is left out than a consent can name.
    pub fn only(&self, selection: &Selection) -> Result<Self, TooMany> {
        let DataScope { types, except_labels, .. } = selection.scope();
        let left_out: BTreeSet<Code> = self.root.data.except_labels.iter().chain(&except_labels).cloned().collect();
        let except_labels = BoundedVec::try_from(left_out.into_iter().collect::<Vec<_>>())?;
        let mut smaller = self.clone();
        smaller.root.data = DataScope { types, except_labels, ..smaller.root.data };
        Ok(smaller)
    }

    /// Whether `document` gives nothing beyond what is asked for. Giving less is fine.
    ///
    /// # Errors
    /// Names the first part that goes beyond it.
    pub fn covers(&self, document: &ConsentDocument) -> Result<(), Widens> {
        let same_subject = document.chain == self.chain
            && document.custodian.id == self.custodian.id
            && document.relationship == self.relationship;
        let Root::Rule(given) = &document.root else { return Err(Widens::Effect) };
        let asked = &self.root;
        let actors = |one: &Actor, other: &Actor| one == other || *one == Actor::Member(other.member().clone());
        let period = asked.period.is_none() || given.period == asked.period;
        let parts = [
            (same_subject, Widens::Subject),
            (document.class == self.class && given.effect == asked.effect, Widens::Effect),
            (within(&asked.actors, &given.actors, actors), Widens::Who),
            (within(&asked.purposes, &given.purposes, PartialEq::eq), Widens::Why),
            (within(&asked.actions, &given.actions, PartialEq::eq), Widens::May),
            (data_within(&asked.data, &given.data), Widens::What),
            (period && document.period.until <= self.until, Widens::Until),
            (document.rules == self.rules, Widens::Rules),
        ];
        parts.into_iter().find(|(fits, _)| !fits).map_or(Ok(()), |(_, widens)| Err(widens))
    }
}

/// Whether each of `given` lies in one of `asked`. An empty list says nothing, so it allows everything.
fn within<T>(asked: &[T], given: &[T], lies_in: impl Fn(&T, &T) -> bool) -> bool {
    let each = || given.iter().all(|one| asked.iter().any(|whole| lies_in(whole, one)));
    asked.is_empty() || !given.is_empty() && each()
}

fn data_within(asked: &DataScope, given: &DataScope) -> bool {
    let types = |whole: &TypeScope, one: &TypeScope| {
        whole.of == one.of && (whole.category.is_none() || whole.category == one.category)
    };
    let rest =
        |scope: &DataScope| (scope.labels.clone(), scope.data_period, scope.meanings.clone(), scope.codes.clone());
    within(&asked.types, &given.types, types)
        && asked.except_labels.iter().all(|label| given.except_labels.contains(label))
        && rest(asked) == rest(given)
}

impl std::fmt::Debug for ConsentRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConsentRequest")
    }
}

impl std::fmt::Debug for HeldRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeldRequest({:?})", self.state)
    }
}

#[cfg(test)]
mod tests;
