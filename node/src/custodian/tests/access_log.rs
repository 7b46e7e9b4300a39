use super::*;
use amanah_ledger::access::{AnchoredDays, Checked, LogError, Position, Shown, Subject, check};
use amanah_ledger::proof::{StateProof, Trust};
use amanah_ledger::time::Day;
use amanah_ledger::transaction::{Anchor, AnchorKind};

fn anchors(sent: &[SignedTransaction]) -> Vec<Anchor> {
    let anchor = |tx: &SignedTransaction| match tx {
        SignedTransaction::Anchor { anchor, .. } => Some(*anchor),
        SignedTransaction::Grants { .. } | SignedTransaction::Revoke { .. } => None,
        other => panic!("{other:?}"),
    };
    sent.iter().filter_map(anchor).collect()
}

/// What the patient's wallet finds when it checks its log, from `known` on.
pub(super) fn check_log(cedar: &mut Cedar, patient: &Patient, known: &Position) -> Result<Checked, LogError> {
    let view = cedar.ledger.view();
    let trust = Trust::from_genesis(&cedar.genesis).unwrap();
    let mut ledger = AnchoredDays::new(cedar.id());
    let today = view.tip.header().time.day();
    for keys in AnchoredDays::leaf_keys(cedar.id(), known.first_open, today) {
        let proof = StateProof::of(view.certified().unwrap(), view.tip.state(), &keys).unwrap();
        ledger.learn(&proof.verify(&trust, &Ed25519).unwrap());
    }
    let days = cedar.desk.days(&patient.key(), &ledger.queries(known.first_open)).unwrap().unwrap();
    let page = cedar.desk.log(&patient.key(), known.count() + 1).unwrap().unwrap();
    let log_key = patient.secret.log_key();
    let (custodian, relationship) = (cedar.id(), patient.key());
    let subject =
        Subject { chain: &patient.chain, custodian: &custodian, relationship: &relationship, log_key: &log_key };
    check(&subject, known, &ledger, &Shown { entries: &page.entries, days: &days, held: &[] }, &Ed25519)
}

pub(super) fn start() -> Position {
    Position::start(TEN.day())
}

#[test]
fn an_anchor_is_made_at_a_grid_point_and_only_when_something_is_new() {
    let mut cedar = Cedar::new();
    assert_eq!(cedar.pass(GRID_MS).len(), 0);
    let patient = cedar.patient(1);
    assert_eq!(anchors(&cedar.pass(1)), [], "not because of an event");
    let made = anchors(&cedar.pass(GRID_MS));
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].seq, made[0].day, made[0].kind), (1, TEN.day(), AnchorKind::Access));
    for _ in 0..5 {
        assert_eq!(cedar.pass(GRID_MS).len(), 0, "an idle ledger is silent");
    }
    let who = cedar.member(1);
    cedar.ask(&patient, who, "labs", "TREAT");
    assert_eq!(anchors(&cedar.pass(GRID_MS)).first().map(|anchor| anchor.seq), Some(2));
}

#[test]
fn one_anchor_is_on_its_way_at_a_time_and_sent_until_it_is_final_also_after_a_power_cut() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    cedar.now = cedar.now.plus_ms(GRID_MS);
    let first = anchors(&cedar.sends());
    cedar.ask(&patient, who.clone(), "labs", "TREAT");
    cedar.now = cedar.now.plus_ms(GRID_MS);
    assert_eq!(anchors(&cedar.sends()), first, "the same anchor again");
    cedar.power_cut();
    assert_eq!(anchors(&cedar.sends()), first);
    cedar.now = cedar.now.plus_ms(GRID_MS);
    assert_eq!(anchors(&cedar.pass(0)), first);
    let second = anchors(&cedar.pass(GRID_MS));
    assert_eq!(second[0].seq, 2);
    let checked = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((checked.count, checked.pending, checked.complete), (2, 0, true));
}

#[test]
fn what_is_proved_of_a_day_satisfies_the_wallet_before_and_after_a_power_cut() {
    let mut cedar = Cedar::new();
    let (patient, quiet) = (cedar.patient(1), cedar.patient(2));
    let who = cedar.member(1);
    let mut known = start();
    for round in 1..4u64 {
        cedar.ask(&patient, who.clone(), "labs", "TREAT");
        assert_eq!(anchors(&cedar.pass(GRID_MS)).len(), 1);
        if round == 2 {
            cedar.power_cut();
        }
        let checked = check_log(&mut cedar, &patient, &known).unwrap();
        assert_eq!((checked.count, checked.pending, checked.complete), (round + 1, 0, true));
        known = checked.position;
    }
    cedar.ask(&patient, who, "labs", "TREAT");
    let checked = check_log(&mut cedar, &patient, &known).unwrap();
    assert_eq!((checked.count, checked.pending, checked.complete), (5, 1, false));
    assert_eq!(check_log(&mut cedar, &quiet, &start()).unwrap().count, 1);
}

