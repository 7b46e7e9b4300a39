//! A hospital's validator signs two votes that exclude each other: the ledger proves it, and everybody who asks is told.

use crate::harness::{Network, eventually};
use amanah_consensus::message::{Message, Vote};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::codec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Keypair, Signer};
use amanah_ledger::genesis::{GENESIS_BYTES_MAX, Genesis};
use amanah_ledger::position::{Epoch, View};
use amanah_node::config::{Config, ConfigFile as _};
use amanah_node::peer_message::PeerMessage;
use amanah_tests::cluster::api;
use amanah_tests::hostile::line::{Call, Heard, Line};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CEDAR: usize = 0;
const ZAYTUN: usize = 3;

fn seed(home: &Path, key: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    hex::decode_to_slice(fs::read_to_string(home.join("keys").join(key)).unwrap().trim(), &mut seed).unwrap();
    seed
}

/// Zaytun's validator says to cedar that it votes for two blocks of `view`. The line must live until that is heard.
async fn contradict(zaytun: &Path, genesis: &Genesis, cedar: &Config, view: View) -> Line {
    let chain = genesis.chain();
    let consensus = Keypair::from_seed(&seed(zaytun, "consensus.key"));
    let call = Call {
        chain,
        node_seed: seed(zaytun, "node.key"),
        callee: genesis.founders[CEDAR].keys.node,
        address: cedar.p2p.listen.clone(),
    };
    let mut line = Line::open(&call, &Heard::default()).await.expect("a member's key gets in");
    for block in [Digest([1; 32]), Digest([2; 32])] {
        let content = VoteContent::Notarize(BlockVote { epoch: Epoch(0), view, parent_view: View(view.0 - 1), block });
        let signature = consensus.sign(&content.signing_bytes(&chain));
        let vote = Vote { content, signer: ValidatorIndex(ZAYTUN as u8), signature };
        line.say(&PeerMessage::Consensus(Message::Vote(vote)).encode()).await.expect("cedar reads");
    }
    line
}

#[test]
fn a_validator_that_contradicts_itself_is_named_by_every_hospital_with_proof() {
    let network = Network::up();
    let home = |name: &str| -> PathBuf { network.home().join("demo").join(name) };
    let genesis = fs::read(home("cedar").join("genesis.bin")).unwrap();
    let genesis: Genesis = codec::decode(&genesis, GENESIS_BYTES_MAX).unwrap();
    let cedar = Config::load(&home("cedar").join("config.toml")).unwrap();
    let status = network.ok(&["network", "status"]);
    assert_eq!(status["contradictions"], serde_json::json!([]), "nobody is accused before");
    let view = status["validators"][CEDAR]["view"].as_u64().unwrap();
    network.kill("zaytun");

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _line = runtime.block_on(contradict(&home("zaytun"), &genesis, &cedar, View(view)));

    let told = eventually(Duration::from_secs(30), "nobody is named", || {
        let status = network.ok(&["network", "status"]);
        let told = status["contradictions"].as_array().unwrap().clone();
        (!told.is_empty()).then_some(told)
    });
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0]["member"].as_str(), told[0]["kind"].as_str()), (Some("zaytun"), Some("double-notarize")));
    assert_eq!((told[0]["view"].as_u64(), told[0]["epoch"].as_u64()), (Some(view), Some(0)));
    let height = told[0]["height"].as_u64().unwrap();
    let (_, text, _) = network.run_plain(&["network", "status"]);
    let line = format!("zaytun contradicted itself: double-notarize in view {view}, proven at height {height}");
    assert!(text.contains(&line), "{text}");

    for hospital in ["cedar", "qamar", "rawda"] {
        let ops = *Config::load(&home(hospital).join("config.toml")).unwrap().ops.listen.get_ref();
        let named = eventually(Duration::from_secs(10), "a hospital does not name it", || {
            let status: serde_json::Value = serde_json::from_str(&api::get(ops, "/status").unwrap()).unwrap();
            status["contradictions"].as_array().unwrap().first().cloned()
        });
        assert_eq!(named, told[0], "{hospital}");
        let metrics = api::get(ops, "/metrics").unwrap();
        assert!(metrics.contains("amanah_contradictions{member=\"zaytun\"} 1"), "{hospital}: {metrics}");
        assert!(metrics.contains("amanah_contradictions{member=\"cedar\"} 0"), "{hospital}: {metrics}");
    }
}
