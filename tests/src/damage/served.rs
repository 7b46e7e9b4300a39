//! Everything a node serves about its ledger and its patients, as a list of names and values that two nodes or two
//! starts can be compared by.

use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Ed25519, PublicKey};
use amanah_ledger::leaf::Leaf;
use amanah_ledger::position::Height;
use amanah_ledger::proof::{StateEntry, StateProof, Trust};
use amanah_ledger::store::StoreError;
use amanah_node::node::Node;
use amanah_node::runtime::LedgerHandle;
use std::collections::BTreeMap;

/// Name of what is served → what it is.
pub type Served = BTreeMap<String, String>;

/// Something was not served: refused, which is not wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotServed {
    /// A record of the ledger cannot be read.
    #[error("the ledger: {0}")]
    Ledger(String),
    /// The custodian does not answer.
    #[error("the custodian: {0}")]
    Custodian(String),
}

impl From<StoreError> for NotServed {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.to_string())
    }
}

/// Asks the node for everything: each block, each act's receipt, each consent's proof, and for each of `relationships`
/// its log and its documents. Proofs and receipts are verified as a wallet does; one that is not valid is served wrong.
///
/// # Errors
/// When something cannot be read.
pub async fn gather(node: &Node, trust: &Trust, relationships: &[PublicKey]) -> Result<Served, NotServed> {
    let mut served = Served::new();
    let ledger = node.ledger();
    let view = ledger.view();
    let mut put = |name: String, value: String| served.insert(name, value);
    put("height".to_owned(), view.height().0.to_string());
    put("state root".to_owned(), view.tip.header().state_root.to_string());
    blocks(ledger, trust, &mut put)?;
    for leaf in view.tip.state().leaves() {
        let Leaf::Consent(consent) = leaf else { continue };
        let entry =
            StateEntry { key: leaf.key(), leaf: Some(leaf.clone()), proof: view.tip.state().prove(&leaf.key()) };
        let value = hash(&entry);
        let certified = view.certified().ok_or_else(|| NotServed::Ledger("no certified head".to_owned()))?;
        let entries = BoundedVec::try_from(vec![entry]).expect("one fits");
        let proof = StateProof { certified, entries }.verify(trust, &Ed25519);
        put(format!("consent {}", hex::encode(consent.consent.0)), proof.map_or_else(|e| e.to_string(), |_| value));
    }
    for (number, relationship) in relationships.iter().copied().enumerate() {
        let read = node.custodian().act(move |desk, _, _| {
            let log = desk.log(&relationship, 1)?;
            Ok((log, desk.held_consents(&relationship)?))
        });
        let (log, held) = read.await.map_err(|error| NotServed::Custodian(error.to_string()))?;
        put(format!("log {number}"), log.map_or_else(|e| e.to_string(), |log| hash(&log)));
        put(format!("documents {number}"), held.map_or_else(|e| e.to_string(), |held| hash(&held)));
    }
    Ok(served)
}

fn blocks(
    ledger: &LedgerHandle,
    trust: &Trust,
    put: &mut impl FnMut(String, String) -> Option<String>,
) -> Result<(), NotServed> {
    for height in 1..=ledger.view().height().0 {
        let missing = || NotServed::Ledger(format!("block {height} is not there"));
        let stored = ledger.block(Height(height))?.ok_or_else(missing)?;
        put(format!("block {height}"), stored.block.digest().to_string());
        for (act, bytes) in stored.block.names() {
            let value = match ledger.reader().receipt(act)? {
                None => "never applied".to_owned(),
                // Its certificate may be another one after a rebuild; what it proves may not.
                Some(receipt) => match receipt.verify(trust, &Ed25519) {
                    Err(error) => error.to_string(),
                    Ok(verified) => format!("{} {:?} {:?}", verified.height(), receipt.bytes, receipt.outcomes),
                },
            };
            put(format!("receipt of {act:?} {bytes:?}"), value);
        }
    }
    Ok(())
}

fn hash<T: bincode::Encode>(value: &T) -> String {
    blake3::hash(&codec::encode(value)).to_hex().to_string()
}
