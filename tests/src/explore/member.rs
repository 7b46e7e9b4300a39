//! One honest member of a search: its machine is stepped as a node would, its outputs are carried out as a node would.

use super::alphabet::{Alphabet, DEADLINES, Input, MEMBERS};
use super::bits::Contents;
use super::block::{Block, Ledger, NOW_MS, Supply, Times};
use super::keys::{self, CHAIN, Checker, Key};
use super::place::{Core, Fault};
use super::setting::{Memory, Paths, Setting};
use amanah_consensus::{
    Alarm, Config, Effect, Floor, Machine, Message, Mutant, Output, Record, StartError, Timing, Vote,
};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Signer;
use amanah_ledger::position::Epoch;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long before everything else a member starts: its first deadlines are long past, and it is silent about them
/// because it has no transactions yet.
const HEAD_START_MS: u64 = 1_000_000;

/// What all members share while they are stepped.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) alphabet: Alphabet,
    pub(crate) ledger: Ledger,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) memory: Memory,
    pub(crate) paths: Paths,
    records: Vec<Record>,
    record_ids: BTreeMap<Vec<u8>, u16>,
    /// Machine steps made.
    pub(crate) steps: u64,
}

fn signer(index: u8) -> Option<Box<dyn Signer>> {
    Some(Box::new(Key(index)))
}

/// A second machine in the same state.
pub(crate) fn twin(index: u8, machine: &Machine) -> Machine {
    machine.twin(signer(index))
}

impl World {
    pub(crate) fn new(setting: &Setting) -> Self {
        let mut ledger = Ledger::new(setting.supply, Times::Still);
        let alphabet = Alphabet::new(setting, leaders(), &mut ledger);
        let Setting { mutant, memory, paths, .. } = *setting;
        Self { alphabet, ledger, mutant, memory, paths, records: Vec::new(), record_ids: BTreeMap::new(), steps: 0 }
    }

    /// Starts a member from its store and these records.
    pub(crate) fn start(&mut self, index: u8, core: &mut Core, records: &[u16]) -> Result<Machine, StartError> {
        let records: Vec<_> = records.iter().map(|id| self.records[usize::from(*id)].clone()).collect();
        let floor = self.floor(core);
        let config = config(index, self.mutant);
        self.ledger.is_supplied = false;
        let early = NOW_MS - HEAD_START_MS;
        let (mut machine, output) =
            Machine::start(config, signer(index), Arc::new(Checker), floor, records, early, &mut self.ledger)?;
        self.absorb(core, output);
        self.input(core, &mut machine, amanah_consensus::Input::WorkChanged);
        Ok(machine)
    }

    fn floor(&self, core: &Core) -> Floor {
        let epoch_start = Block::GENESIS.point();
        let head = usize::from(core.stored).checked_sub(1).map(|at| core.finals[at]);
        let digest = head.map(|id| self.alphabet.blocks[usize::from(id)].digest);
        let block = digest.and_then(|digest| self.ledger.block(&digest));
        Floor {
            epoch_start,
            head: block.map_or(epoch_start, Block::point),
            finalization: core.finalization.filter(|_| core.stored > 0).and_then(|id| {
                match &self.records[usize::from(id)] {
                    Record::Certificate(certificate) => Some(certificate.clone()),
                    Record::Block(_)
                    | Record::Voted(_)
                    | Record::Entered(_)
                    | Record::EpochClosed(_)
                    | Record::Evidence(_) => None,
                }
            }),
        }
    }

    /// Lets something happen to a member.
    pub(crate) fn perform(&mut self, index: u8, from: &Core, mut machine: Machine, input: Input) -> (Core, Machine) {
        let mut core = from.clone();
        match input {
            Input::Supply => {
                core.is_supplied = true;
                self.input(&mut core, &mut machine, amanah_consensus::Input::WorkChanged);
            }
            Input::Deadline(id) => {
                machine.hasten(DEADLINES[usize::from(id)]);
                self.input(&mut core, &mut machine, amanah_consensus::Input::Wake);
            }
            Input::Crash { is_tail_kept, is_store_kept } => {
                let log = core.log.take().unwrap_or_default();
                if !is_store_kept {
                    (core.stored, core.finalization) = (0, None);
                }
                let tail = if is_tail_kept { log.tail } else { Vec::new() };
                let records: Vec<u16> = match self.memory {
                    Memory::Whole => log.durable.into_iter().chain(tail).collect(),
                    Memory::Lost => Vec::new(),
                };
                match self.start(index, &mut core, &records) {
                    Ok(restarted) => machine = restarted,
                    Err(error) => core.breaks(format!("member {index} does not start again: {error}")),
                }
            }
            Input::Proposal(_) | Input::Certificate { .. } | Input::Vote { .. } | Input::Block(_) => {
                let (sender, message) =
                    self.alphabet.message(input, &self.ledger).expect("a message that was learnt before");
                let sender = ValidatorIndex(if sender == index { (index + 1) % MEMBERS } else { sender });
                self.input(&mut core, &mut machine, amanah_consensus::Input::Message { from: sender, message });
            }
        }
        (core, machine)
    }

    fn input(&mut self, core: &mut Core, machine: &mut Machine, input: amanah_consensus::Input) {
        self.steps += 1;
        self.ledger.is_supplied = core.is_supplied;
        let output = machine.step(NOW_MS, input, &mut self.ledger);
        self.absorb(core, output);
    }

