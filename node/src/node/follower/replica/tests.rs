use super::*;
use crate::custodian::tests::{TEN, genesis, key};
use amanah_consensus::message::BlockBytes;
use amanah_ledger::block::Block;
use amanah_ledger::certificate::BlockVote;
use amanah_ledger::chain::ExecutedBlock;
use amanah_ledger::codec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Ed25519, Signer};
use amanah_ledger::execute::Proposal;
use amanah_ledger::genesis::{Cover, Genesis};
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::time::UnixMs;
use tempfile::TempDir;

struct Follower {
    dir: TempDir,
    genesis: Genesis,
    replica: Replica,
}

impl Follower {
    fn new() -> Self {
        let (dir, genesis) = (tempfile::tempdir().unwrap(), genesis(Cover::Off));
        let replica = open(&dir, &genesis);
        Self { dir, genesis, replica }
    }

    fn height(&self) -> Height {
        self.replica.reader().height().unwrap()
    }
}

fn open(dir: &TempDir, genesis: &Genesis) -> Replica {
    let store = Store::open(dir.path(), genesis).unwrap();
    let tip = store.load_state(&Ed25519).unwrap();
    Replica::new(store, tip, Arc::new(Ed25519))
}

/// `count` empty blocks on `tip`, `delay_ms` later than others would be.
fn blocks(tip: &Tip, count: u64, delay_ms: u64) -> Vec<ExecutedBlock> {
    let (mut tip, mut blocks) = (tip.clone(), Vec::new());
    for _ in 0..count {
        let height = tip.header().height.0 + 1;
        let block = tip.build(Proposal { view: View(height), time: UnixMs(TEN.0 + height + delay_ms) }, []);
        tip = block.tip().clone();
        blocks.push(block);
    }
    blocks
}

/// The word of these validators that the block is final.
fn certificate(chain: &Digest, block: Digest, view: u64, signers: &[u8]) -> Certificate {
    let vote = BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(view - 1), block };
    let content = VoteContent::Finalize(vote);
    let message = content.signing_bytes(chain);
    let votes = signers.iter().map(|i| (ValidatorIndex(*i), key(usize::from(*i), 3).sign(&message))).collect();
    Certificate::assemble(content, 4, &votes)
}

fn plain(block: &ExecutedBlock) -> SyncBlock {
    SyncBlock { block: BlockBytes::try_from(codec::encode(block.block())).unwrap(), finalization: None }
}

fn certified(block: &ExecutedBlock) -> SyncBlock {
    let (height, chain) = (block.header().height.0, block.chain());
    SyncBlock { finalization: Some(certificate(chain, *block.digest(), height, &[0, 1, 3])), ..plain(block) }
}

#[test]
fn blocks_are_kept_once_a_quorum_has_certified_the_last_of_them() {
    let mut follower = Follower::new();
    let made = blocks(&Tip::genesis(&follower.genesis).unwrap(), 5, 0);
    assert!(follower.replica.take(&[plain(&made[0]), plain(&made[1])]).unwrap().is_none());
    assert_eq!((follower.height(), follower.replica.next()), (Height(0), Height(3)));
    let view = follower.replica.take(&[certified(&made[2]), plain(&made[3])]).unwrap().expect("certified");
    assert_eq!((view.height(), view.tip.digest()), (Height(3), made[2].digest()));
    assert_eq!(view.certified().unwrap().header, *made[2].header());
    let Follower { dir, genesis, replica } = follower;
    drop((replica, view));
    // After a restart it goes on behind what is kept.
    let mut replica = open(&dir, &genesis);
    assert_eq!(replica.next(), Height(4));
    let view = replica.take(&[plain(&made[3]), certified(&made[4])]).unwrap().expect("certified");
    assert_eq!((view.height(), replica.reader().height().unwrap()), (Height(5), Height(5)));
}

