//! Rules left out on purpose: each promise holds with all rules, and is broken, in the way the test names, without one.

use super::*;
use amanah_consensus::message::{Justification, Proposal};
use amanah_consensus::{BlockBytes, Message, Vote};
use amanah_ledger::block::{Block, Body, Entry, tx_root};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::codec;
use amanah_ledger::crypto::Signature;
use amanah_ledger::execute;
use amanah_ledger::mutant::{Mutant, without};
use amanah_ledger::position::View;

/// The promise holds with all rules, and without this one the world does `instead`.
fn needs(mutant: Mutant, instead: &'static str, promise: fn() -> bool) {
    assert!(without(None, promise), "with all rules: {instead}");
    assert!(!without(Some(mutant), promise), "without {}: no {instead}", mutant.name());
    println!("left out {}: {instead}", mutant.name());
}

/// Validator 1 of four in a view that somebody else leads, and the clock it is shown. The test plays the others.
struct Stage {
    validator: Validator,
    chain: Digest,
    now: u64,
    actions: Vec<Action>,
}

impl Stage {
    fn new() -> Self {
        let Fixture { validator, chain, first } = start(4);
        let mut stage = Self { validator, chain, now: NOW, actions: first };
        while stage.validator.standing().leader == ValidatorIndex(0) {
            let content = VoteContent::Nullify { epoch: Epoch(0), view: stage.view() };
            stage.hear(1, Message::Certificate(stage.certificate(content)));
        }
        stage
    }

    fn view(&self) -> View {
        self.validator.standing().view
    }

    fn handle(&mut self, event: Event) {
        let actions = self.validator.handle(self.now, event);
        self.actions.extend(actions);
    }

    fn hear(&mut self, from: u8, message: Message) {
        let message = PeerMessage::Consensus(message);
        self.handle(Event::Peer { from: ValidatorIndex(from), message });
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.validator.next_wake().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.handle(Event::Wake);
        }
        self.now = end;
    }

    fn vote(&self, signer: u8, content: VoteContent) -> Vote {
        let signature = keypair(signer + 1, 4).sign(&content.signing_bytes(&self.chain));
        Vote { content, signer: ValidatorIndex(signer), signature }
    }

    /// What the other three certify.
    fn certificate(&self, content: VoteContent) -> Certificate {
        let votes = (1..4).map(|signer| (ValidatorIndex(signer), self.vote(signer, content).signature)).collect();
        Certificate::assemble(content, 4, &votes)
    }

    fn verified(&self, transaction: &SignedTransaction) -> VerifiedTransaction {
        transaction.clone().verify(&self.chain, &Ed25519).unwrap()
    }

    /// A block on the head with these transactions, as an honest leader of this view builds it.
    fn block(&self, transactions: &[&SignedTransaction]) -> Block {
        let verified: Vec<_> = transactions.iter().map(|transaction| self.verified(transaction)).collect();
        let proposal = execute::Proposal { view: self.view(), time: UnixMs(self.now) };
        self.validator.head().build(proposal, &verified).block().clone()
    }

    fn content(&self, block: &Block) -> BlockVote {
        BlockVote { epoch: Epoch(0), view: self.view(), parent_view: View(0), block: block.header.digest() }
    }

    /// The leader proposes a block of this name with these bytes.
    fn propose(&mut self, content: BlockVote, bytes: &Block) {
        let leader = self.validator.standing().leader.0;
        let skips: Vec<_> = (1..content.view.0)
            .rev()
            .map(|view| self.certificate(VoteContent::Nullify { epoch: Epoch(0), view: View(view) }))
            .collect();
        let justification = Justification { skips: BoundedVec::try_from(skips).unwrap(), ..Justification::default() };
        let vote = self.vote(leader, VoteContent::Notarize(content));
        self.hear(leader, Message::Proposal(Box::new(Proposal { vote, block: encoded(bytes), justification })));
    }

    fn has_sent(&self, content: VoteContent) -> bool {
        self.actions.iter().any(|action| {
            matches!(action, Action::Send { message: PeerMessage::Consensus(Message::Vote(vote)), .. }
                if vote.content == content)
        })
    }
}

