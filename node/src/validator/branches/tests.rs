use super::*;
use crate::home::demo_parameters;
use crate::mempool::Admission;
use amanah_ledger::block::{Block, Entry, tx_root};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Check, Keypair, PublicKey, Signature, Signer as _};
use amanah_ledger::genesis::{Founder, Genesis};
use amanah_ledger::member::MemberKeys;
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::time::HOUR_MS;
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature};

/// Noon.
const NOW: UnixMs = UnixMs(1_790_000_000_000 / (24 * HOUR_MS) * (24 * HOUR_MS) + 12 * HOUR_MS);

/// Signatures are not what these tests are about.
struct Trusting;

impl Verifier for Trusting {
    fn verify_all(&self, _checks: &[Check<'_>]) -> bool {
        true
    }
}

fn key(n: u8) -> PublicKey {
    Keypair::from_seed(&[n; 32]).public_key()
}

fn genesis() -> Genesis {
    let founder = |n: u8| Founder {
        name: ["cedar", "qamar", "rawda", "zaytun"][usize::from(n)].try_into().unwrap(),
        display: "Hospital".try_into().unwrap(),
        keys: MemberKeys { root: key(10 + n), gateway: key(20 + n), node: key(30 + n), consensus: key(40 + n) },
    };
    Genesis {
        version: 1,
        network: "test".try_into().unwrap(),
        time: UnixMs(NOW.0 - HOUR_MS),
        founders: (0..4).map(founder).collect::<Vec<_>>().try_into().unwrap(),
        parameters: demo_parameters(),
    }
}

fn branches() -> Branches {
    Branches::new(Tip::genesis(&genesis()).unwrap(), Arc::new(Trusting), NOW)
}

fn anchor(branches: &Branches, seq: u64) -> Arc<VerifiedTransaction> {
    let member = genesis().founders[0].id();
    let (kind, root) = (AnchorKind::Access, Digest([3; 32]));
    let anchor = Anchor { member, kind, seq, day: NOW.day(), root, figures: None };
    let gateway = GatewaySignature { key: key(20), signature: Signature([1; 64]) };
    branches.verify(SignedTransaction::Anchor { anchor, gateway }).unwrap()
}

/// A block of everything that waits, final; behind its transactions a liar put `early`, which fails there.
fn finalize(branches: &mut Branches, early: Option<&VerifiedTransaction>) -> usize {
    let parent = branches.head().clone();
    let view = View(parent.header().height.0 + 1);
    let time = UnixMs(NOW.0 + view.0);
    let request = BuildRequest { parent: *parent.digest(), epoch: Epoch(0), view, time, fill: Fill::WithTransactions };
    let bytes = branches.build(&request).unwrap();
    let open = OpenBlock::decode(&bytes).unwrap();
    let Block { mut header, body } = open.block().clone();
    let mut body = body.into_vec();
    let mut names = open.names().to_vec();
    if let Some(early) = early {
        body.push(Entry {
            transaction: early.transaction().clone(),
            outcomes: vec![Outcome::OnePerBlock].try_into().unwrap(),
        });
        names.push((early.tx_id(), early.wire_id()));
    }
    let body = body.try_into().unwrap();
    header.tx_count = u32::try_from(names.len()).unwrap();
    header.tx_root = tx_root(&names, &body);
    let block = codec::encode(&Block { header, body });
    let digest = branches.open(&block).unwrap().digest;
    assert_eq!(branches.judge(&digest, &block), Verdict::Valid);
    branches.finalized(&[digest]);
    let vote = BlockVote { epoch: Epoch(0), view, parent_view: View(view.0 - 1), block: digest };
    let votes = (0..3).map(|n| (ValidatorIndex(n), Signature([0; 64]))).collect();
    let finalization = Certificate::assemble(VoteContent::Finalize(vote), 4, &votes);
    branches.settle(1, finalization).unwrap()[0].block().body.len()
}

#[test]
fn a_transaction_that_a_liar_put_in_too_early_still_waits_and_becomes_final_later() {
    let mut branches = branches();
    let (first, second) = (anchor(&branches, 1), anchor(&branches, 2));
    assert_eq!(branches.mempool.insert(Arc::clone(&first)), Ok(Admission::Added));
    assert_eq!(branches.mempool.insert(Arc::clone(&second)), Ok(Admission::Added));
    assert_eq!(finalize(&mut branches, Some(&second)), 2);
    assert_eq!(branches.mempool.insert(first), Ok(Admission::Final));
    assert_eq!(branches.mempool.insert(Arc::clone(&second)), Ok(Admission::Held), "it failed and is not used up");
    assert!(branches.has_work(&branches.head().digest().clone()));
    assert_eq!(finalize(&mut branches, None), 1);
    assert_eq!(branches.mempool.insert(second), Ok(Admission::Final));
}

#[test]
fn what_became_too_late_by_itself_is_no_work_any_more() {
    let mut branches = branches();
    let tip = *branches.head().digest();
    branches.mempool.insert(anchor(&branches, 1)).unwrap();
    assert!(branches.has_work(&tip));
    branches.now = UnixMs(NOW.0 + 72 * HOUR_MS);
    assert!(!branches.has_work(&tip), "its day is over: nothing that a leader could build");
    branches.now = NOW;
    assert!(branches.has_work(&tip), "also when the clock is set back");
}

#[test]
fn among_much_that_fails_a_newcomer_is_noticed_at_once() {
    let mut branches = branches();
    let tip = *branches.head().digest();
    assert!(!branches.has_work(&tip), "nothing waits");
    for seq in 2..50 {
        branches.mempool.insert(anchor(&branches, seq)).unwrap();
        assert!(!branches.has_work(&tip));
    }
    branches.mempool.insert(anchor(&branches, 1)).unwrap();
    assert!(branches.has_work(&tip));
}
