use super::*;
use crate::document::Effect;

fn days(from: i32, until: i32) -> Days {
    Days { from: CivilDay(from), until: CivilDay(until) }
}

/// "+use 1-10": permits the piece `use` from day 1 to day 10; "-" refuses.
fn consent(given: i64, pieces: &[&str]) -> DatedConsent {
    let piece = |text: &&str| {
        let (what, when) = text.split_once(' ').unwrap();
        let (from, until) = when.split_once("..").unwrap();
        let effect = if what.starts_with('+') { Effect::Permit } else { Effect::Deny };
        Piece { code: what[1..].to_owned(), effect, days: days(from.parse().unwrap(), until.parse().unwrap()) }
    };
    DatedConsent { given: Some(given), pieces: pieces.iter().map(piece).collect() }
}

fn requires(required: &[&str], gates: &[&str]) -> Requirement {
    let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    Requirement { required: set(required), gates: set(gates), retroactive: BTreeMap::new() }
}

#[track_caller]
fn check(requirement: &Requirement, consents: &[DatedConsent], expected: &[Days]) {
    assert_eq!(requirement.permitted(consents, CivilDay(5)).windows, expected);
}

#[test]
fn a_refusal_takes_away_and_a_later_permit_gives_again() {
    let used = requires(&["use"], &[]);
    check(&used, &[consent(1, &["+use 1..30", "-use 10..20"])], &[days(1, 9), days(21, 30)]);
    let given = consent(1, &["+use 1..30"]);
    let (refused, again) = (consent(2, &["-use 10..20"]), consent(3, &["+use 12..15"]));
    check(&used, &[given.clone(), refused.clone()], &[days(1, 9), days(21, 30)]);
    check(&used, &[again, given.clone(), refused], &[days(1, 9), days(12, 15), days(21, 30)]);
    check(&used, &[consent(0, &["-use 1..30"]), given], &[days(1, 30)]);
    check(&used, &[consent(1, &["+use 1..30", "-use 1..30"])], &[]);
    check(&used, &[consent(1, &["+use 1..9"]), consent(2, &["+use 10..12"])], &[days(1, 12)]);
}

#[test]
fn one_consent_must_permit_every_piece_and_the_days_are_those_of_all() {
    let both = requires(&["collect", "use"], &[]);
    check(&both, &[consent(1, &["+collect 1..10", "+use 5..15"])], &[days(5, 10)]);
    check(&both, &[consent(1, &["+collect 1..10"]), consent(2, &["+use 1..10"])], &[]);
    check(&both, &[consent(1, &["+collect 1..10", "+use 11..20"])], &[]);
}

#[test]
fn a_gate_says_whether_consent_holds_today_and_nothing_about_the_data() {
    let gated = requires(&["gate", "use"], &["gate"]);
    check(&gated, &[consent(1, &["+gate 4..6", "+use 1..30"])], &[days(1, 30)]);
    check(&gated, &[consent(1, &["+gate 6..9", "+use 1..30"])], &[]);
    let closed = gated.permitted(&[consent(1, &["+gate 1..4", "+use 1..30"])], CivilDay(5));
    assert_eq!((closed.windows, closed.closed.len()), (vec![], 1));
}

#[test]
fn a_retroactive_permit_of_the_same_consent_goes_back_to_its_day() {
    let mut used = requires(&["use"], &[]);
    used.retroactive = [("before".to_owned(), ("use".to_owned(), CivilDay(-100)))].into();
    check(&used, &[consent(1, &["+use 10..20", "+before 10..20"])], &[days(-100, 20)]);
    check(&used, &[consent(1, &["+use 10..20", "+before 30..40"])], &[days(10, 20)]);
    check(&used, &[consent(1, &["+use 10..20"]), consent(2, &["+before 10..20"])], &[days(10, 20)]);
    check(&used, &[consent(1, &["+use 10..20", "-before 10..20"])], &[days(10, 20)]);
    check(&used, &[consent(1, &["+use 10..20", "+before 5..20", "-before -100..4"])], &[days(5, 20)]);
    check(&used, &[consent(1, &["+use 10..20", "+before 5..20", "-use -50..0"])], &[days(-100, -51), days(1, 20)]);
}
