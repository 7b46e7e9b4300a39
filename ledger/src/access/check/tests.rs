//! A hospital that keeps a log, a ledger that anchors it, and every lie the hospital could tell.

use super::super::day_tree::DayTree;
use super::super::entry::{DecisionReceipt, EnrolmentEntry, EntryBody, Event, Proofing};
use super::super::position::POSITION_BYTES_MAX;
use super::*;
use crate::codec;
use crate::crypto::{Ed25519, Keypair, Signer};
use crate::document::{Action, Effect};
use crate::engine::{Outcome, Reason, ReasonCode, Requester};
use crate::leaf::{Leaf, LeafKey};
use crate::proof::{StateProof, VerifiedState};
use crate::scene::{self, TODAY, certified, chain, hospital, key, layla, list, text, trust};
use crate::state::State;
use crate::time::{HOUR_MS, UnixMs};
use crate::transaction::AnchorKind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Qamar Hospital and the ledger, both as they are and as they are shown.
#[derive(Clone)]
struct Hospital {
    entries: Vec<LogEntry>,
    trees: BTreeMap<(Day, Digest), (DayTree, Option<DayState>)>,
    /// Entries before and in each day.
    days: BTreeMap<Day, (u64, u64)>,
    state: State,
    height: u64,
    time: UnixMs,
    seq: u64,
}

fn qamar() -> MemberId {
    hospital("qamar").id
}

fn gateway() -> Keypair {
    key("qamar", "gateway")
}

fn at(day: u32, hour: u64) -> UnixMs {
    Day(TODAY.0 + day).start().plus_ms(hour * HOUR_MS)
}

fn decision(height: u64) -> Event {
    Event::Decision(Box::new(DecisionReceipt {
        request: Digest([3; 32]),
        requester: Requester { member: hospital("cedar").id, practitioner: None },
        purpose: text("TREAT"),
        action: Action::Access,
        items: list([]),
        outcome: Outcome::NoConsent,
        effect: Effect::Deny,
        reason: Reason { code: ReasonCode::NoConsent, consent: None },
        item_decisions: list([]),
        obligations: list([]),
        considered: list([]),
        height: Height(height),
        state_root: Digest([4; 32]),
        policy: Digest([5; 32]),
        vocabulary: Digest([6; 32]),
        engine: 1,
    }))
}

fn enrolment() -> Event {
    let log_key = layla("qamar").log_key().digest();
    Event::Enrolment(EnrolmentEntry { log_key, generation: 0, proofing: Proofing::InPerson })
}

fn signed(number: u64, previous: Digest, time: UnixMs, event: Event) -> LogEntry {
    let relationship = layla("qamar").key().public_key();
    let body = EntryBody { custodian: qamar(), relationship, number, previous, time, event };
    body.sign(&chain(), [9; 32], &gateway())
}

impl Hospital {
    fn new() -> Self {
        let (state, _) = State::genesis(&scene::genesis()).unwrap();
        let time = at(0, 0);
        Self { entries: Vec::new(), trees: BTreeMap::new(), days: BTreeMap::new(), state, height: 1, time, seq: 0 }
    }

    /// Enrolment and three decisions on day 0, two on day 1, none on day 2, one on day 3; each day anchored at noon and
    /// at its end. It is now noon of day 3.
    fn with_four_days() -> Self {
        let mut hospital = Self::new();
        hospital.enter(at(0, 9), enrolment());
        hospital.ask(at(0, 10)).anchor(at(0, 12)).ask(at(0, 13)).ask(at(0, 14)).anchor(at(0, 23));
        hospital.ask(at(1, 10)).anchor(at(1, 12)).ask(at(1, 13)).anchor(at(1, 23));
        hospital.ask(at(3, 10)).anchor(at(3, 12));
        hospital
    }

