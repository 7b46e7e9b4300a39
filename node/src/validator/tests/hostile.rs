//! Three honest validators and a fourth that sends whatever it likes: what is submitted becomes final, and the liar gets
//! no more out of them than its budgets.

use super::*;
use crate::peer_message::RESPONSE_BYTES_MAX;
use crate::validator::exchange::{BAD_COST, USELESS_BURST, USELESS_PER_SECOND};
use amanah_consensus::message::{BlockBytes, Message, Status, SyncResponse};
use amanah_ledger::position::View;
use std::collections::VecDeque;

const LIAR: ValidatorIndex = ValidatorIndex(3);
const HONEST: u8 = 3;
/// The liar speaks to everybody this often.
const LIE_EVERY_MS: u64 = 20;
/// Longer than several views that a silent leader costs.
const PATIENCE_MS: u64 = 60_000;

/// What a liar can work with.
struct Heard {
    /// Every message that an honest validator sent, encoded.
    messages: Vec<Vec<u8>>,
    chain: Digest,
    lies: u64,
}

struct World {
    validators: Vec<Validator>,
    queue: VecDeque<(usize, Event)>,
    committed: Vec<Vec<WireId>>,
    heard: Heard,
    to_liar: usize,
    now: u64,
}

impl World {
    fn new() -> Self {
        let fixtures: Vec<_> = (0..HONEST).map(|me| start_as(me, 4)).collect();
        let heard = Heard { messages: Vec::new(), chain: fixtures[0].chain, lies: 0 };
        let (mut validators, mut first) = (Vec::new(), Vec::new());
        for fixture in fixtures {
            validators.push(fixture.validator);
            first.push(fixture.first);
        }
        let committed = vec![Vec::new(); validators.len()];
        let mut world = Self { validators, queue: VecDeque::new(), committed, heard, to_liar: 0, now: NOW };
        for (me, actions) in first.into_iter().enumerate() {
            world.perform(me, actions);
            for peer in (0..4).filter(|peer| *peer != me) {
                world.queue.push_back((me, Event::Connected(ValidatorIndex(u8::try_from(peer).unwrap()))));
            }
        }
        world
    }

    fn perform(&mut self, me: usize, actions: Vec<Action>) {
        let from = ValidatorIndex(u8::try_from(me).unwrap());
        for action in actions {
            match action {
                Action::Send { to, message } => {
                    let bytes = message.encode();
                    let is_to = |peer: usize| match to {
                        To::All => peer != me,
                        To::One(one) => peer == usize::from(one.0),
                    };
                    for peer in (0..self.validators.len()).filter(|peer| is_to(*peer)) {
                        self.queue.push_back((peer, Event::Peer { from, message: message.clone() }));
                    }
                    if is_to(usize::from(LIAR.0)) {
                        self.to_liar += bytes.len();
                    }
                    self.heard.messages.push(bytes);
                }
                Action::Gossip(bytes) => {
                    let transactions = crate::peer_message::decode_bundle(&bytes).unwrap();
                    for peer in (0..self.validators.len()).filter(|peer| *peer != me) {
                        let transactions = transactions.clone();
                        self.queue.push_back((peer, Event::Gossip { from, transactions }));
                    }
                }
                Action::Commit(blocks) => {
                    let names =
                        blocks.iter().flat_map(|block| block.transactions().map(|(_, id, _)| id).collect::<Vec<_>>());
                    self.committed[me].extend(names);
                }
                Action::Stop(contradiction) => panic!("{contradiction}"),
                Action::Alarm(alarm) => panic!("{alarm:?}: one liar of four is expected"),
                Action::Persist(_)
                | Action::Judge(_)
                | Action::ServeSync { .. }
                | Action::ServeBlock { .. }
                | Action::Reply(..)
                | Action::Evidence(_) => {}
            }
        }
    }

