//! The load: clients with one connection each, whose relationships have one grant on its way each, at any time.
//!
//! A grant is over once the client holds its leaf under a header that a quorum has certified, checked against the
//! genesis, and the leaf is the one it signed. Nothing that a node says is taken for more.

use super::patients::{Desk, Patient};
use super::throw_away::ThrowAway;
use crate::client::{Body, Method, Node, NodeError, PATIENCE};
use crate::failure::Fallible;
use crate::finality;
use crate::network::{Member, Network};
use amanah_ledger::codec;
use amanah_ledger::leaf::{ConsentLeaf, Leaf, LeafKey};
use amanah_ledger::position::Height;
use amanah_ledger::proof::{ENTRIES_MAX, VerifiedState};
use amanah_ledger::transaction::GrantItem;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Longest JSON answer to a grant.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How long a node is asked to wait for the next block.
const BLOCK_MAX: Duration = Duration::from_secs(2);
/// After a node had no room.
const PAUSE: Duration = Duration::from_millis(20);

/// What all clients share.
pub(super) struct Load {
    pub(super) network: Network,
    is_over: AtomicBool,
}

/// A grant that is proven final.
#[derive(Debug, Clone, Copy)]
pub(super) struct Landed {
    /// When it was proven.
    pub(super) at: Instant,
    /// Since it was first sent.
    pub(super) elapsed: Duration,
}

/// One connection to one custodian.
pub(super) struct Client {
    desk: Desk,
    /// Relationships that have nothing on its way.
    idle: Vec<Patient>,
    /// Taken by the custodian, not yet proven final; the oldest first.
    under_way: VecDeque<UnderWay>,
    /// The newest height seen.
    seen: Height,
}

struct UnderWay {
    patient: Patient,
    item: GrantItem,
    began: Instant,
}

impl Load {
    pub(super) fn of(network: Network) -> Self {
        Self { network, is_over: AtomicBool::new(false) }
    }

    /// No new grants from now on.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Client {
    /// A client of this custodian with `count` relationships.
    pub(super) async fn enrol(custodian: &Member, network: &ThrowAway, count: usize) -> Fallible<Self> {
        let desk = Desk::of(custodian, network)?;
        let mut idle = Vec::with_capacity(count);
        for _ in 0..count {
            idle.push(Patient::enrol(&desk).await?);
        }
        Ok(Self { desk, idle, under_way: VecDeque::with_capacity(count), seen: Height(0) })
    }

    /// Grants until told to stop, then waits for what is on its way. Gives every grant that became final.
    pub(super) async fn run(mut self, load: Arc<Load>) -> Fallible<Vec<Landed>> {
        let mut landed = Vec::new();
        loop {
            let is_over = load.is_over.load(Ordering::Relaxed);
            if is_over && self.under_way.is_empty() {
                return Ok(landed);
            }
            while !is_over && let Some(patient) = self.idle.pop() {
                self.grant(patient, &load).await?;
            }
            self.collect(&load, &mut landed).await?;
        }
    }

    /// Each relationship gives one consent. Gives them once all are final.
    pub(super) async fn grant_each(mut self, load: &Load) -> Fallible<Vec<Patient>> {
        for patient in std::mem::take(&mut self.idle) {
            self.grant(patient, load).await?;
        }
        while !self.under_way.is_empty() {
            self.collect(load, &mut Vec::new()).await?;
        }
        Ok(self.idle)
    }

    /// Sends the patient's next grant until the custodian has taken it. Who has given as many as may be is followed by
    /// somebody new, whose enrolment is not a part of the time that is measured.
    async fn grant(&mut self, mut patient: Patient, load: &Load) -> Fallible<()> {
        if patient.is_full() {
            patient = Patient::enrol(&self.desk).await?;
        }
        let request = patient.next_grant(load)?;
        let (item, bytes, began) = (request.item, codec::encode(&request), Instant::now());
        loop {
            let body = Body::Canonical(bytes.clone());
            match patient.node.exchange(Method::Post, "/v1/me/consents", body, ANSWER_BYTES_MAX, PATIENCE).await {
                Ok(_taken) => break,
                Err(error @ NodeError::Problem(_)) if error.is_passing() => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        self.under_way.push_back(UnderWay { patient, item, began });
        Ok(())
    }

    /// Asks for the proof of what is longest on its way, under the next block that there is.
    async fn collect(&mut self, load: &Load, landed: &mut Vec<Landed>) -> Fallible<()> {
        let Some(node) = self.under_way.front().map(|oldest| oldest.patient.node.clone()) else { return Ok(()) };
        let asked = self.under_way.len().min(ENTRIES_MAX);
        let keys: Vec<LeafKey> =
            self.under_way.iter().take(asked).map(|one| LeafKey::Consent(one.item.consent)).collect();
        let next = self.seen.next();
        let Some(state) = self.state(&node, load, &keys, next).await? else { return Ok(()) };
        self.seen = state.height();
        let at = Instant::now();
        for _ in 0..asked {
            let Some(one) = self.under_way.pop_front() else { break };
            if is_final(&state, &one.item) {
                landed.push(Landed { at, elapsed: at - one.began });
                self.idle.push(one.patient);
            } else {
                self.under_way.push_back(one);
            }
        }
        Ok(())
    }

    async fn state(
        &self,
        node: &Node,
        load: &Load,
        keys: &[LeafKey],
        height: Height,
    ) -> Fallible<Option<VerifiedState>> {
        finality::state(node, &load.network.trust, keys, height, BLOCK_MAX).await
    }
}

/// Whether the state holds exactly what was signed.
fn is_final(state: &VerifiedState, item: &GrantItem) -> bool {
    let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(item.consent)) else { return false };
    let ConsentLeaf { custodian, version, commitment, lock, .. } = leaf;
    (*custodian, *version, *commitment, *lock) == (item.custodian, item.version, item.commitment, item.lock)
}
