//! FHIR dates: a year, a month, a day or a moment, each a span of time in UTC.

use amanah_ledger::engine::{Moment, Span};
use amanah_ledger::mutant::{Mutant, lacks};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The span that a `date`, `dateTime` or `instant` means: `2015` is all of that year, a moment is its millisecond.
/// `None` if it is none of these. A time of day needs its offset from UTC, as FHIR says.
pub fn span(text: &str) -> Option<Span> {
    if text.contains('T') {
        let moment = text.parse::<Timestamp>().ok()?.as_millisecond();
        return Some(Span { from: Some(Moment(moment)), until: Some(Moment(moment)) });
    }
    let (first, last) = days(text)?;
    let after = last.checked_add(1.day()).ok()?;
    let ends = if lacks(Mutant::DayEndsAtItsBeginning) { midnight(last)? } else { midnight(after)?.checked_sub(1)? };
    Some(Span { from: Some(Moment(midnight(first)?)), until: Some(Moment(ends)) })
}

/// A moment as programs write it, or the first moment of a day.
pub fn moment(text: &str) -> Option<Moment> {
    span(text)?.from
}

/// The days that a date means.
pub(crate) fn days(text: &str) -> Option<(Date, Date)> {
    let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    let first = match parts[..] {
        [year] if digits(year, 4) => Date::new(year.parse().ok()?, 1, 1).ok()?,
        [year, month] if digits(year, 4) && digits(month, 2) => {
            Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?
        }
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
            Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?
        }
        _ => return None,
    };
    let last = match parts.len() {
        1 => first.last_of_year(),
        2 => first.last_of_month(),
        _ => first,
    };
    Some((first, last))
}

fn midnight(day: Date) -> Option<i64> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// A moment in RFC 3339, for people and programs.
pub fn written(moment: Moment) -> String {
    Timestamp::from_millisecond(moment.0).map_or_else(|_beyond| moment.0.to_string(), |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, from: &str, until: &str) {
        let ends = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let expected = Span { from: Some(Moment(ends(from))), until: Some(Moment(ends(until))) };
        assert_eq!(span(text), Some(expected), "{text}");
    }

    #[test]
    fn a_date_is_all_of_its_day_month_or_year_in_utc() {
        check("2018-12-28", "2018-12-28T00:00:00Z", "2018-12-28T23:59:59.999Z");
        check("2016-02", "2016-02-01T00:00:00Z", "2016-02-29T23:59:59.999Z");
        check("1964", "1964-01-01T00:00:00Z", "1964-12-31T23:59:59.999Z");
        check("2016-06-23T17:02:33+10:00", "2016-06-23T07:02:33Z", "2016-06-23T07:02:33Z");
        check("2015-02-07T13:28:17.239-05:00", "2015-02-07T18:28:17.239Z", "2015-02-07T18:28:17.239Z");
    }

    #[test]
    fn what_is_no_fhir_date_means_nothing() {
        for text in ["", "15-01-01", "2015-1-1", "2015-13", "2015-02-30", "2015-02-07T13:28:17", "today", "2015-01-01-"]
        {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        assert_eq!(written(moment("2016-06-23T07:02:33Z").unwrap()), "2016-06-23T07:02:33Z");
        assert_eq!(written(moment("1900-01-01").unwrap()), "1900-01-01T00:00:00Z");
    }
}
