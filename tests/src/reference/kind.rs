//! Step 9: what is said of one kind that a query asks for.

use super::asking::Asking;
use super::emergency::is_barred;
use super::verdict::{ItemVerdict, item, permitting};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Outcome, ReasonCode};
use amanah_ledger::vocabulary::Coding;

/// The answer for one kind that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindVerdict {
    /// The kind; `None`: whatever there is.
    pub kind: Option<Coding>,
    /// What the consents say.
    pub outcome: Outcome,
    /// What happens.
    pub effect: Effect,
    /// Whether all of it is refused by a consent that refuses breaking the glass by name, and that holds.
    pub is_barred: bool,
    /// Whether some of it is.
    pub is_barred_in_part: bool,
    /// What is said of the records that may be found, each answer once.
    items: Vec<ItemVerdict>,
}

impl KindVerdict {
    /// The same where the consents are taken to say this of it, and to bar it or not. Where none speaks, the default
    /// policy permits it if it permits some of it.
    pub fn with(mut self, outcome: Outcome, is_barred: bool) -> Self {
        (self.outcome, self.is_barred) = (outcome, is_barred);
        let is_permitted = match outcome {
            Outcome::Permit => true,
            Outcome::Deny | Outcome::Review => false,
            Outcome::NoConsent => self.like_it().any(|one| one.effect == Effect::Permit),
        };
        self.effect = if is_permitted { Effect::Permit } else { Effect::Deny };
        self
    }

    fn like_it(&self) -> impl Iterator<Item = &ItemVerdict> {
        self.items.iter().filter(|one| one.outcome == self.outcome)
    }

    /// Whether this may be why: it is why for a record of which the consents say so too.
    ///
    /// A choice: where several consents permit parts of it, CE-1 does not say which one is named. Any that permits some
    /// of it is right.
    pub fn has_ground(&self, code: ReasonCode, consent: Option<usize>) -> bool {
        self.like_it().any(|one| (one.code, one.consent) == (code, consent))
    }
}

impl Asking<'_> {
    /// A kind is denied if all of it is refused whatever its facts; permitted if some of it can be, and then the rest is
    /// left out; else there is no consent for some of it.
    ///
    /// That a kind which is itself redacted is denied says that lists which leave nothing are no permit: the comparison
    /// looks at that, as the lists are the engine's.
    pub fn kind(&self, kind: Option<Coding>) -> KindVerdict {
        let mut items: Vec<ItemVerdict> = Vec::new();
        let (mut is_barred_whole, mut is_barred_in_part) = (true, false);
        for record in self.found(kind.as_ref()).each() {
            let said = self.said_of(&record);
            let is_barred = is_barred(&said, self.pair.terms.emergency);
            is_barred_whole &= is_barred;
            is_barred_in_part |= is_barred;
            let one = item(&said, &self.pair.question, &record, &self.pair.terms);
            let by_others = permitting(&said).map(|place| ItemVerdict { consent: Some(place), ..one.clone() });
            add(&mut items, by_others.chain([one.clone()]));
        }
        let has = |outcome: Outcome| items.iter().any(|one| one.outcome == outcome);
        let outcome = [Outcome::Permit, Outcome::NoConsent].into_iter().find(|one| has(*one)).unwrap_or(Outcome::Deny);
        let (effect, is_barred) = (Effect::Deny, is_barred_whole);
        KindVerdict { kind, outcome, effect, is_barred, is_barred_in_part, items }.with(outcome, is_barred)
    }
}

fn add(items: &mut Vec<ItemVerdict>, more: impl Iterator<Item = ItemVerdict>) {
    for one in more {
        if !items.contains(&one) {
            items.push(one);
        }
    }
}
