use super::*;
use crate::crypto::Ed25519;
use crate::document::Actor;
use crate::scene::{TODAY, actor, chain, hospital, key, text};

fn entry() -> DirectoryEntry {
    DirectoryEntry {
        member: hospital("cedar").id,
        handle: text("dr.haddad"),
        display: text("Dr. Haddad"),
        role: text("clinician"),
        issued: TODAY.start(),
    }
}

#[test]
fn a_hospital_vouches_for_a_practitioner() {
    let gateway = key("cedar", "gateway");
    let signed = entry().sign(&chain(), &gateway).unwrap();
    assert_eq!(signed.verify(&chain(), &Ed25519), Ok(&entry()));
    assert_eq!(signed.gateway.key, gateway.public_key());
    assert_eq!(signed.reference(hospital("cedar")).map(Actor::Practitioner), Some(actor("dr.haddad@cedar")));
    assert_eq!(signed.reference(hospital("qamar")), None, "nobody else's practitioner");
    assert!(codec::encode(&signed).len() <= DIRECTORY_ENTRY_BYTES_MAX);
}

#[test]
fn an_entry_that_was_changed_or_is_of_another_network_vouches_for_nobody() {
    let signed = entry().sign(&chain(), &key("cedar", "gateway")).unwrap();
    assert_eq!(signed.verify(&Digest::ZERO, &Ed25519), Err(DirectoryError::Signature));
    let changes: [fn(&mut DirectoryEntry); 5] = [
        |e| e.member = hospital("qamar").id,
        |e| e.handle = text("dr.nasser"),
        |e| e.display = text("Dr. Nasser"),
        |e| e.role = text("researcher"),
        |e| e.issued.0 += 1,
    ];
    for change in changes {
        let mut other = signed.clone();
        change(&mut other.entry);
        assert_eq!(other.verify(&chain(), &Ed25519), Err(DirectoryError::Signature));
    }
}

#[test]
fn names_that_hide_something_are_neither_signed_nor_believed() {
    let signed = entry().sign(&chain(), &key("cedar", "gateway")).unwrap();
    let changes: [fn(&mut DirectoryEntry); 3] =
        [|e| e.handle = text("Dr Haddad"), |e| e.display = text("Dr. \u{202e}H"), |e| e.role = text("")];
    for change in changes {
        let mut other = entry();
        change(&mut other);
        assert_eq!(other.clone().sign(&chain(), &key("cedar", "gateway")), Err(DirectoryError::Name));
        let forged = SignedDirectoryEntry { entry: other, ..signed.clone() };
        assert_eq!(forged.verify(&chain(), &Ed25519), Err(DirectoryError::Name));
    }
}
