use super::*;
use crate::access::{EnrolmentEntry, Event, Proofing};
use crate::compose::compose;
use crate::crypto::{Ed25519, WeakKeyError};
use crate::scene::{TODAY, chain, hospital, key, layla, wish};

const OTHER: Digest = Digest([9; 32]);

fn enrolment() -> SignedEnrolment {
    let layla = layla("qamar");
    let relationship = layla.key().public_key();
    let custodian = hospital("qamar").id;
    let log_key = *layla.log_key().expose();
    Enrolment { custodian, relationship, generation: 0, log_key }.sign(&chain(), &layla.key())
}

fn grant() -> GrantRequest {
    let (layla, salt) = (layla("qamar"), [7; 32]);
    let document = compose(wish("cedar", "labs", "TREAT")).unwrap();
    let item = GrantItem {
        custodian: hospital("qamar").id,
        consent: document.consent,
        version: 1,
        prev: Digest::ZERO,
        commitment: commitment(&salt, &document),
        lock: layla.lock(&chain(), 0),
        submit_by: TODAY.start(),
    };
    let item_signature = layla.consent_key(0).sign(&item.signing_bytes(&chain()));
    let certificate = Certify::of(&document, &salt).sign(&chain(), &layla.key());
    GrantRequest { item, item_signature, document, salt, certificate }
}

#[test]
fn an_enrolment_proves_the_key_and_means_one_hospital() {
    let (signed, qamar) = (enrolment(), hospital("qamar").id);
    assert_eq!(signed.verify(&chain(), &qamar, &Ed25519).map(|e| e.generation), Ok(0));
    let refused =
        |signed: &SignedEnrolment, chain: &Digest, member: &MemberId| signed.verify(chain, member, &Ed25519).err();
    assert_eq!(refused(&signed, &chain(), &hospital("cedar").id), Some(ExchangeError::Elsewhere));
    assert_eq!(refused(&signed, &OTHER, &qamar), Some(ExchangeError::Signature));
    let mut other = signed.clone();
    other.enrolment.log_key = [0; 32];
    assert_eq!(refused(&other, &chain(), &qamar), Some(ExchangeError::Signature));
    other.enrolment.relationship = PublicKey([0; 32]);
    assert_eq!(refused(&other, &chain(), &qamar), Some(ExchangeError::Key(WeakKeyError)));
    let printed = format!("{signed:?}");
    assert!(!printed.contains("log_key") && printed.starts_with("Enrolment(key "), "{printed}");
}

#[test]
fn an_acceptance_is_of_one_entry_by_the_key_it_enrols() {
    let layla = layla("qamar");
    let event = EnrolmentEntry { log_key: layla.log_key().digest(), generation: 0, proofing: Proofing::InPerson };
    let body = EntryBody {
        custodian: hospital("qamar").id,
        relationship: layla.key().public_key(),
        number: 1,
        previous: Digest::ZERO,
        time: TODAY.start(),
        event: Event::Enrolment(event),
    };
    let entry = body.clone().sign(&chain(), [1; 32], &key("qamar", "gateway"));
    let accepted = SignedAcceptance::sign(&chain(), &entry, &layla.key());
    assert_eq!(accepted.verify(&chain(), &entry, &Ed25519), Ok(()));
    let other = EntryBody { time: TODAY.start().plus_ms(1), ..body }.sign(&chain(), [1; 32], &key("qamar", "gateway"));
    let mismatch = Err(ExchangeError::Mismatch("the accepted entry"));
    assert_eq!(accepted.verify(&chain(), &other, &Ed25519), mismatch);
    let by_another = SignedAcceptance::sign(&chain(), &entry, &key("nobody", "0"));
    assert_eq!(by_another.verify(&chain(), &entry, &Ed25519), mismatch);
    let forged = SignedAcceptance { signature: by_another.signature, ..accepted };
    assert_eq!(forged.verify(&chain(), &entry, &Ed25519), Err(ExchangeError::Signature));
}

