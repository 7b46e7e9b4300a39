use super::*;
use crate::custodian::desk::{Logs, Looked, Place};
use amanah_ledger::access::replay::{Answer, Ground, leaf_keys, replay};
use amanah_ledger::access::{Event, LogEntry};
use amanah_ledger::engine::Standing;
use amanah_ledger::exchange::{AccessRecord, Kept};
use amanah_ledger::label::Label;
use amanah_ledger::proof::{StateProof, Trust};

fn code(cedar: &Cedar, entry: &LogEntry) -> Label {
    Label::access(&entry.digest(&cedar.genesis.chain()))
}

/// Looks through everything in pieces of `piece` entries; how many pieces that took, and what was found.
fn look(cedar: &Cedar, code: &Label, logs: Logs, piece: usize) -> (usize, Option<LogEntry>) {
    let mut place = Place::Start;
    for pieces in 1..1000 {
        match cedar.desk.look_for_access(code, logs, place, piece).unwrap() {
            Looked::Found(entry) => return (pieces, Some(*entry)),
            Looked::Nowhere => return (pieces, None),
            Looked::SoFar { relationship, number } => {
                place = Place::Behind { log: Label::relationship(&relationship), number };
            }
        }
    }
    panic!("the search comes to no end")
}

fn record(cedar: &Cedar, entry: &LogEntry) -> AccessRecord {
    cedar.desk.access_record(entry.clone(), &cedar.ledger.tip).unwrap().unwrap()
}

/// What comes of the record when it is worked out again from the ledger as it stands.
fn answer(cedar: &Cedar, record: &AccessRecord) -> Answer {
    let (view, trust) = (cedar.ledger.view(), Trust::from_genesis(&cedar.genesis).unwrap());
    let proof = StateProof::of(view.certified().unwrap(), view.tip.state(), &leaf_keys(record, cedar.id())).unwrap();
    let states = [proof.verify(&trust, &Ed25519).unwrap()];
    let ground = Ground { chain: trust.chain(), custodian: cedar.id(), states: &states };
    replay(record, &code(cedar, &record.entry), &ground, &Ed25519).unwrap().answer
}

#[test]
fn an_access_is_found_by_its_code_in_all_logs_or_in_its_patient_s_and_in_no_other() {
    let mut cedar = Cedar::new();
    let (one, other) = (cedar.patient(1), cedar.patient(2));
    let who = cedar.member(1);
    let entries: Vec<LogEntry> =
        ["labs", "meds"].iter().map(|what| cedar.ask(&one, who.clone(), what, "TREAT").entry).collect();
    for entry in &entries {
        let code = code(&cedar, entry);
        assert_eq!(look(&cedar, &code, Logs::All, 100).1.as_ref(), Some(entry));
        assert_eq!(look(&cedar, &code, Logs::Of(one.key()), 100).1.as_ref(), Some(entry));
        assert_eq!(look(&cedar, &code, Logs::Of(other.key()), 100).1, None);
    }
    let unknown = Label::access(&Digest([9; 32]));
    assert_eq!(look(&cedar, &unknown, Logs::All, 100).1, None);
    let enrolled = cedar.desk.log(&one.key(), 1).unwrap().unwrap().entries[0].clone();
    assert_eq!(look(&cedar, &code(&cedar, &enrolled), Logs::All, 100).1, None, "an enrolment is no access");
}

#[test]
fn a_search_goes_on_from_piece_to_piece_to_the_last_entry_and_misses_none() {
    let mut cedar = Cedar::new();
    let patients = [1, 2, 3].map(|n| cedar.patient(n));
    let who = cedar.member(1);
    let mut entries = Vec::new();
    for (patient, accesses) in patients.iter().zip([3, 0, 4]) {
        entries.extend((0..accesses).map(|_| cedar.ask(patient, who.clone(), "labs", "TREAT").entry));
    }
    let unknown = Label::access(&Digest([9; 32]));
    for piece in 1..=11 {
        for entry in &entries {
            assert_eq!(look(&cedar, &code(&cedar, entry), Logs::All, piece).1.as_ref(), Some(entry), "{piece}");
        }
        let (pieces, found) = look(&cedar, &unknown, Logs::All, piece);
        assert_eq!(found, None);
        // Ten entries with the three enrolments.
        assert!((10 / piece..=10_usize.div_ceil(piece) + 3).contains(&pieces), "{piece}: {pieces}");
    }
}

