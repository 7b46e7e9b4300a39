//! A block whose header or body says anything false is invalid; one whose body is another is not the block.

use crate::block::{BLOCK_BYTES_MAX, Block, Content, Entry, NotTheBlock, OpenBlock, tx_root};
use crate::chain::ExecutedBlock;
use crate::codec::{self, BoundedVec};
use crate::committee::Committee;
use crate::crypto::{Digest, Ed25519, Signature};
use crate::execute::BlockError;
use crate::fixture::{Network, START, digest, judge, network, patient};
use crate::position::{Epoch, Height};
use crate::time::UnixMs;
use crate::transaction::{Outcome, SignedTransaction, TransactionError};

fn outcomes(outcomes: &[Outcome]) -> crate::transaction::Outcomes {
    BoundedVec::try_from(outcomes.to_vec()).unwrap()
}

/// The block with its body's commitments made to fit whatever the body now is.
fn refit(network: &Network, mut block: Block) -> OpenBlock {
    let names: Vec<_> =
        block.body.iter().map(|entry| (entry.transaction.tx_id(&network.chain), entry.transaction.wire_id())).collect();
    block.header.tx_root = tx_root(&names, &block.body);
    block.header.tx_count = u32::try_from(names.len()).unwrap();
    OpenBlock::of(block).unwrap()
}

fn verdict(network: &Network, block: OpenBlock) -> Result<ExecutedBlock, BlockError> {
    network.tip.execute(block, &Ed25519, &|_| false)
}

fn with_body(network: &Network, entries: Vec<Entry>) -> OpenBlock {
    let empty = network.build(&network.tip, START, &[]);
    refit(network, Block { header: empty.header().clone(), body: BoundedVec::try_from(entries).unwrap() })
}

fn applied(transaction: SignedTransaction) -> Entry {
    Entry { transaction, outcomes: outcomes(&[Outcome::Applied]) }
}

#[test]
fn every_false_word_in_a_header_makes_the_block_invalid() {
    let network = network();
    let good = network.build(&network.tip, START.plus_ms(5), &[network.grant(0, &patient(1))]);
    assert!(judge(&network.tip, &good).is_ok());
    let changed = |change: &dyn Fn(&mut crate::block::Header)| {
        let mut block = good.block().clone();
        change(&mut block.header);
        // Another chain gives the acts other names: refit, so that the header is judged and not the body.
        let names: Vec<_> = block
            .body
            .iter()
            .map(|entry| (entry.transaction.tx_id(&block.header.chain), entry.transaction.wire_id()))
            .collect();
        block.header.tx_root = tx_root(&names, &block.body);
        verdict(&network, OpenBlock::of(block).unwrap()).unwrap_err()
    };
    assert_eq!(changed(&|h| h.version = 2), BlockError::Version(2));
    assert_eq!(changed(&|h| h.chain = digest("other")), BlockError::Chain);
    assert_eq!(changed(&|h| h.epoch = Epoch(1)), BlockError::Epoch);
    let expected = Height(1);
    assert_eq!(changed(&|h| h.height = Height(2)), BlockError::Height { got: Height(2), expected });
    assert_eq!(changed(&|h| h.parent = digest("other")), BlockError::Parent);
    assert_eq!(changed(&|h| h.time = START), BlockError::Time);
    assert_eq!(changed(&|h| h.time = UnixMs(0)), BlockError::Time);
    assert_eq!(changed(&|h| h.tx_count = 2), BlockError::TxCount);
    assert_eq!(changed(&|h| h.state_root = digest("other")), BlockError::StateRoot);
    assert_eq!(changed(&|h| h.history_root = digest("other")), BlockError::HistoryRoot);
    assert_eq!(changed(&|h| h.validators_hash = digest("other")), BlockError::ValidatorsHash);
    let committee: Committee = network.genesis.committee().unwrap();
    assert_eq!(changed(&|h| h.next_validators = Some(committee.clone())), BlockError::Seal);
}

#[test]
fn a_body_that_is_not_the_headers_is_not_the_block() {
    let network = network();
    let good = network.build(&network.tip, START, &[network.grant(0, &patient(1))]);
    let bytes = codec::encode(good.block());
    assert_eq!(OpenBlock::decode(&bytes).unwrap().digest(), good.digest());
    // The same act with another signature: other bytes, the same TxId.
    let mut block = good.block().clone();
    let mut entry = block.body[0].clone();
    if let SignedTransaction::Grants { gateway, .. } = &mut entry.transaction {
        gateway.signature.0[40] ^= 1;
    }
    block.body = BoundedVec::try_from(vec![entry]).unwrap();
    assert_eq!(OpenBlock::of(block.clone()).unwrap_err(), NotTheBlock::Body);
    let mut claimed = good.block().clone();
    let mut entry = claimed.body[0].clone();
    entry.outcomes = outcomes(&[Outcome::TooLate]);
    claimed.body = BoundedVec::try_from(vec![entry]).unwrap();
    assert_eq!(OpenBlock::of(claimed).unwrap_err(), NotTheBlock::Body);
    assert!(matches!(OpenBlock::decode(&bytes[1..]), Err(NotTheBlock::Decode(_))));
}