    fn count(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.body.number)
    }

    fn enter(&mut self, time: UnixMs, event: Event) -> &mut Self {
        let previous = self.entries.last().map_or(Digest::ZERO, |entry| entry.digest(&chain()));
        self.entries.push(signed(self.count() + 1, previous, time, event));
        self
    }

    fn ask(&mut self, time: UnixMs) -> &mut Self {
        self.enter(time, decision(self.height))
    }

    fn day_state(&mut self, day: Day) -> Option<DayState> {
        let before = self.days.range(..day).next_back().map_or(0, |(_, (_, after))| *after);
        let after = self.count();
        self.days.insert(day, (before, after));
        let head = self.entries.last()?.digest(&chain());
        (after > before).then_some(DayState { before, after, head })
    }

    /// Anchors the tree of the day of `time`, in which Layla stands as she does, beside another patient.
    fn anchor(&mut self, time: UnixMs) -> &mut Self {
        let state = self.day_state(time.day());
        self.anchor_as(time, time.day(), state)
    }

    fn anchor_as(&mut self, time: UnixMs, day: Day, state: Option<DayState>) -> &mut Self {
        let other = LogKey::new([77; 32]);
        let others = DayState { before: 5, after: 6 + time.0, head: Digest([8; 32]) };
        let log_key = layla("qamar").log_key();
        let tree =
            DayTree::new().with(day, [(&other, &others)]).with(day, state.as_ref().map(|state| (&log_key, state)));
        self.anchor_root(time, day, tree.root());
        self.trees.insert((day, tree.root()), (tree, state));
        self
    }

    fn anchor_root(&mut self, time: UnixMs, day: Day, root: Digest) {
        (self.seq, self.height, self.time) = (self.seq + 1, self.height + 1, time);
        let (member, kind, seq, height) = (qamar(), AnchorKind::Access, self.seq, Height(self.height));
        let anchor = AnchorLeaf { member, kind, day, seq, root, height };
        self.state = self.state.with([Arc::new(Leaf::Anchor(anchor))]);
    }

    /// Time passes on the ledger.
    fn block(&mut self, time: UnixMs) -> &mut Self {
        (self.height, self.time) = (self.height + 1, time);
        self
    }

    fn shown(&self, keys: &[LeafKey]) -> VerifiedState {
        let proof = StateProof::of(certified(&self.state, self.height, self.time), &self.state, keys).unwrap();
        proof.verify(&trust(), &Ed25519).unwrap()
    }

    fn anchored(&self, from: Day) -> AnchoredDays {
        let mut days = AnchoredDays::new(qamar());
        for keys in AnchoredDays::leaf_keys(qamar(), from, self.time.day()) {
            days.learn(&self.shown(&keys));
        }
        days
    }

    fn prove(&self, ledger: &AnchoredDays, first: Day) -> Vec<DayProof> {
        let log_key = layla("qamar").log_key();
        let proof = |query: crate::exchange::DayQuery| {
            let (tree, state) = self.trees.get(&(query.day, query.root))?;
            Some(tree.prove(query.day, &log_key, *state))
        };
        ledger.queries(first).into_iter().filter_map(proof).collect()
    }

    fn entries_after(&self, known: &Position) -> Vec<LogEntry> {
        self.entries.iter().filter(|entry| entry.body.number > known.count()).cloned().collect()
    }

    fn check(&self, known: &Position) -> Result<Checked, LogError> {
        self.check_holding(known, &[])
    }

    fn check_holding(&self, known: &Position, held: &[LogEntry]) -> Result<Checked, LogError> {
        let ledger = self.anchored(known.first_open);
        let days = self.prove(&ledger, known.first_open);
        check_parts(known, &ledger, &self.entries_after(known), &days, held)
    }
}

fn check_parts(
    known: &Position,
    ledger: &AnchoredDays,
    entries: &[LogEntry],
    days: &[DayProof],
    held: &[LogEntry],
) -> Result<Checked, LogError> {
    let layla = layla("qamar");
    let (custodian, relationship, log_key) = (qamar(), layla.key().public_key(), layla.log_key());
    let subject = Subject { chain: &chain(), custodian: &custodian, relationship: &relationship, log_key: &log_key };
    check(&subject, known, ledger, &Shown { entries, days, held }, &Ed25519)
}

fn before_all() -> Position {
    Position::start(Day(TODAY.0 - 1))
}

