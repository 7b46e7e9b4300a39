//! A proof holds under the genesis alone, and no altered copy of it does.

use super::*;
use crate::block::OpenBlock;
use crate::chain::ExecutedBlock;
use crate::codec;
use crate::crypto::Ed25519;
use crate::fixture::{Network, digest, network, patient};
use crate::merkle::Headers;

fn certified(network: &Network, block: &ExecutedBlock) -> CertifiedHeader {
    CertifiedHeader { header: block.header().clone(), finalization: network.finalization(block) }
}

fn keys() -> Vec<LeafKey> {
    vec![
        LeafKey::Consent(patient(1).id()),
        LeafKey::Consent(patient(2).id()),
        LeafKey::Parameters,
        LeafKey::Member(network().members[0].id),
    ]
}

fn proof(network: &Network) -> StateProof {
    let block = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    StateProof::of(certified(network, &block), block.state(), &keys()).unwrap()
}

#[test]
fn a_state_proof_shows_what_is_there_and_what_is_not() {
    let network = network();
    let proof = proof(&network);
    let bytes = codec::encode(&proof);
    let received: StateProof = codec::decode(&bytes, STATE_PROOF_BYTES_MAX).unwrap();
    let state = received.verify(&network.trust, &Ed25519).unwrap();
    assert_eq!((state.height(), state.time()), (Height(1), network.tip.header().time.plus_ms(1000)));
    let Some(Leaf::Consent(consent)) = state.get(&LeafKey::Consent(patient(1).id())) else { panic!() };
    assert_eq!(consent.custodian, network.members[0].id);
    assert_eq!(state.shown(&LeafKey::Consent(patient(2).id())), Shown::Absent);
    assert_eq!(state.shown(&LeafKey::Consent(patient(3).id())), Shown::NotAsked);
    assert!(matches!(state.get(&LeafKey::Parameters), Some(Leaf::Parameters(_))));
}

#[test]
fn no_altered_state_proof_is_accepted() {
    let network = network();
    let good = proof(&network);
    let refused = |change: &dyn Fn(&mut Vec<StateEntry>)| {
        let mut entries = good.entries.to_vec();
        change(&mut entries);
        let altered = StateProof { entries: BoundedVec::try_from(entries).unwrap(), ..good.clone() };
        altered.verify(&network.trust, &Ed25519).unwrap_err()
    };
    let at = |index, error| ProofError::Entry { index, error };
    assert_eq!(refused(&|e| e[0].leaf = None), at(0, tree::ProofError::Terminal));
    assert_eq!(refused(&|e| e[1].leaf = e[0].leaf.clone()), ProofError::Key(1));
    assert_eq!(refused(&|e| e[0].key = e[1].key), ProofError::Key(0));
    let forged = |e: &mut Vec<StateEntry>| {
        if let Some(Leaf::Consent(consent)) = &mut e[0].leaf {
            consent.version = 2;
        }
    };
    assert_eq!(refused(&forged), at(0, tree::ProofError::Root));
}

#[test]
fn whatever_is_altered_in_a_state_proof_it_shows_nothing_false() {
    let network = network();
    let block = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let bytes = codec::encode(&StateProof::of(certified(&network, &block), block.state(), &keys()).unwrap());
    let (mut decoded, mut accepted) = (0, 0);
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        let Ok(proof) = codec::decode::<StateProof>(&altered, STATE_PROOF_BYTES_MAX) else { continue };
        decoded += 1;
        let Ok(state) = proof.verify(&network.trust, &Ed25519) else { continue };
        accepted += 1;
        // The way to an absent key shows other keys absent too: another statement, and a true one.
        assert_eq!(state.header(), block.header());
        for entry in &state.proof().entries {
            assert_eq!(entry.leaf.as_ref(), block.state().leaf(&entry.key), "byte {at}");
        }
    }
    assert!(decoded > 1000 && accepted < 32, "{decoded} decoded, {accepted} accepted");
}

#[test]
fn another_network_or_a_certificate_of_another_block_proves_nothing() {
    let network = network();
    let mut other_genesis = network.genesis.clone();
    other_genesis.time = other_genesis.time.plus_ms(1);
    let stranger = Trust::from_genesis(&other_genesis).unwrap();
    assert_eq!(proof(&network).verify(&stranger, &Ed25519).unwrap_err(), ProofError::Chain);
    let (one, two) = (network.next(&network.tip, &[network.grant(0, &patient(1))]), network.next(&network.tip, &[]));
    let crossed = CertifiedHeader { header: one.header().clone(), finalization: network.finalization(&two) };
    assert_eq!(crossed.verify(&network.trust, &Ed25519), Err(ProofError::NotFinal(NotFinal::OtherContent)));
}

