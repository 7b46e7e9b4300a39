use super::*;
use amanah_ledger::crypto::{Check, Ed25519, Keypair, Signer, Verifier};
use amanah_ledger::member::MemberId;
use amanah_ledger::transaction::GatewaySignature;

const CHAIN: Digest = Digest([7; 32]);
const MOMENT: UnixMs = UnixMs(1_795_305_600_000);
const ID: &str = "P-1.C-1";

fn consent_key() -> Keypair {
    Keypair::from_seed(&[1; 32])
}

fn relationship_key() -> Keypair {
    Keypair::from_seed(&[2; 32])
}

/// A version as a wallet signs it.
struct Signed {
    item: GrantItem,
    signature: Signature,
    certificate: SignedCertify,
}

fn version(version: u32) -> Signed {
    let (consent, commitment) = (consent_key().public_key(), Digest([5; 32]));
    let item = GrantItem {
        custodian: MemberId(Digest([3; 32])),
        consent,
        version,
        prev: Digest([4; 32]),
        commitment,
        lock: Digest([6; 32]),
        submit_by: UnixMs(0),
    };
    let signature = consent_key().sign(&item.signing_bytes(&CHAIN));
    let certificate = Certify { consent, version, commitment }.sign(&CHAIN, &relationship_key());
    Signed { item, signature, certificate }
}

fn said(act: Act<'_>) -> Result<Value, ProvenanceError> {
    let custodian = Organization { id: MemberId(Digest([3; 32])), display: "Cedar Hospital".to_owned() };
    let (id, chain) = ("P-1.C-1.x", &CHAIN);
    provenance(&Event { id, consent: ID, at: MOMENT, patient: "P-1", custodian: &custodian, chain, act })
}

fn granted(signed: &Signed, giver: &Giver) -> Result<Value, ProvenanceError> {
    let Signed { item, signature, certificate } = signed;
    said(Act::Granted(Granted { item, signature, certificate, giver }))
}

fn ended(proof: &RevokeProof) -> Value {
    said(Act::Revoked { consent: &consent_key().public_key(), proof }).unwrap()
}

fn bytes(base64: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sixths: Vec<usize> = base64.trim_end_matches('=').chars().map(|one| ALPHABET.find(one).unwrap()).collect();
    let three = |four: &[usize]| {
        let bits = four.iter().fold(0, |bits, sixth| bits << 6 | sixth) << (6 * (4 - four.len()));
        (0..four.len() - 1).map(|at| (bits >> (16 - 8 * at)) as u8).collect::<Vec<_>>()
    };
    sixths.chunks(4).flat_map(three).collect()
}

/// Whether the data of a signature, read as the reference describes it, holds under this key.
fn holds(key: &Keypair, data: &[u8]) -> bool {
    let (stated, rest) = data.split_first_chunk::<32>().unwrap();
    let (signature, message) = rest.split_first_chunk::<64>().unwrap();
    let (key, signature) = (key.public_key(), Signature(*signature));
    PublicKey(*stated) == key && Ed25519.verify(Check { key: &key, message, signature: &signature })
}

#[test]
fn a_first_version_is_created_by_the_patient_and_held_by_the_hospital() {
    let first = granted(&version(1), &Giver::Patient).unwrap();
    assert_eq!(first["target"], json!([{ "reference": "Consent/P-1.C-1/_history/1", "type": "Consent" }]));
    assert_eq!((&first["recorded"], &first["occurredDateTime"]), (&json!("2026-11-22T00:00:00Z"), &first["recorded"]));
    assert_eq!(first["policy"], json!([format!("urn:amanah:network:{CHAIN}")]));
    assert_eq!(first["activity"]["coding"][0]["code"], "CREATE");
    let agents = first["agent"].as_array().unwrap();
    let roles: Vec<&Value> = agents.iter().map(|agent| &agent["type"]["coding"][0]["code"]).collect();
    assert_eq!(roles, ["author", "custodian"]);
    assert_eq!(
        agents[0]["who"],
        json!({ "type": "Patient", "identifier": { "system": "urn:amanah:patient", "value": "P-1" } })
    );
    assert_eq!((&agents[1]["who"]["display"], first.get("entity")), (&json!("Cedar Hospital"), None));
}