#[test]
fn a_false_outcome_makes_the_block_invalid() {
    let network = network();
    let grant = network.grant(0, &patient(1));
    for lie in [&[Outcome::TooLate][..], &[], &[Outcome::Applied, Outcome::Applied]] {
        let entry = Entry { transaction: grant.clone(), outcomes: outcomes(lie) };
        assert_eq!(verdict(&network, with_body(&network, vec![entry])).unwrap_err(), BlockError::Outcome(0));
    }
    // The true outcome leads to another state than the empty block's.
    assert_eq!(verdict(&network, with_body(&network, vec![applied(grant)])).unwrap_err(), BlockError::StateRoot);
}

#[test]
fn a_broken_state_rule_is_recorded_and_the_block_stands() {
    let network = network();
    let fails =
        Entry { transaction: network.revoke_by_slip(&patient(1)), outcomes: outcomes(&[Outcome::UnknownConsent]) };
    let opaque = Entry {
        transaction: SignedTransaction::Publish(BoundedVec::try_from(vec![1, 2, 3]).unwrap()),
        outcomes: outcomes(&[Outcome::NotActive]),
    };
    let block = verdict(&network, with_body(&network, vec![fails, opaque])).unwrap();
    assert_eq!(block.state().root(), network.tip.state().root());
    assert_eq!((block.changes().len(), block.opened().content()), (0, Content::Transactions));
}

#[test]
fn a_bad_signature_or_form_makes_the_block_invalid_and_is_named() {
    let network = network();
    let (good, mut bad) = (network.revoke_unknown(0, &patient(1)), network.revoke_unknown(0, &patient(2)));
    if let SignedTransaction::Revoke { proof, .. } = &mut bad {
        *proof = crate::transaction::RevokeProof::Key(Signature([7; 64]));
    }
    let block = with_body(&network, vec![applied(good), applied(bad.clone())]);
    let error = TransactionError::Signature;
    assert_eq!(verdict(&network, block.clone()).unwrap_err(), BlockError::Transaction { index: 1, error });
    // What is known to verify is not checked again.
    let known = bad.wire_id();
    let trusted = network.tip.execute(block, &Ed25519, &|wire_id| *wire_id == known);
    assert_eq!(trusted.unwrap_err(), BlockError::StateRoot);

    let SignedTransaction::Grants { batch, gateway, .. } = network.grant(0, &patient(1)) else { panic!() };
    let unsigned = SignedTransaction::Grants { batch, item_signatures: BoundedVec::new(), gateway };
    let error = TransactionError::Malformed;
    let block = with_body(&network, vec![applied(unsigned)]);
    assert_eq!(verdict(&network, block).unwrap_err(), BlockError::Transaction { index: 0, error });
}

#[test]
fn revocations_stand_first_and_nothing_stands_twice() {
    let network = network();
    let (grant, revoke) = (applied(network.grant(0, &patient(1))), applied(network.revoke_unknown(1, &patient(2))));
    let behind = with_body(&network, vec![grant.clone(), revoke.clone()]);
    assert_eq!(verdict(&network, behind).unwrap_err(), BlockError::Order(1));
    let twice = with_body(&network, vec![revoke.clone(), revoke.clone()]);
    assert_eq!(verdict(&network, twice).unwrap_err(), BlockError::Repeated(1));
    let right = with_body(&network, vec![revoke, grant]);
    assert_eq!(verdict(&network, right).unwrap_err(), BlockError::StateRoot, "only the root is not theirs");
}

#[test]
fn a_block_beyond_the_size_limit_is_invalid() {
    let network = network();
    let opaque = |n: u8| SignedTransaction::Publish(BoundedVec::try_from(vec![n; 16 * 1024]).unwrap());
    let entry = |n| Entry { transaction: opaque(n), outcomes: outcomes(&[Outcome::NotActive]) };
    let fits = with_body(&network, (0..63).map(entry).collect());
    assert!(fits.bytes_len() <= BLOCK_BYTES_MAX);
    assert!(verdict(&network, fits).is_ok());
    let long = with_body(&network, (0..64).map(entry).collect());
    let bytes = long.bytes_len();
    assert!(bytes > BLOCK_BYTES_MAX);
    assert_eq!(verdict(&network, long).unwrap_err(), BlockError::TooLong(bytes));
}

#[test]
fn blocks_follow_one_another_and_each_header_commits_to_those_before() {
    let network = network();
    let mut tip = network.tip.clone();
    for n in 1..=5 {
        let block = network.next(&tip, &[network.grant(0, &patient(n))]);
        assert_eq!(block.header().parent, *tip.digest());
        assert_eq!(block.header().history_root, tip.history().root());
        assert_eq!(block.history().len(), u64::from(n) + 1);
        tip = block.tip().clone();
    }
    assert_ne!(tip.header().history_root, Digest::ZERO);
    assert_eq!(tip.state().leaves().count(), tip.state().len());
    let rebuilt = crate::state::State::from_leaves(tip.state().leaves().cloned());
    assert_eq!(rebuilt.root(), tip.state().root());
}
