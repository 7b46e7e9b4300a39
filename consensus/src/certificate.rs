//! Votes and certificates whose signatures were checked, and the book of those we hold.
//!
//! A `Verified…` value exists only if its signatures were checked against the committee of the epoch, here. The
//! safety-critical code takes these types and no raw ones.

use crate::config::Config;
#[cfg(feature = "mutants")]
use crate::config::Mutant;
use crate::limits::CERTIFICATE_TAIL;
use crate::message::Vote;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::{Check, Digest, Verifier};
use amanah_ledger::position::{Epoch, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who votes, on which chain, in which epoch, and how signatures are checked.
#[derive(Clone)]
pub(crate) struct Electorate {
    chain: Digest,
    epoch: Epoch,
    committee: Committee,
    me: ValidatorIndex,
    verifier: Arc<dyn Verifier>,
    #[cfg(feature = "mutants")]
    mutant: Option<Mutant>,
}

/// A vote whose signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifiedVote(Vote);

/// A quorum notarized a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedNotarization(BlockVote, Certificate);

/// A quorum gave a view up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedNullification(View, Certificate);

/// A quorum finalized a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedFinalization(BlockVote, Certificate);

/// Any of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VerifiedCertificate {
    /// A Notarization.
    Notarization(VerifiedNotarization),
    /// A Nullification.
    Nullification(VerifiedNullification),
    /// A Finalization.
    Finalization(VerifiedFinalization),
}

impl Electorate {
    /// The electorate of `config`.
    pub(crate) fn new(config: &Config, verifier: Arc<dyn Verifier>) -> Self {
        Self {
            chain: config.chain,
            epoch: config.epoch,
            committee: config.committee.clone(),
            me: config.me,
            verifier,
            #[cfg(feature = "mutants")]
            mutant: config.mutant,
        }
    }

    /// Checks one vote: place, epoch, shape, signature.
    pub(crate) fn check_vote(&self, vote: &Vote) -> Option<VerifiedVote> {
        let validator = self.committee.get(vote.signer)?;
        let message = vote.content.signing_bytes(&self.chain);
        let check = Check { key: &validator.key, message: &message, signature: &vote.signature };
        (self.is_well_formed(&vote.content) && self.verifier.verify(check)).then_some(VerifiedVote(*vote))
    }

    /// Checks a certificate: epoch, shape, quorum, every signature.
    pub(crate) fn check(&self, certificate: Certificate) -> Option<VerifiedCertificate> {
        let holds = self.is_well_formed(&certificate.content)
            && (certificate.verify(&self.chain, &self.committee, &*self.verifier).is_ok()
                || self.is_one_short(&certificate));
        holds.then(|| wrap(certificate))
    }

    /// The certificate that these votes make, if they are a quorum of equal content. One vote per validator counts.
    pub(crate) fn assemble(&self, content: VoteContent, votes: &[VerifiedVote]) -> Option<VerifiedCertificate> {
        let signatures: BTreeMap<_, _> =
            votes.iter().filter(|v| v.0.content == content).map(|v| (v.0.signer, v.0.signature)).collect();
        let is_quorum = signatures.len() >= self.quorum();
        is_quorum.then(|| wrap(Certificate::assemble(content, self.committee.n(), &signatures)))
    }

    /// Our epoch, a view after the floor's, a parent before the block.
    fn is_well_formed(&self, content: &VoteContent) -> bool {
        content.epoch() == self.epoch
            && match content {
                VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => vote.parent_view < vote.view,
                VoteContent::Nullify { view, .. } => *view > View(0),
            }
    }

    pub(crate) fn chain(&self) -> &Digest {
        &self.chain
    }
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }
    pub(crate) fn committee(&self) -> &Committee {
        &self.committee
    }
    pub(crate) fn me(&self) -> ValidatorIndex {
        self.me
    }
    /// Everybody else, by index.
    pub(crate) fn others(&self) -> impl Iterator<Item = ValidatorIndex> + use<> {
        let me = self.me;
        self.committee.indices().filter(move |index| *index != me)
    }
}

#[cfg(feature = "mutants")]
impl Electorate {
    pub(crate) fn mutant(&self) -> Option<Mutant> {
        self.mutant
    }
    fn quorum(&self) -> usize {
        self.committee.quorum() - usize::from(self.mutant == Some(Mutant::QuorumMinusOne))
    }
    /// Accepts, as a broken quorum rule would, a certificate that lacks one signature.
    fn is_one_short(&self, certificate: &Certificate) -> bool {
        let Some(signers) = certificate.signers.members(self.committee.n()) else { return false };
        let message = certificate.content.signing_bytes(&self.chain);
        self.mutant == Some(Mutant::QuorumMinusOne)
            && signers.len() == self.quorum()
            && signers.len() == certificate.signatures.len()
            && signers.iter().zip(&certificate.signatures).all(|(signer, signature)| {
                let Some(validator) = self.committee.get(*signer) else { return false };
                self.verifier.verify(Check { key: &validator.key, message: &message, signature })
            })
    }
}

