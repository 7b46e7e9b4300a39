use super::*;

#[test]
fn a_clock_set_back_does_not_stop_the_timers() {
    let mut clock = Clock::new(1_000_000);
    assert_eq!(clock.tick(1_000_500), 500);
    assert_eq!(clock.tick(400_000), 500, "set back by ten minutes");
    assert_eq!(clock.tick(400_100), 600, "and on from there");
}

#[test]
fn waits_grow_by_half_for_each_failed_view_beyond_f_and_at_most_eightfold() {
    let waits = |skipped| Waits::new(Timing::default(), skipped, 1);
    let leader: Vec<u64> = (0..9).map(|skipped| waits(skipped).leader_ms()).collect();
    assert_eq!(leader, [1000, 1000, 1500, 2250, 3375, 5062, 7593, 8000, 8000]);
    assert_eq!(waits(1_000_000).certificate_ms(), 12_000);
    assert_eq!(waits(0).certificate_ms(), 1500);
    assert_eq!(waits(2).stale_ms(), 1500);
}

#[test]
fn t2_waits_for_a_block_from_the_future_and_t3_refuses_an_old_one() {
    let waits = Waits::new(Timing::default(), 0, 1);
    assert_eq!(waits.earliest(UnixMs(10_000)), 9_500);
    assert!(!waits.is_too_old(UnixMs(10_000), UnixMs(12_000)));
    assert!(waits.is_too_old(UnixMs(10_000), UnixMs(12_001)));
    assert!(!waits.is_too_old(UnixMs(20_000), UnixMs(10_000)));
    // Each failed view allows more: a block is never too old for all.
    assert!(!Waits::new(Timing::default(), 2, 1).is_too_old(UnixMs(10_000), UnixMs(12_001)));
}

#[test]
fn an_even_delay_is_no_offset_and_a_long_round_trip_measures_nothing() {
    let echo = Echo { time: UnixMs(1_000), held_ms: 4_000 };
    // Sent at 1000, 300 there, held for 4000, 300 back.
    let fair = Offset::measure(UnixMs(5_600), UnixMs(5_300), echo).expect("a short round trip");
    assert_eq!(fair, Offset { offset_ms: 0, rtt_ms: 600 });
    assert!(!fair.is_alarming(250));
    let ahead = Offset::measure(UnixMs(5_600), UnixMs(5_900), echo).expect("a short round trip");
    assert_eq!(ahead.offset_ms, 600);
    assert!(ahead.is_alarming(250) && !ahead.is_alarming(300));
    assert_eq!(Offset::measure(UnixMs(6_001), UnixMs(5_300), echo), None);
    assert_eq!(Offset::measure(UnixMs(900), UnixMs(5_300), echo), None, "our clock was set back meanwhile");
    assert_eq!(Offset::measure(UnixMs(5_600), UnixMs(u64::MAX), echo), None);
}

#[test]
fn the_median_ignores_a_minority_of_wild_clocks() {
    let offset = |offset_ms| Offset { offset_ms, rtt_ms: 0 };
    let median = Offset::median(vec![offset(90_000), offset(3), offset(-2)]).expect("three of them");
    assert_eq!(median.offset_ms, 3);
    assert_eq!(Offset::median(Vec::new()), None);
}