/// Receipt of the first act of block `of`, under the certificate of the last block.
fn receipt(network: &Network, blocks: &[ExecutedBlock], of: usize) -> TransactionReceipt {
    let (block, last) = (&blocks[of], blocks.last().unwrap());
    let leaves: Vec<_> = std::iter::once(network.tip.digest())
        .chain(blocks.iter().map(|block| block.digest()))
        .map(history::leaf)
        .collect();
    let path = merkle::path::<Headers>(last.header().height.0, block.header().height.0, &mut |level, number| {
        let from = usize::try_from(number << level).unwrap();
        Some(merkle::root::<Headers>(leaves.get(from..from + (1 << level))?))
    });
    let (act, bytes, outcomes) = block.transactions().next().unwrap();
    TransactionReceipt {
        act,
        bytes,
        outcomes: outcomes.clone(),
        index: 0,
        path: block.opened().path(0).unwrap(),
        header: block.header().clone(),
        history: if of + 1 == blocks.len() { None } else { path },
        certified: certified(network, last),
    }
}

#[test]
fn a_receipt_leads_from_the_act_to_a_later_certificate() {
    let network = network();
    let (mut tip, mut blocks) = (network.tip.clone(), Vec::new());
    for n in 0..6 {
        let acts: Vec<_> = (0..3).map(|k| network.grant(k, &patient(n * 10 + u32::try_from(k).unwrap()))).collect();
        let block = network.next(&tip, &acts);
        tip = block.tip().clone();
        blocks.push(block);
    }
    for of in 0..6 {
        let receipt = receipt(&network, &blocks, of);
        let bytes = codec::encode(&receipt);
        let received: TransactionReceipt = codec::decode(&bytes, RECEIPT_BYTES_MAX).unwrap();
        let verified = received.verify(&network.trust, &Ed25519).unwrap();
        assert!(verified.applied(0) && !verified.applied(1));
        assert_eq!((verified.height(), verified.time()), (blocks[of].header().height, blocks[of].header().time));
        let refused = |change: &dyn Fn(&mut TransactionReceipt)| {
            let mut altered = receipt.clone();
            change(&mut altered);
            altered.verify(&network.trust, &Ed25519).unwrap_err()
        };
        assert_eq!(refused(&|r| r.act = TxId(digest("x"))), ProofError::Transaction);
        assert_eq!(refused(&|r| r.bytes = WireId(digest("x"))), ProofError::Transaction);
        assert_eq!(refused(&|r| r.index = 1), ProofError::Transaction);
        let late = BoundedVec::try_from(vec![Outcome::TooLate]).unwrap();
        assert_eq!(refused(&|r| r.outcomes = late.clone()), ProofError::Transaction);
        assert_eq!(refused(&|r| r.header.time = UnixMs(1)), ProofError::History);
        assert_eq!(refused(&|r| r.certified.header.time = UnixMs(1)), NotFinal::OtherContent.into());
        let other_way = if receipt.history.is_some() { None } else { Some(merkle::Path::new()) };
        assert_eq!(refused(&|r| r.history = other_way.clone()), ProofError::History);
    }
}

/// Length of a list with this many bytes of content.
const fn list(bytes: usize) -> usize {
    4 + bytes
}

#[test]
fn the_bounds_hold_the_largest_proof_and_receipt() {
    let network = network();
    let block = network.next(&network.tip, &[]);
    // 31 validators: their keys in a seal header, a bit and a signature each in a certificate.
    let header = codec::encode(block.header()).len() + 4 + list(31 * 64);
    let certified = header + codec::encode(&network.finalization(&block).content).len() + list(4) + list(31 * 64);
    let path = list(merkle::PATH_MAX * 32);
    let way = 2 + list(tree::DEPTH_MAX / 8) + list(tree::DEPTH_MAX * 32) + 4 + 64;
    let entry = 4 + 64 + 1 + crate::leaf::LEAF_BYTES_MAX + way;
    assert!(certified + list(ENTRIES_MAX * entry) <= STATE_PROOF_BYTES_MAX);
    let outcomes = list(crate::transaction::BATCH_ITEMS_MAX * 4);
    assert!(32 + 32 + outcomes + 4 + path + header + 1 + path + certified <= RECEIPT_BYTES_MAX);
}

#[test]
fn more_keys_than_a_proof_holds_are_refused() {
    let network = network();
    let block = network.next(&network.tip, &[]);
    let many = vec![LeafKey::Parameters; ENTRIES_MAX + 1];
    let refused = StateProof::of(certified(&network, &block), block.state(), &many).unwrap_err();
    assert_eq!((refused.len, refused.max), (ENTRIES_MAX + 1, ENTRIES_MAX));
    let all = StateProof::of(certified(&network, &block), block.state(), &many[1..]).unwrap();
    assert_eq!(all.entries.len(), ENTRIES_MAX);
    assert!(all.verify(&network.trust, &Ed25519).is_ok());
    assert!(OpenBlock::of(block.block().clone()).is_ok());
}
