//! One start on a damaged home, in a process of its own: what sled or the node does to that process is part of the
//! result.

use super::served::{NotServed, Served, gather};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::proof::Trust;
use amanah_node::exit::Failure;
use amanah_node::home::Home;
use amanah_node::node::{Broken, Node};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A node that serves nothing after this time hangs, which counts as wrong.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(10);

/// What a trial is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// The damaged home.
    pub home: PathBuf,
    /// What the undamaged node served.
    pub truth: Served,
    /// Whose logs and documents to ask for.
    pub relationships: Vec<PublicKey>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// The node did not start, or ended by itself, and said why.
    Refused {
        /// Its exit code.
        exit: u8,
        /// `AMN-` and its number.
        code: String,
        /// In words.
        detail: String,
    },
    /// The ledger's database was replaced; everything served is the truth.
    Rebuilt {
        /// What found the damage.
        by: Finder,
    },
    /// A damaged private record was found by the scrub and told; everything served is the truth.
    Told,
    /// Everything served is the truth.
    Harmless,
    /// Something else was served, or nothing.
    Wrong {
        /// What.
        detail: String,
    },
}

/// What finds damage to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finder {
    /// The checks of a start.
    Start,
    /// The scrub of the running node.
    Scrub,
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Refused { exit: failure.exit as u8, code: failure.code.to_owned(), detail: failure.detail }
    }
}

/// Starts the node of the task's home and compares what it serves.
pub async fn run(task: &Task) -> Outcome {
    match try_run(task).await {
        Ok(outcome) => outcome,
        Err(failure) => failure.into(),
    }
}

async fn try_run(task: &Task) -> Result<Outcome, Failure> {
    let home = Home::open(&task.home)?;
    let trust = Trust::from_genesis(home.genesis()).expect("the home has checked its genesis");
    let mut node = Node::start(home).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match node.broken() {
            Some(Broken::Damaged(why)) => node = node.rebuild(why).await?,
            Some(Broken::For(failure)) => {
                // What is wrong with the private store says more.
                node.stop().await?;
                return Err(failure);
            }
            None if is_settled(&node, &task.truth) => match gather(&node, &trust, &task.relationships).await {
                Ok(served) => return Ok(judge(&node, &task.truth, &served)),
                Err(NotServed::Ledger(why)) if Instant::now() > deadline => {
                    return Ok(Outcome::Wrong { detail: format!("not served in time: {why}") });
                }
                // The scrub, or the custodian's end, says so in a moment.
                Err(NotServed::Ledger(_) | NotServed::Custodian(_)) => sleep(LOOK).await,
            },
            None => sleep(LOOK).await,
        }
        if Instant::now() > deadline {
            let height = node.ledger().view().height();
            return Ok(Outcome::Wrong { detail: format!("at height {height} after {} s", PATIENCE.as_secs()) });
        }
    }
}

/// Whether the node has all blocks and has looked at everything once.
fn is_settled(node: &Node, truth: &Served) -> bool {
    let expected = truth.get("height").and_then(|height| height.parse().ok()).unwrap_or(u64::MAX);
    let figures = &node.metrics().ledger;
    node.ledger().view().height().0 >= expected && (figures.scrub_last_pass.get() > 0 || figures.scrub_errors.get() > 0)
}

fn judge(node: &Node, truth: &Served, served: &Served) -> Outcome {
    let names = truth.keys().chain(served.keys());
    let differs = names.into_iter().find(|name| truth.get(*name) != served.get(*name));
    if let Some(name) = differs {
        let (expected, found) = (truth.get(name), served.get(name));
        return Outcome::Wrong { detail: format!("{name}: expected {expected:?}, served {found:?}") };
    }
    let figures = &node.metrics().ledger;
    match (figures.rebuilds.get(), figures.scrub_errors.get()) {
        (0, 0) => Outcome::Harmless,
        (0, _) => Outcome::Told,
        (_, 0) => Outcome::Rebuilt { by: Finder::Start },
        (_, _) => Outcome::Rebuilt { by: Finder::Scrub },
    }
}

/// Reads a task, runs it, writes the outcome, and ends the process as a power cut would.
///
/// # Errors
/// When a file cannot be read or written.
pub fn process(task: &Path, outcome: &Path) -> std::io::Result<()> {
    let task: Task = serde_json::from_slice(&std::fs::read(task)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(run(&task));
    std::fs::write(outcome, serde_json::to_vec(&result)?)?;
    std::process::exit(0);
}
