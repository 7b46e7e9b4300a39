//! Where a consent comes from, as a hospital's own systems read it in FHIR.

use super::fhir::{LABS, found, refused};
use super::*;
use amanah_fhir::provenance::{CERTIFICATE_FORMAT, ITEM_FORMAT, REVOCATION_FORMAT};
use amanah_ledger::crypto::{Check, Signature, Verifier};
use amanah_ledger::label::Label;
use std::collections::BTreeMap;

impl Server {
    /// The next version of a consent, final.
    async fn amended(&mut self, patient: &Patient, token: &str, index: u32, what: &str) {
        let consent = patient.secret.consent_key(index).public_key();
        let present = *self.ledger.tip.state().consent(&consent).unwrap();
        let request = patient.amend(index, &present, member_ref(&self.genesis, 1), what);
        let (status, amended) = self.json("POST", "/v1/me/consents", Some(token), codec::encode(&request)).await;
        assert_eq!(status, 200, "{amended}");
        self.until(is_grant).await;
    }

    /// Ends a consent; final.
    async fn ended(&mut self, revoke: &SignedTransaction) {
        assert_eq!(self.send("POST", "/v1/tx", None, codec::encode(revoke)).await.0, 202);
        self.until(|tx| matches!(tx, SignedTransaction::Revoke { .. })).await;
    }

    /// The Provenances that a query finds, on all pages, and what is left out.
    async fn provenances(&self, query: &str) -> (Vec<Value>, Vec<String>) {
        let (mut matches, mut left_out, mut path) = (Vec::new(), Vec::new(), format!("Provenance?{query}"));
        loop {
            let (status, bundle) = self.fhir(&path).await;
            assert_eq!(status, 200, "{path}: {bundle}");
            let (here, unsaid) = found(&bundle);
            matches.extend(here.into_iter().cloned());
            left_out.extend(unsaid.into_iter().map(str::to_owned));
            let links = bundle["link"].as_array().unwrap();
            let Some(next) = links.iter().find(|link| link["relation"] == "next") else { return (matches, left_out) };
            path = next["url"].as_str().unwrap().strip_prefix("http://cedar/fhir/r4/").unwrap().to_owned();
        }
    }

    /// A patient with a consent in three versions that has ended, and one that FHIR cannot say.
    async fn with_history(&mut self) -> (Patient, String, [String; 2]) {
        let (patient, token, label) = self.patient(1).await;
        let said = self.granted(&patient, &token, 0, LABS).await;
        let unsaid = self.granted(&patient, &token, 1, "labs").await;
        self.amended(&patient, &token, 0, "meds").await;
        self.amended(&patient, &token, 0, LABS).await;
        self.ended(&patient.revoke_by_key(0)).await;
        (patient, label, [said, unsaid])
    }
}

fn ids(resources: &[Value]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = resources.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), resources.len(), "each stands there once");
    ids
}

fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.trim_end_matches('=').chars().flat_map(|one| {
        let sixth = ALPHABET.find(one).unwrap();
        (0..6).rev().map(move |bit| sixth >> bit & 1)
    });
    let bits: Vec<usize> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}

/// Whether the data of a signature holds, as the reference says that it is read, and under which key.
fn holds(data: &[u8]) -> Option<PublicKey> {
    let (key, rest) = data.split_first_chunk::<32>()?;
    let (signature, message) = rest.split_first_chunk::<64>()?;
    let (key, signature) = (PublicKey(*key), Signature(*signature));
    Ed25519.verify(Check { key: &key, message, signature: &signature }).then_some(key)
}

#[tokio::test]
async fn every_final_version_and_every_end_has_exactly_one_and_pages_leave_none_out() {
    let mut server = Server::start();
    let (_, label, [said, unsaid]) = server.with_history().await;
    let of = |consent: &str, step: &str| format!("{label}.{consent}.{step}");
    let of_said: BTreeSet<String> = ["1", "2", "3", "revoked"].map(|step| of(&said, step)).into();
    let mut every = of_said.clone();
    every.insert(of(&unsaid, "1"));
    for count in [1, 2, 3, 100] {
        let (matches, left_out) = server.provenances(&format!("patient={label}&_count={count}")).await;
        assert_eq!((ids(&matches), left_out.len()), (every.clone(), 0), "{count} on a page");
        for one in &matches {
            let (status, read) = server.fhir(&format!("Provenance/{}", one["id"].as_str().unwrap())).await;
            assert_eq!((status, &read), (200, one));
        }
    }
    let whole = format!("target=Consent/{label}.{said}");
    for query in [whole.clone(), format!("target={label}.{said}&_count=1"), format!("patient={label}&{whole}")] {
        assert_eq!(ids(&server.provenances(&query).await.0), of_said, "{query}");
    }
    let absolute = format!("target=http://cedar/fhir/r4/Consent/{label}.{said}/_history/2");
    assert_eq!(ids(&server.provenances(&absolute).await.0), BTreeSet::from([of(&said, "2")]));
    let (none, _) = server.provenances(&format!("{whole}/_history/4")).await;
    assert_eq!(none, Vec::<Value>::new());
}

