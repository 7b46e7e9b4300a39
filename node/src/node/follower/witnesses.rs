//! How high the ledger is, by the word of the members: each is asked for proof of its newest head, again and again.
//!
//! A height counts only with its certificate, so nobody can claim one that is not. What a member can do is to keep quiet
//! about the newest; as long as f + 1 are heard, one of them is honest.

use super::upstream::{HEAD_WAIT, Head, Upstream};
use crate::health::HEARD_MAX;
use amanah_ledger::position::Height;
use amanah_ledger::proof::Trust;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Whoever did not answer is asked again after this long, doubled each time up to the second.
const AGAIN_MIN: Duration = Duration::from_millis(250);
const AGAIN_MAX: Duration = Duration::from_secs(4);

/// One member, as far as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Witness {
    /// Its name.
    pub(super) name: String,
    /// The newest height that it has proven; `None` while it has proven none.
    pub(super) height: Option<Height>,
    heard: Option<Instant>,
}

/// All members.
#[derive(Debug, Clone)]
pub(super) struct Witnesses(watch::Receiver<Vec<Witness>>);

impl Witness {
    /// Whether it has answered lately.
    pub(super) fn is_heard(&self) -> bool {
        self.heard.is_some_and(|at| at.elapsed() < HEARD_MAX)
    }
}

impl Witnesses {
    /// Asks `members` from now on, in tasks of `tasks`.
    pub(super) fn ask(members: Vec<Upstream>, trust: Trust, tasks: &mut JoinSet<()>) -> Self {
        let unheard = |member: &Upstream| Witness { name: member.name().to_owned(), height: None, heard: None };
        let (seen, seen_out) = watch::channel(members.iter().map(unheard).collect());
        let (seen, trust) = (Arc::new(seen), Arc::new(trust));
        for (at, member) in members.into_iter().enumerate() {
            tasks.spawn(ask_on(member, at, Arc::clone(&trust), Arc::clone(&seen)));
        }
        Self(seen_out)
    }

    /// Every member as it was heard.
    pub(super) fn all(&self) -> Vec<Witness> {
        self.0.borrow().clone()
    }

    /// The newest height that anybody has proven.
    pub(super) fn newest(&self) -> Height {
        newest(&self.0.borrow())
    }

    /// Waits until somebody has proven a height above `own`. Never returns once nobody is asked any more.
    pub(super) async fn above(&mut self, own: Height) {
        if self.0.wait_for(|seen| newest(seen) > own).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn newest(seen: &[Witness]) -> Height {
    seen.iter().filter_map(|witness| witness.height).max().unwrap_or(Height(0))
}

/// Asks one member until the task is dropped.
async fn ask_on(member: Upstream, at: usize, trust: Arc<Trust>, seen: Arc<watch::Sender<Vec<Witness>>>) {
    let (mut height, mut again, mut is_lost) = (None::<Height>, AGAIN_MIN, false);
    loop {
        let asked = Instant::now();
        match member.head(&trust, height.map_or(Height(0), Height::next)).await {
            Ok(head) => {
                let proven = match head {
                    Head::Proven(proven) => height.max(Some(proven)),
                    Head::NothingNew => height,
                };
                let is_new = proven > height;
                (height, again, is_lost) = (proven, AGAIN_MIN, false);
                seen.send_modify(|seen| note(seen, at, height));
                // Whoever was asked to wait for news and says at once that there is none is not asked at once.
                if !is_new && asked.elapsed() < HEAD_WAIT / 2 {
                    sleep(AGAIN_MIN).await;
                }
            }
            Err(error) => {
                if !is_lost {
                    tracing::info!(member = member.name(), %error, "a member is not heard");
                }
                is_lost = true;
                sleep(again.mul_f64(rand::random_range(0.5..1.0))).await;
                again = AGAIN_MAX.min(2 * again);
            }
        }
    }
}

fn note(seen: &mut [Witness], at: usize, height: Option<Height>) {
    if let Some(witness) = seen.get_mut(at) {
        witness.height = height;
        witness.heard = Some(Instant::now());
    }
}