fn day(n: u32) -> Day {
    Day(TODAY.0 + n)
}

#[test]
fn an_honest_log_is_complete() {
    let hospital = Hospital::with_four_days();
    let checked = hospital.check(&before_all()).unwrap();
    assert_eq!((checked.count, checked.pending, checked.complete), (7, 0, true));
    assert_eq!(checked.entered_late, Vec::<u64>::new());
    assert_eq!(checked.anchor.map(|anchor| anchor.seq), Some(5));
    let position = &checked.position;
    assert_eq!((position.count(), position.first_open, position.before), (7, day(3), 6));
    assert_eq!(position.head(), hospital.entries[6].digest(&chain()));
    assert_eq!(codec::decode::<Position>(&codec::encode(position), POSITION_BYTES_MAX).as_ref(), Ok(position));
}

#[test]
fn a_visit_every_day_ends_where_one_visit_does() {
    let mut hospital = Hospital::new();
    let mut known = before_all();
    type Act = fn(&mut Hospital) -> &mut Hospital;
    let acts: [(Act, u64, u64); 7] = [
        (|h| h.enter(at(0, 9), enrolment()), 1, 1),
        (|h| h.anchor(at(0, 12)), 1, 0),
        (|h| h.ask(at(0, 13)).ask(at(0, 14)), 3, 2),
        (|h| h.anchor(at(0, 23)).ask(at(1, 10)), 4, 1),
        (|h| h.anchor(at(1, 12)), 4, 0),
        (|h| h.block(at(5, 3)), 4, 0),
        (|h| h.ask(at(5, 10)).anchor(at(5, 12)), 5, 0),
    ];
    for (act, count, pending) in acts {
        act(&mut hospital);
        let checked = hospital.check(&known).unwrap();
        assert_eq!((checked.count, checked.pending, checked.complete), (count, pending, pending == 0));
        known = checked.position;
    }
    assert_eq!(known, hospital.check(&before_all()).unwrap().position);
}

#[test]
fn the_day_before_stays_open_until_one_o_clock() {
    let mut hospital = Hospital::new();
    hospital.enter(at(0, 9), enrolment()).anchor(at(0, 12)).ask(at(0, 23)).block(at(1, 0));
    let known = hospital.check(&before_all()).unwrap();
    assert_eq!((known.position.first_open, known.pending), (day(0), 1));
    let state = DayState { before: 0, after: 2, head: hospital.entries[1].digest(&chain()) };
    hospital.days.insert(day(0), (0, 2));
    hospital.anchor_as(at(1, 0).plus_ms(HOUR_MS / 2), day(0), Some(state));
    let later = hospital.check(&known.position).unwrap();
    assert_eq!((later.position.first_open, later.position.count(), later.complete), (day(0), 2, true));
    let closed = hospital.block(at(1, 1)).check(&later.position).unwrap();
    assert_eq!((closed.position.first_open, closed.position.before), (day(1), 2));
}

#[test]
fn an_anchored_entry_left_out_at_the_end_is_missed() {
    let mut hospital = Hospital::with_four_days();
    hospital.entries.pop();
    assert_eq!(hospital.check(&before_all()), Err(LogError::EntriesMissing { anchored: 7, shown: 6 }));
}

#[test]
fn an_entry_left_out_in_the_middle_is_missed_however_the_rest_is_arranged() {
    let honest = Hospital::with_four_days();
    let mut hospital = honest.clone();
    hospital.entries.remove(3);
    assert_eq!(hospital.check(&before_all()), Err(LogError::Number { expected: 4, shown: 5 }));

    let mut renumbered = honest.clone();
    renumbered.entries.truncate(3);
    for entry in &honest.entries[4..] {
        renumbered.enter(entry.body.time, entry.body.event.clone());
    }
    let refused = renumbered.check(&before_all());
    assert_eq!(refused, Err(LogError::EntryNotAnchored { number: 4, day: day(0) }));
}

