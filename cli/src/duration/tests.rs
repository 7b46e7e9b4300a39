use super::*;

/// 2026-11-22T09:30:00Z.
const NOW: UnixMs = UnixMs(1_795_339_800_000);

fn said(text: &str) -> String {
    for_programs(until(text, NOW, &TimeZone::UTC).unwrap())
}

#[test]
fn natural_durations_mean_one_instant() {
    assert_eq!(said("90d"), "2027-02-20T09:30:00Z");
    assert_eq!(said("2w"), "2026-12-06T09:30:00Z");
    assert_eq!(said("6mo"), "2027-05-22T09:30:00Z");
    assert_eq!(said("1y"), "2027-11-22T09:30:00Z");
    assert_eq!(said("1w4d"), "2026-12-03T09:30:00Z");
    assert_eq!(said("90 days"), "2027-02-20T09:30:00Z");
    assert_eq!(said("3s"), "2026-11-22T09:30:03Z");
    assert_eq!(said("45min"), "2026-11-22T10:15:00Z");
    assert_eq!(said("visit"), "2026-11-25T09:30:00Z");
    assert_eq!(said("Visit"), said("72h"));
}

#[test]
fn a_date_means_the_end_of_that_day_where_the_person_is() {
    assert_eq!(said("2027-03-01"), "2027-03-01T23:59:59Z");
    let riyadh = TimeZone::fixed(jiff::tz::offset(3));
    assert_eq!(for_programs(until("2027-03-01", NOW, &riyadh).unwrap()), "2027-03-01T20:59:59Z");
    assert_eq!(said("2026-11-22"), "2026-11-22T23:59:59Z", "today is allowed until midnight");
    assert_eq!(said("2027-03-01t12:00:00z"), "2027-03-01T12:00:00Z");
}

#[test]
fn minutes_and_months_are_never_guessed() {
    let failure = until("6m", NOW, &TimeZone::UTC).unwrap_err();
    assert_eq!((failure.exit, failure.code.as_str()), (Exit::Usage, "AMN-0223"));
    assert!(failure.detail.contains("did you mean 6mo?"), "{}", failure.detail);
    assert_eq!(failure.fix, "--until 6mo   or   --until 6min");
}

#[test]
fn what_means_nothing_or_is_over_is_refused() {
    for text in ["", "soon", "90", "d", "-3d", "9999999999999999999d", "99999y", "1d3", "٩٠d"] {
        assert_eq!(until(text, NOW, &TimeZone::UTC).unwrap_err().exit, Exit::Usage, "{text}");
    }
    for text in ["2026-11-21", "0d", "2020-01-01T00:00:00Z"] {
        assert_eq!(until(text, NOW, &TimeZone::UTC).unwrap_err().code, "AMN-0226", "{text}");
    }
}

#[test]
fn waiting_times_are_seconds_unless_said_otherwise() {
    assert_eq!(waiting_time("15"), Ok(std::time::Duration::from_secs(15)));
    assert_eq!(waiting_time("15s"), Ok(std::time::Duration::from_secs(15)));
    assert_eq!(waiting_time("500ms"), Ok(std::time::Duration::from_millis(500)));
    assert_eq!(waiting_time("2min"), Ok(std::time::Duration::from_secs(120)));
    assert!(waiting_time("2m").is_err());
    assert!(waiting_time("").is_err());
}
