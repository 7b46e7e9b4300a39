//! The formats that never change: bytes and digests of everything this crate signs or hashes, compared with the files
//! in `golden/`. A difference is a new format, and needs a new version number, not a new file.
//! `AMANAH_BLESS=1 cargo test -p amanah-ledger --test golden` writes the files.

use amanah_ledger::block::{Block, Entry, Header, OpenBlock, entry_leaf, tx_root};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::{self, BoundedString, BoundedVec};
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::{Context, Digest, Domain, Keypair, PairHash, PublicKey, Signature, Signer};
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use amanah_ledger::leaf::{
    AnchorHeadLeaf, AnchorLeaf, ConsentLeaf, ConsentStatus, KeyLeaf, KeyRole, KeyTerm, Leaf, MemberLeaf, MemberStatus,
    ParametersLeaf, RevokedBy, UsageLeaf,
};
use amanah_ledger::member::{MemberId, MemberKeys};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::proof::{CertifiedHeader, StateProof, TransactionReceipt};
use amanah_ledger::time::{Day, UnixMs};
use amanah_ledger::transaction::{
    Anchor, AnchorKind, Figures, GatewaySignature, GrantItem, Grants, Outcome, Relay, RevokeProof, SignedTransaction,
    lock_of, revoke_signing_bytes,
};
use amanah_ledger::tree::{self, Kind, Tree};
use amanah_ledger::{history, merkle};
use bincode::{Decode, Encode};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Lines of one file.
struct Golden(String);

impl Golden {
    fn new(what: &str) -> Self {
        Self(format!("# {what}\n"))
    }

    fn line(&mut self, name: &str, bytes: &[u8]) {
        self.0.push_str(&format!("{name} = {}\n", hex::encode(bytes)));
    }

    /// The encoding of a value, which also decodes to it and to nothing when anything is missing or added.
    fn value<T: Encode + Decode<()> + PartialEq + std::fmt::Debug>(&mut self, name: &str, value: &T) {
        let mut bytes = codec::encode(value);
        assert_eq!(codec::decode::<T>(&bytes, bytes.len()).unwrap(), *value, "{name}");
        assert!(codec::decode::<T>(&bytes[..bytes.len() - 1], bytes.len()).is_err(), "{name}");
        self.line(name, &bytes);
        bytes.push(0);
        assert!(codec::decode::<T>(&bytes, bytes.len()).is_err(), "{name}");
    }

