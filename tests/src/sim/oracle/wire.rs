//! Oracles B and C: every vote of an honest validator and every certificate that one of them passed on, held against
//! the rules of voting and the steps of the safety proof.

use super::Violation;
use super::chain::Chain;
use crate::sim::plan::Plan;
use amanah_consensus::message::{BlockBytes, Message, Vote};
use amanah_consensus::{Mutant, Record, To};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::crypto::Digest;
use std::collections::BTreeMap;

/// Everything signed.
pub(in crate::sim) struct Wire {
    members: usize,
    quorum: usize,
    is_liar: Vec<bool>,
    said: BTreeMap<(usize, u64), Said>,
    certified: BTreeMap<u64, Certified>,
    /// Blocks that honest validators logged before they voted for them.
    blocks: BTreeMap<Digest, BlockBytes>,
    /// Votes that honest validators said to everybody, for the first time or again. An answer to one who asks is none.
    pub(in crate::sim) votes_spread: u64,
    /// What they wrote to their vote logs.
    pub(in crate::sim) records_written: u64,
}

/// What a validator said about a view.
#[derive(Default)]
struct Said {
    notarize: Option<BlockVote>,
    finalize: Option<BlockVote>,
    nullify: bool,
}

/// What quorums said about a view.
#[derive(Default)]
struct Certified {
    notarized: Option<BlockVote>,
    finalized: Option<BlockVote>,
    nullified: bool,
}

impl Wire {
    pub(super) fn new(plan: &Plan) -> Self {
        let members = plan.members;
        // The arithmetic of the protocol anew, not the crate's own. A mutant with a smaller quorum is to be noticed by
        // what comes of it.
        let quorum = usize::midpoint(members, (members - 1) / 3) + 1;
        let is_smaller = plan.mutant == Some(Mutant::QuorumMinusOne);
        Self {
            members,
            quorum: quorum - usize::from(is_smaller),
            is_liar: (0..members).map(|member| plan.liars.iter().any(|liar| liar.member == member)).collect(),
            said: BTreeMap::new(),
            certified: BTreeMap::new(),
            blocks: BTreeMap::new(),
            votes_spread: 0,
            records_written: 0,
        }
    }

    /// A validator that keeps the rules sends this.
    pub(in crate::sim) fn sent(&mut self, validator: usize, to: To, message: &Message) -> Result<(), Violation> {
        if to == To::All {
            self.votes_spread += match message {
                Message::Vote(_) | Message::Proposal(_) => 1,
                Message::Bundle(bundle) => bundle.votes.len() as u64,
                Message::Certificate(_)
                | Message::CertificateRequest { .. }
                | Message::CertificateResponse(_)
                | Message::Status(_)
                | Message::BlockRequest(_)
                | Message::BlockResponse { .. }
                | Message::SyncRequest { .. }
                | Message::SyncResponse(_) => 0,
            };
        }
        self.check(validator, message)
    }

    fn check(&mut self, validator: usize, message: &Message) -> Result<(), Violation> {
        let own = |vote: &&Vote| usize::from(vote.signer.0) == validator;
        match message {
            Message::Vote(vote) => self.said(validator, vote),
            Message::Proposal(proposal) => {
                self.said(validator, &proposal.vote)?;
                proposal.justification.certificates().try_for_each(|certificate| self.certified(certificate))
            }
            Message::Bundle(bundle) => {
                bundle.votes.iter().filter(own).try_for_each(|vote| self.said(validator, vote))?;
                bundle.certificates.iter().try_for_each(|certificate| self.certified(certificate))
            }
            Message::Certificate(certificate) => self.certified(certificate),
            Message::CertificateResponse(certificates) => {
                certificates.iter().try_for_each(|certificate| self.certified(certificate))
            }
            Message::SyncResponse(response) => {
                let mut finalizations = response.blocks().iter().filter_map(|item| item.finalization.as_ref());
                finalizations.try_for_each(|certificate| self.certified(certificate))
            }
            Message::Status(_)
            | Message::BlockRequest(_)
            | Message::BlockResponse { .. }
            | Message::CertificateRequest { .. }
            | Message::SyncRequest { .. } => Ok(()),
        }
    }

    /// A validator that keeps the rules writes these records.
    pub(in crate::sim) fn wrote(&mut self, validator: usize, records: &[Record]) -> Result<(), Violation> {
        self.records_written += records.len() as u64;
        self.logged(validator, records)
    }

    /// A validator that keeps the rules has these records on disk: written now, or found at a start. What stands there
    /// may count although it was never sent.
    pub(in crate::sim) fn logged(&mut self, validator: usize, records: &[Record]) -> Result<(), Violation> {
        let mut before = None;
        for record in records {
            match record {
                Record::Block(block) => before = Some(block),
                Record::Voted(vote) => {
                    self.said(validator, vote)?;
                    let (VoteContent::Notarize(content) | VoteContent::Finalize(content)) = vote.content else {
                        continue;
                    };
                    if let Some(block) = before.take() {
                        self.blocks.entry(content.block).or_insert_with(|| block.clone());
                    }
                }
                Record::Certificate(certificate) => self.certified(certificate)?,
                Record::Entered(_) | Record::EpochClosed(_) | Record::Evidence(_) => {}
            }
        }
        Ok(())
    }

