//! The book of certificates: what quorums said about each view, as far as we know and checked it.
//!
//! Only verified certificates get in, and two that exclude each other never stand in it together.

use crate::certificate::{VerifiedCertificate, VerifiedFinalization, VerifiedNotarization, VerifiedNullification};
use crate::limits::CERTIFICATE_TAIL;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::View;
use std::collections::BTreeMap;

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
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    epoch_start: Digest,
    pages: BTreeMap<View, Page>,
    /// View of the newest Finalization.
    settled: View,
}

impl Certificates {
    /// An empty book of an epoch that began on this block.
    pub(crate) fn new(epoch_start: Digest) -> Self {
        Self { epoch_start, pages: BTreeMap::new(), settled: View(0) }
    }

    /// Enters a certificate.
    pub(crate) fn insert(&mut self, certificate: VerifiedCertificate, now: u64) -> Entry {
        if self.excludes(&certificate.certificate().content) {
            return Entry::Contradiction;
        }
        let page = self.pages.entry(certificate.view()).or_default();
        let is_known = page.has(&certificate);
        let is_about_a_block = !matches!(certificate, VerifiedCertificate::Nullification(_));
        match certificate {
            VerifiedCertificate::Notarization(n) => page.notarization.get_or_insert(n).vote().view,
            VerifiedCertificate::Nullification(n) => page.nullification.get_or_insert(n).view(),
            VerifiedCertificate::Finalization(f) => {
                self.settled = self.settled.max(f.vote().view);
                page.finalization.get_or_insert(f).vote().view
            }
        };
        if is_about_a_block {
            page.certified_at.get_or_insert(now);
        }
        if is_known { Entry::Known } else { Entry::New }
    }

    /// Whether a certificate of this content could not stand beside those in the book.
    pub(crate) fn excludes(&self, content: &VoteContent) -> bool {
        let Some(page) = self.pages.get(&content.view()) else { return false };
        let is_another = |block| page.block().is_some_and(|certified| certified != block);
        match content {
            VoteContent::Nullify { .. } => page.finalization.is_some(),
            VoteContent::Notarize(vote) => is_another(vote.block),
            VoteContent::Finalize(vote) => page.nullification.is_some() || is_another(vote.block),
        }
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
        self.pages.get(&self.settled)?.finalization.as_ref()
    }

    /// The highest view that is known to be finalized, whether we carried it out or not.
    pub(crate) fn settled(&self) -> View {
        self.settled
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

    /// Of how many views something is known.
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Forgets what lies far below the newest final view.
    pub(crate) fn prune(&mut self, final_view: View) {
        self.pages = self.pages.split_off(&View(final_view.0.saturating_sub(CERTIFICATE_TAIL)));
    }
}

#[cfg(feature = "explore")]
impl Certificates {
    /// The certificates, their signers included; how long ago blocks were certified, as far as somebody counts.
    pub(crate) fn fingerprint(&self, now: u64, final_view: View, into: &mut impl std::hash::Hasher) {
        use std::hash::Hash;
        let Self { epoch_start: _, pages, settled: _ } = self;
        pages.len().hash(into);
        for (view, page) in pages {
            let Page { notarization, nullification, finalization, certified_at, logged } = page;
            (view, logged).hash(into);
            notarization.as_ref().map(VerifiedNotarization::certificate).hash(into);
            nullification.as_ref().map(VerifiedNullification::certificate).hash(into);
            finalization.as_ref().map(VerifiedFinalization::certificate).hash(into);
            certified_at.filter(|_| *view > final_view).map(|at| now - at).hash(into);
        }
    }

    /// Sets back since when the block of `view` counts as certified.
    pub(crate) fn was_certified_at(&mut self, view: View, at: u64) {
        if let Some(page) = self.pages.get_mut(&view) {
            page.certified_at = Some(at);
        }
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
