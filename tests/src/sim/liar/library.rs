//! What liars have seen: blocks, the states after them, certificates.

use amanah_consensus::message::{BlockBytes, Justification, Message};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::execute::Proposal as Timing;
use amanah_ledger::position::View;
use amanah_ledger::time::UnixMs;
use amanah_node::peer_message::PeerMessage;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Views that are remembered behind the newest.
const VIEWS_KEPT: u64 = 96;

/// Everything seen.
pub(super) struct Library {
    verifier: Arc<dyn Verifier>,
    blocks: BTreeMap<Digest, (View, BlockBytes)>,
    tips: BTreeMap<Digest, Tip>,
    pub(super) certificates: BTreeMap<(View, u8), Certificate>,
    leaders: BTreeMap<u64, usize>,
    newest: View,
}

impl Library {
    pub(super) fn new(verifier: Arc<dyn Verifier>, genesis: Tip) -> Self {
        let tips = BTreeMap::from([(*genesis.digest(), genesis)]);
        let (blocks, certificates, leaders) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { verifier, blocks, tips, certificates, leaders, newest: View(0) }
    }

    /// A process says who leads its view.
    pub(super) fn learn_leader(&mut self, view: View, leader: usize, n: usize) {
        self.leaders.insert(view.0 % n as u64, leader);
    }

    pub(super) fn leader(&self, view: View, n: usize) -> Option<usize> {
        self.leaders.get(&(view.0 % n as u64)).copied()
    }

    /// Somebody's newest final block: its state is known to whoever asks.
    pub(super) fn learn_tip(&mut self, tip: &Tip) {
        if !self.tips.contains_key(tip.digest()) {
            self.tips.insert(*tip.digest(), tip.clone());
            let height = tip.header().height.0;
            self.tips.retain(|_, kept| kept.header().height.0.saturating_add(8) > height);
        }
    }

    pub(super) fn learn(&mut self, message: &PeerMessage) {
        let PeerMessage::Consensus(message) = message else { return };
        match message {
            Message::Proposal(proposal) => {
                if let VoteContent::Notarize(vote) = proposal.vote.content {
                    self.see(vote.view);
                    self.blocks.insert(vote.block, (vote.view, proposal.block.clone()));
                }
                proposal.justification.certificates().for_each(|certificate| self.keep(certificate));
            }
            Message::Certificate(certificate) => self.keep(certificate),
            Message::Bundle(bundle) => bundle.certificates.iter().for_each(|certificate| self.keep(certificate)),
            Message::CertificateResponse(response) => response.iter().for_each(|certificate| self.keep(certificate)),
            Message::BlockResponse { digest, block } => {
                self.blocks.insert(*digest, (self.newest, block.clone()));
            }
            Message::Vote(vote) => self.see(vote.content.view()),
            Message::Status(_)
            | Message::BlockRequest(_)
            | Message::CertificateRequest { .. }
            | Message::SyncRequest { .. }
            | Message::SyncResponse(_) => {}
        }
    }

    /// A block that a liar made up, to be given to whoever asks.
    pub(super) fn made(&mut self, digest: Digest, block: BlockBytes) {
        self.blocks.insert(digest, (self.newest, block));
    }

    pub(super) fn block(&self, digest: &Digest) -> Option<&BlockBytes> {
        self.blocks.get(digest).map(|(_, block)| block)
    }

    /// Any block: the first after `from` by digest.
    pub(super) fn any_block(&self, from: &Digest) -> Option<&BlockBytes> {
        let after = self.blocks.range(*from..).next().or_else(|| self.blocks.iter().next());
        after.map(|(_, (_, block))| block)
    }

    fn see(&mut self, view: View) {
        // A liar's own inventions are far ahead; they move nothing.
        if view <= self.newest || view.0 > self.newest.0.saturating_add(VIEWS_KEPT) {
            return;
        }
        self.newest = view;
        let oldest = View(view.0.saturating_sub(VIEWS_KEPT));
        self.certificates = self.certificates.split_off(&(oldest, 0));
        self.blocks.retain(|_, (since, _)| *since >= oldest);
    }

    fn keep(&mut self, certificate: &Certificate) {
        let (view, kind) = match certificate.content {
            VoteContent::Notarize(vote) => (vote.view, NOTARIZATION),
            VoteContent::Nullify { view, .. } => (view, NULLIFICATION),
            VoteContent::Finalize(vote) => (vote.view, FINALIZATION),
        };
        self.see(view);
        self.certificates.entry((view, kind)).or_insert_with(|| certificate.clone());
    }

    pub(super) fn nullification(&self, view: View) -> Option<&Certificate> {
        self.certificates.get(&(view, NULLIFICATION))
    }

    /// What proves that a block was certified in `view`.
    pub(super) fn parent_proof(&self, view: View) -> Option<&Certificate> {
        let finalization = self.certificates.get(&(view, FINALIZATION));
        finalization.or_else(|| self.certificates.get(&(view, NOTARIZATION)))
    }

    /// The block certified in `view`.
    pub(super) fn certified(&self, view: View) -> Option<Digest> {
        match self.parent_proof(view)?.content {
            VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => Some(vote.block),
            VoteContent::Nullify { .. } => None,
        }
    }

    /// The newest view below `view` with a certified block.
    pub(super) fn certified_below(&self, view: View) -> Option<View> {
        let below = self.certificates.range(..(view, 0)).rev();
        below.map(|((view, kind), _)| (*view, *kind)).find(|(_, kind)| *kind != NULLIFICATION).map(|(view, _)| view)
    }

    /// The state after a block, by executing what was seen.
    pub(super) fn tip(&mut self, digest: &Digest) -> Option<Tip> {
        let mut line = Vec::new();
        let mut at = *digest;
        let mut tip = loop {
            if let Some(tip) = self.tips.get(&at) {
                break tip.clone();
            }
            let open = OpenBlock::decode(self.block(&at)?).ok()?;
            at = open.header().parent;
            line.push(open);
        };
        while let Some(open) = line.pop() {
            tip = tip.execute(open, &*self.verifier, &|_| true).ok()?.tip().clone();
            self.tips.insert(*tip.digest(), tip.clone());
        }
        Some(tip)
    }

    /// Another valid block on `parent` with the transactions of `like` and another time.
    pub(super) fn build(
        &mut self,
        parent: &Digest,
        view: View,
        time: u64,
        like: &[u8],
    ) -> Option<(Digest, BlockBytes)> {
        let parent = self.tip(parent)?;
        let like = OpenBlock::decode(like).ok()?;
        let entries = like.block().body.iter();
        let transactions: Vec<_> = entries
            .filter_map(|entry| entry.transaction.clone().verify(parent.chain(), &*self.verifier).ok())
            .collect();
        let built = parent.build(Timing { view, time: UnixMs(time) }, &transactions);
        let bytes = BlockBytes::try_from(codec::encode(built.block())).ok()?;
        Some((*built.digest(), bytes))
    }

    /// The true justification of a block on what was certified in `parent_view`, as far as it was seen.
    pub(super) fn justification(&self, parent_view: View, view: View) -> Justification {
        let skips = (parent_view.0 + 1..view.0).rev().filter_map(|skipped| self.nullification(View(skipped)).cloned());
        Justification {
            parent: self.parent_proof(parent_view).cloned(),
            skips: skips.take(64).collect::<Vec<_>>().try_into().unwrap_or_default(),
            last_final: None,
        }
    }
}

const NOTARIZATION: u8 = 0;
const NULLIFICATION: u8 = 1;
const FINALIZATION: u8 = 2;