    /// Goes on until every honest validator has `wanted` as final, with the liar at work.
    fn finalizes(&mut self, wanted: &WireId, lie: &dyn Fn(&mut Heard) -> Option<PeerMessage>) -> bool {
        let (until, mut next_lie) = (self.now + PATIENCE_MS, self.now);
        while self.now < until {
            if self.committed.iter().all(|committed| committed.contains(wanted)) {
                return true;
            }
            while let Some((to, event)) = self.queue.pop_front() {
                let actions = self.validators[to].handle(self.now, event);
                self.perform(to, actions);
            }
            let wakes = self.validators.iter().filter_map(Validator::next_wake);
            self.now = wakes.chain([next_lie]).min().unwrap().max(self.now + 1);
            for me in 0..self.validators.len() {
                let actions = self.validators[me].handle(self.now, Event::Wake);
                self.perform(me, actions);
            }
            if self.now >= next_lie {
                next_lie = self.now + LIE_EVERY_MS;
                for to in 0..self.validators.len() {
                    if let Some(message) = lie(&mut self.heard) {
                        self.heard.lies += 1;
                        self.queue.push_back((to, Event::Peer { from: LIAR, message }));
                    }
                }
            }
        }
        false
    }
}

/// With this liar, three transactions one after the other become final, and it did lie.
fn goes_on(lie: impl Fn(&mut Heard) -> Option<PeerMessage>) -> World {
    let mut world = World::new();
    for member in 1..=3 {
        let transaction = anchor(&world.heard.chain, member, 1);
        let id = transaction.wire_id();
        let verified = Arc::new(transaction.verify(&world.heard.chain, &Ed25519).unwrap());
        world.queue.push_back((usize::from(member) - 1, Event::Submit(verified, Ticket(u64::from(member)))));
        assert!(world.finalizes(&id, &lie), "nothing final at {}", world.now - NOW);
    }
    assert!(world.heard.lies > 0, "the liar said nothing");
    let heads: Vec<_> = world.validators.iter().map(|validator| *validator.head().digest()).collect();
    let newest = world.validators.iter().map(|validator| validator.head().header().height).max().unwrap();
    for (validator, head) in world.validators.iter().zip(&heads) {
        if validator.head().header().height == newest {
            let same = world.validators.iter().zip(&heads).filter(|(v, _)| v.head().header().height == newest);
            assert!(same.into_iter().all(|(_, other)| other == head), "one head at one height");
        }
    }
    world
}

fn consensus(message: Message) -> Option<PeerMessage> {
    Some(PeerMessage::Consensus(message))
}

#[test]
fn a_liar_that_repeats_what_others_said_changes_nothing() {
    goes_on(|heard| {
        let at = usize::try_from(heard.lies).unwrap() * 7 % heard.messages.len().max(1);
        PeerMessage::decode(heard.messages.get(at)?).ok()
    });
}

#[test]
fn a_liar_that_changes_a_bit_of_what_others_said_changes_nothing() {
    goes_on(|heard| {
        // Votes, proposals with half of a block, certificates, bundles, answers: whatever still decodes.
        for attempt in 0..64 {
            let lie = usize::try_from(heard.lies * 64 + attempt).unwrap();
            let mut bytes = heard.messages.get(lie * 31 % heard.messages.len().max(1))?.clone();
            let bit = lie * 7919 % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(message) = PeerMessage::decode(&bytes) {
                return Some(message);
            }
        }
        None
    });
}

#[test]
fn a_liar_far_ahead_by_its_own_word_moves_nobody() {
    let world = goes_on(|heard| {
        let far = u64::MAX - heard.lies;
        consensus(Message::Status(Status {
            epoch: Epoch(0),
            view: View(far),
            final_view: View(far),
            final_height: Height(far),
            final_block: Digest([9; 32]),
            time: UnixMs(far),
            echo: None,
            has_work: true,
        }))
    });
    assert!(world.validators.iter().all(|validator| validator.standing().view < View(100)));
}