#[test]
fn a_sign_in_is_for_one_hospital_one_challenge_and_one_connection() {
    let login = Login {
        custodian: hospital("qamar").id,
        relationship: layla("qamar").key().public_key(),
        binding: [1; 32],
        nonce: [2; 32],
        time: TODAY.start(),
    };
    let signed = login.clone().sign(&chain(), &layla("qamar").key());
    assert_eq!(signed.verify(&chain(), &hospital("qamar").id, &Ed25519), Ok(&login));
    assert_eq!(signed.verify(&chain(), &hospital("cedar").id, &Ed25519), Err(ExchangeError::Elsewhere));
    let changes: [fn(&mut Login); 4] = [
        |l| l.binding = [0; 32],
        |l| l.nonce = [0; 32],
        |l| l.time.0 += 1,
        |l| l.relationship = key("x", "y").public_key(),
    ];
    for change in changes {
        let mut other = signed.clone();
        change(&mut other.login);
        assert_eq!(other.verify(&chain(), &hospital("qamar").id, &Ed25519), Err(ExchangeError::Signature));
    }
}

#[test]
fn the_parts_of_a_grant_belong_together() {
    let good = grant();
    assert_eq!(good.verify(&chain(), &Ed25519), Ok(()));
    assert!(codec::encode(&good).len() <= GRANT_REQUEST_BYTES_MAX);
    let refused = |change: fn(&mut GrantRequest)| {
        let mut other = grant();
        change(&mut other);
        other.verify(&chain(), &Ed25519).unwrap_err()
    };
    let mismatch = ExchangeError::Mismatch;
    assert_eq!(refused(|g| g.item.custodian = hospital("cedar").id), mismatch("the custodian"));
    assert_eq!(refused(|g| g.item.version = 2), mismatch("the certificate"));
    assert_eq!(refused(|g| g.item.commitment = OTHER), mismatch("the certificate"));
    assert_eq!(refused(|g| g.item.consent = key("x", "y").public_key()), mismatch("the certificate"));
    assert_eq!(refused(|g| g.item.lock = OTHER), ExchangeError::Signature);
    assert_eq!(refused(|g| g.salt = [8; 32]), mismatch("the commitment"));
    assert_eq!(refused(|g| g.document.version = 2), mismatch("the commitment"));
    assert_eq!(refused(|g| g.document.chain = OTHER), ExchangeError::Elsewhere);
    assert_eq!(refused(|g| g.certificate.relationship = key("x", "y").public_key()), mismatch("the relationship"));
    assert_eq!(refused(|g| g.certificate.signature = g.item_signature), ExchangeError::Signature);
    assert_eq!(good.verify(&OTHER, &Ed25519), Err(ExchangeError::Signature));
    assert_eq!(good.into_held().verify(&chain(), &Ed25519), Ok(()));
}

#[test]
fn an_accepted_revocation_is_the_members_word() {
    let gateway = key("qamar", "gateway");
    let member = hospital("qamar").id;
    let consent = key("a", "consent").public_key();
    let accepted = RevocationAccepted::sign(&chain(), member, consent, WireId(OTHER), TODAY.start(), &gateway);
    assert_eq!(accepted.verify(&chain(), &Ed25519), Ok(()));
    assert_eq!(accepted.gateway.key, gateway.public_key());
    assert_eq!(accepted.verify(&OTHER, &Ed25519), Err(ExchangeError::Signature));
    let changes: [fn(&mut RevocationAccepted); 4] = [
        |a| a.member = hospital("cedar").id,
        |a| a.consent = PublicKey([1; 32]),
        |a| a.wire_id = WireId(Digest::ZERO),
        |a| a.time.0 += 1,
    ];
    for change in changes {
        let mut other = accepted;
        change(&mut other);
        assert_eq!(other.verify(&chain(), &Ed25519), Err(ExchangeError::Signature));
    }
}

#[test]
fn the_longest_messages_fit_their_limits() {
    for len in [
        codec::encode(&enrolment()).len(),
        codec::encode(&grant().certificate).len(),
        codec::encode(&Login {
            custodian: hospital("qamar").id,
            relationship: PublicKey([0; 32]),
            binding: [0; 32],
            nonce: [0; 32],
            time: TODAY.start(),
        })
        .len(),
    ] {
        assert!(len <= MESSAGE_BYTES_MAX, "{len}");
    }
}