    /// Carries an output out, in the order of its fields.
    pub(super) fn absorb(&mut self, core: &mut Core, output: Output) {
        let is_synced = output.needs_sync();
        if let Some(mut log) = core.log.take() {
            log.write(output.records.into_iter().map(|record| self.record_id(record)), is_synced);
            core.log = Some(log);
        }
        for outgoing in &output.after_sync {
            match &outgoing.message {
                Message::Vote(vote) => self.said(core, vote),
                Message::Proposal(proposal) => {
                    if let Some(id) = self.alphabet.learn_offer(proposal, &mut self.ledger) {
                        core.proposed.insert(id);
                    }
                    self.said(core, &proposal.vote);
                }
                Message::Bundle(bundle) => bundle.votes.iter().for_each(|vote| self.said(core, vote)),
                // What these carry can arrive anyway, or proves nothing.
                Message::Certificate(_)
                | Message::Status(_)
                | Message::BlockRequest(_)
                | Message::BlockResponse { .. }
                | Message::CertificateRequest { .. }
                | Message::CertificateResponse(_)
                | Message::SyncRequest { .. }
                | Message::SyncResponse(_) => {}
            }
        }
        for effect in output.effects {
            self.perform_effect(core, effect);
        }
    }

    fn said(&self, core: &mut Core, vote: &Vote) {
        if let Some(id) = self.alphabet.content_id(&vote.content) {
            core.said.insert(id);
        }
    }

    fn perform_effect(&mut self, core: &mut Core, effect: Effect) {
        match effect {
            Effect::Finalized { blocks, finalization } => {
                for block in blocks {
                    let known = self.alphabet.blocks.iter().position(|known| known.digest == block.digest);
                    let id = u8::try_from(known.expect("a block of the search")).expect("fewer than 256");
                    core.stored += 1;
                    match core.finals.get(usize::from(core.stored) - 1) {
                        None => core.finals.push(id),
                        Some(before) if *before == id => {}
                        Some(_) => core.breaks("two blocks final at one height after a crash".to_owned()),
                    }
                    if block.height.0 != u64::from(core.stored) {
                        core.breaks("final blocks out of order".to_owned());
                    }
                }
                // Only a restart reads it.
                let record = core.log.is_some().then(|| self.record_id(Record::Certificate(finalization)));
                core.finalization = record;
            }
            Effect::Alarm(alarm @ (Alarm::CertifiedInvalid { .. } | Alarm::Fork { .. })) => {
                core.fault.get_or_insert(Fault::Alarm(format!("{alarm:?}")));
            }
            Effect::Evidence(evidence) => {
                core.accused |= 1 << evidence.signer().0;
                if self.alphabet.honest.contains(&evidence.signer().0) {
                    core.breaks(format!("evidence against an honest member: {:?}", evidence.kind));
                }
            }
            Effect::Alarm(Alarm::Clock { .. })
            | Effect::ServeSync { .. }
            | Effect::ServeBlock { .. }
            | Effect::OfferPending { .. }
            | Effect::AskPending { .. }
            | Effect::EpochClosed { .. } => {}
        }
    }

    /// The number of a record.
    fn record_id(&mut self, record: Record) -> u16 {
        let next = u16::try_from(self.records.len()).expect("fewer than 65,536 records");
        let id = *self.record_ids.entry(record.encode()).or_insert(next);
        if id == next {
            self.records.push(record);
        }
        id
    }

    /// The contents that one member must not say together, as pairs among those it said.
    pub(crate) fn contradiction(&self, said: &Contents) -> Option<(VoteContent, VoteContent)> {
        let contents: Vec<VoteContent> = said.iter().map(|id| self.alphabet.contents[id]).collect();
        contents.iter().enumerate().find_map(|(at, a)| {
            let other = contents[at + 1..].iter().find(|b| a.view() == b.view() && excludes(a, b));
            other.map(|b| (*a, *b))
        })
    }
}

/// Whether an honest member never says both, in one view.
pub(crate) fn excludes(a: &VoteContent, b: &VoteContent) -> bool {
    match (a, b) {
        (VoteContent::Notarize(_), VoteContent::Notarize(_)) | (VoteContent::Finalize(_), VoteContent::Finalize(_)) => {
            a != b
        }
        (VoteContent::Nullify { .. }, VoteContent::Finalize(_))
        | (VoteContent::Finalize(_), VoteContent::Nullify { .. }) => true,
        (VoteContent::Notarize(_), VoteContent::Nullify { .. } | VoteContent::Finalize(_))
        | (VoteContent::Nullify { .. }, VoteContent::Notarize(_) | VoteContent::Nullify { .. })
        | (VoteContent::Finalize(_), VoteContent::Notarize(_)) => false,
    }
}

/// A member that keeps every rule but the one left out, and never thinks anybody silent.
fn config(index: u8, mutant: Option<Mutant>) -> Config {
    const NEVER_MS: u64 = 1 << 40;
    let timing = Timing { status_ms: NEVER_MS, silence_ms: NEVER_MS, retry_max_ms: NEVER_MS, ..Timing::default() };
    let mut config = Config::new(CHAIN, Epoch(0), keys::committee(MEMBERS), ValidatorIndex(index), timing, 0);
    config.mutant = mutant;
    config
}

/// Who leads views 0 to 3.
pub(crate) fn leaders() -> Vec<u8> {
    let mut ledger = Ledger::new(Supply::Endless, Times::Still);
    let start = Block::GENESIS.point();
    let floor = Floor { epoch_start: start, head: start, finalization: None };
    let (machine, _output) =
        Machine::start(config(0, None), signer(0), Arc::new(Checker), floor, Vec::new(), 0, &mut ledger)
            .expect("a member of the committee starts");
    (0..u64::from(MEMBERS)).map(|view| machine.leader(amanah_ledger::position::View(view)).0).collect()
}