#[test]
fn a_search_goes_on_where_a_log_was_that_is_forgotten_meanwhile() {
    let mut cedar = Cedar::new();
    let mut patients = [1, 2].map(|n| cedar.patient(n));
    patients.sort_by_key(|patient| Label::relationship(&patient.key()));
    let who = cedar.member(1);
    let entry = cedar.ask(&patients[1], who, "labs", "TREAT").entry;
    let code = code(&cedar, &entry);
    let first = cedar.desk.look_for_access(&code, Logs::All, Place::Start, 1).unwrap();
    assert_eq!(first, Looked::SoFar { relationship: patients[0].key(), number: 1 });
    assert!(cedar.desk.erase(&patients[0].key()));
    let place = Place::Behind { log: Label::relationship(&patients[0].key()), number: 1 };
    assert_eq!(cedar.desk.look_for_access(&code, Logs::All, place, 2).unwrap(), Looked::Found(Box::new(entry)));
}

#[test]
fn a_record_holds_what_the_answer_rested_on_then_and_comes_out_the_same_after_a_revocation_and_a_start() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let grant = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    cedar.grant_final(grant.clone());
    let who = cedar.member(1);
    let permit = cedar.ask(&patient, who.clone(), "labs", "TREAT").entry;
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_key(0)).unwrap().unwrap();
    let pending = cedar.ask(&patient, who.clone(), "labs", "TREAT").entry;
    cedar.pass(10);
    let after = cedar.ask(&patient, who, "labs", "TREAT").entry;
    cedar.power_cut();
    let expected = [(permit, Standing::InForce), (pending, Standing::RevocationPending), (after, Standing::Revoked)];
    for (entry, standing) in expected {
        let record = record(&cedar, &entry);
        let one = &record.consents[0];
        assert_eq!((record.consents.len(), one.stood.standing, one.stood.consent), (1, standing, grant.item.consent));
        assert_eq!(one.document, Kept::Held(Box::new(grant.clone().into_held())));
        let Answer::Same(decision) = answer(&cedar, &record) else { panic!("{standing:?}") };
        let Event::Decision(receipt) = &entry.body.event else { panic!("a decision") };
        assert_eq!(decision.effect, receipt.effect);
    }
}

#[test]
fn what_was_erased_is_named_and_what_was_forgotten_is_not_found() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    let who = cedar.member(1);
    let entry = cedar.ask(&patient, who, "labs", "TREAT").entry;
    assert!(cedar.desk.erase_documents(&patient.key()));
    let erased = record(&cedar, &entry);
    assert_eq!(erased.consents[0].document, Kept::Gone);
    assert_eq!(erased.consents[0].stood.consent, patient.secret.consent_key(0).public_key());
    assert!(matches!(answer(&cedar, &erased), Answer::Hindered(_)));
    assert!(cedar.desk.erase(&patient.key()));
    assert_eq!(look(&cedar, &code(&cedar, &entry), Logs::All, 100).1, None);
    assert_eq!(cedar.desk.access_record(entry, &cedar.ledger.tip).unwrap(), None);
}

#[test]
fn documents_for_which_a_record_has_no_room_are_left_out_by_name() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    for index in 0..3 {
        cedar.grant_final(patient.grant(index, member_ref(&cedar.genesis, 1), "labs"));
    }
    let who = cedar.member(1);
    let entry = cedar.ask(&patient, who, "labs", "TREAT").entry;
    let document = patient.grant(0, member_ref(&cedar.genesis, 1), "labs").into_held();
    let room = 2 * amanah_ledger::codec::encode(&document).len();
    let record = cedar.desk.record_within(room, entry, &cedar.ledger.tip).unwrap().unwrap();
    let kept: Vec<bool> = record.consents.iter().map(|one| matches!(one.document, Kept::Held(_))).collect();
    assert_eq!(kept, [true, true, false]);
    assert_eq!(record.consents[2].document, Kept::LeftOut);
}
