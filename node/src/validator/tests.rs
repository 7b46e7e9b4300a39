//! What a validator does with transactions and in which order it acts; agreement itself is the simulator's matter.

mod hostile;

use super::*;
use crate::mempool::Admission;
use crate::peer_message::{PENDING_IDS_MAX, fill};
use amanah_consensus::{Timing, Vote};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::{Ed25519, Keypair, PublicKey};
use amanah_ledger::evidence::Statement;
use amanah_ledger::genesis::{Founder, Genesis};
use amanah_ledger::member::{MemberId, MemberKeys};
use amanah_ledger::position::Epoch;
use amanah_ledger::time::Day;
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature, RevokeProof, WireId};

const NOW: u64 = 1_790_000_000_000;

fn keypair(member: u8, role: u8) -> Keypair {
    let mut seed = [member; 32];
    seed[0] = role;
    Keypair::from_seed(&seed)
}

fn founder(member: u8) -> Founder {
    let key = |role| keypair(member, role).public_key();
    let keys = MemberKeys { root: key(1), gateway: key(2), node: key(3), consensus: key(4) };
    let name = format!("member{member}");
    Founder { name: name.as_str().try_into().unwrap(), display: "Member".try_into().unwrap(), keys }
}

/// A network of `n` members, the first validator of it, and what that one does first.
struct Fixture {
    validator: Validator,
    chain: Digest,
    first: Vec<Action>,
}

fn start(n: u8) -> Fixture {
    start_as(0, n)
}

fn start_as(me: u8, n: u8) -> Fixture {
    let genesis = Genesis {
        version: 1,
        network: "validator tests".try_into().unwrap(),
        time: UnixMs(NOW - 1_000),
        founders: BoundedVec::try_from((1..=n).map(founder).collect::<Vec<_>>()).unwrap(),
        parameters: crate::home::demo_parameters(),
    };
    let (chain, committee) = (genesis.chain(), genesis.committee().unwrap());
    let head = Tip::genesis(&genesis).unwrap();
    let start = Start {
        config: Config::new(chain, Epoch(0), committee, ValidatorIndex(me), Timing::default(), u64::from(me) + 1),
        signer: Some(Box::new(keypair(me + 1, 4))),
        verifier: Arc::new(Ed25519),
        epoch_start: final_point(&head),
        head,
        finalization: None,
        records: Vec::new(),
    };
    let (validator, first) = Validator::start(start, NOW).unwrap();
    Fixture { validator, chain, first }
}

fn anchor(chain: &Digest, member: u8, seq: u64) -> SignedTransaction {
    let anchor = Anchor {
        member: MemberId::of_root_key(&keypair(member, 1).public_key()),
        kind: AnchorKind::Access,
        seq,
        day: UnixMs(NOW).day(),
        root: Digest([7; 32]),
        figures: None,
    };
    assert_ne!(anchor.day, Day(0));
    let gateway = keypair(member, 2);
    let signature = gateway.sign(&anchor.signing_bytes(chain));
    SignedTransaction::Anchor { anchor, gateway: GatewaySignature { key: gateway.public_key(), signature } }
}

fn bundle(transactions: Vec<SignedTransaction>) -> Transactions {
    Transactions::try_from(transactions).unwrap()
}

fn gossip(transactions: Vec<SignedTransaction>) -> Event {
    Event::Gossip { from: ValidatorIndex(1), transactions: bundle(transactions) }
}

fn ids(of: &[SignedTransaction]) -> Vec<WireId> {
    of.iter().map(SignedTransaction::wire_id).collect()
}

/// Events and every wake they ask for within `ms`, with all actions.
fn play(validator: &mut Validator, event: Event, ms: u64) -> Vec<Action> {
    let mut actions = validator.handle(NOW, event);
    let mut steps = 0;
    while let Some(at) = validator.next_wake().filter(|at| *at <= NOW + ms) {
        actions.extend(validator.handle(at.max(NOW), Event::Wake));
        steps += 1;
        assert!(steps < 10_000, "wakes without end");
    }
    actions
}

