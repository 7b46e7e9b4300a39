use super::*;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, Ed25519, Keypair};
use amanah_ledger::document::{Action, Actor, MemberRef};
use amanah_ledger::time::UnixMs;

const CHAIN: Digest = Digest([1; 32]);
const SALT: [u8; 32] = [9; 32];

fn key(byte: u8) -> Keypair {
    Keypair::from_seed(&[byte; 32])
}

fn member(byte: u8, name: &str) -> MemberRef {
    let (name, display) = (name.try_into().unwrap(), "A Hospital".try_into().unwrap());
    MemberRef { id: MemberId(Digest([byte; 32])), name, display }
}

/// What cedar gives back as consent 5: `who` may read, certified by `relationship`.
fn held(relationship: &Keypair, who: MemberRef) -> HeldConsent {
    let from = UnixMs(1_795_339_800_000);
    let wish = Wish {
        chain: CHAIN,
        custodian: member(2, "cedar"),
        relationship: relationship.public_key(),
        consent: key(5).public_key(),
        version: 1,
        who: vec![Actor::Member(who)],
        what: "labs".parse().unwrap(),
        actions: vec![Action::Access],
        purpose: "TREAT".try_into().unwrap(),
        from,
        until: from.plus_ms(1_000_000),
        supersedes: Vec::new(),
    };
    let document = compose(wish).unwrap();
    let certificate = Certify::of(&document, &SALT).sign(&CHAIN, relationship);
    HeldConsent { document, salt: SALT, certificate }
}

#[test]
fn only_the_document_that_the_ledger_means_and_the_patient_certified_comes_back() {
    let (patient, stranger) = (key(4), key(6));
    let real = held(&patient, member(3, "qamar"));
    let forged = held(&stranger, member(7, "zaytun"));
    assert_eq!(forged.verify(&CHAIN, &Ed25519), Ok(()), "it fits together, but is not the patient's");
    let shown = HeldConsents::try_from(vec![forged, real.clone()]).unwrap();
    assert_eq!(own(shown, &patient.public_key()), std::slice::from_ref(&real));

    let leaf = ConsentLeaf {
        consent: key(5).public_key(),
        custodian: MemberId(Digest([2; 32])),
        version: 1,
        commitment: real.certificate.certify.commitment,
        lock: Digest::ZERO,
        since: Height(3),
        prev: Digest::ZERO,
        status: ConsentStatus::Active,
    };
    assert!(is_on_ledger(&real, &leaf));
    assert!(!is_on_ledger(&held(&patient, member(7, "zaytun")), &leaf), "signed once, never on the ledger");
}
