use super::super::{CodeError, EnrolError, GrantError, LinkError, Me};
use super::*;
use amanah_ledger::access::{Event, Proofing};

#[test]
fn linking_begins_the_log_with_the_enrolment_entry() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let page = cedar.desk.log(&patient.key(), 1).unwrap().unwrap();
    assert_eq!((page.total, page.entries.len()), (1, 1));
    let entry = &page.entries[0];
    entry.verify(&patient.chain, &Ed25519).unwrap();
    assert_eq!((entry.body.number, entry.body.previous, entry.body.relationship), (1, Digest::ZERO, patient.key()));
    let Event::Enrolment(enrolment) = &entry.body.event else { panic!("{entry:?}") };
    assert_eq!(enrolment.log_key, patient.secret.log_key().digest());
    assert_eq!(enrolment.proofing, Proofing::InPerson);
}

#[test]
fn a_code_links_once_and_a_number_once() {
    let mut cedar = Cedar::new();
    let first = Patient::new(1, &cedar.genesis);
    let (code, _) = cedar.desk.enrol(cedar.now, first.enrolment()).unwrap();
    assert_eq!(cedar.desk.me(cedar.now, &first.key()), Some(Me::Waiting));
    let mrn = Mrn::parse("MRN-1").unwrap();
    cedar.link(mrn.clone(), code).unwrap();
    assert_eq!(cedar.desk.me(cedar.now, &first.key()), Some(Me::Linked));
    assert_eq!(cedar.link(Mrn::parse("MRN-2").unwrap(), code), Err(LinkError::Code(CodeError::NotOpen)));
    assert_eq!(cedar.desk.enrol(cedar.now, first.enrolment()), Err(EnrolError::AlreadyLinked));

    let second = Patient::new(2, &cedar.genesis);
    let (code, _) = cedar.desk.enrol(cedar.now, second.enrolment()).unwrap();
    assert_eq!(cedar.link(mrn, code), Err(LinkError::MrnLinked));
    cedar.link(Mrn::parse("MRN-2").unwrap(), code).unwrap();
    assert_eq!(cedar.desk.labels_behind(None, 10).len(), 2);
}

#[test]
fn a_grant_before_linking_is_refused_and_taken_after_it() {
    let mut cedar = Cedar::new();
    let patient = Patient::new(1, &cedar.genesis);
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    let (code, _) = cedar.desk.enrol(cedar.now, patient.enrolment()).unwrap();
    assert_eq!(cedar.grant(request.clone()), Err(GrantError::NotLinked));
    cedar.link(Mrn::parse("MRN-1").unwrap(), code).unwrap();
    cedar.grant_final(request);
}

#[test]
fn a_linked_relationship_survives_a_power_cut_and_an_open_code_does_not() {
    let mut cedar = Cedar::new();
    let linked = cedar.patient(1);
    let open = Patient::new(2, &cedar.genesis);
    let (code, _) = cedar.desk.enrol(cedar.now, open.enrolment()).unwrap();
    cedar.power_cut();
    assert_eq!(cedar.desk.me(cedar.now, &linked.key()), Some(Me::Linked));
    assert_eq!(cedar.desk.log(&linked.key(), 1).unwrap().unwrap().total, 1);
    assert_eq!(cedar.desk.me(cedar.now, &open.key()), None);
    assert_eq!(cedar.link(Mrn::parse("MRN-2").unwrap(), code), Err(LinkError::Code(CodeError::NotOpen)));
}

#[test]
fn an_accepted_enrolment_is_kept() {
    use amanah_ledger::exchange::SignedAcceptance;
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let other = cedar.patient(2);
    let first = cedar.desk.log(&patient.key(), 1).unwrap().unwrap().entries[0].clone();
    let acceptance = SignedAcceptance::sign(&patient.chain, &first, &patient.secret.key());
    assert_eq!(cedar.desk.acceptance(&patient.key()).unwrap(), None);
    cedar.desk.accept(&acceptance).unwrap().unwrap();
    cedar.desk.sync().unwrap();
    cedar.power_cut();
    assert_eq!(cedar.desk.acceptance(&patient.key()).unwrap(), Some(acceptance));
    let forged = SignedAcceptance::sign(&patient.chain, &first, &other.secret.key());
    assert_eq!(cedar.desk.accept(&forged).unwrap(), Err(super::super::AcceptError::Differs));
}
