//! The votes and the proposal of one view: one slot per validator and kind of vote.
//!
//! The first vote counts, a repeated one changes nothing, a conflicting one becomes evidence and does not count. A
//! certificate made by others overrides what the slots say (R6).

use crate::book::Kind;
use crate::certificate::{Electorate, VerifiedCertificate, VerifiedVote};
use crate::evidence::{Evidence, EvidenceKind};
use crate::message::Vote;
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::time::UnixMs;
use std::collections::{BTreeMap, BTreeSet};

/// One view as far as votes go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Round {
    votes: [BTreeMap<ValidatorIndex, VerifiedVote>; 3],
    accused: BTreeSet<(ValidatorIndex, EvidenceKind)>,
    candidate: Option<Candidate>,
    /// Votes as often as they came, for the mutant that counts them so.
    #[cfg(feature = "mutants")]
    repeated: Vec<VerifiedVote>,
}

/// The first proposal that the leader of the view signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The leader's vote.
    pub(crate) vote: BlockVote,
    /// Our clock when it came (T3).
    pub(crate) received: UnixMs,
    /// Whether it was refused for this view; its block may still be judged and certified elsewhere.
    pub(crate) is_refused: bool,
}

/// What a validator has voted in one view, as far as it was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Voted {
    /// For this block, to notarize it.
    pub notarize: Option<Digest>,
    /// To leave the view without a block.
    pub nullify: bool,
    /// For this block, to make it final.
    pub finalize: Option<Digest>,
}

/// What a vote changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It counts.
    New,
    /// Its slot was taken; if by something it excludes, here is the proof.
    Ignored,
    /// It is proof of a fault. It counts only if its own slot was free.
    Proof(Box<Evidence>),
}

impl Round {
    /// Whether this very statement of this validator is counted, its signature checked.
    pub(crate) fn knows(&self, vote: &Vote) -> bool {
        self.slots(&vote.content).get(&vote.signer).is_some_and(|first| first.vote().content == vote.content)
    }

    /// Whether checking this vote can tell anything: not if it is counted already, and not if its signer filled the slot
    /// with another one and is convicted of that.
    pub(crate) fn is_news(&self, vote: &Vote) -> bool {
        let Some(first) = self.slots(&vote.content).get(&vote.signer) else { return true };
        let is_convicted = |kind| self.accused.contains(&(vote.signer, kind));
        first.vote().content != vote.content
            && match vote.content {
                VoteContent::Notarize(_) => !is_convicted(EvidenceKind::DoubleNotarize),
                VoteContent::Finalize(_) => !is_convicted(EvidenceKind::DoubleFinalize),
                VoteContent::Nullify { .. } => true,
            }
    }

    /// Counts a vote.
    pub(crate) fn count(&mut self, vote: VerifiedVote) -> Counted {
        let signer = vote.vote().signer;
        let earlier = self.votes.iter().filter_map(|slots| slots.get(&signer));
        let proofs: Vec<Evidence> = earlier.filter_map(|first| Evidence::of(first.vote(), vote.vote())).collect();
        let slots = &mut self.votes[slot_of(&vote.vote().content)];
        let is_new = !slots.contains_key(&signer);
        slots.entry(signer).or_insert(vote);
        // One proof per validator and kind is enough: the second says nothing new.
        match proofs.into_iter().find(|proof| self.accused.insert((proof.signer(), proof.kind))) {
            Some(proof) => Counted::Proof(Box::new(proof)),
            None if is_new => Counted::New,
            None => Counted::Ignored,
        }
    }

    /// The proofs against the signers of a certificate, whose `votes` these are: by what they told us, and by what else
    /// they `said` in certificates of this view.
    pub(crate) fn confront(&mut self, votes: &[Vote], said: &[Vote]) -> Vec<Evidence> {
        let told = self.votes.iter().flat_map(BTreeMap::values).map(VerifiedVote::vote);
        let proofs: Vec<Evidence> =
            told.chain(said).flat_map(|earlier| votes.iter().filter_map(|vote| Evidence::of(earlier, vote))).collect();
        proofs.into_iter().filter(|proof| self.accused.insert((proof.signer(), proof.kind))).collect()
    }

