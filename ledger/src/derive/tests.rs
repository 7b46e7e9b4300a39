use super::*;
use crate::crypto::Signer;
use std::collections::BTreeSet;

fn seed() -> WalletSeed {
    WalletSeed::new(std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

fn member(n: u8) -> MemberId {
    MemberId(Digest([n; 32]))
}

#[test]
fn the_derivation_never_changes() {
    let chain = Digest([7; 32]);
    let relationship = seed().relationship(&chain, &member(9), 0);
    let got = [
        hex::encode(relationship.expose()),
        relationship.key().public_key().to_string(),
        hex::encode(relationship.log_key().expose()),
        relationship.log_key().digest().to_string(),
        hex::encode(relationship.slip().expose()),
        relationship.consent_key(0).public_key().to_string(),
        relationship.consent_key(1).public_key().to_string(),
        hex::encode(relationship.salt(1, 2)),
        hex::encode(relationship.slip().item(1).expose()),
        relationship.lock(&chain, 1).to_string(),
        hex::encode(seed().relationship(&chain, &member(9), 1).expose()),
    ];
    assert_eq!(got.join("\n"), include_str!("../../tests/golden/derive.txt").trim_end());
}

#[test]
fn no_two_uses_share_a_secret() {
    let mut seen = BTreeSet::new();
    for (chain, custodian, generation) in [(1, 1, 0), (2, 1, 0), (1, 2, 0), (1, 1, 1)] {
        let chain = Digest([chain; 32]);
        let secret = seed().relationship(&chain, &member(custodian), generation);
        let mut mine = vec![*secret.expose(), secret.key().public_key().0, *secret.log_key().expose()];
        for i in 0..4 {
            mine.push(secret.consent_key(i).public_key().0);
            mine.push(secret.lock(&chain, i).0);
            mine.extend((1..4).map(|version| secret.salt(i, version)));
        }
        for one in mine {
            assert!(seen.insert(one), "used twice");
        }
    }
    assert_eq!(seen.len(), 4 * (3 + 4 * 5));
}

#[test]
fn the_slip_alone_opens_the_locks() {
    let chain = Digest([7; 32]);
    let relationship = seed().relationship(&chain, &member(9), 0);
    let printed = Slip::new(*relationship.slip().expose());
    assert_eq!(printed.item(3).lock(&chain), relationship.lock(&chain, 3));
    assert_eq!(lock_of(&chain, printed.item(3).expose()), relationship.lock(&chain, 3));
    assert_ne!(printed.item(3).lock(&Digest([8; 32])), relationship.lock(&chain, 3), "another network, another lock");
}

#[test]
fn secrets_print_nothing() {
    let relationship = seed().relationship(&Digest([7; 32]), &member(9), 0);
    let printed = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        seed(),
        relationship,
        relationship.log_key(),
        relationship.slip(),
        relationship.slip().item(0)
    );
    assert_eq!(printed, "WalletSeed(…) RelationshipSecret(…) LogKey(…) Slip(…) SlipItem(…)");
}