#[test]
fn an_altered_entry_is_noticed() {
    let honest = Hospital::with_four_days();
    let mut unsigned = honest.clone();
    unsigned.entries[6].body.time = at(3, 11);
    assert_eq!(unsigned.check(&before_all()), Err(LogError::Signature(7)));

    let mut signed_anew = honest.clone();
    let mut body = honest.entries[2].body.clone();
    body.time = at(0, 13).plus_ms(1);
    signed_anew.entries[2] = body.sign(&chain(), [9; 32], &gateway());
    assert_eq!(signed_anew.check(&before_all()), Err(LogError::Previous(4)));

    let mut last = honest.clone();
    let mut body = honest.entries[6].body.clone();
    body.time = at(3, 11);
    last.entries[6] = body.sign(&chain(), [9; 32], &gateway());
    assert_eq!(last.check(&before_all()), Err(LogError::EntryNotAnchored { number: 7, day: day(3) }));

    let mut stranger = honest.clone();
    let body = honest.entries[6].body.clone();
    stranger.entries[6] = body.sign(&chain(), [9; 32], &key("cedar", "gateway"));
    assert_eq!(stranger.check(&before_all()), Err(LogError::Signature(7)));
}

#[test]
fn an_entry_of_another_log_does_not_belong_here() {
    let mut hospital = Hospital::with_four_days();
    let mut body = hospital.entries[6].body.clone();
    body.relationship = layla("cedar").key().public_key();
    hospital.entries[6] = body.sign(&chain(), [9; 32], &gateway());
    assert_eq!(hospital.check(&before_all()), Err(LogError::OtherLog(7)));
}

#[test]
fn the_log_begins_with_the_enrolment_that_the_wallet_asked_for() {
    let mut other_key = Hospital::new();
    let event = EnrolmentEntry { log_key: Digest([1; 32]), generation: 0, proofing: Proofing::InPerson };
    other_key.enter(at(0, 9), Event::Enrolment(event));
    assert_eq!(other_key.check(&before_all()), Err(LogError::Enrolment(1)));
    let mut none = Hospital::new();
    none.ask(at(0, 9));
    assert_eq!(none.check(&before_all()), Err(LogError::Enrolment(1)));
    let mut twice = Hospital::new();
    twice.enter(at(0, 9), enrolment()).enter(at(0, 10), enrolment());
    assert_eq!(twice.check(&before_all()), Err(LogError::Enrolment(2)));
}

#[test]
fn a_closed_day_cannot_be_rewritten() {
    let honest = Hospital::with_four_days();
    let ledger = honest.anchored(before_all().first_open);
    let mut proofs = honest.prove(&ledger, before_all().first_open);
    let proved = proofs.iter().position(|proof| proof.day == day(1)).unwrap();
    let state = proofs[proved].state.unwrap();
    proofs[proved].state = Some(DayState { after: state.after - 1, ..state });
    let refused = check_parts(&before_all(), &ledger, &honest.entries, &proofs, &[]);
    assert_eq!(refused, Err(LogError::DayRewritten(day(1))));

    proofs[proved].state = None;
    let refused = check_parts(&before_all(), &ledger, &honest.entries, &proofs, &[]);
    assert_eq!(refused, Err(LogError::DayRewritten(day(1))), "absence is proved, not said");

    proofs.remove(proved);
    let refused = check_parts(&before_all(), &ledger, &honest.entries, &proofs, &[]);
    assert_eq!(refused, Err(LogError::DayUnproven(day(1))));
}

#[test]
fn a_day_whose_tree_leaves_the_patient_out_breaks_the_next() {
    let mut hospital = Hospital::new();
    hospital.enter(at(0, 9), enrolment()).anchor(at(0, 12));
    hospital.ask(at(1, 10));
    hospital.day_state(day(1));
    hospital.anchor_as(at(1, 12), day(1), None);
    hospital.ask(at(2, 10)).anchor(at(2, 12));
    let refused = hospital.check(&before_all());
    assert_eq!(refused, Err(LogError::DayDoesNotFollow { day: day(2), known: 1, shown: 2 }));
}

