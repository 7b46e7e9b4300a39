use super::*;
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::crypto::{Check, Digest, PublicKey, Signature, Verifier};
use amanah_ledger::evidence::{Contradiction, Statement};
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::time::{Day, UnixMs};
use amanah_ledger::transaction::{
    Anchor, AnchorKind, GatewaySignature, GrantItem, Grants, Relay, RevokeProof, SignedTransaction,
};

/// The pool never looks at signatures; a `VerifiedTransaction` says that somebody did.
struct Trusting;

impl Verifier for Trusting {
    fn verify_all(&self, _checks: &[Check<'_>]) -> bool {
        true
    }
}

const GATEWAY: GatewaySignature = GatewaySignature { key: PublicKey([1; 32]), signature: Signature([1; 64]) };

fn member(n: u8) -> MemberId {
    MemberId(Digest([n; 32]))
}

fn verified(transaction: SignedTransaction) -> Arc<VerifiedTransaction> {
    Arc::new(transaction.verify(&Digest([0; 32]), &Trusting).unwrap())
}

fn anchor(of: u8, seq: u64) -> Arc<VerifiedTransaction> {
    let anchor =
        Anchor { member: member(of), kind: AnchorKind::Access, seq, day: Day(1), root: Digest([3; 32]), figures: None };
    verified(SignedTransaction::Anchor { anchor, gateway: GATEWAY })
}

fn revoke(n: u64) -> Arc<VerifiedTransaction> {
    let mut consent = [0; 32];
    consent[..8].copy_from_slice(&n.to_le_bytes());
    let proof = RevokeProof::Slip([0; 32]);
    verified(SignedTransaction::Revoke { consent: PublicKey(consent), proof, relay: None })
}

/// A batch of 250 items: close to the longest transaction.
fn large(of: u8, n: u64) -> Arc<VerifiedTransaction> {
    let item = |i: u64| {
        let mut consent = [0; 32];
        consent[..8].copy_from_slice(&n.to_le_bytes());
        consent[8..16].copy_from_slice(&i.to_le_bytes());
        GrantItem {
            custodian: member(of),
            consent: PublicKey(consent),
            version: 1,
            prev: Digest::ZERO,
            commitment: Digest([5; 32]),
            lock: Digest([6; 32]),
            submit_by: UnixMs(0),
        }
    };
    let items: Vec<_> = (0..250).map(item).collect();
    let item_signatures = vec![Signature([0; 64]); items.len()].try_into().unwrap();
    let batch = Grants { custodian: member(of), items: items.try_into().unwrap() };
    verified(SignedTransaction::Grants { batch, item_signatures, gateway: GATEWAY })
}

/// Proof that the validator of key `key` signed two blocks in `view`.
fn evidence(key: u8, view: u64) -> Arc<VerifiedTransaction> {
    let statement = |block| Statement {
        content: VoteContent::Notarize(BlockVote {
            epoch: Epoch(0),
            view: View(view),
            parent_view: View(0),
            block: Digest([block; 32]),
        }),
        signature: Signature([0; 64]),
    };
    let proof = Contradiction::between(PublicKey([key; 32]), statement(1), statement(2)).unwrap();
    verified(SignedTransaction::Evidence(proof))
}

fn ids<'a>(of: impl IntoIterator<Item = &'a Arc<VerifiedTransaction>>) -> Vec<WireId> {
    of.into_iter().map(|t| t.wire_id()).collect()
}

/// What the pool keeps beside its transactions agrees with them.
fn check(pool: &Mempool) {
    assert_eq!(pool.ids.len(), pool.held.len());
    assert_eq!(pool.bytes(), pool.held.values().map(|held| held.transaction.bytes_len()).sum::<usize>());
    assert_eq!(pool.lanes.values().map(|lane| lane.arrivals.len()).sum::<usize>(), pool.held.len());
    assert!(pool.lanes.values().all(|lane| !lane.arrivals.is_empty()));
}

#[test]
fn revocations_come_first_and_the_rest_in_order_of_arrival() {
    let mut pool = Mempool::new();
    let order = [anchor(2, 1), revoke(1), anchor(1, 1), revoke(2), anchor(2, 2)];
    for transaction in &order {
        assert_eq!(pool.insert(transaction.clone()), Ok(Admission::Added));
    }
    let expected = ids([&order[1], &order[3], &order[0], &order[2], &order[4]]);
    assert_eq!(ids(pool.candidates()), expected);
    assert_eq!(pool.pending_ids(3), expected[..3]);
    check(&pool);
}

#[test]
fn the_same_bytes_are_held_once_and_never_again_after_they_are_final() {
    let mut pool = Mempool::new();
    let one = anchor(1, 1);
    assert_eq!(pool.insert(one.clone()), Ok(Admission::Added));
    assert_eq!(pool.insert(one.clone()), Ok(Admission::Held));
    assert_eq!(pool.len(), 1);
    pool.finalized([(one.tx_id(), one.wire_id())]);
    assert!(pool.is_empty() && pool.get(&one.wire_id()).is_none());
    assert_eq!(pool.insert(one.clone()), Ok(Admission::Final));
    assert!(pool.is_empty());
    check(&pool);
}

