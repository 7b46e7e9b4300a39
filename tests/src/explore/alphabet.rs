//! Everything that can be said in a search and everything that can happen to a member, numbered as it is met.
//!
//! What was said stays said: a message may reach anybody at any later time, any number of times, or never. Loss,
//! reordering and repetition need no steps of their own, and the votes that were given decide what can arrive. Liars
//! have signed everything: a certificate can arrive as soon as honest votes and liars make a quorum for it.

use super::bits::Contents;
use super::block::{Block, Ledger, Load, still};
use super::keys;
use super::setting::{Second, Setting, Votes};
use amanah_consensus::message::{Justification, Proposal};
use amanah_consensus::{BlockBytes, Deadline, Message, Vote};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::committee::quorum;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, View};
use std::collections::BTreeMap;

/// Members of every search.
pub(crate) const MEMBERS: u8 = 4;

/// What can happen to a member. The numbers stand in the lists of the [`Alphabet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    /// A leader's proposal arrives.
    Proposal(u16),
    /// A certificate arrives that the liars and these honest members signed, a bit each by their place among the honest.
    Certificate { content: u8, honest: u8 },
    /// A vote arrives.
    Vote { signer: u8, content: u8 },
    /// A block arrives, asked for or pushed.
    Block(u8),
    /// Transactions arrive.
    Supply,
    /// A deadline comes.
    Deadline(u8),
    /// The process stops and starts again from what was durable; of what was written behind the last sync all or
    /// nothing is there, and so with the ledger's store.
    Crash { is_tail_kept: bool, is_store_kept: bool },
}

/// The deadlines by number.
pub(crate) const DEADLINES: [Deadline; 4] =
    [Deadline::Leader, Deadline::Certificate, Deadline::Padding, Deadline::Stale];

/// A proposal that was made.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) message: Box<Proposal>,
    pub(crate) text: String,
}

/// A block that was proposed.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) digest: Digest,
    pub(crate) text: String,
    /// The view in which its parent was proposed.
    parent_view: View,
}

/// The numbers of everything.
#[derive(Debug)]
pub(crate) struct Alphabet {
    pub(crate) liars: Vec<u8>,
    pub(crate) honest: Vec<u8>,
    /// Votes that make a certificate, by the rules in force.
    pub(crate) votes_needed: u8,
    leaders: Vec<u8>,
    pub(crate) views: u64,
    second: Second,
    is_vote_single: bool,
    pub(crate) contents: Vec<VoteContent>,
    pub(crate) blocks: Vec<Named>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) inputs: Vec<Input>,
    content_ids: BTreeMap<VoteContent, u8>,
    offer_ids: BTreeMap<String, u16>,
}

impl Alphabet {
    /// What can be said before anybody honest said anything. `leaders` are those of views 0 to 3.
    pub(crate) fn new(setting: &Setting, leaders: Vec<u8>, ledger: &mut Ledger) -> Self {
        let leader = |view: u64| leaders[usize::try_from(view % u64::from(MEMBERS)).expect("one of four")];
        let liars: Vec<u8> = setting.liars_lead.iter().map(|view| leader(*view)).collect();
        let is_short = setting.mutant == Some(amanah_consensus::Mutant::QuorumMinusOne);
        let quorum = u8::try_from(quorum(usize::from(MEMBERS))).expect("three of four");
        let mut alphabet = Self {
            honest: (0..MEMBERS).filter(|i| !liars.contains(i)).collect(),
            liars,
            votes_needed: quorum - u8::from(is_short),
            leaders,
            views: setting.views,
            second: setting.second,
            is_vote_single: setting.votes == Votes::Single,
            contents: Vec::new(),
            blocks: vec![Named { digest: Block::GENESIS.digest(), text: "g".to_owned(), parent_view: View(0) }],
            offers: Vec::new(),
            inputs: vec![Input::Supply],
            content_ids: BTreeMap::new(),
            offer_ids: BTreeMap::new(),
        };
        alphabet.inputs.extend((0..4).map(Input::Deadline));
        for (is_tail_kept, is_store_kept) in [(true, true), (true, false), (false, true), (false, false)] {
            alphabet.inputs.push(Input::Crash { is_tail_kept, is_store_kept });
        }
        for view in 1..=setting.views {
            alphabet.learn_content(VoteContent::Nullify { epoch: Epoch(0), view: View(view) });
        }
        alphabet.lie_about(View(0), Block::GENESIS.digest(), ledger);
        alphabet
    }

    fn leader(&self, view: u64) -> u8 {
        self.leaders[usize::try_from(view % u64::from(MEMBERS)).expect("one of four")]
    }

    /// The number of a content of a view of the search.
    pub(crate) fn content_id(&self, content: &VoteContent) -> Option<u8> {
        self.content_ids.get(content).copied()
    }

