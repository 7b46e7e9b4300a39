//! Differences about queries in which the engine lets nothing out that the reading withholds: it says *permit* of a kind of
//! which nothing remains to be let out, refuses an emergency that the reading would open, or names another true ground.
//!
//! They are counted and bounded, not explained away: each is a case in which the engine's word is not the reading's.

/// What such a difference is about; `None` if it is none, and nothing of it is tolerated.
pub fn tolerated(line: &str, all: &[String]) -> Option<&'static str> {
    let has = |begin: &str| all.iter().any(|other| other.starts_with(begin));
    let is_shut = has("step 9, override: engine None");
    // Both sentences of step 9 apply: what is itself redacted is denied, and of a base refusal the rest is permitted.
    let kinds = [
        (
            "step 9, a kind that is itself redacted: engine Permit",
            true,
            "a kind that is named in part is permitted in part",
        ),
        ("step 9, a kind that is itself redacted: engine NoConsent", true, "a kind that is named is not spoken of"),
        ("step 9, outcome of a kind: engine Permit", true, "a permit of which nothing is let out"),
        ("step 9, ground of a kind", true, "another ground"),
        ("step 9, duties more than due", true, "more duties than are due"),
        ("step 9, override: engine None", true, "an emergency that is not opened"),
        ("step 9, effect of a kind: engine Deny", is_shut, "an emergency that is not opened"),
        ("step 9, effect: engine Deny", is_shut, "an emergency that is not opened"),
        ("step 9, duties missing", is_shut, "an emergency that is not opened"),
    ];
    kinds.into_iter().find(|(begin, may_be, _)| *may_be && line.starts_with(begin)).map(|(_, _, what)| what)
}
