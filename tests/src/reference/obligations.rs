//! Step 8: what goes with a permit.

use super::verdict::Terms;
use super::words::Table;
use amanah_ledger::engine::{Consent, Duty, Obligation, Question, Record};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// The notice of 42 CFR 2.32 (a)(2). Which of its two wordings is used, neither the specification nor a page says.
pub const NOTICE: &str = "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";

/// What is permitted, as far as duties depend on it.
#[derive(Debug, Clone, Copy)]
pub struct Permitted<'a> {
    /// The consents that permit something of it.
    pub by: &'a BTreeSet<usize>,
    /// Whether a record of substance use treatment may be among it.
    pub has_part_2: bool,
    /// Whether an emergency overrides what the consents say.
    pub is_override: bool,
}

/// Whether a record is one of substance use treatment by law (42 CFR part 2).
pub fn is_part_2(record: &Record) -> bool {
    record.labels.contains(&part_2())
}

/// The label of such a record.
pub fn part_2() -> Coding {
    Coding::new(system::ACT_CODE, "42CFRPart2")
}

/// The union over what permitting consents ask, what the network asks for the purpose, the notice for substance use
/// treatment and, for an override, its audit.
///
/// A duty of the network is for its purpose as a rule would be (step 2): inherited by what is a part of it, and never
/// by emergencies from treatment. Nobody who hides the purpose has the duty of one; no rule that names one fits either.
pub fn obligations(
    consents: &[Consent],
    question: &Question,
    permitted: Permitted<'_>,
    terms: &Terms,
) -> BTreeSet<Obligation> {
    let mut all = BTreeSet::new();
    for (place, consent) in consents.iter().enumerate() {
        if permitted.by.contains(&place) {
            all.extend(consent.obligations.iter().filter(|one| holds(one, permitted)).cloned());
        }
    }
    for (purpose, duty) in &terms.duties {
        if question.purpose.as_ref().is_some_and(|asked| Table::NEWEST.purpose_fits(purpose, asked)) {
            all.insert(Obligation::Duty(duty.clone()));
        }
    }
    if permitted.has_part_2 {
        all.insert(Obligation::Duty(Duty { notice: Some(NOTICE), ..Duty::of("NORDSCLCD") }));
    }
    if permitted.is_override {
        all.insert(Obligation::Duty(Duty::of("AUDIT")));
    }
    all
}

/// Whoever breaks the glass "gets access whatever the consents say" (the consent model), so nothing that a consent asks
/// to be left out for itself is: a choice, as CE-1 is silent. Its duties remain.
fn holds(obligation: &Obligation, permitted: Permitted<'_>) -> bool {
    match obligation {
        Obligation::Redact(_) => !permitted.is_override,
        Obligation::Duty(_) => true,
    }
}
