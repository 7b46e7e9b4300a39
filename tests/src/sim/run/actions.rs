//! What a process does: its disk, its messages, its final blocks.

use super::*;
use amanah_ledger::chain::FinalBlock;

impl Simulation {
    /// Performs what one step gave, in order.
    pub(super) fn perform_all(&mut self, peer: Peer, actions: Vec<Action>) -> Result<(), Violation> {
        for action in actions {
            if self.is_cut_before(peer, &action) {
                return self.cut(peer, action);
            }
            self.perform(peer, action)?;
        }
        self.wish(peer);
        Ok(())
    }

    pub(super) fn perform(&mut self, peer: Peer, action: Action) -> Result<(), Violation> {
        let member = self.processes[peer].member;
        match action {
            Action::Persist(records) => {
                let now = self.processes[peer].position();
                if !self.is_liar(peer) {
                    self.oracle.wire.wrote(member, &records)?;
                }
                self.processes[peer].disk.append(&records, now);
            }
            Action::Send { to, message } => self.send(peer, to, &message)?,
            Action::Gossip(bundle) => {
                let bytes: Arc<[u8]> = bundle.into();
                self.trace.update(&bytes);
                for to in self.others(peer) {
                    self.network.gossip(peer, to, &bytes, &mut self.faults);
                }
            }
            Action::Commit(blocks) => {
                self.processes[peer].commit(&blocks);
                if !self.is_liar(peer) {
                    for block in &blocks {
                        self.committed(member, block)?;
                    }
                }
            }
            Action::ServeSync { to, from_height, to_height: _ } => {
                let response = self.processes[peer].disk.sync_response(from_height);
                if !response.blocks().is_empty() {
                    let message = PeerMessage::Consensus(Message::SyncResponse(response));
                    self.send(peer, To::One(to), &message)?;
                }
            }
            Action::ServeBlock { to, digest } => {
                if let Some(block) = self.processes[peer].disk.block(&digest) {
                    let message = PeerMessage::Consensus(Message::BlockResponse { digest, block });
                    self.send(peer, To::One(to), &message)?;
                }
            }
            Action::Evidence(evidence) => self.accuse(peer, &evidence)?,
            Action::Alarm(Alarm::Clock { .. }) | Action::Judge(_) | Action::Reply(..) => {}
            // What the alarm is for.
            Action::Alarm(Alarm::Fork { .. }) if self.plan.is_over_limit() => {}
            Action::Alarm(alarm @ (Alarm::CertifiedInvalid { .. } | Alarm::Fork { .. })) => {
                return Err(Violation::Alarm { validator: member, alarm: format!("{alarm:?}") });
            }
            Action::Stop(why) => return Err(Violation::Refused { validator: member, why: why.to_string() }),
        }
        Ok(())
    }

    fn committed(&mut self, member: usize, block: &FinalBlock) -> Result<(), Violation> {
        self.trace.update(&(member as u64).to_le_bytes());
        self.trace.update(block.digest().as_bytes());
        if self.oracle.chain.committed(member, block)? {
            self.newest = block.tip().clone();
            let proposed = block.header().proposed_view.0;
            for (_, id, _) in block.transactions() {
                self.clients.finalized(&id);
                self.oracle.progress.finalized(&id, proposed)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, peer: Peer, to: To, message: &PeerMessage) -> Result<(), Violation> {
        let is_meant = |receiver: &usize| match to {
            To::All => *receiver != self.processes[peer].member,
            To::One(index) => usize::from(index.0) == *receiver,
        };
        let receivers: Vec<usize> = (0..self.plan.members).filter(is_meant).collect();
        if self.is_liar(peer) {
            self.send_lies(peer, &receivers, message);
            return Ok(());
        }
        if let PeerMessage::Consensus(message) = message {
            self.oracle.wire.sent(self.processes[peer].member, to, message)?;
        }
        let bytes: Arc<[u8]> = message.encode().into();
        self.trace.update(&bytes);
        for receiver in self.others(peer) {
            if receivers.contains(&self.processes[receiver].member) {
                self.network.send(peer, receiver, &bytes, &mut self.faults);
            }
        }
        Ok(())
    }

    /// Every process of another member.
    pub(super) fn others(&self, peer: Peer) -> Vec<Peer> {
        let member = self.processes[peer].member;
        (0..self.processes.len()).filter(|other| self.processes[*other].member != member).collect()
    }
}
