//! Proof that a validator broke the protocol: two votes that no honest one signs together.
//!
//! Found in two ways: a vote excludes another of its signer, or a certificate is signed by somebody who said something
//! else here or in another certificate. A liar that tells each half of the network its own story is caught by the
//! second, as soon as one half shows the other what it certified.

use crate::certificate::VerifiedCertificate;
use crate::machine::{Machine, Step};
use crate::message::Vote;
use crate::output::Effect;
use crate::record::Record;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::evidence::{Contradiction, Statement};

pub use amanah_ledger::evidence::EvidenceKind;

/// Two votes of one validator that exclude each other, both signatures checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Which rule they break.
    pub kind: EvidenceKind,
    /// The smaller content first, so that one fault has one proof.
    pub votes: [Vote; 2],
}

impl Evidence {
    /// The proof in these two checked votes, if they are one: same validator, epoch and view, and content (not only
    /// signature bytes) that excludes each other.
    pub(crate) fn of(one: &Vote, other: &Vote) -> Option<Self> {
        if one.signer != other.signer {
            return None;
        }
        let kind = EvidenceKind::of(&one.content, &other.content)?;
        let votes = if one.content < other.content { [*one, *other] } else { [*other, *one] };
        Some(Self { kind, votes })
    }

    /// Who is guilty.
    pub fn signer(&self) -> ValidatorIndex {
        self.votes[0].signer
    }

    /// The proof as the ledger takes it; `None` if `committee` is not the one whose votes these are.
    pub fn contradiction(&self, committee: &Committee) -> Option<Contradiction> {
        let key = committee.get(self.signer())?.key;
        let [one, other] = self.votes.map(|vote| Statement { content: vote.content, signature: vote.signature });
        Contradiction::between(key, one, other)
    }
}

impl Machine {
    /// Hands a proof out. The first of its kind against its validator also goes to the vote log: the ledger takes one,
    /// and a crash before that must not forget it. A validator that stopped signing still accuses.
    pub(crate) fn accuse(&mut self, step: &mut Step<'_>, evidence: Evidence) {
        if self.accused.insert((evidence.signer(), evidence.kind)) && self.safety.has_key() {
            step.out.records.push(Record::Evidence(evidence.votes));
        }
        step.effect(Effect::Evidence(evidence));
    }

    /// Holds what the signers of a certificate said against what they said to us, and against what else of this view
    /// they signed.
    pub(crate) fn confront(&mut self, step: &mut Step<'_>, certificate: &VerifiedCertificate) {
        let (n, view) = (self.electorate.committee().n(), certificate.view());
        let rivals = self.book.page(view).into_iter().flat_map(|page| page.all());
        let said: Vec<Vote> = rivals.flat_map(|rival| votes_of(rival, n)).collect();
        if said.is_empty() && !self.rounds.contains_key(&view) {
            return;
        }
        let votes = votes_of(certificate.certificate(), n);
        let round = self.rounds.entry(view).or_default();
        for evidence in round.confront(&votes, &said) {
            self.accuse(step, evidence);
        }
    }
}

/// The votes that a checked certificate of `n` validators is made of.
pub(crate) fn votes_of(certificate: &Certificate, n: usize) -> Vec<Vote> {
    let signers = certificate.signers.members(n).unwrap_or_default();
    let signed = signers.into_iter().zip(&certificate.signatures);
    signed.map(|(signer, signature)| Vote { content: certificate.content, signer, signature: *signature }).collect()
}

#[cfg(test)]
mod tests;
