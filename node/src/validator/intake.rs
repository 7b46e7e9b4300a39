//! How transactions come in, from clients, peers and our own findings, and how what is new goes on to the others.

use super::{Action, BUNDLE_MS, BundleVerdict, Ticket, Validator};
use crate::mempool::{Admission, Refusal};
use crate::peer_message::{BUNDLE_BYTES, PeerMessage, Transactions};
use amanah_consensus::{Input, To};
use amanah_ledger::codec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::transaction::{SignedTransaction, VerifiedTransaction, WireId};
use std::sync::Arc;

impl Validator {
    /// Takes in what others sent: each checked once, by the name of its bytes. Of a peer that brought too much that is
    /// worth nothing, what is new is not looked at for a while; whoever else holds it will bring it.
    pub(super) fn receive(
        &mut self,
        now: u64,
        from: ValidatorIndex,
        transactions: Transactions,
        actions: &mut Vec<Action>,
    ) -> BundleVerdict {
        let (mut added, mut verdict) = (false, BundleVerdict::Ignore);
        for transaction in transactions.into_vec() {
            let id = transaction.wire_id();
            let outcome = match self.ledger.mempool.knows(&id) {
                Some(known) => known,
                None if !self.exchange.is_trusted(now, from) => break,
                None => self.check(now, from, id, transaction),
            };
            self.exchange.arrived(&id);
            added |= outcome == Ok(Admission::Added);
            // Nobody honest holds a bad one: the rest of what a liar sends is not worth its signature checks.
            if outcome == Err(Refusal::KnownBad) {
                verdict = BundleVerdict::Bad;
                break;
            }
            // What was held already has been passed on already, or is asked for: a repetition goes no further.
            if outcome == Ok(Admission::Added) {
                verdict = BundleVerdict::PassOn;
            }
        }
        if added {
            self.step(now, Input::WorkChanged, actions);
        }
        verdict
    }

    /// Checks signatures and state of a transaction that is new here.
    fn check(
        &mut self,
        now: u64,
        from: ValidatorIndex,
        id: WireId,
        transaction: SignedTransaction,
    ) -> Result<Admission, Refusal> {
        match self.ledger.verify(transaction) {
            Ok(verified) => {
                let (outcome, is_worth_something) = self.ledger.admit(verified);
                if !is_worth_something {
                    self.exchange.brought_useless(now, from);
                }
                outcome
            }
            Err(_bad) => {
                self.exchange.brought_bad(now, from);
                self.ledger.mempool.remember_bad(id);
                Err(Refusal::KnownBad)
            }
        }
    }

    pub(super) fn submit(
        &mut self,
        now: u64,
        transaction: Arc<VerifiedTransaction>,
        ticket: Ticket,
        actions: &mut Vec<Action>,
    ) {
        let (outcome, _is_worth_something) = self.ledger.admit(Arc::clone(&transaction));
        actions.push(Action::Reply(ticket, outcome));
        if outcome == Ok(Admission::Added) {
            self.spread(now, &transaction, actions);
        }
    }

    /// Every finder brings its proofs to the ledger; what it holds or has already changes nothing. A proof stays in the
    /// mempool, and is offered with every retry, until some proof of the same is final.
    pub(super) fn accuse(&mut self, now: u64, actions: &mut Vec<Action>) {
        while let Some(proof) = self.found.pop() {
            let Ok(transaction) = self.ledger.verify(SignedTransaction::Evidence(proof)) else { continue };
            if self.ledger.admit(Arc::clone(&transaction)).0 == Ok(Admission::Added) {
                self.spread(now, &transaction, actions);
            }
        }
    }

    /// What is new here goes to the others, soon.
    fn spread(&mut self, now: u64, transaction: &VerifiedTransaction, actions: &mut Vec<Action>) {
        if self.bundle_bytes + transaction.bytes_len() > BUNDLE_BYTES {
            self.flush_bundle(actions);
        }
        self.bundle_bytes += transaction.bytes_len();
        self.bundle.push(transaction.transaction().clone());
        self.bundle_due.get_or_insert(now + BUNDLE_MS);
        self.step(now, Input::WorkChanged, actions);
    }

    /// Publishes the bundle, and sends it straight to the next two leaders: gossip may lose it.
    pub(super) fn flush_bundle(&mut self, actions: &mut Vec<Action>) {
        self.bundle_due = None;
        self.bundle_bytes = 0;
        let Ok(transactions) = Transactions::try_from(std::mem::take(&mut self.bundle)) else { return };
        let standing = self.machine.standing();
        let leaders = [standing.leader, self.machine.leader(standing.view.next())];
        for (at, leader) in leaders.into_iter().enumerate() {
            if leader != self.me && !leaders[..at].contains(&leader) {
                let message = PeerMessage::TxResponse(transactions.clone());
                actions.push(Action::Send { to: To::One(leader), message });
            }
        }
        actions.push(Action::Gossip(codec::encode(&transactions)));
    }
}