#[test]
fn bad_bytes_do_not_stand_in_the_way_of_good_ones_for_the_same_act() {
    let mut pool = Mempool::new();
    let good = anchor(1, 1);
    let SignedTransaction::Anchor { anchor, mut gateway } = good.transaction().clone() else { unreachable!() };
    gateway.signature.0[0] ^= 1;
    let bad = verified(SignedTransaction::Anchor { anchor, gateway });
    assert_eq!(bad.tx_id(), good.tx_id());
    pool.remember_bad(bad.wire_id());
    assert_eq!(pool.insert(bad), Err(Refusal::KnownBad));
    assert_eq!(pool.insert(good), Ok(Admission::Added));
}

#[test]
fn payloads_without_rules_are_refused() {
    let opaque = verified(SignedTransaction::Custody(vec![1, 2].try_into().unwrap()));
    assert_eq!(Mempool::new().insert(opaque), Err(Refusal::NotActive));
}

#[test]
fn a_full_pool_takes_from_the_largest_holder_and_keeps_within_its_bytes() {
    let mut pool = Mempool::new();
    let mut n = 0;
    while pool.insert(large(1, n)).is_ok() {
        n += 1;
    }
    assert!(pool.bytes() <= BYTES_MAX && pool.bytes() + large(1, n).bytes_len() > BYTES_MAX);
    let first = large(1, 0).wire_id();
    // Another member gets room until both hold the same; the first member loses its newest only.
    let mut other = 0;
    while pool.insert(large(2, other)).is_ok() {
        other += 1;
    }
    assert!(pool.bytes() <= BYTES_MAX);
    assert!(other.abs_diff(n / 2) <= 1, "{other} of {n}");
    assert!(pool.contains(&first));
    assert_eq!(pool.insert(large(1, n + 1)), Err(Refusal::Full));
    // A third still gets in, and revocations have room whatever the members hold.
    assert_eq!(pool.insert(anchor(3, 1)), Ok(Admission::Added));
    assert_eq!(pool.insert(revoke(1)), Ok(Admission::Added));
    check(&pool);
}

#[test]
fn the_number_of_transactions_is_bounded_in_both_lanes() {
    let mut pool = Mempool::new();
    for seq in 0..COUNT_MAX as u64 + 10 {
        let expected = if seq < COUNT_MAX as u64 { Ok(Admission::Added) } else { Err(Refusal::Full) };
        assert_eq!(pool.insert(anchor(1, seq)), expected);
    }
    for n in 0..REVOCATION_COUNT_MAX as u64 + 10 {
        let expected = if n < REVOCATION_COUNT_MAX as u64 { Ok(Admission::Added) } else { Err(Refusal::Full) };
        assert_eq!(pool.insert(revoke(n)), expected);
    }
    assert_eq!(pool.len(), COUNT_MAX + REVOCATION_COUNT_MAX);
    check(&pool);
}

#[test]
fn what_the_state_refuses_for_long_goes_and_what_recovers_stays() {
    let mut pool = Mempool::new();
    let (stale, early) = (anchor(1, 1), anchor(1, 9));
    pool.insert(stale.clone()).unwrap();
    pool.insert(early.clone()).unwrap();
    for height in 10..10 + FAILING_BLOCKS_MAX {
        // `early` succeeds once in between: its count begins anew.
        pool.sweep(Height(height), |t| height == 15 && t.wire_id() == early.wire_id());
        assert_eq!(pool.len(), 2, "height {height}");
    }
    pool.sweep(Height(10 + FAILING_BLOCKS_MAX), |_| false);
    assert_eq!(ids(pool.candidates()), [early.wire_id()]);
    // Dropped is neither bad nor final: it may come again.
    assert_eq!(pool.insert(stale), Ok(Admission::Added));
    check(&pool);
}

