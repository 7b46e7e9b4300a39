//! A network of one on real disks: what is submitted becomes final, and what was final is there after a stop.

mod liars;

use super::*;
use crate::metrics::Metrics;
use crate::network::NetworkConfig;
use crate::vote_log::VoteLogError;
use amanah_ledger::crypto::{Ed25519, Keypair};
use amanah_ledger::genesis::Founder;
use amanah_ledger::member::MemberKeys;
use amanah_ledger::position::Height;
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature, SignedTransaction};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(60);

fn key(role: u8) -> Keypair {
    Keypair::from_seed(&[role; 32])
}

fn founder() -> Founder {
    let public = |role| key(role).public_key();
    let keys = MemberKeys { root: public(1), gateway: public(2), node: public(3), consensus: public(4) };
    Founder { name: "alone".try_into().unwrap(), display: "Alone".try_into().unwrap(), keys }
}

fn genesis() -> Genesis {
    Genesis {
        version: 1,
        network: "runtime tests".try_into().unwrap(),
        time: UnixMs(1_790_000_000_000),
        founders: vec![founder()].try_into().unwrap(),
        parameters: crate::home::demo_parameters(),
    }
}

fn open(dir: &Path) -> Result<Runtime, RecoveryError> {
    Runtime::open(config(dir))
}

fn config(dir: &Path) -> RuntimeConfig {
    RuntimeConfig {
        genesis: genesis(),
        member: founder().id(),
        signer: Box::new(key(4)),
        verifier: Arc::new(Ed25519),
        timing: Timing::default(),
        jitter_seed: 1,
        history: crate::vote_log::KeyHistory::Unused,
        votes_dir: dir.join("votes"),
        ledger_dir: dir.join("ledger"),
        stop_mark: dir.join("STOPPED"),
        metrics: Arc::new(Metrics::new()),
    }
}

fn network_config() -> NetworkConfig {
    NetworkConfig {
        chain: genesis().chain(),
        node_seed: zeroize::Zeroizing::new([3; 32]),
        listen: "/ip4/127.0.0.1/tcp/0".parse().unwrap(),
        peers: Vec::new(),
        metrics: Arc::new(Metrics::new()),
    }
}

async fn run(runtime: Runtime) -> (LedgerHandle, Running) {
    let (network, events) = NetworkHandle::start(network_config()).await.unwrap();
    let handle = runtime.handle();
    (handle, runtime.start(network, events).unwrap())
}

fn anchor(seq: u64) -> SignedTransaction {
    let anchor = Anchor {
        member: founder().id(),
        kind: AnchorKind::Access,
        seq,
        day: UnixMs(thread::now()).day(),
        root: amanah_ledger::crypto::Digest([9; 32]),
        figures: None,
    };
    let signature = key(2).sign(&anchor.signing_bytes(&genesis().chain()));
    SignedTransaction::Anchor { anchor, gateway: GatewaySignature { key: key(2).public_key(), signature } }
}

async fn reaches(handle: &LedgerHandle, height: u64) -> Arc<LedgerView> {
    let mut heads = handle.watch();
    let reached = tokio::time::timeout(DEADLINE, heads.wait_for(|view| view.height() >= Height(height)));
    Arc::clone(&*reached.await.expect("in time").expect("the runtime lives"))
}

/// Runs until the anchors `seqs` are final, and stops.
async fn make_final(dir: &Path, seqs: std::ops::RangeInclusive<u64>) -> Arc<LedgerView> {
    let (handle, running) = run(open(dir).unwrap()).await;
    let mut view = handle.view();
    for seq in seqs {
        handle.submit(anchor(seq)).await.unwrap();
        view = reaches(&handle, view.height().0 + 1).await;
    }
    tokio::task::spawn_blocking(|| running.stop()).await.unwrap();
    assert_eq!(handle.submit(anchor(99)).await, Err(SubmitError::Stopping));
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_final_is_there_after_a_stop_and_the_ledger_goes_on() {
    let dir = TempDir::new().unwrap();
    let before = make_final(dir.path(), 1..=3).await;
    assert_eq!(before.height(), Height(3));
    let reopened = open(dir.path()).unwrap();
    let view = reopened.handle().view();
    assert_eq!(view.tip.digest(), before.tip.digest());
    assert_eq!(view.certified().unwrap().header, *before.tip.header());
    assert!(reopened.rebuilt().is_none());
    assert!(reopened.handle().block(Height(2)).unwrap().is_some());
    drop((reopened, view));
    assert_eq!(make_final(dir.path(), 4..=4).await.height(), Height(4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_vote_log_stops_the_start() {
    let dir = TempDir::new().unwrap();
    make_final(dir.path(), 1..=1).await;
    std::fs::remove_dir_all(dir.path().join("votes")).unwrap();
    assert!(matches!(open(dir.path()), Err(RecoveryError::VoteLog(VoteLogError::Missing))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_moved_aside_and_filled_again_from_the_vote_log() {
    let dir = TempDir::new().unwrap();
    let before = make_final(dir.path(), 1..=3).await;
    let file = dir.path().join("ledger").join("db");
    let len = std::fs::metadata(&file).unwrap().len();
    std::fs::write(&file, vec![0xEE; usize::try_from(len).unwrap()]).unwrap();
    let runtime = open(dir.path()).unwrap();
    assert!(runtime.rebuilt().is_some_and(|rebuilt| rebuilt.aside.exists()));
    let (handle, running) = run(runtime).await;
    let view = reaches(&handle, 3).await;
    assert_eq!(view.tip.digest(), before.tip.digest());
    tokio::task::spawn_blocking(|| running.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_signatures_are_told_from_what_the_pool_refuses() {
    let dir = TempDir::new().unwrap();
    let (handle, running) = run(open(dir.path()).unwrap()).await;
    let SignedTransaction::Anchor { anchor: body, mut gateway } = anchor(1) else { unreachable!() };
    gateway.signature.0[0] ^= 1;
    let bad = SignedTransaction::Anchor { anchor: body, gateway };
    assert!(matches!(handle.submit(bad).await, Err(SubmitError::Invalid(_))));
    let opaque = SignedTransaction::Custody(vec![1].try_into().unwrap());
    assert!(matches!(handle.submit(opaque).await, Err(SubmitError::Refused(_))));
    assert!(handle.submit(anchor(1)).await.is_ok());
    tokio::task::spawn_blocking(|| running.stop()).await.unwrap();
}

#[tokio::test]
async fn submissions_beyond_the_queue_are_refused_as_busy() {
    let dir = tempfile::tempdir().unwrap();
    // Nobody takes them: the thread is not started.
    let runtime = open(dir.path()).unwrap();
    let mut submitting = tokio::task::JoinSet::new();
    for seq in 0..=SUBMISSIONS_MAX as u64 {
        let handle = runtime.handle();
        submitting.spawn(async move { handle.submit(anchor(seq)).await });
    }
    let first = submitting.join_next().await.unwrap().unwrap();
    assert!(matches!(first, Err(SubmitError::Busy)), "{first:?}");
    assert_eq!(submitting.len(), SUBMISSIONS_MAX, "the others wait");
}