#[test]
fn an_open_day_never_shrinks() {
    let mut hospital = Hospital::with_four_days();
    hospital.ask(at(3, 13)).anchor(at(3, 14));
    let known = hospital.check(&before_all()).unwrap().position;
    assert_eq!(known.count(), 8);

    let mut fewer = hospital.clone();
    let seventh = fewer.entries[6].digest(&chain());
    fewer.anchor_as(at(3, 15), day(3), Some(DayState { before: 6, after: 7, head: seventh }));
    assert_eq!(fewer.check(&known), Err(LogError::DayShrank { day: day(3), known: 8, shown: 7 }));

    let mut moved = fewer.clone();
    let eighth = moved.entries[7].digest(&chain());
    moved.anchor_as(at(4, 2), day(4), Some(DayState { before: 7, after: 8, head: eighth }));
    let refused = moved.check(&known);
    assert_eq!(refused, Err(LogError::DayShrank { day: day(3), known: 8, shown: 7 }), "moved into the next day");

    let mut replaced = hospital.clone();
    replaced.entries.pop();
    replaced.enter(at(3, 13), decision(1_000));
    replaced.anchor(at(3, 15));
    assert_eq!(replaced.check(&known), Err(LogError::EntryNotAnchored { number: 8, day: day(3) }));
}

#[test]
fn nothing_older_than_what_was_seen_is_accepted() {
    let mut hospital = Hospital::with_four_days();
    let before = hospital.clone();
    let known = hospital.ask(at(3, 13)).anchor(at(3, 14)).check(&before_all()).unwrap().position;
    assert_eq!(before.check(&known), Err(LogError::OlderState { known: Height(7), shown: Height(6) }));

    let mut forked = before.clone();
    forked.block(at(3, 14)).block(at(3, 15));
    assert_eq!(forked.check(&known), Err(LogError::OlderAnchor { day: day(3), known: 6, shown: 5 }));

    let older = before.shown(&AnchoredDays::leaf_keys(qamar(), known.first_open, day(3))[0]);
    let mut mixed = AnchoredDays::new(qamar());
    mixed.learn(&hospital.shown(&[LeafKey::Member(qamar())]));
    mixed.learn(&older);
    assert_eq!(check_parts(&known, &mixed, &[], &[], &[]), Err(LogError::DayNotShown(day(3))));
}

#[test]
fn what_the_ledger_says_must_be_shown() {
    let hospital = Hospital::with_four_days();
    let mut without_keys = AnchoredDays::new(qamar());
    without_keys.learn(&hospital.shown(&[LeafKey::Anchor(qamar(), AnchorKind::Access, day(0))]));
    assert_eq!(check_parts(&before_all(), &without_keys, &[], &[], &[]), Err(LogError::CustodianNotShown));
    let mut without_days = AnchoredDays::new(qamar());
    without_days.learn(&hospital.shown(&[LeafKey::Member(qamar())]));
    let refused = check_parts(&before_all(), &without_days, &hospital.entries, &[], &[]);
    assert_eq!(refused, Err(LogError::DayNotShown(before_all().first_open)));
}

#[test]
fn younger_entries_are_pending_and_then_held() {
    let mut hospital = Hospital::with_four_days();
    hospital.ask(at(3, 13)).ask(at(3, 14));
    let checked = hospital.check(&before_all()).unwrap();
    assert_eq!((checked.count, checked.pending, checked.complete), (9, 2, false));
    assert_eq!(checked.position.count(), 7);

    let held = &hospital.entries[7..].to_vec();
    let mut dropped = hospital.clone();
    dropped.entries.pop();
    assert_eq!(dropped.check_holding(&checked.position, held), Err(LogError::HeldMissing(9)));

    let mut other = dropped.clone();
    other.enter(at(3, 14), decision(1_000));
    assert_eq!(other.check_holding(&checked.position, held), Err(LogError::Twice(9)));

    let anchored = hospital.anchor(at(3, 15)).check_holding(&checked.position, held).unwrap();
    assert_eq!((anchored.count, anchored.pending, anchored.complete), (9, 0, true));
    let held = [signed(3, Digest::ZERO, at(0, 13), decision(1))];
    assert_eq!(hospital.check_holding(&anchored.position, &held), Err(LogError::Twice(3)), "also long after");
}

