//! Moments as people read them, in UTC and the Gregorian calendar.

use crate::time::DAY_MS;

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// 9999-12-31T23:59:59Z.
const LAST_MS: u64 = 253_402_300_799_000;

/// `Sat 20 Feb 2027, 23:59:59 UTC`; `None` for a moment that is no whole second or beyond the year 9999.
pub fn write_moment(unix_ms: u64) -> Option<String> {
    if unix_ms > LAST_MS || !unix_ms.is_multiple_of(1000) {
        return None;
    }
    let days = unix_ms / DAY_MS;
    let seconds = unix_ms % DAY_MS / 1000;
    let (year, month, day) = civil(days);
    let weekday = WEEKDAYS.get(usize::try_from(days % 7).ok()?)?;
    let month = MONTHS.get(usize::try_from(month - 1).ok()?)?;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!("{weekday} {day} {month} {year}, {hour:02}:{minute:02}:{second:02} UTC"))
}

/// Year, month and day of a day since 1970-01-01, counting years from March so that the leap day is their last.
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_calendars_say() {
        for (ms, text) in [
            (0, "Thu 1 Jan 1970, 00:00:00 UTC"),
            (951_782_400_000, "Tue 29 Feb 2000, 00:00:00 UTC"),
            (1_803_167_999_000, "Sat 20 Feb 2027, 23:59:59 UTC"),
            (4_107_542_400_000, "Mon 1 Mar 2100, 00:00:00 UTC"),
            (LAST_MS, "Fri 31 Dec 9999, 23:59:59 UTC"),
        ] {
            assert_eq!(write_moment(ms).as_deref(), Some(text));
        }
        assert_eq!(write_moment(1), None, "a part of a second");
        assert_eq!(write_moment(LAST_MS + 1000), None);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let length = |year: u64, month: u64| match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..200_000 {
            assert_eq!(civil(days), (year, month, day));
            day += 1;
            if day > length(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert!(year > 2500);
    }
}
