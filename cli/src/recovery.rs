//! Bringing a wallet back: the words restore keys; custodians give documents back, and the ledger says which consents
//! there are, so that one a custodian hides is found all the same.

use crate::exit::Exit;
use crate::failure::Fallible;
use crate::finality;
use crate::session::Session;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase, Relationship};
use amanah_ledger::crypto::{PublicKey, Signer};
use amanah_ledger::derive::MISSES_MAX;
use amanah_ledger::exchange::HeldConsent;
use amanah_ledger::leaf::{ConsentStatus, Leaf, LeafKey};
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
    leaves: BTreeMap<u32, (PublicKey, ConsentStatus, Height)>,
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
    let held = session.held_consents().await?;
    // The log is read from the day the network began: nothing in it is older.
    let began = wallet.network.genesis.time.day();
    let mut relationship = Relationship::new(member.id, began);
    relationship.next_index = on_ledger.next_index;
    wallet.state.put_relationship(relationship)?;
    let mut found = Found { custodian: member.name().to_owned(), consents: 0, without_document: 0 };
    for (index, (key, status, since)) in on_ledger.leaves {
        let newest = held.iter().filter(|one| one.document.consent == key).max_by_key(|one| one.document.version);
        let Some(HeldConsent { document, certificate, .. }) = newest else {
            found.without_document += 1;
            continue;
        };
        let phase = match status {
            ConsentStatus::Active => Phase::Granted { height: since },
            ConsentStatus::Revoked { height, .. } => Phase::Revoked { height },
        };
        let (custodian, commitment) = (member.id, certificate.certify.commitment);
        let consent = Consent { consent: key, custodian, index, commitment, document: document.clone(), phase };
        wallet.state.put_consent(consent)?;
        found.consents += 1;
    }
    Ok(found)
}

/// Walks the indices until twenty in a row are absent.
async fn search(wallet: &Wallet, session: &Session) -> Fallible<OnLedger> {
    let mut on_ledger = OnLedger { next_index: 0, leaves: BTreeMap::new() };
    let mut first = 0;
    while first < on_ledger.next_index + MISSES_MAX {
        let keys: Vec<(u32, PublicKey)> =
            (first..first + PORTION).map(|index| (index, session.secret.consent_key(index).public_key())).collect();
        let leaf_keys: Vec<LeafKey> = keys.iter().map(|(_, key)| LeafKey::Consent(*key)).collect();
        let shown =
            finality::state(&session.node, &wallet.network.trust, &leaf_keys, Height(0), Duration::ZERO).await?;
        // Nothing is final on this network yet, so there is no consent either.
        let Some(state) = shown else { break };
        keys.into_iter().for_each(|(index, key)| on_ledger.learn(index, key, &state));
        first += PORTION;
    }
    Ok(on_ledger)
}

impl OnLedger {
    fn learn(&mut self, index: u32, key: PublicKey, state: &VerifiedState) {
        if let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(key)) {
            self.leaves.insert(index, (key, leaf.status, leaf.since));
            self.next_index = self.next_index.max(index + 1);
        }
    }
}