#[test]
fn nothing_of_a_liar_is_kept_and_an_honest_source_goes_on() {
    let mut follower = Follower::new();
    let start = Tip::genesis(&follower.genesis).unwrap();
    let (made, other) = (blocks(&start, 3, 0), blocks(&start, 3, 500));
    let chain = *start.chain();
    let with = |block: &ExecutedBlock, finalization| SyncBlock { finalization: Some(finalization), ..plain(block) };
    let first = *made[0].digest();
    let mut forged = certificate(&chain, first, 1, &[0, 1, 3]);
    forged.signatures = certificate(&chain, *other[0].digest(), 1, &[0, 1, 3]).signatures;
    let nonsense = SyncBlock { block: BlockBytes::try_from(vec![7; 300]).unwrap(), finalization: None };
    let height = Height(1);
    let lies = [
        (vec![nonsense], Lie::NotABlock),
        (vec![certified(&made[1])], Lie::OtherHeight { got: Height(2), wanted: height }),
        (vec![plain(&made[0]), certified(&other[1])], Lie::NotLinked(Height(2))),
        (vec![with(&made[0], certificate(&chain, *other[0].digest(), 1, &[0, 1, 3]))], Lie::OtherContent(height)),
        (
            vec![with(&made[0], certificate(&chain, first, 1, &[0, 3]))],
            Lie::Certificate { height, error: CertificateError::TooFew { got: 2, need: 3 } },
        ),
        (vec![with(&made[0], forged)], Lie::Certificate { height, error: CertificateError::Signature }),
        (
            vec![with(&made[0], certificate(&Digest([7; 32]), first, 1, &[0, 1, 3]))],
            Lie::Certificate { height, error: CertificateError::Signature },
        ),
    ];
    for (blocks, lie) in lies {
        let Err(NotTaken::Lie(found)) = follower.replica.take(&blocks) else { panic!("{lie}") };
        assert_eq!((found, follower.height(), follower.replica.next()), (lie, Height(0), height));
    }
    let view = follower.replica.take(&[plain(&made[0]), certified(&made[1])]).unwrap().expect("certified");
    assert_eq!(view.tip.digest(), made[1].digest());
}

#[test]
fn blocks_whose_certificate_never_comes_are_let_go() {
    let mut follower = Follower::new();
    let made = blocks(&Tip::genesis(&follower.genesis).unwrap(), HELD_MAX as u64 + 1, 0);
    let (last, before) = made.split_last().unwrap();
    let held: Vec<_> = before.iter().map(plain).collect();
    assert!(follower.replica.take(&held).unwrap().is_none());
    assert!(matches!(follower.replica.take(&[certified(last)]), Err(NotTaken::Lie(Lie::NeverCertified))));
    assert_eq!((follower.height(), follower.replica.next()), (Height(0), Height(1)));
}

#[test]
fn what_a_quorum_certified_against_this_ledger_is_no_lie_but_a_contradiction() {
    let mut follower = Follower::new();
    let start = Tip::genesis(&follower.genesis).unwrap();
    let (made, other) = (blocks(&start, 2, 0), blocks(&start, 2, 500));
    // The state after it is not what the header says, and a quorum certified the header.
    let mut header = made[0].header().clone();
    header.state_root = Digest([7; 32]);
    let finalization = Some(certificate(start.chain(), header.digest(), 1, &[0, 1, 3]));
    let block = Block { header, ..made[0].block().clone() };
    let wrong = SyncBlock { block: BlockBytes::try_from(codec::encode(&block)).unwrap(), finalization };
    assert!(matches!(follower.replica.take(&[wrong]), Err(NotTaken::Contradiction(_))));

    follower.replica.take(&[certified(&made[0])]).unwrap().expect("certified");
    let fork = follower.replica.take(&[certified(&other[1])]);
    assert!(matches!(fork, Err(NotTaken::Contradiction(_))), "two blocks of one height");
    assert_eq!(follower.height(), Height(1), "nothing of either is kept");
}
