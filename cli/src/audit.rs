//! Working a custodian's decisions out again: what it considered must be exactly the wallet's own consents then in force,
//! and the engine must give the answer that the receipt states.

use crate::wallet_state::{Consent, Phase};
use amanah_ledger::access::replay::{OtherRules, decide_again};
use amanah_ledger::access::{DecisionReceipt, Event, LogEntry};
use amanah_ledger::crypto::Digest;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Candidate, Considered, Outcome, ReasonCode};
use amanah_ledger::genesis::Parameters;
use amanah_ledger::label::Label;
use amanah_ledger::position::Height;

/// Why a decision is not what the patient's consents say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Alarm {
    /// A consent that this wallet never gave, or another version or text of it.
    #[error("entry {number} rests on {consent}, which this wallet never gave so")]
    NotOurs {
        /// The entry.
        number: u64,
        /// The consent.
        consent: Label,
    },
    /// A consent that had ended, or had not begun, by then.
    #[error("entry {number} rests on {consent}, which was not in force at block {height}")]
    NotInForce {
        /// The entry.
        number: u64,
        /// The consent.
        consent: Label,
        /// Height that the entry says it was decided at.
        height: Height,
    },
    /// A consent in force that the custodian did not look at.
    #[error("entry {number} leaves out {consent}, which was in force")]
    LeftOut {
        /// The entry.
        number: u64,
        /// The consent.
        consent: Label,
    },
    /// The engine says otherwise.
    #[error("entry {number} says {stated}, but the consents say {expected}")]
    OtherOutcome {
        /// The entry.
        number: u64,
        /// What the receipt says.
        stated: &'static str,
        /// What the engine says.
        expected: &'static str,
    },
    /// Decided under other rules than the network's.
    #[error("entry {number} was decided under other parameters than the network's")]
    OtherPolicy {
        /// The entry.
        number: u64,
    },
    /// Decided by rules that this program does not have: nothing follows.
    #[error("entry {number} cannot be checked: {rules}")]
    OtherRules {
        /// The entry.
        number: u64,
        /// Which.
        rules: OtherRules,
    },
}

impl Alarm {
    /// Whether it is one, or only that nothing can be said.
    pub(crate) fn is_certain(&self) -> bool {
        match self {
            Self::NotOurs { .. }
            | Self::NotInForce { .. }
            | Self::LeftOut { .. }
            | Self::OtherOutcome { .. }
            | Self::OtherPolicy { .. } => true,
            Self::OtherRules { .. } => false,
        }
    }
}

/// What a decision is checked against: the wallet's consents at this custodian, as the ledger has them now.
pub(crate) struct Auditor<'a> {
    pub(crate) chain: &'a Digest,
    pub(crate) parameters: &'a Parameters,
    pub(crate) consents: Vec<&'a Consent>,
    /// Opens a consent's commitment.
    pub(crate) salt: &'a dyn Fn(&Consent) -> [u8; 32],
}

impl Auditor<'_> {
    /// Checks one entry; entries that are no decisions pass.
    pub(crate) fn check(&self, entry: &LogEntry) -> Result<(), Alarm> {
        let Event::Decision(receipt) = &entry.body.event else { return Ok(()) };
        let number = entry.body.number;
        let mut candidates = Vec::new();
        for considered in &receipt.considered {
            let consent = self.ours(considered);
            let consent =
                consent.ok_or_else(|| Alarm::NotOurs { number, consent: Label::consent(&considered.consent) })?;
            if !may_stand(consent.phase, receipt.height) {
                let consent = Label::consent(&consent.consent);
                return Err(Alarm::NotInForce { number, consent, height: receipt.height });
            }
            candidates.push(self.candidate(consent, considered, receipt));
        }
        self.nothing_left_out(number, receipt)?;
        let expected = decide_again(&entry.body, receipt, self.chain, self.parameters, &candidates);
        let expected = expected.map_err(|rules| match rules {
            OtherRules::Policy(_) => Alarm::OtherPolicy { number },
            OtherRules::Engine(_) | OtherRules::Vocabulary(_) => Alarm::OtherRules { number, rules },
        })?;
        // Its own copy is missing there: it says so, and refuses. That is no lie.
        let refuses = (receipt.outcome, receipt.effect) == (Outcome::Deny, Effect::Deny);
        if receipt.reason.code == ReasonCode::Incident && refuses {
            return Ok(());
        }
        if (expected.outcome, expected.effect) == (receipt.outcome, receipt.effect) {
            return Ok(());
        }
        let (stated, expected) = (receipt.outcome.as_str(), expected.outcome.as_str());
        Err(Alarm::OtherOutcome { number, stated, expected })
    }

    fn ours(&self, considered: &Considered) -> Option<&Consent> {
        let same = |consent: &&&Consent| {
            consent.consent == considered.consent
                && consent.document.version == considered.version
                && consent.commitment == considered.commitment
        };
        self.consents.iter().find(same).copied()
    }

    fn candidate(&self, consent: &Consent, considered: &Considered, receipt: &DecisionReceipt) -> Candidate {
        let salt = (self.salt)(consent);
        let held = Some((&salt, &consent.document));
        let Considered { consent: key, version, commitment, standing } = *considered;
        // When it came into force decides only between consents that replace each other, which this wallet makes none of.
        Candidate::new(key, version, receipt.height, commitment, standing, held)
    }

    fn nothing_left_out(&self, number: u64, receipt: &DecisionReceipt) -> Result<(), Alarm> {
        for consent in &self.consents {
            let in_force = matches!(consent.phase, Phase::Granted { height } if height <= receipt.height);
            if in_force && !receipt.considered.iter().any(|considered| considered.consent == consent.consent) {
                return Err(Alarm::LeftOut { number, consent: Label::consent(&consent.consent) });
            }
        }
        Ok(())
    }
}

/// Whether a consent can have been in force at `height`, as far as the wallet has seen. One that it has not seen final
/// may have become so since.
fn may_stand(phase: Phase, height: Height) -> bool {
    match phase {
        Phase::Pending { .. } | Phase::Refused { .. } => true,
        Phase::Granted { height: since } => since <= height,
        Phase::Revoked { height: ended } => height < ended,
    }
}

#[cfg(test)]
mod tests;