    /// The certificate that the votes with this content make, if they are a quorum.
    pub(crate) fn certificate(&self, content: VoteContent, electorate: &Electorate) -> Option<VerifiedCertificate> {
        let votes: Vec<VerifiedVote> = self.slots(&content).values().copied().collect();
        #[cfg(feature = "mutants")]
        let votes =
            [votes, self.repeated.iter().filter(|vote| vote.vote().content == content).copied().collect()].concat();
        electorate.assemble(content, &votes)
    }

    /// Pitfall 4: counts a vote once more.
    #[cfg(feature = "mutants")]
    pub(crate) fn count_again(&mut self, vote: VerifiedVote) {
        if self.knows(vote.vote()) {
            self.repeated.push(vote);
        }
    }

    /// How many votes are kept.
    pub(crate) fn votes_len(&self) -> usize {
        self.votes.iter().map(BTreeMap::len).sum()
    }

    /// Who voted anything here.
    pub(crate) fn voters(&self) -> impl Iterator<Item = ValidatorIndex> + '_ {
        self.votes.iter().flat_map(|slots| slots.keys().copied())
    }

    /// Who voted to notarize this.
    pub(crate) fn notarizers(&self, vote: BlockVote) -> impl Iterator<Item = ValidatorIndex> + '_ {
        let slots = &self.votes[Kind::Notarization as usize];
        let content = VoteContent::Notarize(vote);
        slots.values().filter(move |v| v.vote().content == content).map(|v| v.vote().signer)
    }

    /// Whether this validator gave the view up.
    pub(crate) fn has_nullified(&self, validator: ValidatorIndex) -> bool {
        self.votes[Kind::Nullification as usize].contains_key(&validator)
    }

    /// The leader's proposal.
    pub(crate) fn candidate(&self) -> Option<&Candidate> {
        self.candidate.as_ref()
    }

    /// The leader's proposal, unless it was refused.
    pub(crate) fn live_candidate(&self) -> Option<&Candidate> {
        self.candidate.as_ref().filter(|candidate| !candidate.is_refused)
    }

    /// Takes the first proposal; a later one changes nothing.
    pub(crate) fn propose(&mut self, vote: BlockVote, received: UnixMs) {
        self.candidate.get_or_insert(Candidate { vote, received, is_refused: false });
    }

    /// Refuses the proposal for this view.
    pub(crate) fn refuse(&mut self) {
        if let Some(candidate) = &mut self.candidate {
            candidate.is_refused = true;
        }
    }

    /// What this validator has voted here.
    pub(crate) fn voted(&self, by: ValidatorIndex) -> Voted {
        let mut voted = Voted::default();
        for vote in self.votes.iter().filter_map(|slots| slots.get(&by)) {
            match vote.vote().content {
                VoteContent::Notarize(vote) => voted.notarize = Some(vote.block),
                VoteContent::Nullify { .. } => voted.nullify = true,
                VoteContent::Finalize(vote) => voted.finalize = Some(vote.block),
            }
        }
        voted
    }

    fn slots(&self, content: &VoteContent) -> &BTreeMap<ValidatorIndex, VerifiedVote> {
        &self.votes[slot_of(content)]
    }
}

#[cfg(feature = "explore")]
impl Round {
    pub(crate) fn fingerprint(&self, into: &mut impl std::hash::Hasher) {
        use std::hash::Hash;
        let Self {
            votes,
            accused,
            candidate,
            #[cfg(feature = "mutants")]
            repeated,
        } = self;
        for slots in votes {
            slots.len().hash(into);
            slots.values().for_each(|vote| vote.vote().hash(into));
        }
        #[cfg(feature = "mutants")]
        repeated.iter().for_each(|vote| vote.vote().hash(into));
        accused.len().hash(into);
        for (validator, kind) in accused {
            (validator, *kind as u8).hash(into);
        }
        candidate.map(|candidate| (candidate.vote, candidate.received, candidate.is_refused)).hash(into);
    }
}

fn slot_of(content: &VoteContent) -> usize {
    match content {
        VoteContent::Notarize(_) => Kind::Notarization as usize,
        VoteContent::Nullify { .. } => Kind::Nullification as usize,
        VoteContent::Finalize(_) => Kind::Finalization as usize,
    }
}

#[cfg(test)]
mod tests;
