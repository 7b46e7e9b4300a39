//! Some machines, one virtual clock, one seed: messages are late, lost and out of order, nodes crash and forget what
//! they had not synced.

use crate::toy::{GENESIS_MS, ToyLedger, ToySigner, ToyVerifier, committee, genesis};
use amanah_consensus::message::SyncResponse;
use amanah_consensus::{
    Alarm, Application as _, BlockBytes, Config, Effect, FinalPoint, Floor, Input, Machine, Message, Outgoing, Output,
    Record, Timing, To, Vote,
};
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::position::{Epoch, View};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) const CHAIN: Digest = Digest([7; 32]);

/// A block on a node's disk.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) digest: Digest,
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) finalization: Option<Certificate>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) machine: Option<Machine>,
    pub(crate) app: ToyLedger,
    pub(crate) ledger: Vec<Stored>,
    pub(crate) durable: Vec<Record>,
    pub(crate) unsynced: Vec<Record>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) evidence: usize,
    /// Crash when the vote log would grow beyond this many records: the rest of that write is lost.
    pub(crate) crash_at_records: Option<usize>,
    /// Without a signer.
    pub(crate) has_lost_key: bool,
    /// Whose key it holds. Twins hold the same.
    id: u8,
    lives: u64,
    wake: Option<u64>,
}

#[derive(Debug)]
enum Event {
    Deliver { from: u8, to: u8, bytes: Vec<u8> },
    Transactions { to: u8, txs: Vec<u64> },
    Ask { from: u8, to: u8 },
    Wake { node: u8, life: u64 },
    Restart { node: u8 },
}

/// How bad the network is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) delay_ms: (u64, u64),
    pub(crate) loss_percent: u64,
    /// Whether transactions spread by themselves.
    pub(crate) gossip: bool,
    /// Messages with a bit turned over on the way.
    pub(crate) damage_percent: u64,
}

pub(crate) const FAIR: Weather = Weather { delay_ms: (5, 40), loss_percent: 0, gossip: true, damage_percent: 0 };

/// Whether a message from, to, at this time passes.
pub(crate) type Filter = fn(u8, u8, &Message, u64) -> bool;

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) n: u8,
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) weather: Weather,
    /// Messages between these pairs are lost.
    pub(crate) cut: BTreeSet<(u8, u8)>,
    pub(crate) messages: u64,
    pub(crate) synced: u64,
    /// The liar also signs whatever it hears of, and what contradicts it, for whoever comes first.
    pub(crate) is_liar_signing_everything: bool,
    /// Lets a test see and drop messages.
    pub(crate) filter: Option<Filter>,
    #[cfg(feature = "mutants")]
    pub(crate) mutant: Option<amanah_consensus::Mutant>,
    events: BTreeMap<(u64, u64), Event>,
    counter: u64,
    random: u64,
    /// Every vote an honest node ever sent.
    said: BTreeMap<(u8, View, u8), VoteContent>,
    agreed: BTreeMap<usize, Digest>,
}

impl Network {
    pub(crate) fn new(n: u8, seed: u64, weather: Weather) -> Self {
        let node = |id| Node {
            id,
            has_lost_key: false,
            machine: None,
            app: ToyLedger::new(),
            ledger: Vec::new(),
            durable: Vec::new(),
            unsynced: Vec::new(),
            alarms: Vec::new(),
            evidence: 0,
            crash_at_records: None,
            lives: 0,
            wake: None,
        };
        Self {
            n,
            now: GENESIS_MS,
            nodes: (0..n).map(node).collect(),
            weather,
            cut: BTreeSet::new(),
            messages: 0,
            synced: 0,
            is_liar_signing_everything: false,
            filter: None,
            #[cfg(feature = "mutants")]
            mutant: None,
            events: BTreeMap::new(),
            counter: 0,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            said: BTreeMap::new(),
            agreed: BTreeMap::new(),
        }
    }

    /// All nodes up and connected.
    pub(crate) fn started(n: u8, seed: u64, weather: Weather) -> Self {
        Self::new(n, seed, weather).start_all()
    }

