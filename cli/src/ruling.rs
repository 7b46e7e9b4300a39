//! What a patient's own consents answer to a request, and the smallest change that would turn the answer. Each change is
//! tried with the engine before it is named.

use crate::consent_text::presets_of;
use crate::failure::Fallible;
use crate::wallet::Wallet;
use crate::wallet_state::{Phase, Relationship};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, PublicKey, Signer};
use amanah_ledger::document::{Action, Actor, Effect, MemberRef, commitment};
use amanah_ledger::engine::{
    Candidate, Decision, ITEMS_MAX, Item, Outcome, Policy, ReasonCode, Request, Requester, Standing, decide,
};
use amanah_ledger::position::Height;
use amanah_ledger::preset::Selection;
use amanah_ledger::time::{DAY_MS, UnixMs};
use amanah_ledger::vocabulary::Code;

/// A request before it is known to whom.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) requester: Requester,
    /// Who asks, as a consent would name them.
    pub(crate) asker: Actor,
    pub(crate) purpose: Code,
    pub(crate) action: Action,
    pub(crate) items: BoundedVec<Item, ITEMS_MAX>,
    pub(crate) at: UnixMs,
}

/// A request, and everything that the answer rests on.
pub(crate) struct Case {
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) request: Request,
    pub(crate) at: UnixMs,
    pub(crate) policy: Policy,
    /// Who asks, as a consent would name them.
    pub(crate) asker: Actor,
    /// Who is asked, as a consent would name them.
    pub(crate) custodian: MemberRef,
}

/// What would turn an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Change {
    /// Consents to end.
    pub(crate) revoke: Vec<PublicKey>,
    /// Kinds of data to give to who asks, for the purpose that was asked.
    pub(crate) grant: Vec<Item>,
}

impl Case {
    /// What `wallet` knows of its consents at this custodian, and a request there.
    pub(crate) fn of(wallet: &Wallet, relationship: &Relationship, asked: Asked) -> Fallible<Self> {
        let member = wallet.network.member_by_id(&relationship.custodian)?;
        let secret = wallet.secret(relationship);
        let own = wallet.state.consents.iter().filter(|consent| consent.custodian == relationship.custodian);
        let candidates = own.filter_map(|consent| {
            let (standing, since) = match consent.phase {
                Phase::Granted { height } => (Standing::InForce, height),
                Phase::Revoked { height } => (Standing::Revoked, height),
                Phase::Pending { .. } | Phase::Refused { .. } => return None,
            };
            let salt = secret.salt(consent.index, consent.document.version);
            let held = Some((&salt, &consent.document));
            let (key, version) = (consent.consent, consent.document.version);
            Some(Candidate::new(key, version, since, consent.commitment, standing, held))
        });
        let Asked { requester, asker, purpose, action, items, at } = asked;
        let request = Request {
            chain: wallet.network.chain,
            custodian: relationship.custodian,
            relationship: secret.key().public_key(),
            requester,
            purpose,
            action,
            items,
        };
        let policy = Policy::of(&wallet.network.genesis.parameters);
        let custodian = member.reference.clone();
        Ok(Self { candidates: candidates.collect(), request, at, policy, asker, custodian })
    }

    /// The answer.
    pub(crate) fn decision(&self) -> Decision {
        self.without(&[])
    }

    /// The smallest change of the patient's own that turns the answer; `None` where they have none: the network's
    /// default permits it, or the data is of a kind that no preset names.
    pub(crate) fn change(&self) -> Option<Change> {
        match self.decision().effect {
            Effect::Permit => self.ways_to_refuse().min_by_key(|change| change.revoke.len()),
            Effect::Deny => self.way_to_permit(),
        }
    }

    fn without(&self, ended: &[PublicKey]) -> Decision {
        let left: Vec<Candidate> =
            self.candidates.iter().filter(|candidate| !ended.contains(&candidate.consent)).cloned().collect();
        decide(&left, &self.request, self.at, &self.policy)
    }

    /// Refused is what one item is refused of: for each, the consents that permit it.
    fn ways_to_refuse(&self) -> impl Iterator<Item = Change> {
        (0..self.request.items.len()).filter_map(|at| {
            let mut revoke = Vec::new();
            loop {
                let decision = self.without(&revoke);
                let item = decision.items.get(at).filter(|item| item.outcome == Outcome::Permit);
                match item.map(|item| item.reason.consent) {
                    Some(Some(consent)) if !revoke.contains(&consent) => revoke.push(consent),
                    Some(_) => return None,
                    None => return (decision.effect == Effect::Deny).then_some(Change { revoke, grant: Vec::new() }),
                }
            }
        })
    }

    fn way_to_permit(&self) -> Option<Change> {
        let mut revoke = Vec::new();
        let refusal = |decision: &Decision| {
            let of_consent = decision.items.iter().filter(|item| item.reason.code == ReasonCode::Denied);
            of_consent.filter_map(|item| item.reason.consent).next()
        };
        while let Some(consent) = refusal(&self.without(&revoke)).filter(|consent| !revoke.contains(consent)) {
            revoke.push(consent);
        }
        let decision = self.without(&revoke);
        let asked = self.request.items.iter().zip(&decision.items);
        let grant: Vec<Item> =
            asked.filter(|(_, given)| given.outcome != Outcome::Permit).map(|(item, _)| item.clone()).collect();
        let change = Change { revoke, grant };
        self.permits_with(&change).then_some(change)
    }

    fn permits_with(&self, change: &Change) -> bool {
        let mut candidates: Vec<Candidate> = self.candidates.clone();
        candidates.retain(|candidate| !change.revoke.contains(&candidate.consent));
        if !change.grant.is_empty() {
            let Some(granted) = self.granting(&change.grant) else { return false };
            candidates.push(granted);
        }
        decide(&candidates, &self.request, self.at, &self.policy).effect == Effect::Permit
    }

    /// A consent that gives these kinds of data to who asks.
    fn granting(&self, items: &[Item]) -> Option<Candidate> {
        let (key, salt) = (PublicKey([0; 32]), [0; 32]);
        let what: Selection = presets_of(items).join(",").parse().ok()?;
        let document = compose(Wish {
            chain: self.request.chain,
            custodian: self.custodian.clone(),
            relationship: self.request.relationship,
            consent: key,
            version: 1,
            who: vec![self.asker.clone()],
            what,
            actions: vec![self.request.action],
            purpose: self.request.purpose.clone(),
            from: self.at,
            until: self.at.plus_ms(DAY_MS),
            supersedes: Vec::new(),
        });
        let document = document.ok()?;
        let on_ledger: Digest = commitment(&salt, &document);
        let held = Some((&salt, &document));
        Some(Candidate::new(key, 1, Height(0), on_ledger, Standing::InForce, held))
    }
}

#[cfg(test)]
mod tests;
