//! How liars take part: what their processes send and hear passes through the coalition.

use super::*;
use crate::sim::liar::{Adversary, Letter, Seat, TICK_MS};

/// How long a liar that stops itself stays away.
const AWAY_MS: u64 = 50;

impl Simulation {
    pub(super) fn is_liar(&self, peer: Peer) -> bool {
        self.coalition.is_liar(self.processes[peer].member)
    }

    fn seat<'a>(&self, peer: Peer, newest: &'a Tip) -> Seat<'a> {
        let process = &self.processes[peer];
        let standing = process.validator.as_ref().map(|validator| validator.standing());
        Seat { member: process.member, standing, now_ms: process.clock_ms(self.network.now_us), newest }
    }

    /// A liar's process sends: what goes out instead.
    pub(super) fn send_lies(&mut self, peer: Peer, receivers: &[usize], message: &PeerMessage) {
        let newest = self.newest.clone();
        let seat = self.seat(peer, &newest);
        let letters: Vec<Letter> =
            receivers.iter().flat_map(|to| self.coalition.send(&seat, Letter::new(*to, message.clone()))).collect();
        for letter in letters {
            self.post(peer, letter);
        }
        if self.processes[peer].member != peer {
            self.coalition.did(Adversary::Twins);
        }
        self.post_outbox();
    }

    /// A liar's process is about to hear this; whether it does.
    pub(super) fn shows(&mut self, from: usize, peer: Peer, message: &PeerMessage) -> bool {
        let newest = self.newest.clone();
        let seat = self.seat(peer, &newest);
        let is_heard = self.coalition.hear(&seat, from, message);
        self.post_outbox();
        is_heard
    }

    /// Liars act by themselves.
    pub(super) fn scheme(&mut self) -> Result<(), Violation> {
        let newest = self.newest.clone();
        for member in self.coalition.members() {
            let seat = self.seat(member, &newest);
            self.coalition.tick(&seat);
        }
        self.post_outbox();
        for member in self.coalition.take_restarts() {
            if self.processes[member].validator.is_some() {
                self.stop(member);
                self.network.after_us(AWAY_MS * 1000, Happening::Restart { peer: member });
            }
        }
        self.network.after_us(TICK_MS * 1000, Happening::Scheme);
        Ok(())
    }

    fn post_outbox(&mut self) {
        for (member, letter) in self.coalition.take_outbox() {
            self.post(member, letter);
        }
    }

    fn post(&mut self, from: Peer, letter: Letter) {
        let bytes: Arc<[u8]> = letter.message.encode().into();
        self.trace.update(&bytes);
        let receivers = (0..self.processes.len()).filter(|peer| self.processes[*peer].member == letter.to);
        for to in receivers.collect::<Vec<_>>() {
            if letter.after_ms == 0 {
                self.network.send(from, to, &bytes, &mut self.faults);
            } else {
                let posted = Happening::Posted { from, to, bytes: Arc::clone(&bytes) };
                self.network.after_us(letter.after_ms * 1000, posted);
            }
        }
    }
}