#[tokio::test]
async fn what_a_provenance_names_can_be_read_in_that_version() {
    let mut server = Server::start();
    let (_, label, [said, unsaid]) = server.with_history().await;
    let path = |number: &str| format!("Consent/{label}.{said}/_history/{number}");
    let (_, provenance) = server.fhir(&format!("Provenance/{label}.{said}.1")).await;
    let (status, first) = server.fhir(provenance["target"][0]["reference"].as_str().unwrap()).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(
        [&first["meta"]["versionId"], &first["status"], &first["meta"]["lastUpdated"]],
        [&json!("1"), &json!("active"), &provenance["recorded"]],
        "as it was"
    );
    let (_, newest) = server.fhir(&format!("Consent/{label}.{said}")).await;
    assert_eq!(server.fhir(&path("3")).await, (200, newest.clone()));
    assert_eq!((&newest["status"], &newest["provision"]), (&json!("inactive"), &first["provision"]), "as it is");
    let (status, unsaid_version) = server.fhir(&path("2")).await;
    assert_eq!((status, refused(&unsaid_version)), (422, "AMN-0260"), "R4 cannot say it");
    for number in ["0", "01", "4", "1.0"] {
        assert_eq!(server.fhir(&path(number)).await.0, 404, "{number}");
    }
    assert_eq!(server.fhir(&format!("Consent/{label}.{unsaid}/_history/2")).await.0, 404);
}

#[tokio::test]
async fn a_provenance_says_when_who_and_which_version_and_names_no_person() {
    let mut server = Server::start();
    let (_, label, [said, unsaid]) = server.with_history().await;
    let path = |step: &str| format!("Provenance/{label}.{said}.{step}");
    let (_, consent) = server.fhir(&format!("Consent/{label}.{said}")).await;
    let (_, last) = server.fhir(&path("3")).await;
    assert_eq!(last["recorded"], consent["meta"]["lastUpdated"], "the time of the block");
    assert_eq!(
        last["target"][0]["reference"],
        format!("Consent/{label}.{said}/_history/{}", consent["meta"]["versionId"].as_str().unwrap())
    );
    let (_, end) = server.fhir(&path("revoked")).await;
    assert_eq!(end["target"][0]["reference"], format!("Consent/{label}.{said}"));
    assert!(last["recorded"].as_str() < end["recorded"].as_str());
    for one in [&last, &end] {
        assert_eq!(one["agent"][0]["who"]["identifier"]["value"], json!(label));
        assert_eq!(one["agent"][1]["who"]["identifier"]["value"], json!(server.genesis.founders[0].id().to_string()));
        assert!(!one.to_string().contains("MRN-"), "no number of the hospital's");
    }
    let (status, of_unsaid) = server.fhir(&format!("Provenance/{label}.{unsaid}.1")).await;
    assert_eq!((status, &of_unsaid["activity"]["coding"][0]["code"]), (200, &json!("CREATE")));
    assert_eq!(server.fhir(&format!("Consent/{label}.{unsaid}")).await.0, 422, "what was given, R4 cannot say");
}

#[tokio::test]
async fn a_revocation_appears_once_it_is_final_and_one_by_slip_names_nobody() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let consent = server.granted(&patient, &token, 0, LABS).await;
    let path = format!("Provenance/{label}.{consent}.revoked");
    assert_eq!(server.fhir(&path).await.0, 404);
    let revoke = patient.revoke_by_slip(0);
    assert_eq!(server.send("POST", "/v1/tx", None, codec::encode(&revoke)).await.0, 202);
    assert_eq!(server.fhir(&format!("Consent/{label}.{consent}")).await.1["status"], "inactive");
    assert_eq!(server.fhir(&path).await.0, 404, "it is on disk here, and not final");
    server.until(|tx| matches!(tx, SignedTransaction::Revoke { .. })).await;
    let (status, end) = server.fhir(&path).await;
    assert_eq!((status, end.get("signature")), (200, None));
    assert_eq!(end["agent"][0]["type"]["coding"][0]["code"], "performer");
    assert_eq!(end["agent"][0]["who"].get("identifier"), None);
    let (matches, _) = server.provenances(&format!("patient={label}")).await;
    assert_eq!(ids(&matches).len(), 2);
}

