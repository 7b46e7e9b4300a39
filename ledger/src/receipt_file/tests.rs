use super::*;
use crate::compose::compose;
use crate::crypto::{Digest, Ed25519, Signer};
use crate::document::commitment;
use crate::exchange::Certify;
use crate::genesis::Genesis;
use crate::member::MemberId;
use crate::scene::{self, certified, chain, hospital, layla, list, trust, wish};
use crate::state::State;
use crate::time::UnixMs;
use crate::transaction::lock_of;
use std::sync::Arc;

const SALT: [u8; 32] = [7; 32];

fn held() -> HeldConsent {
    let document = compose(wish("dr.haddad@cedar", "labs", "TREAT")).unwrap();
    let certificate = Certify::of(&document, &SALT).sign(&chain(), &layla("qamar").key());
    HeldConsent { document, salt: SALT, certificate }
}

fn leaf(status: ConsentStatus) -> ConsentLeaf {
    let held = held();
    ConsentLeaf {
        consent: held.document.consent,
        custodian: hospital("qamar").id,
        version: 1,
        commitment: commitment(&SALT, &held.document),
        lock: lock_of(&chain(), &[1; 32]),
        since: Height(12),
        prev: Digest::ZERO,
        status,
    }
}

fn proof_of(leaf: ConsentLeaf) -> StateProof {
    let (state, _) = State::genesis(&scene::genesis()).unwrap();
    let state = state.with([Arc::new(Leaf::Consent(leaf))]);
    let time = scene::TODAY.start().plus_ms(1234);
    StateProof::of(certified(&state, 14, time), &state, &Receipt::leaf_keys(&leaf.consent, leaf.custodian)).unwrap()
}

fn granted() -> Receipt {
    Receipt { held: Some(held()), proof: proof_of(leaf(ConsentStatus::Active)) }
}

fn revoked(by: RevokedBy) -> ConsentStatus {
    ConsentStatus::Revoked { height: Height(13), by }
}

fn check(file: &str) -> Result<VerifiedReceipt, ReceiptError> {
    verify(file.as_bytes(), &trust(), &Ed25519)
}

#[test]
fn a_receipt_says_and_proves_what_was_granted() {
    let file = write(&granted()).unwrap();
    let document = held().document;
    let label = Label::consent(&document.consent).to_string();
    for line in [
        "AMANAH RECEIPT: a consent",
        document.sentence.as_str(),
        &format!("Consent     {label}, version 1"),
        &format!("Patient     {}", Label::relationship(&document.relationship)),
        "Records of  Qamar Hospital (qamar)",
        "In force    since block 12",
        "As of       block 14, Sun 22 Nov 2026, 00:00:01 UTC, final by 3 signatures",
        &format!("Network     {}", chain()),
    ] {
        assert!(file.lines().any(|one| one == line), "{line}\nnot in\n{file}");
    }
    let verified = check(&file).unwrap();
    assert_eq!(verified.document.as_ref(), Some(&document));
    assert_eq!((verified.leaf.is_active(), verified.height), (true, Height(14)));
    assert_eq!(verified.custodian.name.as_str(), "qamar");
    assert_eq!(verified.time, UnixMs(scene::TODAY.start().0 + 1234));
    assert!(file.len() < RECEIPT_FILE_BYTES_MAX);
}

#[test]
fn a_revocation_has_a_receipt_with_and_without_the_document() {
    for (by, words) in [(RevokedBy::Key, "by the patient's key"), (RevokedBy::Slip, "with the revocation slip")] {
        for held in [Some(held()), None] {
            let receipt = Receipt { held: held.clone(), proof: proof_of(leaf(revoked(by))) };
            let file = write(&receipt).unwrap();
            assert!(file.starts_with("AMANAH RECEIPT: the end of a consent\n"));
            assert!(file.contains(&format!("Revoked     in block 13, {words}\n")), "{file}");
            let verified = check(&file).unwrap();
            assert_eq!(verified.leaf.status, revoked(by));
            assert_eq!(verified.document, held.map(|held| held.document));
        }
    }
}

#[test]
fn every_byte_changed_is_refused() {
    let file = write(&granted()).unwrap().into_bytes();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(verify(&changed, &trust(), &Ed25519).is_err(), "byte {at}: {:?}", char::from(file[at]));
    }
}

