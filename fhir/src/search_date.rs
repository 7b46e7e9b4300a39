//! Dates of a search (FHIR R4, `search.html#date`): `date=ge2026-11&date=lt2026-12`.

use crate::date;
use amanah_ledger::engine::{Moment, Span};

/// The span that all of these leave; `None` if one of them is no date with a known prefix. Known are `eq`, which is also
/// what no prefix means, `ge`, `gt`, `le` and `lt`.
pub fn span(texts: &[String]) -> Option<Span> {
    texts.iter().try_fold(Span::ALWAYS, |all, text| {
        let one = one(text)?;
        Some(Span { from: all.from.max(one.from), until: [all.until, one.until].into_iter().flatten().min() })
    })
}

fn one(text: &str) -> Option<Span> {
    let has_prefix = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let (prefix, stated) = if has_prefix { text.split_at_checked(2)? } else { ("eq", text) };
    let Span { from: Some(from), until: Some(until) } = date::span(stated)? else { return None };
    Some(match prefix {
        "eq" => Span { from: Some(from), until: Some(until) },
        "ge" => Span { from: Some(from), until: None },
        "gt" => Span { from: Some(Moment(until.0.saturating_add(1))), until: None },
        "le" => Span { from: None, until: Some(until) },
        "lt" => Span { from: None, until: Some(Moment(from.0.saturating_sub(1))) },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2026-11-22";

    fn is_within(texts: &[&str], moment: &str) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        span(&texts).unwrap().contains(date::moment(moment).unwrap())
    }

    #[test]
    fn a_prefix_is_about_all_of_the_time_that_the_date_means() {
        let (before, first, last, after) =
            ("2026-11-21T23:59:59.999Z", "2026-11-22T00:00:00Z", "2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00Z");
        for (prefix, expected) in [
            ("", [false, true, true, false]),
            ("eq", [false, true, true, false]),
            ("ge", [false, true, true, true]),
            ("gt", [false, false, false, true]),
            ("le", [true, true, true, false]),
            ("lt", [true, false, false, false]),
        ] {
            let got = [before, first, last, after].map(|moment| is_within(&[&format!("{prefix}{DAY}")], moment));
            assert_eq!(got, expected, "{prefix}");
        }
        assert!(is_within(&["ge2026-11", "lt2026-12"], first) && !is_within(&["ge2026-11", "lt2026-12"], "2026-12-01"));
    }

    #[test]
    fn what_is_no_date_or_has_an_unknown_prefix_is_not_understood() {
        for text in ["", "ne2026", "ap2026", "sa2026", "soon", "ge", "g", "äö2026"] {
            assert_eq!(span(&[text.to_owned()]), None, "{text}");
        }
    }
}