#[test]
fn a_root_that_was_never_anchored_is_not_served() {
    use amanah_ledger::exchange::DayQuery;
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.pass(GRID_MS);
    let query = DayQuery { day: TEN.day(), root: Digest([1; 32]) };
    let refused = cedar.desk.days(&patient.key(), &[query]).unwrap();
    assert_eq!(refused, Err(super::super::LogError::RootUnknown));
}

#[test]
fn the_day_before_is_finished_until_one_o_clock_and_the_new_day_follows() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    cedar.pass(GRID_MS);
    let (day, next) = (TEN.day(), Day(TEN.day().0 + 1));
    cedar.now = UnixMs(next.start().0 - 1);
    cedar.ask(&patient, who.clone(), "labs", "TREAT");
    cedar.now = next.start().plus_ms(10);
    cedar.ask(&patient, who.clone(), "labs", "TREAT");
    let closing = anchors(&cedar.pass(GRID_MS));
    assert_eq!((closing[0].day, closing.len()), (day, 1));
    let opening = anchors(&cedar.pass(GRID_MS));
    assert_eq!((opening[0].day, opening[0].seq), (next, 3));
    cedar.now = next.start().plus_ms(2 * HOUR_MS);
    cedar.ask(&patient, who, "labs", "TREAT");
    cedar.pass(GRID_MS);
    let checked = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((checked.count, checked.pending, checked.entered_late.len()), (4, 0, 0));
    assert_eq!(checked.position.first_open, next, "the first day is closed");
    cedar.power_cut();
    let again = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!(again.position, checked.position, "closed days are served from their files");
}

#[test]
fn what_misses_its_day_enters_the_next_days_tree_late() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    cedar.pass(GRID_MS);
    let next = Day(TEN.day().0 + 1);
    cedar.now = UnixMs(next.start().0 - 1);
    cedar.ask(&patient, who, "labs", "TREAT");
    // The anchor of the closing day is sent, and no block takes it in time.
    cedar.now = next.start().plus_ms(GRID_MS);
    assert_eq!(anchors(&cedar.sends())[0].day, TEN.day());
    cedar.now = next.start().plus_ms(HOUR_MS + 60_000);
    assert_eq!(anchors(&cedar.sends())[0].day, TEN.day(), "a slow clock may still take it");
    cedar.now = next.start().plus_ms(HOUR_MS + 5 * 60_000 + GRID_MS);
    cedar.power_cut();
    let late = anchors(&cedar.pass(GRID_MS));
    assert_eq!((late[0].day, late[0].seq), (next, 2));
    let checked = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((checked.count, checked.pending, checked.entered_late.clone()), (2, 0, vec![2]));
}

#[test]
fn an_anchor_that_was_given_up_and_became_final_after_all_is_recognised() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    cedar.pass(GRID_MS);
    let next = Day(TEN.day().0 + 1);
    cedar.now = UnixMs(next.start().0 - 1);
    cedar.ask(&patient, who, "labs", "TREAT");
    cedar.now = next.start().plus_ms(GRID_MS);
    let closing = cedar.sends();
    cedar.now = next.start().plus_ms(HOUR_MS + 6 * 60_000);
    let retaken = cedar.sends();
    assert_eq!(anchors(&retaken)[0].day, next);
    // A block of a validator with a slow clock takes the one that was given up.
    assert_eq!(cedar.ledger.block(next.start().plus_ms(HOUR_MS - 1), &closing), 1);
    assert_eq!(cedar.ledger.block(cedar.now, &retaken), 0);
    assert_eq!(anchors(&cedar.pass(GRID_MS)), [], "nothing is left to anchor");
    let checked = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((checked.count, checked.pending, checked.entered_late.len()), (2, 0, 0));
}

#[test]
fn with_cover_every_grid_point_has_an_anchor_of_its_own() {
    let mut cedar = Cedar::with(Cover::On);
    let mut roots = std::collections::BTreeSet::new();
    for seq in 1..5 {
        let made = anchors(&cedar.pass(GRID_MS));
        assert_eq!((made.len(), made[0].seq), (1, seq));
        roots.insert(made[0].root);
    }
    assert_eq!(roots.len(), 4);
    let patient = cedar.patient(1);
    cedar.pass(GRID_MS);
    assert!(check_log(&mut cedar, &patient, &start()).unwrap().complete);
}

#[test]
fn only_the_newest_versions_of_an_open_day_stay_in_memory_and_older_ones_are_still_served() {
    use amanah_ledger::exchange::DayQuery;
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    let mut roots = Vec::new();
    for _ in 0..70 {
        cedar.ask(&patient, who.clone(), "labs", "TREAT");
        roots.push(anchors(&cedar.pass(GRID_MS))[0].root);
    }
    cedar.pass(1);
    for (root, after) in [(roots[0], 2), (roots[69], 71)] {
        let query = DayQuery { day: TEN.day(), root };
        let proof = &cedar.desk.days(&patient.key(), &[query]).unwrap().unwrap()[0];
        let state = proof.verify(TEN.day(), &root, &patient.secret.log_key()).unwrap().unwrap();
        assert_eq!((state.before, state.after), (0, after));
    }
}
