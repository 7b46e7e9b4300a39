//! The only owner of the consensus key. It signs nothing that could take part in a fork, whatever the rest of the crate
//! does: a bug elsewhere costs progress, never agreement.
//!
//! For each view it remembers which votes it gave, and it never gives two that exclude each other:
//! - Notarize: one content (parent view, block) per view, and only for a [`JustifiedProposal`] (R2);
//! - Nullify: never after Finalize of the same view (R3);
//! - Finalize: only for a [`VerifiedNotarization`], never after Nullify of the same view, one content (R4);
//! - nothing in a view at or below the floor, the highest view known to be finalized: the memory of those views may be
//!   gone (Durability);
//! - Notarize and Nullify never in a view below one where it gave either: a machine does not go back (R0);
//! - nothing after it was stopped (R8) or the epoch was closed (Epochs).
//!
//! A vote leaves this module together with the [`Record`] that remembers it; the driver makes the record durable before
//! the vote is sent. Retries repeat the stored vote and sign nothing (R10).
//!
//! A freshness statement (refinement 9: `Head`, with its own [`amanah_ledger::crypto::Domain::Head`]) would be signed
//! here and nowhere else, under the rule "no Finalize above it was signed, and later than every statement before".
//! Nothing asks for one yet.

use crate::certificate::{Electorate, VerifiedFinalization, VerifiedNotarization};
use crate::config::Omission;
use crate::justification::JustifiedProposal;
use crate::machine::StartError;
use crate::message::Vote;
use crate::record::Record;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::{Epoch, View};
use std::collections::BTreeMap;

/// What the machine wants to say. The witnesses inside can be made by their own modules only.
pub(crate) enum Intent<'a> {
    /// Vote for a block whose place in the chain is proven.
    Notarize(&'a JustifiedProposal),
    /// Give this view up.
    Nullify(View),
    /// Make a notarized block final.
    Finalize(&'a VerifiedNotarization),
}

/// Our votes of one view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Given {
    /// "I hold this block, it is valid."
    pub(crate) notarize: Option<Vote>,
    /// "This view is over for me."
    pub(crate) nullify: Option<Vote>,
    /// "I saw it notarized and did not give up."
    pub(crate) finalize: Option<Vote>,
}

/// Whether the key may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    /// It may.
    Signing,
    /// The world contradicts itself; only an operator can help (R8).
    Stopped,
    /// The epoch is over.
    Closed,
}

/// The key and everything it signed above the floor.
pub(crate) struct Safety {
    key: Option<Box<dyn Signer>>,
    me: ValidatorIndex,
    chain: Digest,
    epoch: Epoch,
    floor: View,
    given: BTreeMap<View, Given>,
    power: Power,
    omission: Omission,
}

impl Safety {
    /// A key that has not voted yet in this epoch.
    ///
    /// # Errors
    /// When the signer's key is not the registered one.
    pub(crate) fn new(key: Option<Box<dyn Signer>>, electorate: &Electorate) -> Result<Self, StartError> {
        let me = electorate.me();
        let Some(registered) = electorate.committee().get(me) else {
            return Err(StartError::NotInCommittee(me.0));
        };
        if key.as_ref().is_some_and(|key| key.public_key() != registered.key) {
            return Err(StartError::KeyNotRegistered);
        }
        Ok(Self {
            key,
            me,
            chain: *electorate.chain(),
            epoch: electorate.epoch(),
            floor: View(0),
            given: BTreeMap::new(),
            power: Power::Signing,
            omission: electorate.omission(),
        })
    }

    /// Takes back a vote from the vote log.
    ///
    /// # Errors
    /// When the vote is not ours, or excludes another of ours.
    pub(crate) fn remember(&mut self, vote: Vote, electorate: &Electorate) -> Result<(), StartError> {
        let view = vote.content.view();
        if vote.signer != self.me || electorate.check_vote(&vote).is_none() {
            return Err(StartError::ForeignVote(view));
        }
        let given = self.given.entry(view).or_default();
        let slot = match vote.content {
            VoteContent::Notarize(_) => &mut given.notarize,
            VoteContent::Nullify { .. } => &mut given.nullify,
            VoteContent::Finalize(_) => &mut given.finalize,
        };
        if slot.is_some_and(|before| before.content != vote.content) {
            return Err(StartError::ConflictingVotes(view));
        }
        *slot = Some(vote);
        if given.nullify.is_some() && given.finalize.is_some() && !self.may_break_exclusion() {
            return Err(StartError::ConflictingVotes(view));
        }
        Ok(())
    }

