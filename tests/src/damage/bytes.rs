//! Every byte of encoded blocks and of a vote log, changed one at a time.

use amanah_consensus::Record;
use amanah_consensus::message::{BlockBytes, Vote};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::{ExecutedBlock, Tip};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Ed25519, Keypair, PublicKey, Signer as _};
use amanah_ledger::execute::Proposal;
use amanah_ledger::genesis::{Founder, Genesis};
use amanah_ledger::member::MemberKeys;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::{HOUR_MS, UnixMs};
use amanah_ledger::transaction::{
    Anchor, AnchorKind, GatewaySignature, GrantItem, Grants, RevokeProof, SignedTransaction, revoke_signing_bytes,
};
use amanah_node::home::demo_parameters;
use amanah_node::vote_log::{Identity, KeyHistory, Position, VoteLog, VoteLogError};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What was changed, and what was taken for good all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Things whose bytes were changed.
    pub things: usize,
    /// Changes: one for each byte.
    pub flips: usize,
    /// Changes that were not found.
    pub missed: usize,
}

/// One hospital alone, which is enough to make blocks.
struct Alone {
    genesis: Genesis,
    tip: Tip,
}

fn key(role: u8) -> Keypair {
    Keypair::from_seed(&[role; 32])
}

fn consent_key(number: u64) -> Keypair {
    Keypair::from_seed(blake3::hash(&number.to_le_bytes()).as_bytes())
}

impl Alone {
    fn new() -> Self {
        let public = |role| key(role).public_key();
        let keys = MemberKeys { root: public(1), gateway: public(2), node: public(3), consensus: public(4) };
        let text = "a short name";
        let founder = Founder { name: "alone".try_into().expect(text), display: "Alone".try_into().expect(text), keys };
        let genesis = Genesis {
            version: 1,
            network: "damage".try_into().expect(text),
            time: UnixMs(1_790_000_000_000 / HOUR_MS * HOUR_MS),
            founders: vec![founder].try_into().expect("one of 31"),
            parameters: demo_parameters(),
        };
        let tip = Tip::genesis(&genesis).expect("a network of one");
        Self { genesis, tip }
    }

    fn gateway(&self, message: &[u8]) -> GatewaySignature {
        GatewaySignature { key: key(2).public_key(), signature: key(2).sign(message) }
    }

    /// A grant, an anchor or a revocation, by turns.
    fn act(&self, number: u64) -> SignedTransaction {
        let (chain, member) = (self.genesis.chain(), self.genesis.founders[0].id());
        let time = self.tip.header().time;
        match number % 3 {
            0 => {
                let consent = consent_key(number);
                let item = GrantItem {
                    custodian: member,
                    consent: consent.public_key(),
                    version: 1,
                    prev: Digest::ZERO,
                    commitment: Digest([7; 32]),
                    lock: Digest([8; 32]),
                    submit_by: UnixMs((time.0 / HOUR_MS + 4) * HOUR_MS),
                };
                let item_signatures = vec![consent.sign(&item.signing_bytes(&chain))];
                let batch = Grants { custodian: member, items: vec![item].try_into().expect("one item") };
                let gateway = self.gateway(&batch.signing_bytes(&chain));
                let item_signatures = BoundedVec::try_from(item_signatures).expect("one signature");
                SignedTransaction::Grants { batch, item_signatures, gateway }
            }
            1 => {
                let (kind, root) = (AnchorKind::Access, Digest([9; 32]));
                let anchor = Anchor { member, kind, seq: number / 3 + 1, day: time.day(), root, figures: None };
                SignedTransaction::Anchor { anchor, gateway: self.gateway(&anchor.signing_bytes(&chain)) }
            }
            _ => {
                let key = consent_key(number - 2);
                let consent = key.public_key();
                let proof = RevokeProof::Key(key.sign(&revoke_signing_bytes(&chain, &consent)));
                SignedTransaction::Revoke { consent, proof, relay: None }
            }
        }
    }

