//! Patients and custodians: who grants, revokes and anchors, and tries again until it is final.

use super::members::{self, BEGIN_MS, Key};
use super::plan::Plan;
use super::random::Random;
use super::scheme::Scheme;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::Digest;
use amanah_ledger::state::State;
use amanah_ledger::time::{HOUR_MS, UnixMs};
use amanah_ledger::transaction::{
    Anchor, AnchorKind, GatewaySignature, GrantItem, Grants, RevokeProof, SignedTransaction, WireId,
    revoke_signing_bytes,
};
use std::collections::{BTreeMap, BTreeSet};

/// Transactions under way; beyond it clients wait.
const PENDING_MAX: usize = 48;
/// A client that waited this long tries again, elsewhere.
const PATIENCE_MS: u64 = 3_000;

/// All clients of a run.
pub(super) struct Clients {
    random: Random,
    scheme: Scheme,
    chain: Digest,
    pending: BTreeMap<WireId, Pending>,
    granted: Vec<Consent>,
    next_consent: usize,
    /// The newest anchor of each member.
    anchors: Vec<u64>,
    anchoring: BTreeSet<usize>,
}

struct Pending {
    transaction: SignedTransaction,
    submitted_ms: u64,
    /// What it is about: nobody else may touch it meanwhile.
    about: About,
}

enum About {
    Consents(Vec<usize>),
    End(usize),
    Anchor(usize),
}

/// A consent with a final version.
struct Consent {
    number: usize,
    is_free: bool,
}

impl Clients {
    pub(super) fn new(plan: &Plan, chain: Digest) -> Self {
        Self {
            random: Random::new(plan.seed, "clients"),
            scheme: plan.scheme,
            chain,
            pending: BTreeMap::new(),
            granted: Vec::new(),
            next_consent: 0,
            anchors: vec![0; plan.members],
            anchoring: BTreeSet::new(),
        }
    }

    /// Something new to submit, given the newest final state.
    pub(super) fn act(&mut self, now_ms: u64, state: &State) -> Option<SignedTransaction> {
        if self.pending.len() >= PENDING_MAX {
            return None;
        }
        let (transaction, about) = match self.random.below(10) {
            0..=5 => self.grant_new()?,
            6 | 7 => self.grant_next(state)?,
            8 => self.revoke()?,
            _ => self.anchor(now_ms)?,
        };
        let pending = Pending { transaction: transaction.clone(), submitted_ms: now_ms, about };
        self.pending.insert(transaction.wire_id(), pending);
        Some(transaction)
    }

    /// What has waited too long.
    pub(super) fn retries(&mut self, now_ms: u64) -> Vec<SignedTransaction> {
        let waited = |p: &&mut Pending| now_ms.saturating_sub(p.submitted_ms) >= PATIENCE_MS;
        let again = self.pending.values_mut().filter(waited).map(|pending| {
            pending.submitted_ms = now_ms;
            pending.transaction.clone()
        });
        again.collect()
    }

    /// These are final.
    pub(super) fn finalized(&mut self, id: &WireId) {
        let Some(pending) = self.pending.remove(id) else { return };
        match pending.about {
            About::Consents(numbers) => {
                for number in numbers {
                    match self.granted.iter_mut().find(|consent| consent.number == number) {
                        Some(consent) => consent.is_free = true,
                        None => self.granted.push(Consent { number, is_free: true }),
                    }
                }
            }
            About::End(number) => self.granted.retain(|consent| consent.number != number),
            About::Anchor(member) => {
                self.anchors[member] += 1;
                self.anchoring.remove(&member);
            }
        }
    }

    /// What is not final yet.
    pub(super) fn pending(&self) -> impl Iterator<Item = &WireId> {
        self.pending.keys()
    }

    pub(super) fn waiting(&self) -> usize {
        self.pending.len()
    }