#[test]
fn a_file_cut_doubled_padded_or_empty_is_refused() {
    let file = write(&granted()).unwrap();
    for length in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        assert!(check(&file[..length]).is_err(), "cut to {length}");
    }
    let begin = file.find(BEGIN).unwrap();
    let mut longer = file.clone().into_bytes();
    longer.resize(RECEIPT_FILE_BYTES_MAX + 1, b'\n');
    assert_eq!(verify(&longer, &trust(), &Ed25519), Err(ReceiptError::TooLong(RECEIPT_FILE_BYTES_MAX + 1)));
    for other in [
        format!("{file}{file}"),
        format!("{file}\n"),
        format!("\n{file}"),
        file.replace('\n', "\r\n"),
        file.to_uppercase(),
        file[begin..].to_owned(),
        file.replacen("may read", "may read and change", 1),
        file.replace("2027", "2029"),
    ] {
        assert!(check(&other).is_err());
    }
    assert_eq!(check(""), Err(ReceiptError::NoProof));
    assert_eq!(verify(&[0xff; 100], &trust(), &Ed25519), Err(ReceiptError::NoProof));
    assert_eq!(check(&file.replace("2027", "2029")), Err(ReceiptError::Differs));
}

#[test]
fn a_receipt_of_another_network_is_refused() {
    let other = Genesis { network: scene::text("other"), ..scene::genesis() };
    let trust = Trust::from_genesis(&other).unwrap();
    let refused = verify(write(&granted()).unwrap().as_bytes(), &trust, &Ed25519).unwrap_err();
    assert!(matches!(refused, ReceiptError::Certificate(_) | ReceiptError::Proof(ProofError::Chain)), "{refused:?}");
    let bare = Receipt { held: None, proof: proof_of(leaf(revoked(RevokedBy::Slip))) };
    let refused = verify(write(&bare).unwrap().as_bytes(), &trust, &Ed25519);
    assert_eq!(refused, Err(ReceiptError::Proof(ProofError::Chain)));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let refused = |change: &dyn Fn(&mut HeldConsent)| {
        let mut held = held();
        change(&mut held);
        check(&write(&Receipt { held: Some(held), ..granted() }).unwrap()).unwrap_err()
    };
    assert_eq!(refused(&|held| held.document.version = 2), ReceiptError::OtherDocument);
    assert_eq!(refused(&|held| held.document.consent = scene::public_key(1)), ReceiptError::OtherDocument);
    assert_eq!(refused(&|held| held.document.custodian = hospital("rawda")), ReceiptError::OtherDocument);
    assert_eq!(refused(&|held| held.certificate.certify.commitment = Digest::ZERO), ReceiptError::OtherDocument);
    let mismatch = ReceiptError::Certificate(ExchangeError::Mismatch("the commitment"));
    assert_eq!(refused(&|held| held.salt = [8; 32]), mismatch);
    assert_eq!(refused(&|held| held.document.period.until = UnixMs(0)), mismatch);
    let by_another = |held: &mut HeldConsent| {
        held.certificate = held.certificate.certify.sign(&chain(), &layla("cedar").key());
        held.certificate.relationship = layla("qamar").key().public_key();
    };
    assert_eq!(refused(&by_another), ReceiptError::Certificate(ExchangeError::Signature));

    let mut more = granted();
    let entry = more.proof.entries[0].clone();
    more.proof.entries = list([more.proof.entries[0].clone(), more.proof.entries[1].clone(), entry]);
    assert_eq!(write(&more), Err(ReceiptError::Leaves));
    let mut swapped = granted();
    swapped.proof.entries = list([swapped.proof.entries[1].clone(), swapped.proof.entries[0].clone()]);
    assert_eq!(write(&swapped), Err(ReceiptError::Leaves));
    let nowhere = ConsentLeaf { custodian: MemberId(Digest::ZERO), ..leaf(ConsentStatus::Active) };
    assert_eq!(write(&Receipt { held: None, proof: proof_of(nowhere) }), Err(ReceiptError::Leaves));
}

#[test]
fn a_sentence_that_the_rules_do_not_have_is_refused_even_if_it_was_signed() {
    let mut lying = held();
    lying.document.sentence = "Nobody may read anything.".try_into().unwrap();
    lying.certificate = Certify::of(&lying.document, &SALT).sign(&chain(), &layla("qamar").key());
    let commitment = commitment(&SALT, &lying.document);
    let proof = proof_of(ConsentLeaf { commitment, ..leaf(ConsentStatus::Active) });
    let file = write(&Receipt { held: Some(lying), proof }).unwrap();
    assert_eq!(check(&file), Err(ReceiptError::Sentence(SentenceError::Differs)));
}