#[test]
fn a_pending_entry_counts_under_the_present_key_only() {
    let mut hospital = Hospital::with_four_days();
    let previous = hospital.entries[6].digest(&chain());
    let body = signed(8, previous, at(3, 13), decision(9)).body;
    hospital.entries.push(body.sign(&chain(), [9; 32], &key("qamar", "node")));
    assert_eq!(hospital.check(&before_all()), Err(LogError::Signature(8)));
    hospital.anchor(at(3, 14));
    assert_eq!(hospital.check(&before_all()), Err(LogError::Signature(8)), "an anchor makes no other key count");
}

#[test]
fn time_and_height_never_fall_along_the_log() {
    let mut earlier = Hospital::with_four_days();
    earlier.ask(at(3, 9));
    assert_eq!(earlier.check(&before_all()), Err(LogError::GoesBack(8)));
    let mut lower = Hospital::with_four_days();
    lower.enter(at(3, 13), decision(1));
    assert_eq!(lower.check(&before_all()), Err(LogError::GoesBack(8)));
    let known = Hospital::with_four_days().check(&before_all()).unwrap().position;
    assert_eq!(lower.check(&known), Err(LogError::GoesBack(8)), "the position remembers both");
}

#[test]
fn an_entry_in_the_tree_of_another_day_is_reported() {
    let mut hospital = Hospital::new();
    hospital.enter(at(0, 9), enrolment()).anchor(at(0, 12));
    hospital.ask(at(0, 13)).ask(at(1, 10)).anchor(at(1, 12));
    let checked = hospital.check(&before_all()).unwrap();
    assert_eq!((checked.entered_late, checked.complete), (vec![2], true));
}

/// Loses entries `from..=to` and says so.
fn lose(hospital: &mut Hospital, from: u64, to: u64, head: Digest, time: UnixMs) {
    hospital.entries.retain(|entry| entry.body.number < from);
    hospital.entries.push(signed(to + 1, head, time, Event::Gap(Gap { from, to, head })));
}

#[test]
fn what_was_lost_and_admitted_shows_for_ever_and_is_never_complete() {
    let honest = Hospital::with_four_days();
    let head = honest.entries[6].digest(&chain());
    let mut hospital = honest.clone();
    lose(&mut hospital, 3, 7, head, at(3, 13));
    let pending = hospital.check(&before_all()).unwrap();
    assert_eq!((pending.count, pending.pending, pending.complete), (8, 1, false));
    let checked = hospital.anchor(at(3, 14)).check(&pending.position).unwrap();
    assert_eq!((checked.count, checked.pending, checked.complete), (8, 0, false));
    assert_eq!(checked.position.lost.as_slice(), [Gap { from: 3, to: 7, head }]);
    let later = hospital.ask(at(3, 15)).anchor(at(3, 16)).check(&checked.position).unwrap();
    assert_eq!((later.count, later.complete, later.position.lost.len()), (9, false, 1));

    let known = honest.check(&before_all()).unwrap().position;
    let seen = hospital.check_holding(&known, &honest.entries[2..5]).unwrap();
    assert_eq!(seen.position.hashes[4], honest.entries[4].digest(&chain()), "the wallet still knows what it saw");
}

#[test]
fn a_loss_that_a_later_anchor_of_its_day_covers_stays_a_loss() {
    let mut hospital = Hospital::with_four_days();
    let early = hospital.check(&before_all()).unwrap().position;
    hospital.ask(at(3, 13)).ask(at(3, 14)).anchor(at(3, 15));
    let anchored = hospital.entries[8].digest(&chain());
    lose(&mut hospital, 8, 9, anchored, at(3, 16));
    hospital.ask(at(3, 17)).anchor(at(3, 18));
    for known in [before_all(), early] {
        let checked = hospital.check(&known).unwrap();
        assert_eq!((checked.count, checked.pending, checked.complete), (11, 0, false));
        assert_eq!(checked.position.lost.as_slice(), [Gap { from: 8, to: 9, head: anchored }]);
    }
}

