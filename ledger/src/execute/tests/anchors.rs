//! Anchors count without gaps, and a day that is over never changes.

use crate::chain::Tip;
use crate::fixture::{Network, START, digest, network};
use crate::position::Height;
use crate::time::{DAY_MS, Day, HOUR_MS, UnixMs};
use crate::transaction::{Anchor, AnchorKind, Figures, Outcome};

const MIDNIGHT: UnixMs = UnixMs(START.0 + DAY_MS / 2);

fn anchor(network: &Network, seq: u64, day: Day) -> Anchor {
    let member = network.members[0].id;
    Anchor { member, kind: AnchorKind::Access, seq, day, root: digest("root"), figures: None }
}

fn outcome(network: &Network, tip: &Tip, time: UnixMs, anchor: Anchor) -> Outcome {
    network.outcomes(tip, time, &network.signed_anchor(0, anchor))[0]
}

#[test]
fn midnight_is_midnight() {
    assert_eq!((MIDNIGHT.0 % DAY_MS, START.0 % HOUR_MS), (0, 0));
}

#[test]
fn an_anchor_stands_for_its_day_and_as_the_last() {
    let network = network();
    let tip = network.next(&network.tip, &[network.anchor(0, 1, START)]);
    let tip = network.next(&tip, &[network.anchor(0, 2, START)]);
    let id = network.members[0].id;
    let day = tip.state().anchor(&id, AnchorKind::Access, START.day()).unwrap();
    assert_eq!((day.seq, day.root, day.height), (2, digest("root 2"), Height(2)));
    let head = tip.state().anchor_head(&id, AnchorKind::Access).unwrap();
    assert_eq!((head.seq, head.day, head.root, head.height), (2, START.day(), digest("root 2"), Height(2)));
    assert_eq!(tip.state().anchor(&id, AnchorKind::Devices, START.day()), None);
}

#[test]
fn the_number_is_the_next_of_its_member_and_kind() {
    let network = network();
    let today = START.day();
    assert_eq!(outcome(&network, &network.tip, START, anchor(&network, 0, today)), Outcome::SeqNotNext);
    assert_eq!(outcome(&network, &network.tip, START, anchor(&network, 2, today)), Outcome::SeqNotNext);
    let tip = network.next(&network.tip, &[network.anchor(0, 1, START)]);
    assert_eq!(outcome(&network, &tip, START, anchor(&network, 1, today)), Outcome::SeqNotNext);
    assert_eq!(outcome(&network, &tip, START, anchor(&network, 2, today)), Outcome::Applied);
    let devices = Anchor { kind: AnchorKind::Devices, ..anchor(&network, 1, today) };
    assert_eq!(outcome(&network, &tip, START, devices), Outcome::Applied, "each kind counts for itself");
}

#[test]
fn a_day_is_open_until_one_o_clock_of_the_next() {
    let network = network();
    let (today, tomorrow) = (START.day(), MIDNIGHT.day());
    let at = |time, day| outcome(&network, &network.tip, time, anchor(&network, 1, day));
    assert_eq!(at(START, today), Outcome::Applied);
    assert_eq!(at(START, tomorrow), Outcome::DayNotOpen);
    assert_eq!(at(START, Day(today.0 - 1)), Outcome::DayNotOpen);
    assert_eq!(at(MIDNIGHT, today), Outcome::Applied);
    assert_eq!(at(MIDNIGHT.plus_ms(HOUR_MS - 1), today), Outcome::Applied);
    assert_eq!(at(MIDNIGHT.plus_ms(HOUR_MS), today), Outcome::DayNotOpen);
    assert_eq!(at(MIDNIGHT, Day(today.0 - 1)), Outcome::DayNotOpen);
    assert_eq!(at(MIDNIGHT, tomorrow), Outcome::Applied);
}

#[test]
fn a_later_day_closes_the_one_before() {
    let network = network();
    let tip = network.build(&network.tip, MIDNIGHT, &[network.anchor(0, 1, MIDNIGHT)]);
    assert_eq!(tip.block().body.len(), 1);
    let soon = MIDNIGHT.plus_ms(1000);
    assert_eq!(outcome(&network, &tip, soon, anchor(&network, 2, START.day())), Outcome::DayNotOpen);
    assert_eq!(outcome(&network, &tip, soon, anchor(&network, 2, MIDNIGHT.day())), Outcome::Applied);
}

#[test]
fn one_anchor_of_a_member_and_kind_is_enough_in_a_block() {
    let network = network();
    let both = [network.anchor(0, 1, START), network.anchor(0, 2, START), network.anchor(1, 1, START)];
    let tip = network.build(&network.tip, START, &both);
    assert_eq!(tip.block().body.len(), 2, "one of each member");
    assert_eq!(tip.state().anchor_head(&network.members[0].id, AnchorKind::Access).unwrap().seq, 1);
}

#[test]
fn the_gateway_key_is_the_members_own_and_figures_are_not_active() {
    let network = network();
    let good = anchor(&network, 1, START.day());
    let by_other = network.outcomes(&network.tip, START, &network.signed_anchor(1, good));
    assert_eq!(by_other, [Outcome::GatewayKeyNotCurrent]);
    let figures = Some(Figures { accesses_log2: 1, emergencies_open_log2: 0, reviews_overdue: 0 });
    assert_eq!(outcome(&network, &network.tip, START, Anchor { figures, ..good }), Outcome::NotActive);
}
