//! A small ledger that really is: one network, one block of real transactions, final. What a proof may show is what
//! stands here.

use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::{ExecutedBlock, Tip};
use amanah_ledger::codec::{self, BoundedString, BoundedVec};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Ed25519, Keypair, PublicKey, Signer as _};
use amanah_ledger::execute::Proposal;
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::member::{MemberId, MemberKeys};
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::proof::{CertifiedHeader, StateProof, TransactionReceipt, Trust};
use amanah_ledger::receipt_file::{self, Receipt};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{GatewaySignature, GrantItem, Grants, SignedTransaction, lock_of};
use std::sync::LazyLock;

/// The ledger after genesis and after its first block.
pub(super) struct Truth {
    pub(super) trust: Trust,
    pub(super) genesis: Genesis,
    pub(super) block: ExecutedBlock,
    pub(super) certified: CertifiedHeader,
    /// Every key of the state, and keys that have no leaf.
    pub(super) keys: Vec<LeafKey>,
    consent: PublicKey,
}

/// What is true.
pub(super) static TRUTH: LazyLock<Truth> = LazyLock::new(Truth::new);

fn key(byte: u8) -> Keypair {
    Keypair::from_seed(&[byte; 32])
}

fn member(byte: u8) -> MemberId {
    MemberId::of_root_key(&key(byte).public_key())
}

fn genesis() -> Genesis {
    let founder = |name: &str, first: u8| Founder {
        name: BoundedString::try_from(name).expect("short"),
        display: BoundedString::try_from("Hospital").expect("short"),
        keys: MemberKeys {
            root: key(first).public_key(),
            gateway: key(first + 1).public_key(),
            node: key(first + 2).public_key(),
            consensus: key(first + 3).public_key(),
        },
    };
    let limit = PurposeLimit { purpose: BoundedString::try_from("TREAT").expect("short"), days_max: 366 };
    Genesis {
        version: 1,
        network: BoundedString::try_from("fuzz").expect("short"),
        time: UnixMs(1_800_014_400_000),
        founders: BoundedVec::try_from(vec![founder("cedar", 10), founder("qamar", 20)]).expect("two"),
        parameters: Parameters {
            anchor_grid_ms: 60_000,
            cover: Cover::Off,
            new_leaves_per_day_max: 10_000,
            emergency_hours: 24,
            review_hours: 72,
            default_policy: DefaultPolicy::Deny,
            purpose_limits: BoundedVec::try_from(vec![limit]).expect("one"),
        },
    }
}

/// A consent given at the first hospital.
fn grant(chain: &Digest, consent: u8) -> SignedTransaction {
    let item = GrantItem {
        custodian: member(10),
        consent: key(consent).public_key(),
        version: 1,
        prev: Digest::ZERO,
        commitment: Digest([consent; 32]),
        lock: lock_of(chain, &[0x51; 32]),
        submit_by: UnixMs(1_800_018_000_000),
    };
    let signature = key(consent).sign(&item.signing_bytes(chain));
    let batch = Grants { custodian: member(10), items: BoundedVec::try_from(vec![item]).expect("one") };
    let message = batch.signing_bytes(chain);
    SignedTransaction::Grants {
        item_signatures: BoundedVec::try_from(vec![signature]).expect("one"),
        gateway: GatewaySignature { key: key(11).public_key(), signature: key(11).sign(&message) },
        batch,
    }
}

impl Truth {
    fn new() -> Self {
        let genesis = genesis();
        let trust = Trust::from_genesis(&genesis).expect("a good genesis");
        let tip = Tip::genesis(&genesis).expect("a good genesis");
        let chain = *tip.chain();
        let verified: Vec<_> =
            [1, 2, 3].map(|consent| grant(&chain, consent).verify(&chain, &Ed25519).expect("well signed")).into();
        let block = tip.build(Proposal { view: View(1), time: UnixMs(1_800_014_401_000) }, &verified);
        assert_eq!(block.block().body.len(), 3, "all three consents stand in the block");
        let header = block.block().header.clone();
        let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: header.digest() };
        let content = VoteContent::Finalize(vote);
        let message = content.signing_bytes(&chain);
        let votes = [(ValidatorIndex(0), key(13).sign(&message)), (ValidatorIndex(1), key(23).sign(&message))].into();
        let certified = CertifiedHeader { header, finalization: Certificate::assemble(content, 2, &votes) };
        let mut keys: Vec<LeafKey> = block.tip().state().leaves().map(|leaf| leaf.key()).collect();
        keys.extend([50, 51].map(|byte| LeafKey::Consent(key(byte).public_key())));
        Self { trust, genesis, block, certified, keys, consent: key(1).public_key() }
    }

    /// Proofs of each leaf alone, of all, and of two that are not there.
    pub(super) fn state_proofs(&self) -> Vec<StateProof> {
        let of = |keys: &[LeafKey]| {
            StateProof::of(self.certified.clone(), self.block.tip().state(), keys).expect("few keys")
        };
        let alone = self.keys.iter().map(|key| of(&[*key]));
        alone.chain([of(&self.keys[..self.keys.len().min(16)])]).collect()
    }

    /// Receipts of all transactions.
    pub(super) fn receipts(&self) -> Vec<TransactionReceipt> {
        let open = OpenBlock::of(self.block.block().clone()).expect("a block that was built");
        let transactions = self.block.transactions().enumerate();
        transactions
            .map(|(at, (act, bytes, outcomes))| TransactionReceipt {
                act,
                bytes,
                outcomes: outcomes.clone(),
                index: u32::try_from(at).expect("three"),
                path: open.path(at).expect("a transaction of the block"),
                header: self.certified.header.clone(),
                history: None,
                certified: self.certified.clone(),
            })
            .collect()
    }

    /// The receipt file of a consent.
    pub(super) fn receipt_file(&self) -> String {
        let keys = Receipt::leaf_keys(&self.consent, member(10));
        let proof = StateProof::of(self.certified.clone(), self.block.tip().state(), &keys).expect("two keys");
        receipt_file::write(&Receipt { held: None, proof }).expect("a consent and its custodian")
    }
}

/// Everything here that has a canonical encoding.
pub(super) fn encodings() -> Vec<Vec<u8>> {
    let truth = &*TRUTH;
    let mut encodings = vec![codec::encode(&truth.genesis), codec::encode(truth.block.block())];
    encodings.extend(truth.state_proofs().iter().map(codec::encode));
    encodings.extend(truth.receipts().iter().map(codec::encode));
    encodings
}