#[cfg(not(feature = "mutants"))]
impl Electorate {
    fn quorum(&self) -> usize {
        self.committee.quorum()
    }
    #[expect(clippy::unused_self, reason = "the same call as with the feature `mutants`")]
    const fn is_one_short(&self, _certificate: &Certificate) -> bool {
        false
    }
}

/// Private: only after the signatures were checked.
fn wrap(certificate: Certificate) -> VerifiedCertificate {
    match certificate.content {
        VoteContent::Notarize(vote) => VerifiedCertificate::Notarization(VerifiedNotarization(vote, certificate)),
        VoteContent::Nullify { view, .. } => {
            VerifiedCertificate::Nullification(VerifiedNullification(view, certificate))
        }
        VoteContent::Finalize(vote) => VerifiedCertificate::Finalization(VerifiedFinalization(vote, certificate)),
    }
}

impl VerifiedVote {
    pub(crate) fn vote(&self) -> &Vote {
        &self.0
    }
}

impl VerifiedNotarization {
    pub(crate) fn vote(&self) -> &BlockVote {
        &self.0
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.1
    }
}

impl VerifiedNullification {
    pub(crate) fn view(&self) -> View {
        self.0
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.1
    }
}

impl VerifiedFinalization {
    pub(crate) fn vote(&self) -> &BlockVote {
        &self.0
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.1
    }
}

impl VerifiedCertificate {
    /// The view it is about.
    pub(crate) fn view(&self) -> View {
        match self {
            Self::Notarization(n) => n.vote().view,
            Self::Nullification(n) => n.view(),
            Self::Finalization(f) => f.vote().view,
        }
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        match self {
            Self::Notarization(n) => n.certificate(),
            Self::Nullification(n) => n.certificate(),
            Self::Finalization(f) => f.certificate(),
        }
    }
}

/// What a quorum said about one view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) notarization: Option<VerifiedNotarization>,
    pub(crate) nullification: Option<VerifiedNullification>,
    pub(crate) finalization: Option<VerifiedFinalization>,
    /// When the block was first known to be certified.
    pub(crate) certified_at: Option<u64>,
    /// Which of the three are in the vote log.
    logged: [bool; 3],
}

/// What happened to a certificate on its way into the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It is new.
    New,
    /// One like it was there.
    Known,
    /// It excludes one that was there: more than f liars.
    Contradiction,
}

/// All verified certificates of views above the newest final one, and a tail below it.
#[derive(Debug)]
pub(crate) struct Certificates {
    epoch_start: Digest,
    pages: BTreeMap<View, Page>,
}

impl Certificates {
    /// An empty book of an epoch that began on this block.
    pub(crate) fn new(epoch_start: Digest) -> Self {
        Self { epoch_start, pages: BTreeMap::new() }
    }

    /// Enters a certificate.
    pub(crate) fn insert(&mut self, certificate: VerifiedCertificate, now: u64) -> Entry {
        let page = self.pages.entry(certificate.view()).or_default();
        let block = match &certificate {
            VerifiedCertificate::Notarization(n) => Some(n.vote().block),
            VerifiedCertificate::Finalization(f) => Some(f.vote().block),
            VerifiedCertificate::Nullification(_) => None,
        };
        let excludes = match &certificate {
            VerifiedCertificate::Nullification(_) => page.finalization.is_some(),
            VerifiedCertificate::Notarization(_) => page.block().is_some() && page.block() != block,
            VerifiedCertificate::Finalization(_) => {
                page.nullification.is_some() || (page.block().is_some() && page.block() != block)
            }
        };
        if excludes {
            return Entry::Contradiction;
        }
        let is_known = page.has(&certificate);
        match certificate {
            VerifiedCertificate::Notarization(n) => page.notarization.get_or_insert(n).vote().view,
            VerifiedCertificate::Nullification(n) => page.nullification.get_or_insert(n).view(),
            VerifiedCertificate::Finalization(f) => page.finalization.get_or_insert(f).vote().view,
        };
        if block.is_some() {
            page.certified_at.get_or_insert(now);
        }
        if is_known { Entry::Known } else { Entry::New }
    }

    /// Whether an equal statement is in the book already, so that checking its signatures again tells nothing.
    pub(crate) fn knows(&self, content: &VoteContent) -> bool {
        let Some(page) = self.pages.get(&content.view()) else { return false };
        match content {
            VoteContent::Notarize(vote) => page.notarization.as_ref().is_some_and(|n| n.vote() == vote),
            VoteContent::Nullify { .. } => page.nullification.is_some(),
            VoteContent::Finalize(vote) => page.finalization.as_ref().is_some_and(|f| f.vote() == vote),
        }
    }