    fn grant_new(&mut self) -> Option<(SignedTransaction, About)> {
        let custodian = self.member();
        let count = usize::try_from(self.random.between(1, 3)).ok()?;
        let numbers: Vec<_> = (self.next_consent..self.next_consent + count).collect();
        let consents: Option<Vec<_>> = numbers.iter().map(|number| members::consent(*number)).collect();
        self.next_consent += count;
        let items = consents?.into_iter().map(|key| (key, self.item(custodian, &key, 1, Digest::ZERO))).collect();
        Some((self.grants(custodian, items), About::Consents(numbers)))
    }

    fn grant_next(&mut self, state: &State) -> Option<(SignedTransaction, About)> {
        let number = self.take_consent()?;
        let key = members::consent(number)?;
        let present = state.consent(&key.public)?;
        let custodian = (0..self.anchors.len()).find(|member| members::member_id(*member) == present.custodian)?;
        let item = self.item(custodian, &key, present.version + 1, present.hash());
        Some((self.grants(custodian, vec![(key, item)]), About::Consents(vec![number])))
    }

    fn revoke(&mut self) -> Option<(SignedTransaction, About)> {
        let number = self.take_consent()?;
        let key = members::consent(number)?;
        let message = revoke_signing_bytes(&self.chain, &key.public);
        let proof = RevokeProof::Key(self.scheme.sign(&key.seed, key.public, &message));
        Some((SignedTransaction::Revoke { consent: key.public, proof, relay: None }, About::End(number)))
    }

    fn anchor(&mut self, now_ms: u64) -> Option<(SignedTransaction, About)> {
        let member = self.member();
        if !self.anchoring.insert(member) {
            return None;
        }
        let anchor = Anchor {
            member: members::member_id(member),
            kind: AnchorKind::Access,
            seq: self.anchors[member] + 1,
            day: UnixMs(now_ms).day(),
            root: self.digest(),
            figures: None,
        };
        let gateway = self.gateway_signature(member, &anchor.signing_bytes(&self.chain));
        Some((SignedTransaction::Anchor { anchor, gateway }, About::Anchor(member)))
    }

    fn take_consent(&mut self) -> Option<usize> {
        let free: Vec<_> = (0..self.granted.len()).filter(|at| self.granted[*at].is_free).collect();
        let at = *self.random.pick(&free)?;
        self.granted[at].is_free = false;
        Some(self.granted[at].number)
    }

    fn item(&mut self, custodian: usize, key: &Key, version: u32, prev: Digest) -> GrantItem {
        GrantItem {
            custodian: members::member_id(custodian),
            consent: key.public,
            version,
            prev,
            commitment: self.digest(),
            lock: Digest(key.seed),
            submit_by: UnixMs(BEGIN_MS + 24 * HOUR_MS),
        }
    }

    fn grants(&self, custodian: usize, items: Vec<(Key, GrantItem)>) -> SignedTransaction {
        let sign =
            |(key, item): &(Key, GrantItem)| self.scheme.sign(&key.seed, key.public, &item.signing_bytes(&self.chain));
        let item_signatures: Vec<_> = items.iter().map(sign).collect();
        let items: Vec<_> = items.into_iter().map(|(_, item)| item).collect();
        let batch = Grants {
            custodian: members::member_id(custodian),
            items: BoundedVec::try_from(items).expect("three of 250"),
        };
        let gateway = self.gateway_signature(custodian, &batch.signing_bytes(&self.chain));
        let item_signatures = BoundedVec::try_from(item_signatures).expect("three of 250");
        SignedTransaction::Grants { batch, item_signatures, gateway }
    }

    fn gateway_signature(&self, member: usize, message: &[u8]) -> GatewaySignature {
        let key = members::gateway(member);
        GatewaySignature { key: key.public, signature: self.scheme.sign(&key.seed, key.public, message) }
    }

    fn member(&mut self) -> usize {
        usize::try_from(self.random.below(self.anchors.len() as u64)).unwrap_or(0)
    }

    fn digest(&mut self) -> Digest {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.random.next().to_le_bytes());
        }
        Digest(bytes)
    }
}