    /// Not started yet, with a rule left out.
    #[cfg(feature = "mutants")]
    pub(crate) fn without(mutant: Option<amanah_consensus::Mutant>, n: u8, seed: u64, weather: Weather) -> Self {
        Self { mutant, ..Self::new(n, seed, weather) }
    }

    pub(crate) fn start_all(mut self) -> Self {
        for node in self.indices() {
            self.start(node);
        }
        self
    }

    pub(crate) fn config(n: u8, me: u8) -> Config {
        Config {
            chain: CHAIN,
            epoch: Epoch(0),
            committee: committee(n),
            me: ValidatorIndex(me),
            timing: Timing::default(),
            jitter_seed: u64::from(me),
            #[cfg(feature = "mutants")]
            mutant: None,
        }
    }

    pub(crate) fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % below.max(1)
    }

    fn at(&mut self, time: u64, event: Event) {
        self.counter += 1;
        self.events.insert((time, self.counter), event);
    }

    pub(crate) fn start(&mut self, node: u8) {
        let at = &mut self.nodes[usize::from(node)];
        let mempool = std::mem::take(&mut at.app.mempool);
        at.app = ToyLedger::restored(at.ledger.iter().map(|block| block.bytes.to_vec()));
        // Transactions are re-sent by whoever wants them; the test plays that person.
        at.app.mempool = mempool.into_iter().filter(|tx| !at.app.is_final(*tx)).collect();
        at.lives += 1;
        at.wake = None;
        let floor = floor_of(&at.ledger, &at.app);
        let id = at.id;
        let signer: Option<Box<dyn Signer>> = (!at.has_lost_key).then(|| Box::new(ToySigner(id)) as _);
        let (machine, output) = Machine::start(
            Config {
                #[cfg(feature = "mutants")]
                mutant: self.mutant,
                ..Self::config(self.n, id)
            },
            signer,
            Arc::new(ToyVerifier),
            floor,
            at.durable.clone(),
            self.now,
            &mut at.app,
        )
        .expect("a log of its own");
        at.machine = Some(machine);
        self.perform(node, output);
        for other in self.indices() {
            let other_id = self.id(other);
            if other_id != id && self.nodes[usize::from(other)].machine.is_some() {
                self.input(node, Input::Connected(ValidatorIndex(other_id)));
                self.input(other, Input::Connected(ValidatorIndex(id)));
            }
        }
    }

    fn indices(&self) -> std::ops::Range<u8> {
        0..u8::try_from(self.nodes.len()).expect("few")
    }

    fn id(&self, node: u8) -> u8 {
        self.nodes[usize::from(node)].id
    }

    fn nodes_of(&self, id: u8) -> Vec<u8> {
        self.indices().filter(|node| self.id(*node) == id).collect()
    }

    /// Whether two nodes hold this one's key: then it is the liar of the run.
    fn is_liar(&self, node: u8) -> bool {
        self.nodes_of(self.id(node)).len() > 1
    }

    /// A second node with the key of `id`: the first is heard by even validators only, the second by odd ones, and both
    /// hear everything. So `id` equivocates in every role.
    pub(crate) fn with_twin(mut self, id: u8) -> Self {
        let mut twin = Self::new(self.n, 0, self.weather).nodes.remove(usize::from(id));
        twin.app.mempool.insert(1_000_000);
        self.nodes.push(twin);
        self
    }

    /// Crashes a node: of what was not synced, a random prefix survives.
    pub(crate) fn crash(&mut self, node: u8) {
        let kept = self.nodes[usize::from(node)].unsynced.len() as u64;
        let kept = self.random(kept + 1);
        let at = &mut self.nodes[usize::from(node)];
        at.machine = None;
        at.unsynced.truncate(usize::try_from(kept).expect("small"));
        at.durable.append(&mut at.unsynced);
        let id = self.id(node);
        for other in (0..self.n).filter(|other| *other != node) {
            self.input(other, Input::Disconnected(ValidatorIndex(id)));
        }
    }

    pub(crate) fn restart_at(&mut self, time: u64, node: u8) {
        self.at(time, Event::Restart { node });
    }

    /// A transaction reaches one node, and by gossip the others.
    pub(crate) fn submit(&mut self, node: u8, tx: u64) {
        self.at(self.now, Event::Transactions { to: node, txs: vec![tx] });
        if self.weather.gossip {
            for other in (0..self.n).filter(|other| *other != node) {
                let delay = self.delay();
                self.at(self.now + delay, Event::Transactions { to: other, txs: vec![tx] });
            }
        }
    }

    /// A transaction reaches this node only.
    pub(crate) fn offer(&mut self, node: u8, tx: u64) {
        self.at(self.now, Event::Transactions { to: node, txs: vec![tx] });
    }

    fn delay(&mut self) -> u64 {
        let (from, to) = self.weather.delay_ms;
        from + self.random(to - from + 1)
    }

    pub(crate) fn input(&mut self, node: u8, input: Input) {
        let at = &mut self.nodes[usize::from(node)];
        let Some(machine) = &mut at.machine else { return };
        let output = machine.step(self.now, input, &mut at.app);
        self.perform(node, output);
    }

    fn perform(&mut self, node: u8, output: Output) {
        let needs_sync = output.needs_sync();
        let at = &mut self.nodes[usize::from(node)];
        at.unsynced.extend(output.records);
        if let Some(limit) = at.crash_at_records.filter(|limit| at.durable.len() + at.unsynced.len() > *limit) {
            at.crash_at_records = None;
            at.unsynced.truncate(limit.saturating_sub(at.durable.len()));
            at.durable.append(&mut at.unsynced);
            at.machine = None;
            self.restart_at(self.now + 700, node);
            return;
        }
        if needs_sync {
            self.synced += 1;
            at.durable.append(&mut at.unsynced);
        }
        for outgoing in output.after_sync {
            self.send(node, &outgoing);
        }
        for effect in output.effects {
            self.effect(node, effect);
        }
        let at = &mut self.nodes[usize::from(node)];
        at.wake = output.next_wake;
        let life = at.lives;
        if let Some(time) = output.next_wake {
            assert!(time > self.now, "a wake must lie ahead");
            self.at(time, Event::Wake { node, life });
        }
    }

    fn send(&mut self, from: u8, outgoing: &Outgoing) {
        let id = self.id(from);
        let is_liar = self.is_liar(from);
        if !is_liar {
            self.check_honest(id, &outgoing.message);
        }
        let bytes = outgoing.message.encode();
        let receivers: Vec<u8> = match outgoing.to {
            To::All => (0..self.n).filter(|to| *to != id).collect(),
            To::One(to) => vec![to.0],
        };
        for to in receivers {
            assert_ne!(to, id, "nobody talks to itself");
            let is_lost = self.random(100) < self.weather.loss_percent || self.cut.contains(&(id, to));
            let is_filtered = self.filter.is_some_and(|keep| !keep(id, to, &outgoing.message, self.now));
            // Now and then a liar slips and shows somebody its other face.
            let is_other_face = is_liar && (to % 2 == 0) != (from < self.n) && self.random(100) < 85;
            if is_lost || is_filtered || is_other_face {
                continue;
            }
            for node in self.nodes_of(to) {
                let delay = self.delay();
                self.at(self.now + delay, Event::Deliver { from: id, to: node, bytes: bytes.clone() });
            }
        }
    }

    fn effect(&mut self, node: u8, effect: Effect) {
        match effect {
            Effect::Finalized { blocks, finalization } => {
                let last = blocks.len() - 1;
                for (i, block) in blocks.into_iter().enumerate() {
                    let at = &mut self.nodes[usize::from(node)].ledger;
                    assert_eq!(block.height.0 as usize, at.len() + 1, "heights come in order, each once");
                    let finalization = (i == last).then(|| finalization.clone());
                    at.push(Stored { digest: block.digest, bytes: block.bytes, finalization });
                    let height = at.len();
                    if self.is_liar(node) {
                        continue;
                    }
                    let agreed = *self.agreed.entry(height).or_insert(block.digest);
                    assert_eq!(agreed, block.digest, "fork at height {height}");
                }
            }
            Effect::ServeSync { to, from_height, .. } => {
                let at = &self.nodes[usize::from(node)].ledger;
                let from = usize::try_from(from_height.0).expect("small") - 1;
                let blocks = at.iter().skip(from).map(|stored| {
                    (BlockBytes::try_from(Arc::clone(&stored.bytes)).expect("small"), stored.finalization.clone())
                });
                let message = Message::SyncResponse(SyncResponse::collect(blocks));
                self.send(node, &Outgoing { to: To::One(to), message });
            }
            Effect::ServeBlock { to, digest } => {
                let found = self.nodes[usize::from(node)].ledger.iter().find(|stored| stored.digest == digest);
                if let Some(bytes) = found.map(|stored| Arc::clone(&stored.bytes)) {
                    let block = BlockBytes::try_from(bytes).expect("small");
                    self.send(node, &Outgoing { to: To::One(to), message: Message::BlockResponse { digest, block } });
                }
            }
            Effect::OfferPending { to } => {
                let txs: Vec<u64> = self.nodes[usize::from(node)].app.mempool.iter().copied().collect();
                let receivers = (0..self.n).filter(|other| to == To::All || to == To::One(ValidatorIndex(*other)));
                for to in receivers.collect::<Vec<u8>>() {
                    let delay = self.delay();
                    // The first of twins stands for both.
                    self.at(self.now + delay, Event::Transactions { to, txs: txs.clone() });
                }
            }
            Effect::AskPending { from } => {
                let delay = self.delay();
                self.at(self.now + delay, Event::Ask { from: node, to: from.0 });
            }
            Effect::Alarm(alarm) => self.nodes[usize::from(node)].alarms.push(alarm),
            Effect::Evidence(_) => self.nodes[usize::from(node)].evidence += 1,
            Effect::EpochClosed { .. } => {}
        }
    }

    /// No honest node ever says two things that exclude each other, before or after a crash.
    fn check_honest(&mut self, node: u8, message: &Message) {
        let votes: Vec<Vote> = match message {
            Message::Vote(vote) => vec![*vote],
            Message::Proposal(proposal) => vec![proposal.vote],
            Message::Bundle(bundle) => bundle.votes.to_vec(),
            _ => Vec::new(),
        };
        for vote in votes {
            assert_eq!(vote.signer.0, node);
            let kind = |content: &VoteContent| match content {
                VoteContent::Notarize(_) => 0,
                VoteContent::Nullify { .. } => 1,
                VoteContent::Finalize(_) => 2,
            };
            let view = vote.content.view();
            let said = *self.said.entry((node, view, kind(&vote.content))).or_insert(vote.content);
            assert_eq!(said, vote.content, "node {node} contradicts itself in view {view}");
            let both = [1, 2].map(|kind| self.said.contains_key(&(node, view, kind)));
            assert!(both != [true, true], "node {node} nullified and finalized view {view}");
        }
    }

    /// Runs until `time`.
    pub(crate) fn run_until(&mut self, time: u64) {
        while let Some(entry) = self.events.first_entry().filter(|entry| entry.key().0 <= time) {
            let ((at, _), event) = entry.remove_entry();
            self.now = self.now.max(at);
            self.handle(event);
        }
        self.now = self.now.max(time);
    }

    /// Runs until every running node has all these transactions final, at most for `ms`; how long it took.
    pub(crate) fn run_until_final(&mut self, txs: &[u64], ms: u64) -> Result<u64, String> {
        let start = self.now;
        while !self.all_final(txs) {
            let Some(((at, _), _)) = self.events.first_key_value() else { return Err("nothing to happen".into()) };
            if *at > start + ms {
                return Err(format!("not final after {ms} ms: {:?}", self.standings()));
            }
            self.run_until(*at);
        }
        Ok(self.now - start)
    }

    pub(crate) fn all_final(&self, txs: &[u64]) -> bool {
        let honest = self.indices().filter(|node| !self.is_liar(*node)).map(|node| &self.nodes[usize::from(node)]);
        let mut running = honest.filter(|node| node.machine.is_some()).peekable();
        running.peek().is_some() && running.all(|node| txs.iter().all(|tx| node.app.is_final(*tx)))
    }

    pub(crate) fn standings(&self) -> Vec<Option<(u64, u64)>> {
        let brief = |m: &Machine| (m.standing().view.0, m.standing().final_height.0);
        self.nodes.iter().map(|node| node.machine.as_ref().map(brief)).collect()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Deliver { from, to, bytes } => {
                self.messages += 1;
                let is_damaged = self.random(100) < self.weather.damage_percent;
                let bytes = if is_damaged { self.damage(bytes) } else { bytes };
                match Message::decode(&bytes) {
                    Ok(message) => {
                        self.lie(to, &message);
                        self.input(to, Input::Message { from: ValidatorIndex(from), message });
                    }
                    Err(error) => assert!(is_damaged, "{error}"),
                }
            }
            Event::Transactions { to, txs } => {
                let app = &mut self.nodes[usize::from(to)].app;
                let fresh: Vec<u64> = txs.into_iter().filter(|tx| !app.is_final(*tx)).collect();
                app.mempool.extend(fresh);
                self.input(to, Input::WorkChanged);
            }
            Event::Ask { from, to } => {
                if self.nodes[usize::from(to)].machine.is_some() {
                    let txs = self.nodes[usize::from(to)].app.mempool.iter().copied().collect();
                    let delay = self.delay();
                    self.at(self.now + delay, Event::Transactions { to: from, txs });
                }
            }
            Event::Wake { node, life } => {
                let at = &self.nodes[usize::from(node)];
                if at.lives == life && at.wake.is_some_and(|wake| wake <= self.now) {
                    self.input(node, Input::Wake);
                }
            }
            Event::Restart { node } => {
                if self.nodes[usize::from(node)].machine.is_none() {
                    self.start(node);
                }
            }
        }
    }

    /// A liar that heard a vote gives its own, for and against, to somebody.
    fn lie(&mut self, node: u8, message: &Message) {
        if !self.is_liar_signing_everything || !self.is_liar(node) {
            return;
        }
        let heard = match message {
            Message::Vote(vote) => vote.content,
            Message::Proposal(proposal) => proposal.vote.content,
            Message::Certificate(certificate) => certificate.content,
            _ => return,
        };
        let id = self.id(node);
        let against = VoteContent::Nullify { epoch: heard.epoch(), view: heard.view() };
        let both = match heard {
            VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => {
                vec![VoteContent::Notarize(vote), VoteContent::Finalize(vote), against]
            }
            VoteContent::Nullify { .. } => vec![against],
        };
        for content in both {
            let to = self.random(u64::from(self.n)) as u8;
            if to != id {
                let signature = ToySigner(id).sign(&content.signing_bytes(&CHAIN));
                let vote = Message::Vote(Vote { content, signer: ValidatorIndex(id), signature });
                let delay = self.delay();
                self.at(self.now + delay, Event::Deliver { from: id, to, bytes: vote.encode() });
            }
        }
    }

    fn damage(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let at = usize::try_from(self.random(bytes.len() as u64)).expect("small");
        bytes[at] ^= 1 << self.random(8);
        bytes
    }

    /// The leader of a view, by any running node.
    pub(crate) fn leader(&self, view: u64) -> u8 {
        let machine = self.nodes.iter().find_map(|node| node.machine.as_ref()).expect("somebody runs");
        machine.leader(View(view)).0
    }
}

pub(crate) fn floor_of(ledger: &[Stored], app: &ToyLedger) -> Floor {
    let Some(head) = ledger.last() else {
        return Floor { epoch_start: genesis(), head: genesis(), finalization: None };
    };
    let facts = app.open(&head.bytes).expect("a stored block");
    let head_point =
        FinalPoint { digest: facts.digest, height: facts.height, time: facts.time, content: facts.content };
    Floor { epoch_start: genesis(), head: head_point, finalization: head.finalization.clone() }
}
