//! Homes whose ledger already holds many consents: blocks built by the executor, certified with the hospitals' own keys
//! as a quorum would, committed through the store; made once and copied to every home.

use super::Cluster;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::{FinalBlock, Tip};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Check, Digest, Ed25519, Keypair, PublicKey, Signer, Verifier};
use amanah_ledger::execute::Proposal;
use amanah_ledger::member::MemberId;
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::store::Store;
use amanah_ledger::time::{HOUR_MS, UnixMs};
use amanah_ledger::transaction::{
    BATCH_ITEMS_MAX, GatewaySignature, GrantItem, Grants, SignedTransaction, VerifiedTransaction,
};
use amanah_node::home::{Role, Seed};
use amanah_node::vote_log::{Identity, KeyHistory, VoteLog};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// Items of one block, at most: so many fit with room to spare.
const BLOCK_ITEMS_MAX: usize = 12 * BATCH_ITEMS_MAX;
/// A ledger has at least so many blocks, if there are consents enough for them.
const BLOCKS_MIN: usize = 40;
/// Blocks that are committed at once.
const COMMIT_BLOCKS: usize = 16;

/// Every signature here was made a moment ago by this program.
#[derive(Debug)]
struct OwnWork;

impl Verifier for OwnWork {
    fn verify_all(&self, _: &[Check<'_>]) -> bool {
        true
    }
}

struct Keys {
    member: MemberId,
    gateway: Keypair,
    consensus: Keypair,
}

impl Cluster {
    /// Fills the ledger of every home with `consents` consents. Nothing may have run yet. The height it then has.
    ///
    /// # Panics
    /// When a home is not new.
    pub fn fill(&mut self, consents: usize) -> u64 {
        let keys: Vec<Keys> = self
            .hospitals
            .iter()
            .zip(&self.genesis.founders)
            .map(|(hospital, founder)| {
                let key = |role: Role| Seed::read(&role.path(&hospital.dir.join("keys"))).unwrap().keypair();
                Keys { member: founder.id(), gateway: key(Role::Gateway), consensus: key(Role::Consensus) }
            })
            .collect();
        let first = self.hospitals[0].dir.join("ledger");
        let mut store = Store::open(&first, &self.genesis).unwrap();
        let mut tip = Tip::genesis(&self.genesis).unwrap();
        let per_block = (consents / BLOCKS_MIN).clamp(1, BLOCK_ITEMS_MAX);
        let (mut made, mut run) = (0, Vec::new());
        while made < consents {
            let items = per_block.min(consents - made);
            let numbers: Vec<usize> = (made..made + items).collect();
            let transactions = self.grants(&tip, &keys, &numbers);
            let block = certified(&tip, &transactions, &keys);
            assert_eq!(block.block().body.len(), transactions.len(), "everything fits and applies");
            tip = block.tip().clone();
            run.push(block);
            made += items;
            if run.len() == COMMIT_BLOCKS || made == consents {
                store.commit(&run).unwrap();
                run.clear();
            }
        }
        drop(store);
        for (hospital, keys) in self.hospitals.iter().zip(&keys) {
            let ledger = hospital.dir.join("ledger");
            if ledger != first {
                std::fs::remove_dir_all(&ledger).unwrap();
                super::copy_dir(&first, &ledger);
            }
            begin_voting(&hospital.dir, self.genesis.chain(), keys.consensus.public_key());
        }
        tip.header().height.0
    }

    /// Batches of the items with these numbers, shared out among the custodians.
    fn grants(&mut self, tip: &Tip, keys: &[Keys], numbers: &[usize]) -> Vec<VerifiedTransaction> {
        let chain = *tip.chain();
        let submit_by = UnixMs((tip.header().time.0 / HOUR_MS + 24) * HOUR_MS);
        let mut transactions = Vec::new();
        for (i, portion) in numbers.chunks(numbers.len().div_ceil(keys.len()).clamp(1, BATCH_ITEMS_MAX)).enumerate() {
            let custodian = &keys[i % keys.len()];
            // Signing is most of the work: two halves at once.
            let (left, right) = portion.split_at(portion.len() / 2);
            let signed = std::thread::scope(|scope| {
                let left = scope.spawn(|| items(&chain, custodian.member, submit_by, left));
                let right = items(&chain, custodian.member, submit_by, right);
                [left.join().unwrap(), right].concat()
            });
            self.prebuilt.extend(signed.iter().map(|(item, _)| item.consent));
            let batch = Grants {
                custodian: custodian.member,
                items: BoundedVec::try_from(signed.iter().map(|(item, _)| *item).collect::<Vec<_>>()).unwrap(),
            };
            let signature = custodian.gateway.sign(&batch.signing_bytes(&chain));
            let gateway = GatewaySignature { key: custodian.gateway.public_key(), signature };
            let signatures: Vec<_> = signed.into_iter().map(|(_, signature)| signature).collect();
            let item_signatures = BoundedVec::try_from(signatures).unwrap();
            let transaction = SignedTransaction::Grants { batch, item_signatures, gateway };
            transactions.push(transaction.verify(&chain, &OwnWork).unwrap());
        }
        transactions
    }
}

fn items(
    chain: &Digest,
    custodian: MemberId,
    submit_by: UnixMs,
    numbers: &[usize],
) -> Vec<(GrantItem, amanah_ledger::crypto::Signature)> {
    let sign = |number: &usize| {
        let seed = *blake3::hash(format!("prebuilt {number}").as_bytes()).as_bytes();
        let key = Keypair::from_seed(&seed);
        let item = GrantItem {
            custodian,
            consent: key.public_key(),
            version: 1,
            prev: Digest::ZERO,
            commitment: Digest(seed),
            lock: Digest(*blake3::hash(&seed).as_bytes()),
            submit_by,
        };
        (item, key.sign(&item.signing_bytes(chain)))
    };
    numbers.iter().map(sign).collect()
}

fn certified(tip: &Tip, transactions: &[VerifiedTransaction], keys: &[Keys]) -> FinalBlock {
    let view = View(tip.header().height.0 + 1);
    // A millisecond each: the last one is in the past when the network starts.
    let time = tip.header().time.plus_ms(1);
    let executed = tip.build(Proposal { view, time }, transactions);
    let (epoch, block) = (executed.header().epoch, *executed.digest());
    let content = VoteContent::Finalize(BlockVote { epoch, view, parent_view: View(view.0 - 1), block });
    let message = content.signing_bytes(tip.chain());
    let votes = (0u8..).zip(keys).map(|(i, keys)| (ValidatorIndex(i), keys.consensus.sign(&message))).collect();
    executed.certify(Certificate::assemble(content, keys.len(), &votes), &Ed25519).unwrap()
}

/// A vote log in which nothing stands yet, beside a ledger in which much stands.
fn begin_voting(home: &Path, chain: Digest, key: PublicKey) {
    let identity = Identity { chain, epoch: Epoch(0), key };
    drop(VoteLog::open(&home.join("votes"), identity, KeyHistory::Unused).unwrap());
    File::create(home.join("STARTED")).unwrap();
}

/// Consents that were there before anybody ran.
pub(super) type Prebuilt = BTreeSet<PublicKey>;
