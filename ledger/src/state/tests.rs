//! Genesis writes what a network begins with, and the state finds it again.

use super::*;
use crate::fixture::{START, digest, network, parameters};
use crate::member::MemberKeys;
use crate::transaction::AnchorKind;

#[test]
fn genesis_holds_the_members_their_keys_and_the_parameters() {
    let network = network();
    let (state, header) = State::genesis(&network.genesis).unwrap();
    assert_eq!((header.height, header.parent, header.time), (Height(0), Digest::ZERO, START));
    assert_eq!((header.chain, header.state_root), (network.genesis.chain(), state.root()));
    assert_eq!(header.validators_hash, network.genesis.committee().unwrap().hash());
    assert_eq!(state.parameters(), Some(&parameters()));
    assert_eq!(state.members().count(), 4);
    assert_eq!(state.len(), 4 + 16 + 1);
    for founder in &network.genesis.founders {
        let member = state.member(&founder.id()).unwrap();
        let MemberKeys { root, gateway, node, consensus } = &founder.keys;
        let roles = [
            (KeyRole::Root, root),
            (KeyRole::Gateway, gateway),
            (KeyRole::Node, node),
            (KeyRole::Consensus, consensus),
        ];
        for (role, key) in roles {
            assert_eq!(member.key(role), Some(key));
            assert!(member.had_key(role, key, Height(7)));
            let registered = state.key(key).unwrap();
            assert_eq!((registered.member, registered.role, registered.since), (founder.id(), role, Height(0)));
        }
        assert_eq!(member.key(KeyRole::Api), None);
        assert!(!member.had_key(KeyRole::Root, gateway, Height(7)));
    }
}

#[test]
fn a_replaced_key_counts_for_its_own_term_only() {
    let (old, new) = (PublicKey([1; 32]), PublicKey([2; 32]));
    let term = |key, since, until| KeyTerm { role: KeyRole::Gateway, key, since: Height(since), until };
    let keys = vec![term(old, 0, Some(Height(5))), term(new, 5, None)];
    let network = network();
    let mut member = network.tip.state().member(&network.members[0].id).unwrap().clone();
    member.keys = BoundedVec::try_from(keys).unwrap();
    assert_eq!(member.key(KeyRole::Gateway), Some(&new));
    let had = |key, height| member.had_key(KeyRole::Gateway, key, Height(height));
    assert_eq!([had(&old, 4), had(&old, 5), had(&new, 4), had(&new, 5)], [true, false, false, true]);
}

#[test]
fn a_genesis_that_cannot_be_is_refused() {
    let mut genesis = network().genesis;
    genesis.version = 2;
    assert_eq!(State::genesis(&genesis).unwrap_err(), GenesisError::Version(2));
    let mut genesis = network().genesis;
    let mut founders = genesis.founders.into_vec();
    founders[1].keys.node = founders[0].keys.root;
    genesis.founders = BoundedVec::try_from(founders).unwrap();
    assert_eq!(State::genesis(&genesis).unwrap_err(), GenesisError::KeyRepeated);
}

#[test]
fn every_kind_of_leaf_stands_under_a_key_of_its_own() {
    let network = network();
    let id = network.members[0].id;
    let key = PublicKey(id.0.0);
    let keys = [
        LeafKey::Consent(key),
        LeafKey::Member(id),
        LeafKey::Anchor(id, AnchorKind::Access, Day(1)),
        LeafKey::Anchor(id, AnchorKind::Access, Day(2)),
        LeafKey::AnchorHead(id, AnchorKind::Access),
        LeafKey::AnchorHead(id, AnchorKind::Records),
        LeafKey::Key(key),
        LeafKey::Usage(id),
        LeafKey::Parameters,
    ];
    let distinct: BTreeSet<_> = keys.iter().map(LeafKey::tree_key).collect();
    assert_eq!(distinct.len(), keys.len());
    for leaf in network.tip.state().leaves() {
        assert_eq!(network.tip.state().leaf(&leaf.key()), Some(leaf));
    }
    assert_eq!(network.tip.state().consent(&PublicKey(digest("nobody").0)), None);
}

#[test]
fn the_longest_member_leaf_fits_a_leaf() {
    let network = network();
    let mut member = network.tip.state().member(&network.members[0].id).unwrap().clone();
    member.display = BoundedString::try_from("x".repeat(crate::member::DISPLAY_BYTES_MAX).as_str()).unwrap();
    let until = Some(Height(1));
    let term = KeyTerm { role: KeyRole::Api, key: PublicKey([1; 32]), since: Height(0), until };
    member.keys = BoundedVec::try_from(vec![term; MEMBER_KEYS_MAX]).unwrap();
    assert!(crate::codec::encode(&Leaf::Member(member)).len() <= LEAF_BYTES_MAX);
}

use crate::codec::BoundedString;
use crate::leaf::{LEAF_BYTES_MAX, MEMBER_KEYS_MAX};
