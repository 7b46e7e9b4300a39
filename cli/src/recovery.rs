//! Bringing a wallet back: the words restore keys; custodians give documents back, and the ledger says which consents
//! there are, so that one a custodian hides is found all the same.

use crate::client::PATIENCE;
use crate::duration::now;
use crate::exit::Exit;
use crate::failure::Fallible;
use crate::finality;
use crate::session::Session;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase, Relationship};
use amanah_ledger::crypto::{PublicKey, Signer};
use amanah_ledger::derive::MISSES_MAX;
use amanah_ledger::exchange::{Certify, HeldConsent, HeldConsents};
use amanah_ledger::execute::SUBMIT_AHEAD_MAX_MS;
use amanah_ledger::leaf::{ConsentLeaf, ConsentStatus, Leaf, LeafKey};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::proof::VerifiedState;
use std::collections::BTreeMap;
use std::time::Duration;

/// Indices that are looked up at once.
const PORTION: u32 = MISSES_MAX;

/// What recovery found at one custodian.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Found {
    pub(crate) custodian: String,
    pub(crate) consents: usize,
    /// Consents on the ledger whose document the custodian did not give back.
    pub(crate) without_document: usize,
}

/// What the ledger says about the consents of a relationship, by index.
struct OnLedger {
    next_index: u32,
    leaves: BTreeMap<u32, ConsentLeaf>,
}

/// Asks each member with that member's own relationship key. Members that do not know it, or do not answer, are left
/// out; the latter are named.
pub(crate) async fn run(wallet: &mut Wallet) -> Fallible<(Vec<Found>, Vec<String>)> {
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    for member in wallet.network.members.clone() {
        if wallet.state.relationship(&member.id).is_some() {
            continue;
        }
        match Session::open(wallet, &member, 0).await {
            Ok(session) => found.push(at(wallet, &session).await?),
            Err(failure) if failure.exit == Exit::NotFinal => silent.push(member.name().to_owned()),
            // The key is not known there: never enrolled.
            Err(failure) if failure.exit == Exit::Conflict => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok((found, silent))
}

/// Brings back everything at the member of this session.
pub(crate) async fn at(wallet: &mut Wallet, session: &Session) -> Fallible<Found> {
    let member = &session.member;
    let on_ledger = search(wallet, session).await?;
    let held = own(session.held_consents().await?, &session.key().public_key());
    // The log is read from the day the network began: nothing in it is older.
    let began = wallet.network.genesis.time.day();
    let mut relationship = Relationship::new(member.id, began);
    let on_their_way = on_their_way(session, &held, on_ledger.next_index);
    relationship.next_index = on_their_way.last_key_value().map_or(on_ledger.next_index, |(index, _)| index + 1);
    wallet.state.put_relationship(relationship)?;
    let mut found = Found { custodian: member.name().to_owned(), consents: 0, without_document: 0 };
    for (index, leaf) in on_ledger.leaves {
        let Some(one) = held.iter().find(|one| is_on_ledger(one, &leaf)) else {
            found.without_document += 1;
            continue;
        };
        let phase = match leaf.status {
            ConsentStatus::Active => Phase::Granted { height: leaf.since },
            ConsentStatus::Revoked { height, .. } => Phase::Revoked { height },
        };
        wallet.state.put_consent(consent(member.id, index, one, phase))?;
        found.consents += 1;
    }
    // It was signed and may still become final; until when, only the lost wallet knew exactly.
    let submit_by = now().plus_ms(SUBMIT_AHEAD_MAX_MS);
    for (index, one) in on_their_way {
        wallet.state.put_consent(consent(member.id, index, &one, Phase::Pending { submit_by }))?;
    }
    Ok(found)
}

/// Documents that this relationship certified. Anybody can certify a document with a key of their own.
fn own(held: HeldConsents, relationship: &PublicKey) -> Vec<HeldConsent> {
    held.into_vec().into_iter().filter(|one| one.document.relationship == *relationship).collect()
}

/// Whether this is the document that the ledger means, of all that a custodian may hold or invent.
fn is_on_ledger(held: &HeldConsent, leaf: &ConsentLeaf) -> bool {
    let certified = &held.certificate.certify;
    (certified.consent, certified.version, certified.commitment) == (leaf.consent, leaf.version, leaf.commitment)
}

/// Consents from `next_index` on that were signed and are not on the ledger yet: their indices are used up.
fn on_their_way(session: &Session, held: &[HeldConsent], next_index: u32) -> BTreeMap<u32, HeldConsent> {
    let of = |index: u32| {
        let key = session.secret.consent_key(index).public_key();
        Some((index, held.iter().find(|one| one.document.consent == key)?.clone()))
    };
    (next_index..next_index + MISSES_MAX).filter_map(of).collect()
}

fn consent(custodian: MemberId, index: u32, held: &HeldConsent, phase: Phase) -> Consent {
    let Certify { consent, commitment, .. } = held.certificate.certify;
    Consent { consent, custodian, index, commitment, document: held.document.clone(), phase }
}

/// Walks the indices until twenty in a row are absent.
async fn search(wallet: &Wallet, session: &Session) -> Fallible<OnLedger> {
    let mut on_ledger = OnLedger { next_index: 0, leaves: BTreeMap::new() };
    // A custodian that showed an old state could hide every consent since.
    let newest = finality::newest_height(&wallet.network.nodes()?, &wallet.network.trust).await;
    let wait = if newest == Height(0) { Duration::ZERO } else { PATIENCE };
    let mut first = 0;
    while first < on_ledger.next_index + MISSES_MAX {
        let keys: Vec<(u32, PublicKey)> =
            (first..first + PORTION).map(|index| (index, session.secret.consent_key(index).public_key())).collect();
        let leaf_keys: Vec<LeafKey> = keys.iter().map(|(_, key)| LeafKey::Consent(*key)).collect();
        let shown = finality::state(&session.node, &wallet.network.trust, &leaf_keys, newest, wait).await?;
        let Some(state) = shown else {
            // Nothing is final on this network yet, so there is no consent either.
            return if newest == Height(0) { Ok(on_ledger) } else { Err(finality::behind(&session.node, newest)) };
        };
        keys.into_iter().for_each(|(index, key)| on_ledger.learn(index, key, &state));
        first += PORTION;
    }
    Ok(on_ledger)
}

impl OnLedger {
    fn learn(&mut self, index: u32, key: PublicKey, state: &VerifiedState) {
        if let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(key)) {
            self.leaves.insert(index, *leaf);
            self.next_index = self.next_index.max(index + 1);
        }
    }
}

#[cfg(test)]
mod tests;
