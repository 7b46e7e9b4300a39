//! The whole core under a schedule that the input writes: which message arrives, twice, damaged or never, what the
//! clocks show, who stops in the middle of what, what the fourth member says besides the truth. Three honest members
//! must never disagree, contradict themselves, accuse each other or stop in alarm.

use super::Verdict;
use crate::explore::block::{Block, Ledger, NOW_MS, Times};
use crate::explore::keys::{self, CHAIN, Checker, Key};
use crate::explore::{Supply, excludes};
use amanah_consensus::message::SyncResponse;
use amanah_consensus::{
    Alarm, BlockBytes, Config, Effect, Floor, Input, Machine, Message, Output, Record, Timing, To, Vote,
};
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::position::Epoch;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MEMBERS: u8 = 4;
/// The member that may say anything.
const LIAR: u8 = 3;
/// Messages on their way; the oldest are lost.
const POOL_MAX: usize = 256;
/// Steps of one schedule.
const STEPS_MAX: usize = 400;

/// What a member has: a process and a disk.
#[derive(Default)]
struct Member {
    machine: Option<Machine>,
    durable: Vec<Record>,
    tail: Vec<Record>,
    store: Vec<(Digest, Arc<[u8]>)>,
    finalization: Option<Certificate>,
    said: BTreeSet<VoteContent>,
}

/// A schedule while it runs.
struct Run {
    now: u64,
    ledger: Ledger,
    members: [Member; MEMBERS as usize],
    pool: Vec<(u8, u8, Vec<u8>)>,
    agreed: BTreeMap<u64, Digest>,
    /// Everything that anybody said: what the liar can repeat, deny or contradict.
    contents: BTreeSet<VoteContent>,
}

pub(super) fn run(bytes: &[u8]) -> Verdict {
    let mut ledger = Ledger::new(Supply::Endless, Times::Told);
    ledger.is_supplied = true;
    let (members, pool, agreed) = (std::array::from_fn(|_| Member::default()), Vec::new(), BTreeMap::new());
    let mut run = Run { now: NOW_MS, ledger, members, pool, agreed, contents: BTreeSet::new() };
    for index in 0..MEMBERS {
        run.start(index);
    }
    for step in bytes.chunks_exact(2).take(STEPS_MAX) {
        run.step(step[0], step[1]);
    }
    Verdict::of(!run.agreed.is_empty())
}

impl Run {
    fn start(&mut self, index: u8) {
        let config = Config::new(
            CHAIN,
            Epoch(0),
            keys::committee(MEMBERS),
            ValidatorIndex(index),
            Timing::default(),
            u64::from(index),
        );
        let signer: Box<dyn Signer> = Box::new(Key(index));
        let member = &self.members[usize::from(index)];
        let head = member.store.last().and_then(|(digest, _)| self.ledger.block(digest));
        let floor = Floor {
            epoch_start: Block::GENESIS.point(),
            head: head.map_or_else(|| Block::GENESIS.point(), Block::point),
            finalization: member.finalization.clone(),
        };
        let records = member.durable.clone();
        let started =
            Machine::start(config, Some(signer), Arc::new(Checker), floor, records, self.now, &mut self.ledger);
        let (machine, output) = started.expect("a member starts from what it wrote itself");
        self.members[usize::from(index)].machine = Some(machine);
        self.carry_out(index, output);
    }

    fn step(&mut self, what: u8, with: u8) {
        let at = usize::from(with);
        match what % 16 {
            0..=5 => {
                if let Some((from, to, bytes)) = self.take(at) {
                    self.deliver(from, to, &bytes);
                }
            }
            6 => {
                if let Some((from, to, bytes)) = self.pool.get(at % self.pool.len().max(1)).cloned() {
                    self.deliver(from, to, &bytes);
                }
            }
            7 => drop(self.take(at)),
            8 => {
                // Streams are authenticated: only the liar's own messages can be anything.
                if let Some((_, to, mut bytes)) = self.take(at) {
                    let place = at * 31 % bytes.len().max(1);
                    bytes[place] ^= 1 << (what / 16 % 8);
                    self.deliver(LIAR, to, &bytes);
                }
            }
            9..=11 => {
                self.now += [1, 50, 125, 500, 1000, 1500, 2500, 6000][at % 8];
                for index in 0..MEMBERS {
                    self.input(index, Input::Wake);
                }
            }
            12 => self.input(with % MEMBERS, Input::Wake),
            13 => self.crash(with % LIAR, with / 4),
            14 => self.lie(with, what / 16),
            _ => {
                for (from, to, bytes) in std::mem::take(&mut self.pool) {
                    self.deliver(from, to, &bytes);
                }
            }
        }
    }

    fn take(&mut self, at: usize) -> Option<(u8, u8, Vec<u8>)> {
        (!self.pool.is_empty()).then(|| self.pool.remove(at % self.pool.len()))
    }

    fn deliver(&mut self, from: u8, to: u8, bytes: &[u8]) {
        if from != to
            && let Ok(message) = Message::decode(bytes)
        {
            self.input(to, Input::Message { from: ValidatorIndex(from), message });
        }
    }

    fn input(&mut self, index: u8, input: Input) {
        let Some(machine) = &mut self.members[usize::from(index)].machine else { return };
        let output = machine.step(self.now, input, &mut self.ledger);
        self.carry_out(index, output);
    }

    /// A process stops: before or after what it wrote last was durable, before it said it; and starts again.
    fn crash(&mut self, index: u8, how: u8) {
        let member = &mut self.members[usize::from(index)];
        let Some(mut machine) = member.machine.take() else { return };
        let output = machine.step(self.now, Input::Wake, &mut self.ledger);
        if how & 1 == 1 {
            member.tail.extend(output.records);
        }
        if how & 2 == 2 {
            member.durable.append(&mut member.tail);
        }
        member.tail.clear();
        self.start(index);
    }