    /// What is known about `view`.
    pub(crate) fn page(&self, view: View) -> Option<&Page> {
        self.pages.get(&view)
    }

    /// The pages of views in `from..to`, by view.
    pub(crate) fn range(&self, from: View, to: View) -> impl DoubleEndedIterator<Item = (View, &Page)> {
        self.pages.range(from..to.max(from)).map(|(view, page)| (*view, page))
    }

    /// The pages of views above `view`.
    pub(crate) fn above(&self, view: View) -> impl DoubleEndedIterator<Item = (View, &Page)> {
        self.pages.range(view.next()..).map(|(view, page)| (*view, page))
    }

    /// The block certified in `view`; view 0 certifies the block that the epoch began on.
    pub(crate) fn block(&self, view: View) -> Option<Digest> {
        if view == View(0) { Some(self.epoch_start) } else { self.pages.get(&view)?.block() }
    }

    /// The Finalization of the highest view.
    pub(crate) fn newest_finalization(&self) -> Option<&VerifiedFinalization> {
        self.pages.values().rev().find_map(|page| page.finalization.as_ref())
    }

    /// Whether a quorum gave `view` up.
    pub(crate) fn is_nullified(&self, view: View) -> bool {
        self.pages.get(&view).is_some_and(|page| page.nullification.is_some())
    }

    /// Whether this block was certified above `view`.
    pub(crate) fn certifies(&self, block: &Digest, view: View) -> Option<View> {
        self.above(view).find(|(_, page)| page.block() == Some(*block)).map(|(view, _)| view)
    }

    /// The certificate, if it is held and not yet in the vote log; it counts as logged from now on.
    pub(crate) fn take_unlogged(&mut self, kind: Kind, view: View) -> Option<Certificate> {
        let page = self.pages.get_mut(&view)?;
        let certificate = match kind {
            Kind::Notarization => page.notarization.as_ref()?.certificate(),
            Kind::Nullification => page.nullification.as_ref()?.certificate(),
            Kind::Finalization => page.finalization.as_ref()?.certificate(),
        };
        let logged = page.logged.get_mut(kind as usize)?;
        if std::mem::replace(logged, true) {
            return None;
        }
        Some(certificate.clone())
    }

    /// Forgets what lies far below the newest final view.
    pub(crate) fn prune(&mut self, final_view: View) {
        self.pages = self.pages.split_off(&View(final_view.0.saturating_sub(CERTIFICATE_TAIL)));
    }
}

/// The three kinds of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Notarization = 0,
    Nullification = 1,
    Finalization = 2,
}

impl Page {
    /// The certified block.
    pub(crate) fn block(&self) -> Option<Digest> {
        let notarized = self.notarization.as_ref().map(|n| n.vote().block);
        notarized.or_else(|| self.finalization.as_ref().map(|f| f.vote().block))
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.notarization.is_none() && self.nullification.is_none() && self.finalization.is_none()
    }

    /// The strongest certificate that lets one enter the next view: Finalization, Nullification, Notarization.
    pub(crate) fn best(&self) -> Option<(Kind, &Certificate)> {
        let finalization = self.finalization.as_ref().map(|f| (Kind::Finalization, f.certificate()));
        let nullification = self.nullification.as_ref().map(|n| (Kind::Nullification, n.certificate()));
        let notarization = self.notarization.as_ref().map(|n| (Kind::Notarization, n.certificate()));
        finalization.or(nullification).or(notarization)
    }

    /// Proof that its block was certified.
    pub(crate) fn parent_proof(&self) -> Option<&Certificate> {
        let finalized = self.finalization.as_ref().map(VerifiedFinalization::certificate);
        finalized.or_else(|| self.notarization.as_ref().map(VerifiedNotarization::certificate))
    }

    /// All certificates.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Certificate> {
        let notarization = self.notarization.as_ref().map(VerifiedNotarization::certificate);
        let nullification = self.nullification.as_ref().map(VerifiedNullification::certificate);
        let finalization = self.finalization.as_ref().map(VerifiedFinalization::certificate);
        notarization.into_iter().chain(nullification).chain(finalization)
    }

    fn has(&self, certificate: &VerifiedCertificate) -> bool {
        match certificate {
            VerifiedCertificate::Notarization(_) => self.notarization.is_some(),
            VerifiedCertificate::Nullification(_) => self.nullification.is_some(),
            VerifiedCertificate::Finalization(_) => self.finalization.is_some(),
        }
    }
}

impl std::fmt::Debug for Electorate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Electorate").field("epoch", &self.epoch).field("n", &self.committee.n()).finish_non_exhaustive()
    }
}