    fn learn_content(&mut self, content: VoteContent) {
        if content.view().0 > self.views || self.content_ids.contains_key(&content) {
            return;
        }
        let id = u8::try_from(self.contents.len()).expect("fewer than 256 contents");
        self.contents.push(content);
        self.content_ids.insert(content, id);
        let need = self.honest_needed(self.votes_needed);
        let sets = (0u8..1 << self.honest.len()).filter(|set| usize::try_from(set.count_ones()) == Ok(need));
        self.inputs.extend(sets.map(|honest| Input::Certificate { content: id, honest }));
        if self.is_vote_single {
            self.inputs.extend((0..MEMBERS).map(|signer| Input::Vote { signer, content: id }));
        }
    }

    /// A member sent this proposal: it, its votes and what a liar can build on it can be said from now on.
    pub(crate) fn learn_offer(&mut self, message: &Proposal, ledger: &mut Ledger) -> Option<u16> {
        let VoteContent::Notarize(vote) = message.vote.content else { return None };
        if vote.view.0 > self.views {
            return None;
        }
        self.learn_block(&vote, ledger);
        let proofs: Vec<String> = message.justification.certificates().map(|c| self.certificate_text(c)).collect();
        let text = format!("{} with [{}]", self.content_text(&message.vote.content), proofs.join(" "));
        Some(self.enter_offer(text, message.clone()))
    }

    fn enter_offer(&mut self, text: String, message: Proposal) -> u16 {
        if let Some(id) = self.offer_ids.get(&text) {
            return *id;
        }
        let id = u16::try_from(self.offers.len()).expect("fewer than 65,536 proposals");
        self.offer_ids.insert(text.clone(), id);
        self.offers.push(Offer { message: Box::new(message), text });
        self.inputs.push(Input::Proposal(id));
        id
    }

    /// A block proposed under this content. Its votes exist, and liars build on it.
    fn learn_block(&mut self, vote: &BlockVote, ledger: &mut Ledger) {
        if self.blocks.iter().all(|known| known.digest != vote.block) {
            let block = *ledger.block(&vote.block).expect("learnt before it was proposed");
            let parent = self.block_text(&block.parent);
            let parent_view = ledger.block(&block.parent).map_or(View(0), |parent| parent.view);
            let text = match block.load {
                Load::Transactions(0) => format!("{parent}/{}", block.view),
                Load::Transactions(_) => format!("{parent}/{}b", block.view),
                Load::Empty => format!("{parent}/{}empty", block.view),
                Load::Poison => format!("{parent}/{}bad", block.view),
            };
            let id = u8::try_from(self.blocks.len()).expect("fewer than 256 blocks");
            self.blocks.push(Named { digest: vote.block, text, parent_view });
            self.inputs.push(Input::Block(id));
        }
        if self.content_id(&VoteContent::Notarize(*vote)).is_none() {
            self.learn_content(VoteContent::Notarize(*vote));
            self.learn_content(VoteContent::Finalize(*vote));
            self.lie_about(vote.view, vote.block, ledger);
        }
    }

    /// The proposals of every later lying leader on this parent.
    fn lie_about(&mut self, parent_view: View, parent: Digest, ledger: &mut Ledger) {
        let height = ledger.block(&parent).expect("a block that was proposed").height + 1;
        for view in parent_view.0 + 1..=self.views {
            let leader = self.leader(view);
            if !self.liars.contains(&leader) {
                continue;
            }
            let named = View(view - 1);
            let second = match self.second {
                Second::Valid => Some((Load::Transactions(1), parent_view)),
                Second::Empty => Some((Load::Empty, parent_view)),
                Second::Invalid => Some((Load::Poison, parent_view)),
                Second::Misplaced => (named != parent_view).then_some((Load::Transactions(1), named)),
            };
            for (load, parent_view) in [(Load::Transactions(0), parent_view)].into_iter().chain(second) {
                let block = ledger.learn(Block { parent, height, time: still(height), view: View(view), load });
                let vote = BlockVote { epoch: Epoch(0), view: View(view), parent_view, block };
                self.learn_block(&vote, ledger);
                let content = VoteContent::Notarize(vote);
                let bytes = ledger.block(&block).expect("just learnt").bytes();
                let message = Proposal {
                    vote: keys::vote(leader, content),
                    block: BlockBytes::try_from(bytes).expect("a small block"),
                    // A liar's certificates come by themselves, before or after.
                    justification: Justification::default(),
                };
                self.enter_offer(self.content_text(&content), message);
            }
        }
    }

    /// The view of a proposal that a liar made; `None` if an honest member did.
    pub(crate) fn liars_view(&self, offer: u16) -> Option<View> {
        let vote = &self.offers[usize::from(offer)].message.vote;
        self.liars.contains(&vote.signer.0).then(|| vote.content.view())
    }