fn encoded(block: &Block) -> BlockBytes {
    BlockBytes::try_from(codec::encode(block)).unwrap()
}

/// The same act under other bytes: the signature is none.
fn garbled(transaction: &SignedTransaction) -> SignedTransaction {
    let SignedTransaction::Anchor { anchor, gateway } = transaction else { panic!("an anchor") };
    let gateway = GatewaySignature { key: gateway.key, signature: Signature([9; 64]) };
    SignedTransaction::Anchor { anchor: *anchor, gateway }
}

fn names(chain: &Digest, body: &Body) -> Vec<(amanah_ledger::transaction::TxId, WireId)> {
    body.iter().map(|entry| (entry.transaction.tx_id(chain), entry.transaction.wire_id())).collect()
}

#[test]
fn other_signatures_under_a_blocks_name_are_no_verdict_over_it() {
    needs(Mutant::TxRootOverActs, "one who was shown garbage finalizes the block like the others", || {
        let mut stage = Stage::new();
        let good = stage.block(&[&anchor(&stage.chain, 2, 1)]);
        let content = stage.content(&good);
        let mut entries = good.body.to_vec();
        entries[0].transaction = garbled(&entries[0].transaction);
        let garbage = Block { header: good.header.clone(), body: BoundedVec::try_from(entries).unwrap() };
        stage.propose(content, &garbage);
        stage.hear(2, Message::Certificate(stage.certificate(VoteContent::Notarize(content))));
        stage.hear(2, Message::BlockResponse { digest: content.block, block: encoded(&good) });
        stage.has_sent(VoteContent::Finalize(content))
    });
}

#[test]
fn signatures_checked_under_other_bytes_of_an_act_do_not_count() {
    needs(Mutant::SignaturesKnownByAct, "no vote for a forged signature", || {
        let mut stage = Stage::new();
        let genuine = anchor(&stage.chain, 2, 1);
        stage.handle(gossip(vec![genuine.clone()]));
        assert!(stage.validator.mempool().contains(&genuine.wire_id()));
        let mut forged = stage.block(&[&genuine]);
        let mut entries = forged.body.to_vec();
        entries[0].transaction = garbled(&genuine);
        forged.body = BoundedVec::try_from(entries).unwrap();
        forged.header.tx_root = tx_root(&names(&stage.chain, &forged.body), &forged.body);
        let content = stage.content(&forged);
        stage.propose(content, &forged);
        !stage.has_sent(VoteContent::Notarize(content))
    });
}

#[test]
fn a_transaction_that_a_liar_had_fail_waits_for_its_time() {
    needs(Mutant::FailedActUsedUp, "what failed in a block still waits", || {
        let mut stage = Stage::new();
        let early = anchor(&stage.chain, 2, 2);
        stage.handle(gossip(vec![early.clone()]));
        assert!(stage.validator.mempool().contains(&early.wire_id()));
        // The liar puts it before the one it follows.
        let mut block = stage.block(&[]);
        let outcomes = stage.validator.head().outcomes(&stage.verified(&early), block.header.time);
        block.body = BoundedVec::try_from(vec![Entry { transaction: early.clone(), outcomes }]).unwrap();
        block.header.tx_count = 1;
        block.header.tx_root = tx_root(&names(&stage.chain, &block.body), &block.body);
        let content = stage.content(&block);
        stage.propose(content, &block);
        stage.hear(2, Message::Certificate(stage.certificate(VoteContent::Finalize(content))));
        assert!(stage.actions.iter().any(|action| matches!(action, Action::Commit(_))), "it is final");
        stage.validator.mempool().contains(&early.wire_id())
    });
}

#[test]
fn what_no_block_can_include_yet_is_no_work() {
    needs(Mutant::AnythingPendingIsWork, "no view is given up for what has to wait", || {
        let mut stage = Stage::new();
        let view = stage.view();
        let later = anchor(&stage.chain, 2, 5);
        stage.handle(gossip(vec![later.clone()]));
        stage.wait(60_000);
        assert!(stage.validator.mempool().contains(&later.wire_id()));
        !stage.has_sent(VoteContent::Nullify { epoch: Epoch(0), view })
    });
}
