//! Everything that the programs of this project call an error: one number, one title, why it happens, what to try.
//!
//! Wallet, daemon and API name errors by these numbers and by no others; `amanah explain`, the pages that a node serves
//! and `docs/reference/errors.md` print this table. A number never changes its meaning and is never used again.
//! The first digits group them: 00 the machine, 01 wallets and the daemon's files, 02 what was typed or asked for, 03
//! waiting, 04 the API's door, 05 enrolment, 06 demo and bench, 08 what does not verify, 09 refused for safety, 10 to 15
//! the exit code that the daemon ends with.

mod daemon;
mod door;
mod machine;
mod request;
mod trust;

use std::fmt;
use std::str::FromStr;

/// The name of an error: `AMN-` and four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub u16);

/// One error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub code: ErrorCode,
    /// What happened, in a few words.
    pub title: &'static str,
    /// How it comes about, in full sentences.
    pub cause: &'static str,
    /// What to try.
    pub fix: &'static str,
}

const fn entry(number: u16, title: &'static str, cause: &'static str, fix: &'static str) -> Entry {
    Entry { code: ErrorCode(number), title, cause, fix }
}

/// The parts of the table, each in the order of its numbers.
const PARTS: [&[Entry]; 5] = [machine::ENTRIES, request::ENTRIES, door::ENTRIES, trust::ENTRIES, daemon::ENTRIES];

/// Every error, in the order of the numbers.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    PARTS.into_iter().flatten()
}

/// The error of this name. In a constant, so that a number that is not in the table does not compile where it is used.
pub const fn find(code: ErrorCode) -> Option<&'static Entry> {
    let mut part = 0;
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            if PARTS[part][at].code.0 == code.0 {
                return Some(&PARTS[part][at]);
            }
            at += 1;
        }
        part += 1;
    }
    None
}

impl Entry {
    /// The page about it, as plain text: people read it in a terminal, and at a node's `/errors/AMN-nnnn`.
    pub fn page(&self) -> String {
        let Self { code, title, cause, fix } = self;
        format!("{code}: {title}\n\n{cause}\n\nWhat to try: {fix}.\n")
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AMN-{:04}", self.0)
    }
}

/// Not the name of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an error is named like AMN-0231")]
pub struct NotACode;

impl FromStr for ErrorCode {
    type Err = NotACode;
    /// Takes what people copy from a screen: `AMN-0231`, `amn-231`, `231`, also in brackets.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let bare = text.trim().trim_start_matches("error").trim_matches(['[', ']', ':', ' ']);
        let digits = match bare.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("amn-") => bare.get(4..).unwrap_or_default(),
            Some(_) | None => bare,
        };
        let is_number = !digits.is_empty() && digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number {
            return Err(NotACode);
        }
        digits.parse().map(Self).map_err(|_never_over_9999| NotACode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_number_of_its_own_and_says_all_it_must() {
        let numbers: Vec<u16> = all().map(|entry| entry.code.0).collect();
        assert!(numbers.len() > 120 && numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        for Entry { code, title, cause, fix } in all() {
            assert!(!title.is_empty() && !title.ends_with('.'), "{code}: {title}");
            assert!(cause.len() > title.len() / 2 && cause.ends_with('.'), "{code}: {cause}");
            assert!(!fix.is_empty() && !fix.ends_with('.'), "{code}: {fix}");
            assert_eq!(find(*code).map(|found| found.title), Some(*title));
        }
    }

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        for text in ["AMN-0231", "amn-0231", "AMN-231", "231", "0231", " [AMN-0231] ", "error[AMN-0231]:"] {
            assert_eq!(text.parse(), Ok(ErrorCode(231)), "{text}");
        }
        for text in ["", "AMN-", "AMN-02310", "AMN-x", "AMN", "-1", "+1", "٢٣١"] {
            assert_eq!(text.parse::<ErrorCode>(), Err(NotACode), "{text}");
        }
        assert_eq!(ErrorCode(7).to_string(), "AMN-0007");
        assert_eq!(find(ErrorCode(9999)), None);
    }

    #[test]
    fn a_page_says_what_happened_why_and_what_to_try() {
        let page = find(ErrorCode(231)).unwrap().page();
        assert!(page.starts_with("AMN-0231: longer than this network allows\n\n"), "{page}");
        assert!(page.contains("\n\nWhat to try: "), "{page}");
    }
}
