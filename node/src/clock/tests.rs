use super::*;

const NOON: UnixMs = UnixMs(1_800_000_000_000);
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// What four hospitals said of their clocks while ours showed `ours`: ours has no reading.
fn heard(ours: UnixMs, theirs: [Option<UnixMs>; 3]) -> Vec<Option<ClockReading>> {
    let readings = theirs.into_iter().map(|theirs| theirs.map(|theirs| ClockReading { theirs, ours }));
    [None].into_iter().chain(readings).collect()
}

fn all(ours: UnixMs, theirs: UnixMs) -> Vec<Option<ClockReading>> {
    heard(ours, [Some(theirs); 3])
}

#[test]
fn nothing_is_confirmed_before_a_quorum_was_heard() {
    let (mut passing, start) = (Passing::default(), Instant::now());
    assert_eq!(passing.at(NOON, start), Moment::Unconfirmed(NOON));
    passing.compare(NOON, start, &heard(NOON, [Some(NOON), None, None]));
    assert_eq!((passing.at(NOON, start), passing.compared), (Moment::Unconfirmed(NOON), Comparison::FewHeard));
    passing.compare(NOON, start, &heard(NOON, [Some(NOON), Some(NOON.plus_ms(300)), None]));
    assert_eq!(passing.at(NOON, start), Moment::Confirmed(NOON));
}

#[test]
fn a_clock_that_is_a_day_wrong_is_not_confirmed_in_either_direction() {
    for (ours, offset_ms) in [(NOON.plus_ms(DAY_MS), -86_400_000), (UnixMs(NOON.0 - DAY_MS), 86_400_000)] {
        let (mut passing, start) = (Passing::default(), Instant::now());
        passing.compare(ours, start, &all(ours, NOON));
        assert_eq!(passing.at(ours, start), Moment::Unconfirmed(ours));
        assert_eq!(passing.compared, Comparison::Apart { offset_ms });
    }
}

#[test]
fn one_liar_moves_nobody() {
    for lie in [UnixMs(0), UnixMs(u64::MAX)] {
        let (mut passing, start) = (Passing::default(), Instant::now());
        passing.compare(NOON, start, &heard(NOON, [Some(lie), Some(NOON), Some(NOON)]));
        assert_eq!(passing.at(NOON, start), Moment::Confirmed(NOON), "the liar says {}", lie.0);
    }
}

#[test]
fn a_clock_that_jumps_is_not_followed_and_one_that_is_set_right_is() {
    let (mut passing, start) = (Passing::default(), Instant::now());
    passing.compare(NOON, start, &all(NOON, NOON));
    let (second, jumped) = (start + Duration::from_secs(1), NOON.plus_ms(DAY_MS));
    let right = NOON.plus_ms(1_000);
    assert_eq!(passing.at(jumped, second), Moment::Confirmed(right), "at once, before anybody said anything");
    passing.compare(jumped, second, &all(NOON, NOON));
    assert_eq!(passing.compared, Comparison::FewHeard, "what was heard before the jump says nothing about it");
    passing.compare(jumped, second, &all(jumped, right));
    assert_eq!(passing.at(jumped, second), Moment::Confirmed(right), "the others say it is wrong");
    // The others' clocks are eight seconds ahead, and so is ours from now on.
    let set = right.plus_ms(8_000);
    passing.compare(set, second, &all(set, set));
    assert_eq!(passing.at(set, second), Moment::Confirmed(set));
}

#[test]
fn who_is_cut_off_keeps_the_time_it_had() {
    let (mut passing, start) = (Passing::default(), Instant::now());
    passing.compare(NOON, start, &all(NOON, NOON));
    let (hour, later) = (start + Duration::from_secs(3_600), NOON.plus_ms(3_600_000));
    passing.compare(later, hour, &all(NOON, NOON));
    assert_eq!(passing.compared, Comparison::FewHeard);
    assert_eq!(passing.at(later, hour), Moment::Confirmed(later));
}