    fn compare(self, file: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        if std::env::var_os("AMANAH_BLESS").is_some() {
            std::fs::write(&path, &self.0).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap();
        for (got, expected) in self.0.lines().zip(written.lines()) {
            assert_eq!(got, expected, "{file}");
        }
        assert_eq!(self.0, written, "{file}");
    }
}

fn filled(byte: u8) -> Digest {
    Digest([byte; 32])
}

fn key(byte: u8) -> Keypair {
    Keypair::from_seed(&[byte; 32])
}

fn member(byte: u8) -> MemberId {
    MemberId::of_root_key(&key(byte).public_key())
}

fn genesis() -> Genesis {
    let founder = |name: &str, first: u8| Founder {
        name: BoundedString::try_from(name).unwrap(),
        display: BoundedString::try_from("مستشفى قمر").unwrap(),
        keys: MemberKeys {
            root: key(first).public_key(),
            gateway: key(first + 1).public_key(),
            node: key(first + 2).public_key(),
            consensus: key(first + 3).public_key(),
        },
    };
    let limit = |purpose: &str, days_max| PurposeLimit { purpose: BoundedString::try_from(purpose).unwrap(), days_max };
    Genesis {
        version: 1,
        network: BoundedString::try_from("golden").unwrap(),
        time: UnixMs(1_800_014_400_000),
        founders: BoundedVec::try_from(vec![founder("qamar", 10), founder("zuhal", 20)]).unwrap(),
        parameters: Parameters {
            anchor_grid_ms: 60_000,
            cover: Cover::Off,
            new_leaves_per_day_max: 10_000,
            emergency_hours: 24,
            review_hours: 72,
            default_policy: DefaultPolicy::Deny,
            purpose_limits: BoundedVec::try_from(vec![limit("TREAT", 730), limit("HRESCH", 1825)]).unwrap(),
        },
    }
}

fn item(chain: &Digest) -> GrantItem {
    GrantItem {
        custodian: member(10),
        consent: key(1).public_key(),
        version: 1,
        prev: Digest::ZERO,
        commitment: filled(0xc0),
        lock: lock_of(chain, &[0x51; 32]),
        submit_by: UnixMs(1_800_018_000_000),
    }
}

fn gateway(by: u8, message: &[u8]) -> GatewaySignature {
    GatewaySignature { key: key(by).public_key(), signature: key(by).sign(message) }
}

fn grants(chain: &Digest) -> SignedTransaction {
    let batch = Grants { custodian: member(10), items: BoundedVec::try_from(vec![item(chain)]).unwrap() };
    let signature = key(1).sign(&item(chain).signing_bytes(chain));
    SignedTransaction::Grants {
        item_signatures: BoundedVec::try_from(vec![signature]).unwrap(),
        gateway: gateway(11, &batch.signing_bytes(chain)),
        batch,
    }
}

fn anchor() -> Anchor {
    let (day, root) = (UnixMs(1_800_014_400_000).day(), filled(0xaa));
    Anchor { member: member(10), kind: AnchorKind::Access, seq: 1, day, root, figures: None }
}

fn signed_anchor(chain: &Digest) -> SignedTransaction {
    SignedTransaction::Anchor { anchor: anchor(), gateway: gateway(11, &anchor().signing_bytes(chain)) }
}

fn revoke(chain: &Digest, proof: RevokeProof, relayed: bool) -> SignedTransaction {
    let consent = key(2).public_key();
    let message = Relay::signing_bytes(chain, &member(20), &consent);
    let relay = relayed.then(|| Relay { member: member(20), gateway: gateway(21, &message) });
    SignedTransaction::Revoke { consent, proof, relay }
}

fn transactions(chain: &Digest) -> Vec<(&'static str, SignedTransaction)> {
    let consent = key(2).public_key();
    let by_key = RevokeProof::Key(key(2).sign(&revoke_signing_bytes(chain, &consent)));
    let closing = Domain::RevokeByCustodian.signing_bytes(chain, &consent.0);
    let body = |n: u8| BoundedVec::try_from(vec![n, 0xff]).unwrap();
    vec![
        ("grants", grants(chain)),
        ("revoke by key", revoke(chain, by_key, false)),
        ("revoke by key, relayed", revoke(chain, by_key, true)),
        ("revoke by slip", revoke(chain, RevokeProof::Slip([0x51; 32]), false)),
        ("revoke by custodian", revoke(chain, RevokeProof::Custodian(gateway(11, &closing)), false)),
        ("anchor", signed_anchor(chain)),
        ("publish", SignedTransaction::Publish(body(3))),
        ("withdraw", SignedTransaction::Withdraw(body(4))),
        ("propose", SignedTransaction::Propose(body(5))),
        ("vote", SignedTransaction::Vote(body(6))),
        ("rotate key", SignedTransaction::RotateKey(body(7))),
        ("set change", SignedTransaction::SetChange(body(8))),
        ("ready", SignedTransaction::Ready(body(9))),
        ("evidence", SignedTransaction::Evidence(body(10))),
        ("custody", SignedTransaction::Custody(body(11))),
    ]
}

#[test]
fn what_is_signed() {
    let mut golden = Golden::new("signing bytes: \"amanah\" 1, domain, chain id, content");
    let chain = genesis().chain();
    let domains = [
        Domain::GrantItem,
        Domain::GrantsBatch,
        Domain::RevokeByKey,
        Domain::RevokeByCustodian,
        Domain::RevokeRelay,
        Domain::Anchor,
        Domain::Vote,
        Domain::Head,
        Domain::LogEntry,
        Domain::Certify,
        Domain::Enrolment,
        Domain::EnrolmentAccepted,
        Domain::Login,
        Domain::DirectoryEntry,
        Domain::RevocationAccepted,
        Domain::Publish,
        Domain::Governance,
        Domain::KeyPossession,
        Domain::Custody,
    ];
    for (domain, number) in domains.into_iter().zip(1u8..) {
        assert_eq!(domain as u8, number, "{domain:?}");
        golden.line(&format!("domain {domain:?}"), &domain.signing_bytes(&filled(0xc4), b"content"));
    }
    golden.line("grant item", &item(&chain).signing_bytes(&chain));
    let SignedTransaction::Grants { batch, .. } = grants(&chain) else { panic!() };
    golden.line("grants batch", &batch.signing_bytes(&chain));
    golden.line("revoke by key", &revoke_signing_bytes(&chain, &key(2).public_key()));
    golden.line("relay", &Relay::signing_bytes(&chain, &member(20), &key(2).public_key()));
    golden.line("anchor", &anchor().signing_bytes(&chain));
    for (name, content) in votes() {
        golden.line(name, &content.signing_bytes(&chain));
    }
    golden.compare("signed.txt");
}

#[test]
fn what_is_hashed() {
    let mut golden = Golden::new("each context's hash of \"ab\" \"c\", its keyed hash, and its hash of a pair");
    let contexts = [
        Context::Chain,
        Context::Member,
        Context::TxId,
        Context::WireId,
        Context::TxLeaf,
        Context::TxNode,
        Context::Header,
        Context::Validators,
        Context::StateKey,
        Context::StateValue,
        Context::StateLeaf,
        Context::StateNode,
        Context::AccessLeaf,
        Context::AccessNode,
        Context::AccessKey,
        Context::AccessValue,
        Context::EntryField,
        Context::EntryNode,
        Context::EntrySalt,
        Context::Entry,
        Context::Document,
        Context::Lock,
        Context::Request,
        Context::Policy,
        Context::Vocabulary,
        Context::Template,
        Context::Label,
        Context::LogKey,
    ];
    for context in contexts {
        golden.line(context.name(), &context.hash(&[b"ab", b"c"]).0);
        golden.line(&format!("{} keyed", context.name()), &context.keyed_hash(&[7; 32], &[b"abc"]).0);
        golden.line(&format!("{} pair", context.name()), &PairHash::new(context).of(&filled(1), &filled(2)).0);
    }
    let genesis = genesis();
    golden.value("genesis", &genesis);
    golden.line("chain id", &genesis.chain().0);
    golden.line("member id", &member(10).0.0);
    golden.line("lock", &lock_of(&genesis.chain(), &[0x51; 32]).0);
    golden.value("committee", &genesis.committee().unwrap());
    golden.line("validators hash", &genesis.committee().unwrap().hash().0);
    golden.compare("hashed.txt");
}

#[test]
fn transactions_and_their_names() {
    let mut golden = Golden::new("transactions, with the names of act and bytes");
    let chain = genesis().chain();
    for (name, transaction) in transactions(&chain) {
        golden.value(name, &transaction);
        golden.line(&format!("{name}: tx id"), &transaction.tx_id(&chain).0.0);
        golden.line(&format!("{name}: wire id"), &transaction.wire_id().0.0);
    }
    let figures = Some(Figures { accesses_log2: 3, emergencies_open_log2: 1, reviews_overdue: 2 });
    for kind in [AnchorKind::Access, AnchorKind::Records, AnchorKind::Devices, AnchorKind::Roster] {
        golden.value(&format!("anchor of {kind:?} with figures"), &Anchor { kind, figures, ..anchor() });
    }
    let outcomes = [
        Outcome::Applied,
        Outcome::Unchanged,
        Outcome::NotActive,
        Outcome::UnknownMember,
        Outcome::MemberNotActive,
        Outcome::GatewayKeyNotCurrent,
        Outcome::TooLate,
        Outcome::SubmitByNotAllowed,
        Outcome::ConsentRevoked,
        Outcome::OtherCustodian,
        Outcome::VersionNotNext,
        Outcome::PrevNotCurrent,
        Outcome::LockChanged,
        Outcome::UnknownConsent,
        Outcome::SecretDoesNotOpen,
        Outcome::SeqNotNext,
        Outcome::DayNotOpen,
        Outcome::OnePerBlock,
        Outcome::LeavesUsedUp,
        Outcome::WeakKey,
    ];
    for outcome in outcomes {
        golden.value(&format!("outcome {outcome:?}"), &outcome);
    }
    golden.compare("transactions.txt");
}

fn votes() -> [(&'static str, VoteContent); 3] {
    let vote = BlockVote { epoch: Epoch(0), view: View(7), parent_view: View(5), block: filled(0xb1) };
    [
        ("notarize", VoteContent::Notarize(vote)),
        ("nullify", VoteContent::Nullify { epoch: Epoch(0), view: View(7) }),
        ("finalize", VoteContent::Finalize(vote)),
    ]
}

fn certificate(chain: &Digest, content: VoteContent) -> Certificate {
    let message = content.signing_bytes(chain);
    let votes: BTreeMap<_, _> =
        [(ValidatorIndex(0), key(13).sign(&message)), (ValidatorIndex(1), key(23).sign(&message))].into();
    Certificate::assemble(content, 2, &votes)
}

/// The first block: every transaction that genesis lets through, with the outcomes it has.
fn first_block() -> (Tip, Header, Block) {
    let tip = Tip::genesis(&genesis()).unwrap();
    let chain = *tip.chain();
    let verified: Vec<_> = transactions(&chain)
        .into_iter()
        .map(|(_, transaction)| transaction.verify(&chain, &amanah_ledger::crypto::Ed25519).unwrap())
        .collect();
    let proposal = amanah_ledger::execute::Proposal { view: View(1), time: UnixMs(1_800_014_401_000) };
    let built = tip.build(proposal, &verified);
    (built.tip().clone(), tip.header().clone(), built.block().clone())
}

#[test]
fn blocks_votes_and_certificates() {
    let mut golden = Golden::new("headers, blocks, votes and certificates");
    let (tip, genesis_header, block) = first_block();
    golden.value("genesis header", &genesis_header);
    golden.line("genesis digest", &genesis_header.digest().0);
    golden.value("block", &block);
    golden.line("block digest", &block.header.digest().0);
    let committee: Option<Committee> = Some(genesis().committee().unwrap());
    golden.value("seal header", &Header { next_validators: committee, ..block.header.clone() });
    for (name, content) in votes() {
        golden.value(name, &content);
        golden.value(&format!("{name} certificate"), &certificate(tip.chain(), content));
    }
    golden.compare("blocks.txt");
}

#[test]
fn leaves_and_where_they_stand() {
    let mut golden = Golden::new("leaves, with the hash of their value and their key in the state tree");
    let (id, kind, day, root, height) = (member(10), AnchorKind::Access, Day(20833), filled(0xaa), Height(9));
    let active = ConsentLeaf {
        consent: key(1).public_key(),
        custodian: id,
        version: 2,
        commitment: filled(0xc0),
        lock: filled(0x10),
        since: Height(5),
        prev: filled(0x0f),
        status: ConsentStatus::Active,
    };
    let revoked = |by| ConsentLeaf { status: ConsentStatus::Revoked { height, by }, ..active };
    let term = |role, byte, until| KeyTerm { role, key: key(byte).public_key(), since: Height(0), until };
    let member_leaf = |status| MemberLeaf {
        member: id,
        name: BoundedString::try_from("qamar").unwrap(),
        display: BoundedString::try_from("Qamar Hospital").unwrap(),
        since: Height(0),
        status,
        keys: BoundedVec::try_from(vec![
            term(KeyRole::Root, 10, None),
            term(KeyRole::Gateway, 11, Some(height)),
            term(KeyRole::Node, 12, None),
            term(KeyRole::Consensus, 13, None),
            term(KeyRole::Api, 14, None),
        ])
        .unwrap(),
    };
    let leaves = [
        ("consent", Leaf::Consent(active)),
        ("consent revoked by key", Leaf::Consent(revoked(RevokedBy::Key))),
        ("consent revoked by slip", Leaf::Consent(revoked(RevokedBy::Slip))),
        ("consent closed by custodian", Leaf::Consent(revoked(RevokedBy::Custodian))),
        ("member", Leaf::Member(member_leaf(MemberStatus::Active))),
        ("member suspended", Leaf::Member(member_leaf(MemberStatus::Suspended { since: height }))),
        ("member removed", Leaf::Member(member_leaf(MemberStatus::Removed { since: height }))),
        ("anchor", Leaf::Anchor(AnchorLeaf { member: id, kind, day, seq: 3, root, height })),
        ("anchor head", Leaf::AnchorHead(AnchorHeadLeaf { member: id, kind, seq: 3, day, root, height })),
        ("key", Leaf::Key(KeyLeaf { key: key(11).public_key(), member: id, role: KeyRole::Gateway, since: Height(0) })),
        ("usage", Leaf::Usage(UsageLeaf { member: id, day, new_leaves: 7 })),
        ("parameters", Leaf::Parameters(ParametersLeaf { parameters: genesis().parameters, since: Height(0) })),
    ];
    for (name, leaf) in leaves {
        golden.value(name, &leaf);
        golden.value(&format!("{name}: key"), &leaf.key());
        golden.line(&format!("{name}: value hash"), &leaf.hash().0);
        golden.line(&format!("{name}: tree key"), &leaf.key().tree_key().0);
    }
    golden.compare("leaves.txt");
}

#[test]
fn trees_and_proofs() {
    let mut golden = Golden::new("tree nodes, roots, proofs and receipts");
    let state = tree::State::hashing();
    let access = tree::Access::hashing();
    golden.line("state leaf", &state.leaf.of(&filled(1), &filled(2)).0);
    golden.line("state node", &state.node.of(&filled(1), &filled(2)).0);
    golden.line("access leaf", &access.leaf.of(&filled(1), &filled(2)).0);
    golden.line("access node", &access.node.of(&filled(1), &filled(2)).0);
    let day = Tree::<tree::Access>::new().with((0..9u8).map(|n| (filled(n * 3), filled(n))));
    golden.line("access root", &day.root().0);
    for (name, asked) in [("present", 6), ("absent by a leaf", 7), ("absent by nothing", 0x80)] {
        golden.value(&format!("proof {name}"), &day.prove(&filled(asked)));
    }
    let (tip, _, block) = first_block();
    let names: Vec<_> = block
        .body
        .iter()
        .map(|entry: &Entry| (entry.transaction.tx_id(tip.chain()), entry.transaction.wire_id()))
        .collect();
    golden.line("tx leaf", &entry_leaf(&names[0].0, &names[0].1, &block.body[0].outcomes).0);
    golden.line("tx root", &tx_root(&names, &block.body).0);
    golden.line("history leaf", &history::leaf(&filled(1)).0);
    golden.line("history root", &tip.history().root().0);
    golden.line("empty history root", &<merkle::Headers as merkle::Hashing>::empty().0);
    let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: *tip.digest() };
    let finalization = certificate(tip.chain(), VoteContent::Finalize(vote));
    let certified = CertifiedHeader { header: tip.header().clone(), finalization };
    let keys: Vec<_> = tip.state().leaves().map(Leaf::key).take(2).collect();
    golden.value("state proof", &StateProof::of(certified.clone(), tip.state(), &keys).unwrap());
    let opened = OpenBlock::of(block).unwrap();
    let receipt = TransactionReceipt {
        act: names[0].0,
        bytes: names[0].1,
        outcomes: opened.block().body[0].outcomes.clone(),
        index: 0,
        path: opened.path(0).unwrap(),
        header: opened.header().clone(),
        history: None,
        certified,
    };
    golden.value("transaction receipt", &receipt);
    golden.compare("trees.txt");
}

#[test]
fn keys_and_signatures_are_ed25519_of_rfc_8032() {
    // RFC 8032, section 7.1, test 2.
    let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    let pair = Keypair::from_seed(&seed.try_into().unwrap());
    let public = hex::decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").unwrap();
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(pair.public_key(), PublicKey(public.try_into().unwrap()));
    assert_eq!(pair.sign(&[0x72]), Signature(hex::decode(signature).unwrap().try_into().unwrap()));
}