    fn block(&mut self, number: u64) -> ExecutedBlock {
        let chain = self.genesis.chain();
        let act = self.act(number).verify(&chain, &Ed25519).expect("signed as it should be");
        let time = self.tip.header().time.plus_ms(1000);
        let executed = self.tip.build(Proposal { view: View(number + 1), time }, &[act]);
        assert_eq!(executed.block().body.len(), 1, "act {number} can be applied");
        self.tip = executed.tip().clone();
        executed
    }
}

/// Encodes `count` blocks and changes every byte of each. A changed block must not open, or have another digest than
/// the one that is certified: what comes from the disk, the vote log or a peer is compared with that.
pub fn blocks(count: u64, seed: u64) -> Count {
    let (mut alone, mut random) = (Alone::new(), StdRng::seed_from_u64(seed));
    let mut total = Count::default();
    for number in 0..count {
        let executed = alone.block(number);
        let mut bytes = codec::encode(executed.block());
        let opened = OpenBlock::decode(&bytes).expect("a block opens");
        assert_eq!(opened.digest(), executed.digest(), "unchanged it is the certified one");
        total.things += 1;
        for at in 0..bytes.len() {
            let xor = random.random_range(1..=255u8);
            bytes[at] ^= xor;
            total.flips += 1;
            total.missed += usize::from(OpenBlock::decode(&bytes).is_ok_and(|b| b.digest() == executed.digest()));
            bytes[at] ^= xor;
        }
    }
    total
}

/// One record of each kind.
fn records(alone: &mut Alone, identity: &Identity) -> Vec<Record> {
    let executed = alone.block(0);
    let digest = *executed.digest();
    let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: digest };
    let contents = [
        VoteContent::Notarize(vote),
        VoteContent::Nullify { epoch: Epoch(0), view: View(1) },
        VoteContent::Finalize(vote),
    ];
    let sign = |content: VoteContent| key(4).sign(&content.signing_bytes(&identity.chain));
    let signer = ValidatorIndex(0);
    let voted = contents.map(|content| Record::Voted(Vote { content, signer, signature: sign(content) }));
    let certified = contents.map(|content| {
        let votes = BTreeMap::from([(signer, sign(content))]);
        Record::Certificate(Certificate::assemble(content, 1, &votes))
    });
    let block = BlockBytes::try_from(codec::encode(executed.block())).expect("a small block");
    let others = [Record::Block(block), Record::Entered(View(2)), Record::EpochClosed(Epoch(0))];
    voted.into_iter().chain(certified).chain(others).collect()
}

/// Writes a vote log with every kind of record into `dir`, closes it, and changes every byte of it. Each change must
/// be refused.
///
/// # Errors
/// When the log cannot be written.
pub fn vote_log(dir: &Path, seed: u64) -> Result<Count, VoteLogError> {
    let (mut alone, mut random) = (Alone::new(), StdRng::seed_from_u64(seed));
    let key: PublicKey = key(4).public_key();
    let identity = Identity { chain: alone.genesis.chain(), epoch: Epoch(0), key };
    let records = records(&mut alone, &identity);
    let votes = dir.join("votes");
    let (mut log, _) = VoteLog::open(&votes, identity, KeyHistory::Unused)?;
    for record in &records {
        log.append(&[record.encode()], Position { height: Height(0), view: View(1) })?;
    }
    log.record_reach()?;
    drop(log);
    let io = |source| VoteLogError::Io { action: "change", source };
    let mut names = fs::read_dir(&votes).map_err(io)?.flatten().map(|entry| entry.path());
    let segment = names.find(|path| path.extension().is_some_and(|e| e == "votes")).expect("there is a segment");
    let whole = fs::read(&segment).map_err(io)?;
    let read = |count: &mut Count| match VoteLog::open(&votes, identity, KeyHistory::HasVoted) {
        Err(_refused) => {}
        Ok((_, read)) => count.missed += usize::from(read.count() == records.len()) + usize::from(count.flips > 0),
    };
    let mut total = Count::default();
    read(&mut total);
    assert_eq!(std::mem::take(&mut total.missed), 1, "unchanged it is read whole");
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= random.random_range(1..=255u8);
        fs::write(&segment, &changed).map_err(io)?;
        total.flips += 1;
        read(&mut total);
    }
    total.things = records.len();
    Ok(total)
}