#[test]
fn a_liar_that_asks_for_everything_gets_its_budget() {
    let began = std::cell::Cell::new(0);
    let world = goes_on(|heard| {
        began.set(began.get() + 1);
        match heard.lies % 5 {
            0 => consensus(Message::SyncRequest { from_height: Height(0), to_height: Height(u64::MAX) }),
            1 => consensus(Message::BlockRequest(Digest([3; 32]))),
            2 => {
                let views: Vec<_> = (0..64).map(View).collect();
                consensus(Message::CertificateRequest { epoch: Epoch(0), views: views.try_into().unwrap() })
            }
            3 => Some(PeerMessage::PendingRequest),
            _ => {
                let ids: Vec<_> =
                    (0..PENDING_IDS_MAX).map(|n| WireId(Digest([u8::try_from(n % 256).unwrap(); 32]))).collect();
                Some(PeerMessage::TxRequest(ids.try_into().unwrap()))
            }
        }
    });
    let seconds = usize::try_from((world.now - NOW) / 1_000 + 1).unwrap();
    let budget = 3 * (4 * amanah_consensus::limits::MESSAGE_BYTES_MAX + seconds * 4 * RESPONSE_BYTES_MAX);
    assert!(world.to_liar <= budget, "{} bytes of {budget}", world.to_liar);
}

#[test]
fn a_liar_that_answers_what_nobody_asked_changes_nothing() {
    goes_on(|heard| {
        let block = BlockBytes::try_from(vec![u8::try_from(heard.lies % 256).unwrap(); 100_000]).unwrap();
        match heard.lies % 3 {
            0 => consensus(Message::BlockResponse { digest: Digest([5; 32]), block }),
            1 => consensus(Message::SyncResponse(SyncResponse::collect([(block, None)]))),
            _ => {
                let ids: Vec<_> = (0..PENDING_IDS_MAX as u64)
                    .map(|n| {
                        let mut id = [1; 32];
                        id[..8].copy_from_slice(&(heard.lies * 10_000 + n).to_le_bytes());
                        WireId(Digest(id))
                    })
                    .collect();
                Some(PeerMessage::PendingIds(ids.try_into().unwrap()))
            }
        }
    });
}

#[test]
fn transactions_that_fail_or_are_forged_wait_behind_those_that_do_not() {
    let world = goes_on(|heard| {
        let mut hopeless: Vec<_> = (0..20).map(|n| anchor(&heard.chain, 4, 1_000 + heard.lies * 20 + n)).collect();
        if heard.lies.is_multiple_of(4)
            && let Some(SignedTransaction::Anchor { gateway, .. }) = hopeless.first_mut()
        {
            gateway.signature.0[0] ^= 1;
        }
        Some(PeerMessage::TxResponse(bundle(hopeless)))
    });
    let seconds = (world.now - NOW) / 1_000 + 1;
    let most = usize::try_from(USELESS_BURST + BAD_COST + seconds * USELESS_PER_SECOND).unwrap();
    assert!(world.validators.iter().all(|validator| validator.mempool().len() <= most));
}

#[test]
fn what_a_peer_brings_is_not_looked_at_for_a_while_once_too_much_of_it_was_worth_nothing() {
    let Fixture { mut validator, chain, .. } = start(4);
    let (liar, honest) = (ValidatorIndex(3), ValidatorIndex(2));
    let mut bring = |now, from, transactions: Vec<SignedTransaction>| {
        for some in transactions.chunks(500) {
            let message = PeerMessage::TxResponse(bundle(some.to_vec()));
            validator.handle(now, Event::Peer { from, message });
        }
        validator.mempool().len()
    };
    let hopeless: Vec<_> = (0..USELESS_BURST + 300).map(|n| anchor(&chain, 4, 100 + n)).collect();
    let burst = usize::try_from(USELESS_BURST).unwrap();
    assert_eq!(bring(NOW, liar, hopeless), burst, "the rest is not looked at");
    let (one, other) = (anchor(&chain, 1, 1), anchor(&chain, 2, 1));
    assert_eq!(bring(NOW, liar, vec![one.clone()]), burst, "nor is what comes after it from the same peer");
    assert_eq!(bring(NOW, honest, vec![other]), burst + 1, "another peer is heard");
    assert_eq!(bring(NOW + 1_000, liar, vec![one]), burst + 2, "and after a while the first one again");
}
