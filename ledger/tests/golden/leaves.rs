//! Every kind of leaf.

use crate::Golden;
use crate::sample::{contradiction, filled, genesis, key, member};
use amanah_ledger::codec::{BoundedString, BoundedVec};
use amanah_ledger::crypto::Signer;
use amanah_ledger::evidence::EvidenceKind;
use amanah_ledger::leaf::{
    AnchorHeadLeaf, AnchorLeaf, ConsentLeaf, ConsentStatus, EvidenceLeaf, KeyLeaf, KeyRole, KeyTerm, Leaf, MemberLeaf,
    MemberStatus, ParametersLeaf, RevokedBy, UsageLeaf,
};
use amanah_ledger::position::Height;
use amanah_ledger::time::Day;
use amanah_ledger::transaction::AnchorKind;

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
    let proof = contradiction(&genesis().chain(), EvidenceKind::DoubleFinalize);
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
        ("evidence", Leaf::Evidence(EvidenceLeaf { member: id, height, proof: Box::new(proof) })),
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