    /// Signs, if no earlier vote forbids it. The record must be durable before the vote leaves.
    pub(crate) fn sign(&mut self, intent: &Intent<'_>) -> Option<(Vote, Record)> {
        let content = self.permit(intent)?;
        let key = self.key.as_ref()?;
        let vote = Vote { content, signer: self.me, signature: key.sign(&content.signing_bytes(&self.chain)) };
        let given = self.given.entry(content.view()).or_default();
        match intent {
            Intent::Notarize(_) => given.notarize = Some(vote),
            Intent::Nullify(_) => given.nullify = Some(vote),
            Intent::Finalize(_) => given.finalize = Some(vote),
        }
        Some((vote, Record::Voted(vote)))
    }

    /// The content to sign, if every rule allows it.
    fn permit(&self, intent: &Intent<'_>) -> Option<VoteContent> {
        let content = match intent {
            Intent::Notarize(proposal) => VoteContent::Notarize(*proposal.vote()),
            Intent::Nullify(view) => VoteContent::Nullify { epoch: self.epoch, view: *view },
            Intent::Finalize(notarization) => VoteContent::Finalize(*notarization.vote()),
        };
        let view = content.view();
        // Durability: what was said at or below the floor may be forgotten, so nothing more is said there.
        if self.power != Power::Signing || content.epoch() != self.epoch || view <= self.floor {
            return None;
        }
        let given = self.given(view);
        let allowed = match intent {
            // R2: one content per view. Allowed after Nullify: a late block may still serve as a parent.
            Intent::Notarize(_) => given.notarize.is_none() && !self.was_later_than(view),
            // R3: never after Finalize.
            Intent::Nullify(_) => {
                let is_excluded = given.finalize.is_some() || self.was_later_than(view);
                given.nullify.is_none() && (!is_excluded || self.omission.is(Mutant::NullifyAfterFinalize))
            }
            // R4: never after Nullify; one content.
            Intent::Finalize(_) => {
                let is_excluded = given.nullify.is_some() && !self.omission.is(Mutant::FinalizeAfterNullify);
                given.finalize.is_none() && !is_excluded
            }
        };
        allowed.then_some(content)
    }

    /// R0: whether we voted to notarize or nullify a later view.
    fn was_later_than(&self, view: View) -> bool {
        self.given.range(view.next()..).any(|(_, given)| given.notarize.is_some() || given.nullify.is_some())
    }

    /// Our votes of `view`.
    pub(crate) fn given(&self, view: View) -> Given {
        self.given.get(&view).copied().unwrap_or_default()
    }

    /// All our votes above the floor, by view.
    pub(crate) fn all_given(&self) -> impl Iterator<Item = (View, &Given)> {
        self.given.iter().map(|(view, given)| (*view, given))
    }

    /// Raises the floor to a view that a quorum finalized. Votes at or below it are forgotten: no more are given there.
    pub(crate) fn raise_floor(&mut self, finalization: &VerifiedFinalization) {
        self.floor = self.floor.max(finalization.vote().view);
        self.given = self.given.split_off(&self.floor.next());
    }

    /// R8: signs nothing any more.
    pub(crate) fn stop(&mut self) {
        if self.power == Power::Signing {
            self.power = Power::Stopped;
        }
    }

    /// Epochs: the epoch is over.
    pub(crate) fn close(&mut self) {
        self.power = Power::Closed;
    }

    /// Whether there is a key, and with it a vote log.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether votes are possible at all.
    pub(crate) fn is_signing(&self) -> bool {
        self.power == Power::Signing && self.key.is_some()
    }

    /// Whether a rule that keeps Nullify and Finalize apart is left out.
    pub(crate) fn may_break_exclusion(&self) -> bool {
        let breaks = |mutant| self.omission.is(mutant);
        breaks(Mutant::FinalizeAfterNullify) || breaks(Mutant::NullifyAfterFinalize) || breaks(Mutant::VotesForgotten)
    }

    /// Pitfall 1: called on entry of `view`, because one mutant forgets there what it said before.
    pub(crate) fn entered(&mut self, view: View) {
        if self.omission.is(Mutant::VotesForgotten) {
            self.given = self.given.split_off(&view);
        }
    }
}

#[cfg(feature = "explore")]
impl Safety {
    /// The same memory under a key that the caller brings.
    pub(crate) fn twin(&self, key: Option<Box<dyn Signer>>) -> Self {
        let Self { key: _, me, chain, epoch, floor, given, power, omission } = self;
        Self {
            key,
            me: *me,
            chain: *chain,
            epoch: *epoch,
            floor: *floor,
            given: given.clone(),
            power: *power,
            omission: *omission,
        }
    }

    pub(crate) fn fingerprint(&self, into: &mut impl std::hash::Hasher) {
        use std::hash::Hash;
        self.floor.hash(into);
        (self.power as u8, self.key.is_some(), self.given.len()).hash(into);
        for (view, Given { notarize, nullify, finalize }) in &self.given {
            (view, notarize, nullify, finalize).hash(into);
        }
    }
}

impl std::fmt::Debug for Safety {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Safety").field("floor", &self.floor).field("power", &self.power).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