#[test]
fn a_validator_alone_makes_what_is_submitted_final_and_remembers_before_it_speaks() {
    let Fixture { mut validator, chain, .. } = start(1);
    let transaction = anchor(&chain, 1, 1);
    let verified = Arc::new(transaction.clone().verify(&chain, &Ed25519).unwrap());
    let actions = play(&mut validator, Event::Submit(verified, Ticket(9)), 5_000);
    assert!(actions.iter().any(|a| matches!(a, Action::Reply(Ticket(9), Ok(Admission::Added)))));
    let place = |wanted: fn(&Action) -> bool| actions.iter().position(wanted).expect("it happened");
    assert!(place(|a| matches!(a, Action::Persist(_))) < place(|a| matches!(a, Action::Commit(_))));
    let committed = actions.iter().find_map(|a| match a {
        Action::Commit(blocks) => Some(blocks.clone()),
        _ => None,
    });
    let committed = committed.unwrap();
    let names: Vec<_> = committed[0].transactions().map(|(_, id, _)| id).collect();
    assert_eq!(names, [transaction.wire_id()]);
    assert!(validator.mempool().is_empty());
    assert_eq!(validator.head().header().height, Height(1));
    assert_eq!(validator.position().height, Height(1));
    // Final is final: it comes again and is not held.
    let again = validator.handle(NOW + 6_000, gossip(vec![transaction]));
    assert!(matches!(again[..], [Action::Judge(BundleVerdict::Ignore)]), "{again:?}");
}

#[test]
fn nothing_to_do_means_nothing_said_but_where_one_stands() {
    let Fixture { mut validator, first, .. } = start(1);
    // A start says once that it is back, without a vote.
    let speaks = |action: &Action| matches!(action, Action::Persist(_) | Action::Commit(_) | Action::Gossip(_));
    assert!(!first.iter().any(speaks), "{first:?}");
    for action in play(&mut validator, Event::Wake, 60_000) {
        assert!(
            matches!(
                action,
                Action::Send { message: PeerMessage::Consensus(amanah_consensus::Message::Status(_)), .. }
            ),
            "{action:?}"
        );
    }
}

