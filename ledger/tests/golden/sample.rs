//! The values whose bytes are fixed: made from fixed keys, never from anything random.

use amanah_ledger::block::{Block, Header};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::{BoundedString, BoundedVec};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Domain, Keypair, Signer};
use amanah_ledger::evidence::{Contradiction, EvidenceKind, Statement};
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use amanah_ledger::member::{MemberId, MemberKeys};
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{
    Anchor, AnchorKind, GatewaySignature, GrantItem, Grants, Relay, RevokeProof, SignedTransaction, lock_of,
    revoke_signing_bytes,
};
use std::collections::BTreeMap;

pub(crate) fn filled(byte: u8) -> Digest {
    Digest([byte; 32])
}

pub(crate) fn key(byte: u8) -> Keypair {
    Keypair::from_seed(&[byte; 32])
}

pub(crate) fn member(byte: u8) -> MemberId {
    MemberId::of_root_key(&key(byte).public_key())
}

pub(crate) fn genesis() -> Genesis {
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

pub(crate) fn item(chain: &Digest) -> GrantItem {
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

pub(crate) fn gateway(by: u8, message: &[u8]) -> GatewaySignature {
    GatewaySignature { key: key(by).public_key(), signature: key(by).sign(message) }
}

pub(crate) fn grants(chain: &Digest) -> SignedTransaction {
    let batch = Grants { custodian: member(10), items: BoundedVec::try_from(vec![item(chain)]).unwrap() };
    let signature = key(1).sign(&item(chain).signing_bytes(chain));
    SignedTransaction::Grants {
        item_signatures: BoundedVec::try_from(vec![signature]).unwrap(),
        gateway: gateway(11, &batch.signing_bytes(chain)),
        batch,
    }
}

pub(crate) fn anchor() -> Anchor {
    let (day, root) = (UnixMs(1_800_014_400_000).day(), filled(0xaa));
    Anchor { member: member(10), kind: AnchorKind::Access, seq: 1, day, root, figures: None }
}

pub(crate) fn signed_anchor(chain: &Digest) -> SignedTransaction {
    SignedTransaction::Anchor { anchor: anchor(), gateway: gateway(11, &anchor().signing_bytes(chain)) }
}

pub(crate) fn revoke(chain: &Digest, proof: RevokeProof, relayed: bool) -> SignedTransaction {
    let consent = key(2).public_key();
    let message = Relay::signing_bytes(chain, &member(20), &consent);
    let relay = relayed.then(|| Relay { member: member(20), gateway: gateway(21, &message) });
    SignedTransaction::Revoke { consent, proof, relay }
}

pub(crate) fn transactions(chain: &Digest) -> Vec<(&'static str, SignedTransaction)> {
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
        ("evidence", SignedTransaction::Evidence(contradiction(chain, EvidenceKind::NullifyAndFinalize))),
        (
            "evidence of two notarize votes",
            SignedTransaction::Evidence(contradiction(chain, EvidenceKind::DoubleNotarize)),
        ),
        (
            "evidence of two finalize votes",
            SignedTransaction::Evidence(contradiction(chain, EvidenceKind::DoubleFinalize)),
        ),
        ("custody", SignedTransaction::Custody(body(11))),
    ]
}

/// The first founder's validator contradicts itself.
pub(crate) fn contradiction(chain: &Digest, kind: EvidenceKind) -> Contradiction {
    let [notarize, nullify, finalize] = votes().map(|(_, content)| content);
    let other = BlockVote { epoch: Epoch(0), view: View(7), parent_view: View(5), block: filled(0xb2) };
    let contents = match kind {
        EvidenceKind::DoubleNotarize => [notarize, VoteContent::Notarize(other)],
        EvidenceKind::DoubleFinalize => [VoteContent::Finalize(other), finalize],
        EvidenceKind::NullifyAndFinalize => [finalize, nullify],
    };
    let [one, two] =
        contents.map(|content| Statement { content, signature: key(13).sign(&content.signing_bytes(chain)) });
    Contradiction::between(key(13).public_key(), one, two).unwrap()
}

pub(crate) fn votes() -> [(&'static str, VoteContent); 3] {
    let vote = BlockVote { epoch: Epoch(0), view: View(7), parent_view: View(5), block: filled(0xb1) };
    [
        ("notarize", VoteContent::Notarize(vote)),
        ("nullify", VoteContent::Nullify { epoch: Epoch(0), view: View(7) }),
        ("finalize", VoteContent::Finalize(vote)),
    ]
}

pub(crate) fn certificate(chain: &Digest, content: VoteContent) -> Certificate {
    let message = content.signing_bytes(chain);
    let votes: BTreeMap<_, _> =
        [(ValidatorIndex(0), key(13).sign(&message)), (ValidatorIndex(1), key(23).sign(&message))].into();
    Certificate::assemble(content, 2, &votes)
}

/// The first block: every transaction that genesis lets through, with the outcomes it has.
pub(crate) fn first_block() -> (Tip, Header, Block) {
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
