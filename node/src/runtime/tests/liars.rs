//! Liars among four: what one of them said twice is counted, remembered and kept for the ledger; what too many of them
//! certified stops the node for good.

use super::*;
use crate::network::Received;
use crate::peer_message::PeerMessage;
use amanah_consensus::{Message, Vote};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, View};
use bytes::Bytes;
use tokio::sync::Semaphore;

/// The consensus key of validator `index`; [`start`] runs validator 0.
fn consensus(index: u8) -> Keypair {
    key(40 + index)
}

fn four() -> Genesis {
    let founder = |index: u8| Founder {
        name: format!("member{index}").as_str().try_into().unwrap(),
        display: "Member".try_into().unwrap(),
        keys: MemberKeys {
            root: key(10 + index).public_key(),
            gateway: key(20 + index).public_key(),
            node: key(30 + index).public_key(),
            consensus: consensus(index).public_key(),
        },
    };
    Genesis { founders: (0..4).map(founder).collect::<Vec<_>>().try_into().unwrap(), ..genesis() }
}

fn open_first(dir: &Path, metrics: &Arc<Metrics>) -> Result<Runtime, RecoveryError> {
    let genesis = four();
    Runtime::open(RuntimeConfig {
        member: genesis.founders[0].id(),
        genesis,
        signer: Box::new(consensus(0)),
        metrics: Arc::clone(metrics),
        ..config(dir)
    })
}

/// Validator 0 of four, and the end of its network that the test holds.
struct Alone {
    handle: LedgerHandle,
    running: Running,
    events: mpsc::Sender<NetworkEvent>,
    metrics: Arc<Metrics>,
    _unheard: mpsc::Receiver<NetworkEvent>,
}

async fn start(dir: &Path) -> Alone {
    let metrics = Arc::new(Metrics::new());
    let runtime = open_first(dir, &metrics).unwrap();
    let config = NetworkConfig { chain: four().chain(), metrics: Arc::clone(&metrics), ..network_config() };
    let (network, unheard) = NetworkHandle::start(config).await.unwrap();
    let (events, heard) = mpsc::channel(16);
    let handle = runtime.handle();
    Alone { handle, running: runtime.start(network, heard).unwrap(), events, metrics, _unheard: unheard }
}

impl Alone {
    async fn hear(&self, from: u8, message: Message) {
        let bytes = Bytes::from(PeerMessage::Consensus(message).encode());
        let message = Received::now(bytes, &Arc::new(Semaphore::new(1 << 20))).unwrap();
        self.events.send(NetworkEvent::Message { from: ValidatorIndex(from), message }).await.unwrap();
    }

    /// Finishes what is under way, and stops; what it has counted.
    async fn stop(self) -> String {
        tokio::task::spawn_blocking(|| self.running.stop()).await.unwrap();
        self.metrics.text()
    }

    /// Waits until one transaction waits to become final.
    async fn holds_one(&self) {
        let mut status = self.handle.watch_status();
        let held = tokio::time::timeout(DEADLINE, status.wait_for(|status| status.waiting == 1));
        drop(held.await.expect("in time").expect("the runtime lives"));
    }
}

fn block_vote(block: u8) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: Digest([block; 32]) }
}

fn vote(signer: u8, content: VoteContent) -> Vote {
    let signature = consensus(signer).sign(&content.signing_bytes(&four().chain()));
    Vote { content, signer: ValidatorIndex(signer), signature }
}

fn certificate(content: VoteContent) -> Certificate {
    let votes = (1..4).map(|signer| (ValidatorIndex(signer), vote(signer, content).signature)).collect();
    Certificate::assemble(content, 4, &votes)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_validator_said_twice_is_counted_and_waits_for_the_ledger_also_after_a_stop() {
    let dir = TempDir::new().unwrap();
    let node = start(dir.path()).await;
    node.hear(2, Message::Vote(vote(2, VoteContent::Notarize(block_vote(1))))).await;
    node.hear(2, Message::Vote(vote(2, VoteContent::Notarize(block_vote(2))))).await;
    node.holds_one().await;
    let is_counted = |text: &str| text.contains("amanah_equivocation_total{member=\"member2\"} 1\n");
    let counted = node.stop().await;
    assert!(is_counted(&counted), "{counted}");
    // Nothing was final, nobody repeats the lie: the vote log alone knows.
    let again = start(dir.path()).await;
    again.holds_one().await;
    assert!(is_counted(&again.stop().await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_for_certificates_that_exclude_each_other_outlives_the_process() {
    let dir = TempDir::new().unwrap();
    let node = start(dir.path()).await;
    node.hear(1, Message::Certificate(certificate(VoteContent::Nullify { epoch: Epoch(0), view: View(1) }))).await;
    node.hear(1, Message::Certificate(certificate(VoteContent::Finalize(block_vote(1))))).await;
    let mut status = node.handle.watch_status();
    let silent = tokio::time::timeout(DEADLINE, status.wait_for(|status| !status.standing.signing));
    drop(silent.await.expect("in time").expect("it keeps serving"));
    node.stop().await;
    let metrics = Arc::new(Metrics::new());
    let Err(refused @ RecoveryError::Stopped { .. }) = open_first(dir.path(), &metrics).map(drop) else {
        panic!("a restart would sign again")
    };
    assert!(refused.to_string().contains("two certificates of view 1 exclude each other"), "{refused}");
    // A person has looked.
    std::fs::remove_file(dir.path().join("STOPPED")).unwrap();
    assert!(open_first(dir.path(), &metrics).is_ok());
}