#[test]
fn submissions_share_a_bundle_and_leave_within_its_time() {
    let Fixture { mut validator, chain, .. } = start(4);
    let submitted = [anchor(&chain, 1, 1), anchor(&chain, 2, 1), anchor(&chain, 3, 1)];
    let mut actions = Vec::new();
    for (at, transaction) in submitted.iter().enumerate() {
        let verified = Arc::new(transaction.clone().verify(&chain, &Ed25519).unwrap());
        actions.extend(validator.handle(NOW + at as u64, Event::Submit(verified, Ticket(at as u64))));
    }
    assert!(!actions.iter().any(|a| matches!(a, Action::Gossip(_))));
    assert!(validator.next_wake().is_some_and(|at| at <= NOW + BUNDLE_MS));
    let actions = validator.handle(NOW + BUNDLE_MS, Event::Wake);
    let bundles: Vec<_> = actions
        .iter()
        .filter_map(|a| match a {
            Action::Gossip(bytes) => Some(crate::peer_message::decode_bundle(bytes).unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(bundles, [bundle(submitted.to_vec())]);
    // The leaders that come next have it straight from us.
    let direct = |a: &&Action| matches!(a, Action::Send { to: To::One(_), message: PeerMessage::TxResponse(_) });
    assert!((1..=2).contains(&actions.iter().filter(direct).count()));
}

#[test]
fn a_bundle_is_worth_what_is_in_it() {
    let Fixture { mut validator, chain, .. } = start(4);
    let good = anchor(&chain, 1, 1);
    let SignedTransaction::Anchor { anchor: body, mut gateway } = anchor(&chain, 2, 1) else { unreachable!() };
    gateway.signature.0[3] ^= 1;
    let bad = SignedTransaction::Anchor { anchor: body, gateway };
    let revokes_nothing =
        SignedTransaction::Revoke { consent: PublicKey([1; 32]), proof: RevokeProof::Slip([1; 32]), relay: None };
    let other = anchor(&chain, 3, 1);
    let mut judge = |transactions| {
        let actions = validator.handle(NOW, gossip(transactions));
        actions.into_iter().find_map(|a| match a {
            Action::Judge(verdict) => Some(verdict),
            _ => None,
        })
    };
    assert_eq!(judge(vec![good.clone(), bad.clone()]), Some(BundleVerdict::Bad));
    assert_eq!(judge(vec![bad.clone()]), Some(BundleVerdict::Bad));
    assert_eq!(judge(vec![good.clone(), other.clone()]), Some(BundleVerdict::PassOn), "one of them is new");
    assert_eq!(judge(vec![good.clone(), other]), Some(BundleVerdict::Ignore), "a repetition goes no further");
    assert_eq!(judge(vec![revokes_nothing]), Some(BundleVerdict::Ignore));
    assert_eq!(judge(Vec::new()), Some(BundleVerdict::Ignore));
    assert!(validator.mempool().contains(&good.wire_id()) && !validator.mempool().contains(&bad.wire_id()));
    assert_eq!(validator.mempool().len(), 2);
}

#[test]
fn who_lacks_a_named_transaction_asks_f_plus_1_who_name_it_and_gets_it() {
    let (mut asks, mut holds) = (start(4), start(4));
    let chain = holds.chain;
    let transactions = [anchor(&chain, 1, 1), anchor(&chain, 2, 1)];
    holds.validator.handle(NOW, gossip(transactions.to_vec()));
    asks.validator.handle(NOW, gossip(vec![transactions[0].clone()]));
    let peer = |n, message| Event::Peer { from: ValidatorIndex(n), message };
    let sent = |actions: Vec<Action>| -> Vec<PeerMessage> {
        let message = |action| match action {
            Action::Send { message, .. } if !message.is_consensus() => Some(message),
            _ => None,
        };
        actions.into_iter().filter_map(message).collect()
    };

    let offered = sent(holds.validator.handle(NOW, peer(1, PeerMessage::PendingRequest)));
    assert_eq!(offered, [PeerMessage::PendingIds(ids(&transactions).try_into().unwrap())]);
    let asked = sent(asks.validator.handle(NOW, peer(2, offered[0].clone())));
    assert_eq!(asked, [PeerMessage::TxRequest(ids(&transactions[1..]).try_into().unwrap())]);
    // The first may lie, so a second is asked; no third, until they have had their time.
    assert_eq!(sent(asks.validator.handle(NOW, peer(1, offered[0].clone()))), asked);
    assert!(sent(asks.validator.handle(NOW, peer(3, offered[0].clone()))).is_empty());
    assert_eq!(sent(asks.validator.handle(NOW + 1_000, peer(3, offered[0].clone()))), asked);
    let answered = sent(holds.validator.handle(NOW, peer(1, asked[0].clone())));
    assert_eq!(answered, [PeerMessage::TxResponse(fill([transactions[1].clone()], usize::MAX))]);
    asks.validator.handle(NOW + 1_000, peer(3, answered[0].clone()));
    assert_eq!(asks.validator.mempool().len(), 2);
    let later = sent(asks.validator.handle(NOW + 9_000, peer(3, offered[0].clone())));
    assert!(!later.iter().any(|message| matches!(message, PeerMessage::TxRequest(_))), "{later:?}");
}

#[test]
fn a_peer_fetches_no_more_than_its_budget() {
    let Fixture { mut validator, chain, .. } = start(4);
    let transactions: Vec<_> = (1..=400).map(|seq| anchor(&chain, 1, seq)).collect();
    validator.handle(NOW, gossip(transactions.clone()));
    let request = PeerMessage::TxRequest(BoundedVec::<_, PENDING_IDS_MAX>::try_from(ids(&transactions)).unwrap());
    let mut fetch = |now| {
        let from = ValidatorIndex(2);
        let actions = validator.handle(now, Event::Peer { from, message: request.clone() });
        let bytes = actions.iter().map(|a| match a {
            Action::Send { message: message @ PeerMessage::TxResponse(_), .. } => message.encode().len(),
            _ => 0,
        });
        bytes.sum::<usize>()
    };
    let one = fetch(NOW);
    assert!(one > 400 * 150);
    let in_a_moment: usize = (0..1_000).map(|_| fetch(NOW)).sum();
    assert!(in_a_moment <= 2 * crate::peer_message::RESPONSE_BYTES_MAX + one, "{in_a_moment}");
    assert_eq!(fetch(NOW), 0);
    assert_eq!(fetch(NOW + 1_000), one);
}

#[test]
fn a_clock_that_is_set_back_holds_up_neither_gossip_nor_the_timers() {
    let Fixture { mut validator, chain, .. } = start(4);
    let verified = Arc::new(anchor(&chain, 1, 1).verify(&chain, &Ed25519).unwrap());
    validator.handle(NOW, Event::Submit(verified, Ticket(1)));
    let hour_ago = NOW - 3_600_000;
    let actions = validator.handle(hour_ago, Event::Wake);
    assert!(actions.iter().any(|action| matches!(action, Action::Gossip(_))), "{actions:?}");
    assert!(validator.next_wake().is_some_and(|at| at <= hour_ago + 5_000), "by the clock as it is now");
}

#[test]
fn the_rest_of_a_message_with_a_bad_signature_is_not_looked_at() {
    let Fixture { mut validator, chain, .. } = start(4);
    let (good, mut bad) = (anchor(&chain, 2, 1), anchor(&chain, 3, 1));
    if let SignedTransaction::Anchor { gateway, .. } = &mut bad {
        gateway.signature.0[0] ^= 1;
    }
    let actions = validator.handle(NOW, gossip(vec![bad, good]));
    assert!(actions.iter().any(|action| matches!(action, Action::Judge(BundleVerdict::Bad))));
    assert!(validator.mempool().is_empty());
}

fn consensus_vote(chain: &Digest, member: u8, content: VoteContent) -> Event {
    let signature = keypair(member, 4).sign(&content.signing_bytes(chain));
    let vote = Vote { content, signer: ValidatorIndex(member - 1), signature };
    let message = PeerMessage::Consensus(amanah_consensus::Message::Vote(vote));
    Event::Peer { from: ValidatorIndex(member - 1), message }
}

fn notarize(view: u64, block: u8) -> VoteContent {
    let (view, parent_view) = (amanah_ledger::position::View(view), amanah_ledger::position::View(0));
    VoteContent::Notarize(BlockVote { epoch: Epoch(0), view, parent_view, block: Digest([block; 32]) })
}

fn accused(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Evidence(_))).count()
}

#[test]
fn who_finds_a_contradiction_remembers_it_and_brings_it_to_the_ledger_once() {
    let Fixture { mut validator, chain, .. } = start(4);
    validator.handle(NOW, consensus_vote(&chain, 3, notarize(1, 1)));
    let actions = validator.handle(NOW, consensus_vote(&chain, 3, notarize(1, 2)));
    let place = |wanted: fn(&Action) -> bool| actions.iter().position(wanted).expect("it happened");
    let remembered = place(|a| matches!(a, Action::Persist(some) if matches!(some[..], [.., Record::Evidence(_)])));
    assert!(remembered < place(|a| matches!(a, Action::Evidence(_))));
    assert_eq!(validator.mempool().len(), 1);
    let held = validator.mempool().candidates().next().unwrap().transaction().clone();
    let SignedTransaction::Evidence(proof) = &held else { panic!("{held:?}") };
    assert_eq!(*proof.key(), keypair(3, 4).public_key());
    // It leaves with the next bundle.
    let actions = validator.handle(NOW + BUNDLE_MS, Event::Wake);
    let gossiped = actions.iter().find_map(|a| match a {
        Action::Gossip(bytes) => Some(crate::peer_message::decode_bundle(bytes).unwrap()),
        _ => None,
    });
    assert_eq!(gossiped, Some(bundle(vec![held.clone()])));
    // More of the same is told, and changes nothing.
    validator.handle(NOW, consensus_vote(&chain, 3, notarize(2, 1)));
    let more = validator.handle(NOW, consensus_vote(&chain, 3, notarize(2, 2)));
    assert_eq!((accused(&more), validator.mempool().len()), (1, 1));
    // Another finder's transaction is the same bytes.
    let mut other = start(4).validator;
    other.handle(NOW, consensus_vote(&chain, 3, notarize(1, 2)));
    other.handle(NOW, consensus_vote(&chain, 3, notarize(1, 1)));
    assert_eq!(other.mempool().candidates().next().unwrap().wire_id(), held.wire_id());
    // Who heard nothing takes it from gossip; a proof against nobody known is not held.
    let mut third = start(4).validator;
    let judged = third.handle(NOW, gossip(vec![held]));
    assert!(judged.iter().any(|a| matches!(a, Action::Judge(BundleVerdict::PassOn))), "{judged:?}");
    assert_eq!((accused(&judged), third.mempool().len()), (0, 1));
}

#[test]
fn a_proof_against_somebody_unknown_is_not_held() {
    let Fixture { mut validator, chain, .. } = start(4);
    let stranger = keypair(9, 4);
    let statement = |block| {
        let content = notarize(1, block);
        Statement { content, signature: stranger.sign(&content.signing_bytes(&chain)) }
    };
    let proof = Contradiction::between(stranger.public_key(), statement(1), statement(2)).unwrap();
    let judged = validator.handle(NOW, gossip(vec![SignedTransaction::Evidence(proof)]));
    assert!(matches!(judged[..], [Action::Judge(BundleVerdict::Ignore)]), "{judged:?}");
    assert!(validator.mempool().is_empty());
}

#[cfg(feature = "mutants")]
mod omissions;