#[tokio::test]
async fn signatures_that_are_served_hold_under_the_keys_of_consent_and_relationship_and_no_flipped_byte_does() {
    let mut server = Server::start();
    let (patient, label, [said, _]) = server.with_history().await;
    let consent = patient.secret.consent_key(0).public_key();
    let expected =
        BTreeMap::from([(CERTIFICATE_FORMAT, patient.key()), (ITEM_FORMAT, consent), (REVOCATION_FORMAT, consent)]);
    assert_eq!(
        (Label::relationship(&patient.key()).to_string(), Label::consent(&consent).to_string()),
        (label.clone(), said.clone())
    );
    let (matches, _) = server.provenances(&format!("target=Consent/{label}.{said}")).await;
    let mut checked = Vec::new();
    for signature in matches.iter().flat_map(|one| one["signature"].as_array().unwrap()) {
        let format = signature["targetFormat"].as_str().unwrap();
        let data = base64(signature["data"].as_str().unwrap());
        assert_eq!(holds(&data), Some(expected[format]), "{format}");
        for at in 0..data.len() {
            let mut flipped = data.clone();
            flipped[at] ^= 1;
            assert_eq!(holds(&flipped), None, "{format}: byte {at}");
        }
        checked.push(format);
    }
    checked.sort_unstable();
    assert_eq!(
        checked,
        [
            CERTIFICATE_FORMAT,
            CERTIFICATE_FORMAT,
            CERTIFICATE_FORMAT,
            ITEM_FORMAT,
            ITEM_FORMAT,
            ITEM_FORMAT,
            REVOCATION_FORMAT
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_not_understood_is_refused() {
    let mut server = Server::start();
    let (_, label, [said, _]) = server.with_history().await;
    let (_, _, other) = server.patient(2).await;
    for step in ["0", "01", "4", "x", "revoked.1", "4294967296"] {
        assert_eq!(server.fhir(&format!("Provenance/{label}.{said}.{step}")).await.0, 404, "{step}");
    }
    assert_eq!(server.fhir(&format!("Provenance/{other}.{said}.1")).await.0, 404, "it is another patient's");
    let (status, nobody) = server.fhir(&format!("Provenance?patient={other}&target=Consent/{label}.{said}")).await;
    assert_eq!((status, refused(&nobody)), (404, "AMN-0240"), "two that are not the same are nobody");
    assert_eq!(server.provenances(&format!("target=Consent/{other}.{said}")).await.0, Vec::<Value>::new());
    let cases = [
        "_count=2".to_owned(),
        format!("target=Patient/{label}"),
        format!("target=Consent/{label}"),
        format!("target=Consent/{label}.{said}/_history/0x1"),
        format!("patient={label}&_after={said}"),
        format!("patient={label}&recorded=2026"),
    ];
    for query in cases {
        let (status, answer) = server.fhir(&format!("Provenance?{query}")).await;
        assert_eq!((status, refused(&answer)), (400, "AMN-0414"), "{query}");
    }
}

#[tokio::test]
async fn versions_without_their_document_are_named_and_their_end_is_still_told() {
    let mut server = Server::start();
    let (patient, label, [said, unsaid]) = server.with_history().await;
    assert!(server.custodian.act(move |desk, _, _| Ok(desk.erase_documents(&patient.key()))).await.unwrap());
    let (status, answer) = server.fhir(&format!("Provenance/{label}.{said}.1")).await;
    assert_eq!((status, refused(&answer)), (422, "AMN-0260"));
    let (matches, left_out) = server.provenances(&format!("patient={label}&_count=2")).await;
    assert_eq!(ids(&matches), BTreeSet::from([format!("{label}.{said}.revoked")]));
    let named: BTreeSet<String> = left_out.iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect();
    let versions = [format!("{said}.1"), format!("{said}.2"), format!("{said}.3"), format!("{unsaid}.1")];
    assert_eq!((named, left_out.len()), (versions.into(), 4));
}