#[test]
fn a_later_version_revises_the_one_before_it() {
    let third = granted(&version(3), &Giver::Patient).unwrap();
    assert_eq!(third["target"][0]["reference"], "Consent/P-1.C-1/_history/3");
    assert_eq!(third["activity"]["coding"][0]["code"], "UPDATE");
    assert_eq!(third["activity"]["coding"].as_array().unwrap().len(), 1);
    let before = json!({ "reference": "Consent/P-1.C-1/_history/2", "type": "Consent" });
    assert_eq!(third["entity"], json!([{ "role": "revision", "what": before }]));
}

#[test]
fn signatures_hold_under_the_keys_of_relationship_and_consent_until_a_byte_is_another() {
    let first = granted(&version(1), &Giver::Patient).unwrap();
    let message = revoke_signing_bytes(&CHAIN, &consent_key().public_key());
    let end = ended(&RevokeProof::Key(consent_key().sign(&message)));
    let signatures = [
        (&first["signature"][0], relationship_key(), CERTIFICATE_FORMAT, "1.2.840.10065.1.12.1.7"),
        (&first["signature"][1], consent_key(), ITEM_FORMAT, "1.2.840.10065.1.12.1.1"),
        (&end["signature"][0], consent_key(), REVOCATION_FORMAT, "1.2.840.10065.1.12.1.1"),
    ];
    for (signature, key, format, purpose) in signatures {
        assert_eq!((&signature["sigFormat"], &signature["targetFormat"]), (&json!(SIGNATURE_FORMAT), &json!(format)));
        assert_eq!(signature["type"][0]["code"], purpose);
        assert_eq!(signature["_when"]["extension"][0]["valueCode"], "unknown", "nobody has written it down");
        assert_eq!(signature["who"]["identifier"]["value"], "P-1");
        let data = bytes(signature["data"].as_str().unwrap());
        assert!(holds(&key, &data), "{format}");
        assert_eq!((&data[96..103], &data[104..136]), (&b"amanah\x01"[..], &CHAIN.0[..]), "of this network");
        for at in 0..data.len() {
            let mut flipped = data.clone();
            flipped[at] ^= 1;
            assert!(!holds(&key, &flipped), "{format}: byte {at}");
        }
    }
    assert_eq!((first["signature"].as_array().unwrap().len(), end["signature"].as_array().unwrap().len()), (2, 1));
}

#[test]
fn the_end_says_who_acted_and_a_slip_says_nobodys_name() {
    let signature = Signature([0; 64]);
    let gateway = GatewaySignature { key: consent_key().public_key(), signature };
    let cases = [
        (RevokeProof::Key(signature), "author", json!("P-1"), true),
        (RevokeProof::Slip([0xab; 32]), "performer", Value::Null, false),
        (RevokeProof::Custodian(gateway), "author", json!(Digest([3; 32]).to_string()), false),
    ];
    for (proof, role, who, is_signed) in cases {
        let end = ended(&proof);
        assert_eq!(end["target"], json!([{ "reference": "Consent/P-1.C-1", "type": "Consent" }]));
        let codes: Vec<&Value> = end["activity"]["coding"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert_eq!(codes, ["UPDATE", "ABORT"]);
        let acted = &end["agent"][0];
        assert_eq!((&acted["type"]["coding"][0]["code"], &acted["who"]["identifier"]["value"]), (&json!(role), &who));
        assert_eq!(end["agent"][1]["type"]["coding"][0]["code"], "custodian");
        assert_eq!(end.get("signature").is_some(), is_signed);
        assert!(
            !end.to_string().contains("abababab") && !end.to_string().contains("q6ur"),
            "a slip's secret stays out"
        );
    }
}

#[test]
fn what_somebody_else_gave_or_another_document_certifies_is_not_said() {
    let attested = Giver::Attested { by: "n.saleh".try_into().unwrap() };
    assert_eq!(granted(&version(1), &attested), Err(ProvenanceError::GivenByAnother));
    let mut other = version(1);
    other.certificate = version(2).certificate;
    assert_eq!(granted(&other, &Giver::Patient), Err(ProvenanceError::Differs));
}