    /// The message that an input delivers and who sent it.
    pub(crate) fn message(&self, input: Input, ledger: &Ledger) -> Option<(u8, Message)> {
        match input {
            Input::Proposal(id) => {
                let message = &self.offers[usize::from(id)].message;
                Some((message.vote.signer.0, Message::Proposal(message.clone())))
            }
            Input::Certificate { content, honest } => {
                let certificate = self.certificate(content, honest);
                Some((self.liars.first().copied().unwrap_or(0), Message::Certificate(certificate)))
            }
            Input::Vote { signer, content } => {
                let vote: Vote = keys::vote(signer, self.contents[usize::from(content)]);
                Some((signer, Message::Vote(vote)))
            }
            Input::Block(id) => {
                let digest = self.blocks[usize::from(id)].digest;
                let block = BlockBytes::try_from(ledger.block(&digest)?.bytes()).ok()?;
                Some((self.liars.first().copied().unwrap_or(0), Message::BlockResponse { digest, block }))
            }
            Input::Supply | Input::Deadline(_) | Input::Crash { .. } => None,
        }
    }

    /// The certificate of this content that the liars and these honest members sign.
    fn certificate(&self, content: u8, honest: u8) -> Certificate {
        let said = self.honest.iter().enumerate().filter(|(at, _)| honest & (1 << at) != 0);
        let signers = self.liars.iter().chain(said.map(|(_, index)| index)).copied();
        keys::certificate(MEMBERS, signers, self.contents[usize::from(content)])
    }

    /// How many honest votes the liars lack for a certificate.
    fn honest_needed(&self, votes_needed: u8) -> usize {
        usize::from(votes_needed).saturating_sub(self.liars.len())
    }

    /// The first honest members, by place, that said this and make a certificate of it with the liars; `None` if there
    /// are too few. Which of them sign decides nothing: an honest signer never said anything that its signature excludes.
    pub(crate) fn signers(&self, said: &[Contents], content: u8) -> Option<u8> {
        let need = self.honest_needed(self.votes_needed);
        let sayers = (0..said.len()).filter(|at| said[*at].contains(content)).take(need);
        let set = sayers.fold(0u8, |set, at| set | 1 << at);
        (usize::try_from(set.count_ones()) == Ok(need)).then_some(set)
    }

    /// The contents for which these honest votes and the liars make a certificate.
    pub(crate) fn certifiable(&self, said: &[Contents], votes_needed: u8) -> Contents {
        let need = self.honest_needed(votes_needed);
        // at_least[k]: said by at least k + 1 of those looked at.
        let mut at_least = [Contents::default(); 4];
        for given in said {
            for k in (1..at_least.len()).rev() {
                at_least[k] = at_least[k].or(&at_least[k - 1].and(given));
            }
            at_least[0] = at_least[0].or(given);
        }
        need.checked_sub(1).map_or_else(Contents::default, |at| at_least[at])
    }

    pub(crate) fn block_text(&self, digest: &Digest) -> String {
        self.named(digest).map_or_else(|| "?".to_owned(), |known| known.text.clone())
    }

    fn named(&self, digest: &Digest) -> Option<&Named> {
        self.blocks.iter().find(|known| known.digest == *digest)
    }

    /// A vote for a block; with the parent view, if that is not the view of the block's parent.
    fn vote_text(&self, vote: &BlockVote) -> String {
        let text = format!("{}:{}", vote.view, self.block_text(&vote.block));
        let is_misplaced = self.named(&vote.block).is_some_and(|known| known.parent_view != vote.parent_view);
        if is_misplaced { format!("{text} above view {}", vote.parent_view) } else { text }
    }

    fn certificate_text(&self, certificate: &Certificate) -> String {
        let signers = certificate.signers.members(usize::from(MEMBERS)).unwrap_or_default();
        let signers: Vec<String> = signers.iter().map(|index| index.0.to_string()).collect();
        format!("{} by {}", self.content_text(&certificate.content), signers.join(" "))
    }

    pub(crate) fn content_text(&self, content: &VoteContent) -> String {
        match content {
            VoteContent::Notarize(vote) => format!("N{}", self.vote_text(vote)),
            VoteContent::Nullify { view, .. } => format!("X{view}"),
            VoteContent::Finalize(vote) => format!("F{}", self.vote_text(vote)),
        }
    }

    /// An input in words that are the same in every search.
    pub(crate) fn input_text(&self, input: Input) -> String {
        match input {
            Input::Proposal(id) => format!("proposal {}", self.offers[usize::from(id)].text),
            Input::Certificate { content, honest } => {
                format!("certificate {}", self.certificate_text(&self.certificate(content, honest)))
            }
            Input::Vote { signer, content } => {
                format!("vote {} of member {signer}", self.content_text(&self.contents[usize::from(content)]))
            }
            Input::Block(id) => format!("block {}", self.blocks[usize::from(id)].text),
            Input::Supply => "transactions".to_owned(),
            Input::Deadline(id) => format!("deadline {:?}", DEADLINES[usize::from(id)]),
            Input::Crash { is_tail_kept, is_store_kept } => format!(
                "crash, unsynced records {}, store {}",
                if is_tail_kept { "kept" } else { "lost" },
                if is_store_kept { "kept" } else { "lost" }
            ),
        }
    }
}