    /// The liar's vote for something that somebody said, or against it, to one or all.
    fn lie(&mut self, which: u8, how: u8) {
        let Some(content) = self.contents.iter().nth(usize::from(which) % self.contents.len().max(1)).copied() else {
            return;
        };
        let said = match (content, how % 3) {
            (VoteContent::Notarize(vote) | VoteContent::Finalize(vote), 0) => VoteContent::Notarize(vote),
            (VoteContent::Notarize(vote) | VoteContent::Finalize(vote), 1) => VoteContent::Finalize(vote),
            (other, _) => VoteContent::Nullify { epoch: other.epoch(), view: other.view() },
        };
        let bytes = Message::Vote(keys::vote(LIAR, said)).encode();
        for to in 0..LIAR {
            if how < 8 || which % LIAR == to {
                self.pool.push((LIAR, to, bytes.clone()));
            }
        }
    }

    fn carry_out(&mut self, index: u8, output: Output) {
        let is_synced = output.needs_sync();
        let member = &mut self.members[usize::from(index)];
        member.tail.extend(output.records);
        if is_synced {
            member.durable.append(&mut member.tail);
        }
        for outgoing in output.after_sync {
            self.send(index, outgoing.to, &outgoing.message);
        }
        for effect in output.effects {
            self.perform(index, effect);
        }
    }

    fn send(&mut self, index: u8, to: To, message: &Message) {
        match message {
            Message::Vote(vote) => self.said(index, vote),
            Message::Proposal(proposal) => self.said(index, &proposal.vote),
            Message::Bundle(bundle) => bundle.votes.iter().for_each(|vote| self.said(index, vote)),
            Message::Certificate(_)
            | Message::Status(_)
            | Message::BlockRequest(_)
            | Message::BlockResponse { .. }
            | Message::CertificateRequest { .. }
            | Message::CertificateResponse(_)
            | Message::SyncRequest { .. }
            | Message::SyncResponse(_) => {}
        }
        let bytes = message.encode();
        for other in 0..MEMBERS {
            if other != index && (to == To::All || to == To::One(ValidatorIndex(other))) {
                self.pool.push((index, other, bytes.clone()));
            }
        }
        let surplus = self.pool.len().saturating_sub(POOL_MAX);
        self.pool.drain(..surplus);
    }

    fn said(&mut self, index: u8, vote: &Vote) {
        self.contents.insert(vote.content);
        if index == LIAR {
            return;
        }
        let said = &mut self.members[usize::from(index)].said;
        let other = said.iter().find(|other| other.view() == vote.content.view() && excludes(other, &vote.content));
        assert_eq!(other, None, "member {index} contradicts itself with {:?}", vote.content);
        said.insert(vote.content);
    }

    fn perform(&mut self, index: u8, effect: Effect) {
        match effect {
            Effect::Finalized { blocks, finalization } => {
                for block in blocks {
                    let store = &mut self.members[usize::from(index)].store;
                    assert_eq!(block.height.0, store.len() as u64 + 1, "final blocks come in order, each once");
                    store.push((block.digest, block.bytes));
                    if index != LIAR {
                        let agreed = *self.agreed.entry(block.height.0).or_insert(block.digest);
                        assert_eq!(agreed, block.digest, "fork at height {}", block.height);
                    }
                }
                self.members[usize::from(index)].finalization = Some(finalization);
            }
            Effect::ServeSync { to, from_height, .. } => {
                let member = &self.members[usize::from(index)];
                let from = usize::try_from(from_height.0).unwrap_or(usize::MAX).saturating_sub(1);
                let last = member.store.len();
                let blocks = member.store.iter().enumerate().skip(from).map(|(at, (_, bytes))| {
                    let block = BlockBytes::try_from(Arc::clone(bytes)).expect("a small block");
                    (block, member.finalization.clone().filter(|_| at + 1 == last))
                });
                let message = Message::SyncResponse(SyncResponse::collect(blocks));
                self.send(index, To::One(to), &message);
            }
            Effect::ServeBlock { to, digest } => {
                let store = &self.members[usize::from(index)].store;
                if let Some((_, bytes)) = store.iter().find(|(stored, _)| *stored == digest) {
                    let block = BlockBytes::try_from(Arc::clone(bytes)).expect("a small block");
                    self.send(index, To::One(to), &Message::BlockResponse { digest, block });
                }
            }
            Effect::Alarm(alarm @ (Alarm::CertifiedInvalid { .. } | Alarm::Fork { .. })) => {
                assert_eq!(index, LIAR, "member {index} stops: {alarm:?}");
            }
            Effect::Evidence(evidence) => {
                assert_eq!(evidence.votes[0].signer.0, LIAR, "an honest member is accused: {:?}", evidence.kind);
            }
            Effect::Alarm(Alarm::Clock { .. })
            | Effect::OfferPending { .. }
            | Effect::AskPending { .. }
            | Effect::EpochClosed { .. } => {}
        }
    }
}

/// Schedules in which blocks become final: all messages, and now and then some time; one with a crash and a lie.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let calm = [15, 0, 15, 0, 15, 0, 10, 2].repeat(12);
    let storm = [15, 0, 14, 1, 15, 0, 13, 12, 15, 0, 10, 3, 30, 5, 15, 0].repeat(10);
    let slow = [0, 0, 1, 3, 2, 7, 9, 1, 15, 0, 0, 9, 6, 2, 8, 4, 15, 0].repeat(12);
    vec![calm, storm, slow]
}