    fn said(&mut self, validator: usize, vote: &Vote) -> Result<(), Violation> {
        let view = vote.content.view().0;
        let said = self.said.entry((validator, view)).or_default();
        let differs = |first: &mut Option<BlockVote>, now: BlockVote| *first.get_or_insert(now) != now;
        let broken = match vote.content {
            VoteContent::Notarize(now) => differs(&mut said.notarize, now).then_some("Notarize twice"),
            VoteContent::Finalize(now) => differs(&mut said.finalize, now).then_some("Finalize twice"),
            VoteContent::Nullify { .. } => {
                said.nullify = true;
                None
            }
        };
        let both = (said.nullify && said.finalize.is_some()).then_some("Nullify and Finalize");
        match broken.or(both) {
            Some(which) => Err(Violation::Equivocation { validator, view, which }),
            None => Ok(()),
        }
    }

    /// A certificate that an honest validator took for good. With more than f liars it proves nothing.
    fn certified(&mut self, certificate: &Certificate) -> Result<(), Violation> {
        if self.is_liar.iter().filter(|is_liar| **is_liar).count() > (self.members - 1) / 3 {
            return Ok(());
        }
        let view = certificate.content.view().0;
        let known = self.certified.entry(view).or_default();
        let is_known = match certificate.content {
            VoteContent::Notarize(vote) => known.notarized == Some(vote),
            VoteContent::Finalize(vote) => known.finalized == Some(vote),
            VoteContent::Nullify { .. } => known.nullified,
        };
        if is_known {
            return Ok(());
        }
        match certificate.content {
            // (i) At most one content is notarized in a view.
            VoteContent::Notarize(_) if known.notarized.is_some() => return proof(view, "two Notarizations"),
            VoteContent::Notarize(vote) => known.notarized = Some(vote),
            VoteContent::Finalize(_) if known.finalized.is_some() => return proof(view, "two Finalizations"),
            VoteContent::Finalize(vote) => known.finalized = Some(vote),
            VoteContent::Nullify { .. } => known.nullified = true,
        }
        // (ii) Finalization and Nullification of one view exclude each other.
        if known.finalized.is_some() && known.nullified {
            return proof(view, "a Finalization and a Nullification");
        }
        if let (Some(notarized), Some(finalized)) = (known.notarized, known.finalized)
            && notarized != finalized
        {
            return proof(view, "a Finalization of another content than the Notarization's");
        }
        self.check_signers(view, certificate)
    }

    /// A quorum signed, and every honest one of it said so itself. (iii) A Finalization implies a Notarization: enough
    /// honest validators voted for one.
    fn check_signers(&self, view: u64, certificate: &Certificate) -> Result<(), Violation> {
        let signers = certificate.signers.members(self.members).unwrap_or_default();
        if signers.len() < self.quorum {
            return proof(view, "a certificate without a quorum");
        }
        let said_it = |member: usize| {
            self.said.get(&(member, view)).is_some_and(|said| match certificate.content {
                VoteContent::Notarize(vote) => said.notarize == Some(vote),
                VoteContent::Finalize(vote) => said.finalize == Some(vote),
                VoteContent::Nullify { .. } => said.nullify,
            })
        };
        let honest = signers.iter().map(|index| usize::from(index.0)).filter(|member| !self.is_liar[*member]);
        if !honest.into_iter().all(said_it) {
            return proof(view, "a certificate names an honest validator that did not sign it");
        }
        if let VoteContent::Finalize(vote) = certificate.content {
            let notarized = |member: &usize| {
                !self.is_liar[*member]
                    && self.said.get(&(*member, view)).is_some_and(|said| said.notarize == Some(vote))
            };
            let liars = self.is_liar.iter().filter(|is_liar| **is_liar).count();
            if (0..self.members).filter(notarized).count() + liars < self.quorum {
                return proof(view, "a Finalization without a Notarization");
            }
        }
        Ok(())
    }

    /// (iv) Whatever is notarized above a final view descends from its block.
    pub(super) fn check_ancestry(&self, chain: &Chain) -> Result<(), Violation> {
        let mut final_height = 0;
        for (view, certified) in &self.certified {
            if let Some(notarized) = certified.notarized
                && self.branches_off_at(&notarized.block, chain).is_some_and(|height| height < final_height)
            {
                return proof(*view, "a notarized block does not descend from one that was final before its view");
            }
            let finalized = certified.finalized.and_then(|vote| chain.height_of(&vote.block));
            final_height = finalized.unwrap_or(0).max(final_height);
        }
        Ok(())
    }

    /// The height of the highest final ancestor of a block, itself included; `None` if its line is not known.
    fn branches_off_at(&self, block: &Digest, chain: &Chain) -> Option<u64> {
        let mut at = *block;
        loop {
            if let Some(height) = chain.height_of(&at) {
                return Some(height);
            }
            let open = OpenBlock::decode(self.blocks.get(&at)?).expect("honest validators vote for blocks");
            if open.header().height.0 == 1 {
                return Some(0);
            }
            at = open.header().parent;
        }
    }
}

fn proof(view: u64, what: &'static str) -> Result<(), Violation> {
    Err(Violation::Proof { view, what })
}
