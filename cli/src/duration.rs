//! How people say how long: `90d`, `2w`, `6mo`, `visit`, `2027-03-01`. The answer is always one instant.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use amanah_ledger::time::UnixMs;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

/// A visit and the days around it.
const VISIT_HOURS: i64 = 72;
/// Longest text that is looked at.
const TEXT_BYTES_MAX: usize = 40;

/// The instant that `text` means, seen from `now` in `zone`. A date means the end of that day.
///
/// # Errors
/// When the text is ambiguous (`6m`), means nothing, or is not in the future.
pub(crate) fn until(text: &str, now: UnixMs, zone: &TimeZone) -> Fallible<UnixMs> {
    let start = zoned(now, zone)?;
    let text = text.trim().to_ascii_lowercase();
    if text.len() > TEXT_BYTES_MAX {
        return Err(not_understood(&text));
    }
    let end = if text == "visit" {
        start.checked_add(Span::new().hours(VISIT_HOURS)).map_err(|_range| too_far(&text))?
    } else if let Ok(date) = text.parse::<Date>() {
        end_of_day(date, zone).ok_or_else(|| too_far(&text))?
    } else if let Ok(instant) = text.to_ascii_uppercase().parse::<Timestamp>() {
        instant.to_zoned(zone.clone())
    } else {
        start.checked_add(span(&text)?).map_err(|_range| too_far(&text))?
    };
    let end_ms = u64::try_from(end.timestamp().as_millisecond()).map_err(|_before_1970| past(&text))?;
    if end_ms <= now.0 {
        return Err(past(&text));
    }
    Ok(UnixMs(end_ms))
}

/// A waiting time such as `15s`, `500ms`, `2min` or plain seconds.
///
/// # Errors
/// Says what would be understood; the text of the error is for the command line's own message.
pub(crate) fn waiting_time(text: &str) -> Result<std::time::Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u32 = number.parse().map_err(|_not_a_number| "say it as 15s, 500ms or 2min".to_owned())?;
    let ms_each = match unit {
        "ms" => 1,
        "" | "s" | "sec" => 1_000,
        "min" => 60_000,
        _ => return Err("say it as 15s, 500ms or 2min".to_owned()),
    };
    Ok(std::time::Duration::from_millis(u64::from(number) * ms_each))
}

/// RFC 3339 in UTC: an instant as programs read it.
pub(crate) fn for_programs(time: UnixMs) -> String {
    i64::try_from(time.0)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| time.0.to_string(), |instant| instant.to_string())
}

/// The wall clock.
pub(crate) fn now() -> UnixMs {
    UnixMs(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0))
}

fn zoned(time: UnixMs, zone: &TimeZone) -> Fallible<Zoned> {
    let instant = i64::try_from(time.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    instant.map(|i| i.to_zoned(zone.clone())).ok_or_else(|| too_far("the clock"))
}

fn end_of_day(date: Date, zone: &TimeZone) -> Option<Zoned> {
    date.at(23, 59, 59, 0).to_zoned(zone.clone()).ok()
}

/// `1w4d`: a sum of whole numbers with units.
fn span(text: &str) -> Fallible<Span> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = compact.as_str();
    let mut span = Span::new();
    if rest.is_empty() {
        return Err(not_understood(text));
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(|b| !b.is_ascii_digit()).count();
        let (unit, tail) = tail.split_at(letters);
        let number: i64 = number.parse().map_err(|_no_number| not_understood(text))?;
        span = add_part(span, number, unit, text)?;
        rest = tail;
    }
    Ok(span)
}

fn add_part(span: Span, number: i64, unit: &str, text: &str) -> Fallible<Span> {
    let added = match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => span.try_seconds(span.get_seconds() + number),
        "min" | "mins" | "minute" | "minutes" => span.try_minutes(span.get_minutes() + number),
        "h" | "hour" | "hours" => span.try_hours(i64::from(span.get_hours()) + number),
        "d" | "day" | "days" => span.try_days(i64::from(span.get_days()) + number),
        "w" | "week" | "weeks" => span.try_weeks(i64::from(span.get_weeks()) + number),
        "mo" | "month" | "months" => span.try_months(i64::from(span.get_months()) + number),
        "y" | "year" | "years" => span.try_years(i64::from(span.get_years()) + number),
        "m" => return Err(ambiguous(text, number)),
        _ => return Err(not_understood(text)),
    };
    added.map_err(|_range| too_far(text))
}

fn ambiguous(text: &str, number: i64) -> Box<Failure> {
    let detail = format!("\"{text}\" could mean minutes or months; did you mean {number}mo?");
    Failure::new(Exit::Usage, 223, detail, format!("--until {number}mo   or   --until {number}min"))
}

fn not_understood(text: &str) -> Box<Failure> {
    let shown: String = text.chars().take(TEXT_BYTES_MAX).collect();
    let fix = "--until 90d, 2w, 6mo, 1y, visit (72 hours) or a date such as 2027-03-01";
    Failure::new(Exit::Usage, 224, format!("\"{shown}\" is not a duration or a date"), fix)
}

fn too_far(text: &str) -> Box<Failure> {
    Failure::new(Exit::Usage, 225, format!("\"{text}\" is further away than can be written down"), "--until 1y")
}

fn past(text: &str) -> Box<Failure> {
    Failure::new(Exit::Usage, 226, format!("\"{text}\" is not in the future"), "--until 90d")
}

#[cfg(test)]
mod tests;