#[test]
fn what_is_remembered_must_be_shown_as_it_was_or_admitted_lost() {
    let hospital = Hospital::with_four_days();
    let known = hospital.check(&before_all()).unwrap().position;
    let entries = &hospital.entries;
    let gap = |from, to| Gap { from, to, head: known.head() };
    assert_eq!(known.check_remembered(&chain(), entries, &[]), Ok(()));
    let mut altered = entries.clone();
    altered[3].body.time = at(0, 15);
    assert_eq!(known.check_remembered(&chain(), &altered, &[]), Err(LogError::Twice(4)));
    let mut shorter = entries.clone();
    shorter.drain(3..5);
    let missing = |shown| Err(LogError::EntriesMissing { anchored: 7, shown });
    assert_eq!(known.check_remembered(&chain(), &shorter, &[]), missing(3));
    assert_eq!(known.check_remembered(&chain(), &shorter, &[gap(4, 4)]), missing(4));
    assert_eq!(known.check_remembered(&chain(), &shorter, &[gap(4, 5)]), Ok(()));
    let twice = [entries.as_slice(), &entries[6..]].concat();
    let again = LogError::Number { expected: 8, shown: 7 };
    assert_eq!(known.check_remembered(&chain(), &twice, &[]), Err(again));
}

#[test]
fn a_loss_cannot_contradict_what_was_anchored() {
    let honest = Hospital::with_four_days();
    let known = honest.check(&before_all()).unwrap().position;
    let head = |n: usize| honest.entries[n - 1].digest(&chain());
    let refused = |from, to, head| {
        let mut hospital = honest.clone();
        lose(&mut hospital, from, to, head, at(3, 13));
        (hospital.check(&before_all()).unwrap_err(), hospital.check(&known).unwrap_err())
    };
    let of = |from, to, head| LogError::Loss(Gap { from, to, head });
    let gap = of(5, 7, Digest([1; 32]));
    let other_head = refused(5, 7, Digest([1; 32]));
    assert_eq!(other_head, (LogError::EntryNotAnchored { number: 7, day: day(3) }, gap));
    let never_anchored = of(5, 9, Digest([1; 32]));
    assert_eq!(refused(5, 9, Digest([1; 32])), (never_anchored.clone(), never_anchored));
    let mut too_short = honest.clone();
    lose(&mut too_short, 5, 6, head(6), at(3, 13));
    too_short.ask(at(3, 14));
    assert_eq!(too_short.check(&known), Err(LogError::Previous(8)), "the wallet has seen entry 7");
    let mut backwards = honest.clone();
    lose(&mut backwards, 6, 5, head(5), at(3, 13));
    assert_eq!(backwards.check(&before_all()), Err(of(6, 5, head(5))));
}

#[test]
fn a_year_away_is_checked_in_portions() {
    let mut hospital = Hospital::with_four_days();
    hospital.ask(at(300, 10)).anchor(at(300, 12));
    let portions = AnchoredDays::leaf_keys(qamar(), before_all().first_open, hospital.time.day());
    assert!(portions.len() > 1 && portions.iter().all(|keys| keys.len() <= crate::proof::ENTRIES_MAX));
    let checked = hospital.check(&before_all()).unwrap();
    assert_eq!((checked.count, checked.complete, checked.position.first_open), (8, true, day(300)));
}

#[test]
fn a_tree_says_nothing_to_who_lacks_the_log_key() {
    let hospital = Hospital::with_four_days();
    let ((day, root), (tree, state)) = hospital.trees.iter().next_back().unwrap();
    let proof = tree.prove(*day, &layla("qamar").log_key(), *state);
    assert_eq!(proof.verify(*day, root, &layla("qamar").log_key()), Ok(*state));
    assert!(proof.verify(*day, root, &layla("cedar").log_key()).is_err());
    let next = Day(day.0 + 1);
    assert!(proof.verify(next, root, &layla("qamar").log_key()).is_err(), "a leaf stands for one day only");
    assert_eq!(tree.leaves().count(), 2);
    assert_eq!(DayTree::new().with_leaves(tree.leaves()).root(), *root, "a closed day is its leaves");
}