#[test]
fn a_sweep_reaches_everything_in_turns() {
    let mut pool = Mempool::new();
    let count = SWEEP_MAX as u64 * 2 + 7;
    for seq in 0..count {
        pool.insert(anchor(1, seq)).unwrap();
    }
    let asked = std::cell::RefCell::new(BTreeSet::new());
    for round in 0..3 {
        pool.sweep(Height(round), |t| {
            asked.borrow_mut().insert(t.wire_id());
            true
        });
    }
    assert_eq!(asked.borrow().len(), usize::try_from(count).unwrap());
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut pool = Mempool::new();
    let id = |n: usize| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&(n as u64).to_le_bytes());
        WireId(Digest(bytes))
    };
    pool.finalized((0..REMEMBERED_MAX + 5).map(|n| (TxId(Digest([0; 32])), id(n))));
    (0..REMEMBERED_MAX + 5).map(id).for_each(|id| pool.remember_bad(id));
    for remembered in [&pool.done, &pool.bad] {
        assert_eq!((remembered.ids.len(), remembered.order.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert!(!remembered.ids.contains(&id(0)) && remembered.ids.contains(&id(REMEMBERED_MAX + 4)));
    }
}

#[test]
fn one_proof_of_one_contradiction_is_held_and_goes_when_any_is_final() {
    let mut pool = Mempool::new();
    let (first, later, other) = (evidence(1, 5), evidence(1, 9), evidence(2, 5));
    assert_eq!((first.tx_id(), first.wire_id() == later.wire_id()), (later.tx_id(), false), "one act, other bytes");
    assert_eq!(pool.insert(first.clone()), Ok(Admission::Added));
    assert_eq!(pool.insert(later.clone()), Ok(Admission::Held), "the thousandth lie takes no room");
    assert_eq!(pool.insert(other.clone()), Ok(Admission::Added));
    assert_eq!(ids(pool.candidates()), ids([&first, &other]));
    check(&pool);
    // A block brought other bytes that prove the same.
    pool.finalized([(later.tx_id(), later.wire_id())]);
    assert_eq!(ids(pool.candidates()), ids([&other]));
    check(&pool);
}

#[test]
fn proofs_have_room_of_their_own_and_no_more() {
    let mut pool = Mempool::new();
    while pool.insert(large(1, pool.len() as u64)).is_ok() {}
    for view in 0..EVIDENCE_COUNT_MAX {
        assert_eq!(pool.insert(evidence(u8::try_from(view).unwrap(), 1)), Ok(Admission::Added));
    }
    assert_eq!(pool.insert(evidence(200, 1)), Err(Refusal::Full));
    assert_eq!(pool.insert(revoke(1)), Ok(Admission::Added), "revocations have theirs");
    assert_eq!(ids(pool.candidates().take(1)), ids([&revoke(1)]), "and come first");
    assert_eq!(pool.insert(anchor(3, 1)), Ok(Admission::Added), "members make room among themselves");
    assert!((0..EVIDENCE_COUNT_MAX).all(|n| pool.contains(&evidence(u8::try_from(n).unwrap(), 1).wire_id())));
    check(&pool);
}

/// A revocation of a consent that nobody granted, relayed by a member.
fn relayed(by: u8, n: u64) -> Arc<VerifiedTransaction> {
    let mut consent = [by; 32];
    consent[..8].copy_from_slice(&n.to_le_bytes());
    let relay = Some(Relay { member: member(by), gateway: GATEWAY });
    let proof = RevokeProof::Key(Signature([0; 64]));
    verified(SignedTransaction::Revoke { consent: PublicKey(consent), proof, relay })
}

#[test]
fn a_member_that_relays_a_flood_of_revocations_keeps_nobody_elses_out() {
    let mut pool = Mempool::new();
    let mut n = 0;
    while pool.insert(relayed(1, n)).is_ok() {
        n += 1;
    }
    assert!(n > 1_000, "the room is full");
    for other in 0..100 {
        assert_eq!(pool.insert(revoke(other)), Ok(Admission::Added), "of consents on the ledger");
        assert_eq!(pool.insert(relayed(2, other)), Ok(Admission::Added), "of another member");
    }
    assert_eq!(pool.insert(relayed(1, n + 1)), Err(Refusal::Full), "the flood pays");
    assert!(pool.bytes() <= REVOCATION_BYTES_MAX && pool.len() <= REVOCATION_COUNT_MAX);
    check(&pool);
}

#[test]
fn of_what_fails_a_leader_tries_a_few_of_each_member_and_all_of_the_rest() {
    let mut pool = Mempool::new();
    let hopeless: Vec<_> = (0..1_000).map(|seq| anchor(1, seq)).collect();
    let good: Vec<_> = (0..100).map(|seq| anchor(2, seq)).collect();
    for transaction in hopeless.iter().chain(&good) {
        pool.insert(Arc::clone(transaction)).unwrap();
    }
    assert_eq!(pool.candidates().count(), 1_100);
    pool.failed(&ids(&hopeless), Height(5));
    let tried = ids(pool.candidates());
    assert_eq!(tried.len(), DOUBTFUL_MAX + 100);
    assert!(ids(&good).iter().all(|id| tried.contains(id)), "the other member's are all tried");
    assert_eq!(tried[..DOUBTFUL_MAX], ids(&hopeless)[..DOUBTFUL_MAX], "the oldest: they may wait for one another");
    // What the final state would take again is no longer doubtful.
    pool.sweep(Height(6), |_| true);
    assert_eq!(pool.candidates().count(), SWEEP_MAX + DOUBTFUL_MAX + 100);
    check(&pool);
}
