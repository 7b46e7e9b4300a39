use super::super::desk::{OPEN_REQUESTS_MAX, REQUEST_MS, REQUESTS_MAX};
use super::super::{AnswerError, GrantError, RequestError};
use super::*;
use amanah_ledger::consent_request::{ConsentRequest, HELD_REQUESTS_MAX, HeldRequest, RequestState, Widens};
use amanah_ledger::engine::ReasonCode;
use amanah_ledger::label::Label;

const MONTH: UnixMs = UnixMs(TEN.0 + 40 * DAY_MS);

/// Cedar asks for the labs and medicines of `patient` for qamar.
fn asks(cedar: &Cedar, patient: &Patient, until: UnixMs) -> ConsentRequest {
    let document = patient.document(0, member_ref(&cedar.genesis, 1), "labs,meds", until);
    ConsentRequest::of(document).unwrap()
}

impl Cedar {
    fn file(&mut self, request: ConsentRequest) -> Result<HeldRequest, RequestError> {
        let filed = self.desk.request_consent(self.now, &self.ledger.tip, request).unwrap();
        self.desk.sync().unwrap();
        filed
    }

    fn approve(&mut self, label: &Label, grant: GrantRequest) -> Result<HeldRequest, AnswerError> {
        let approved = self.desk.approve(self.now, &self.ledger.tip, label, grant).unwrap();
        self.desk.sync().unwrap();
        approved
    }

    fn deny(&mut self, patient: &Patient, label: &Label) -> Result<HeldRequest, AnswerError> {
        let denied = self.desk.deny(self.now, &self.ledger.tip, &patient.key(), label).unwrap();
        self.desk.sync().unwrap();
        denied
    }

    fn withdraw(&mut self, label: &Label) -> Result<HeldRequest, AnswerError> {
        let withdrawn = self.desk.withdraw(self.now, &self.ledger.tip, label).unwrap();
        self.desk.sync().unwrap();
        withdrawn
    }

    fn state(&self, label: &Label) -> Option<RequestState> {
        let held = self.desk.consent_request(self.now, &self.ledger.tip, label).unwrap();
        held.map(|held| held.state)
    }

    fn inbox(&self, patient: &Patient) -> Vec<RequestState> {
        let held = self.desk.requests_to(self.now, &self.ledger.tip, &patient.key()).unwrap().unwrap();
        held.iter().map(|held| held.state).collect()
    }

    fn holds(&self, patient: &Patient) -> usize {
        self.desk.held_consents(&patient.key()).unwrap().unwrap().len()
    }
}

#[test]
fn the_same_request_again_is_the_same_request_also_after_a_power_cut_and_once_it_has_ended() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let request = asks(&cedar, &patient, MONTH);
    let label = request.label();
    let first = cedar.file(request.clone()).unwrap();
    assert_eq!((first.state, first.expires), (RequestState::Open, TEN.plus_ms(REQUEST_MS)));
    cedar.now = cedar.now.plus_ms(1_000);
    assert!(cedar.file(request.clone()).unwrap() == first, "asked when it was first asked");
    cedar.power_cut();
    assert!(cedar.file(request.clone()).unwrap() == first);
    assert_eq!(cedar.inbox(&patient), [RequestState::Open]);
    cedar.deny(&patient, &label).unwrap();
    cedar.power_cut();
    assert_eq!(cedar.file(request).unwrap().state, RequestState::Denied, "nobody is asked twice for the same");
    assert_eq!(cedar.inbox(&patient), [RequestState::Denied]);
}

#[test]
fn a_request_can_be_answered_until_it_expires_and_not_from_then_on() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let label = cedar.file(asks(&cedar, &patient, MONTH)).unwrap().request.label();
    let short = cedar.file(asks(&cedar, &patient, UnixMs(TEN.0 + DAY_MS))).unwrap();
    assert_eq!(short.expires, UnixMs(TEN.0 + DAY_MS), "never later than what is asked for");
    cedar.now = UnixMs(TEN.0 + REQUEST_MS - 1);
    assert_eq!(cedar.state(&label), Some(RequestState::Open));
    assert_eq!(cedar.state(&short.request.label()), Some(RequestState::Expired));
    cedar.now = cedar.now.plus_ms(1);
    let ended = Err(AnswerError::Ended(RequestState::Expired));
    assert_eq!(cedar.state(&label), Some(RequestState::Expired));
    let grant = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    assert!(cedar.approve(&label, grant) == ended && cedar.deny(&patient, &label) == ended);
    assert!(cedar.withdraw(&label) == ended);
    assert_eq!(cedar.holds(&patient), 0);
    let over = asks(&cedar, &patient, UnixMs(TEN.0 + 2 * DAY_MS));
    assert!(cedar.file(over) == Err(RequestError::Over));
}

#[test]
fn approving_takes_the_consent_and_the_answer_together() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let label = cedar.file(asks(&cedar, &patient, MONTH)).unwrap().request.label();
    let grant = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    let approved = RequestState::Approved { consent: grant.item.consent };

    // The consent is refused: the request waits on.
    let mut late = grant.clone();
    late.item.submit_by = UnixMs(TEN.0 + 49 * HOUR_MS);
    assert!(cedar.approve(&label, late) == Err(AnswerError::Grant(GrantError::SubmitBy)));
    assert_eq!((cedar.state(&label), cedar.holds(&patient)), (Some(RequestState::Open), 0));
    // The consent goes beyond the request: neither is taken.
    let wide = patient.grant(0, member_ref(&cedar.genesis, 1), "labs,notes");
    assert!(cedar.approve(&label, wide) == Err(AnswerError::Beyond(Widens::What)));
    let other = patient.grant(0, member_ref(&cedar.genesis, 2), "labs");
    assert!(cedar.approve(&label, other) == Err(AnswerError::Beyond(Widens::Who)));
    assert_eq!((cedar.state(&label), cedar.holds(&patient)), (Some(RequestState::Open), 0));

    assert_eq!(cedar.approve(&label, grant.clone()).unwrap().state, approved);
    cedar.power_cut();
    assert_eq!((cedar.state(&label), cedar.holds(&patient)), (Some(approved), 1));
    assert_eq!(cedar.approve(&label, grant.clone()).unwrap().state, approved, "the same answer again");
    cedar.pass(10);
    assert!(cedar.ledger.tip.state().consent(&grant.item.consent).unwrap().is_active(), "it goes to the ledger");
    let second = patient.grant(1, member_ref(&cedar.genesis, 1), "meds");
    assert!(cedar.approve(&label, second) == Err(AnswerError::Ended(approved)), "one consent answers a request");
    assert_eq!(cedar.holds(&patient), 1);
    assert_eq!(cedar.ask(&patient, cedar.member(1), "labs", "TREAT").decision.reason.code, ReasonCode::Permitted);
    assert_eq!(cedar.ask(&patient, cedar.member(1), "meds", "TREAT").decision.reason.code, ReasonCode::NotCovered);
}

#[test]
fn a_consent_that_was_given_before_can_answer_a_request_too() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let grant = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    cedar.grant_final(grant.clone());
    let label = cedar.file(asks(&cedar, &patient, MONTH)).unwrap().request.label();
    let approved = RequestState::Approved { consent: grant.item.consent };
    assert_eq!(cedar.approve(&label, grant).unwrap().state, approved);
    cedar.power_cut();
    assert_eq!((cedar.state(&label), cedar.holds(&patient)), (Some(approved), 1));
}

#[test]
fn what_has_ended_stays_as_it_ended() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let denied = cedar.file(asks(&cedar, &patient, MONTH)).unwrap().request.label();
    let withdrawn = cedar.file(asks(&cedar, &patient, UnixMs(MONTH.0 + 1_000))).unwrap().request.label();
    cedar.deny(&patient, &denied).unwrap();
    cedar.withdraw(&withdrawn).unwrap();
    cedar.power_cut();
    let grant = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    assert!(cedar.approve(&denied, grant.clone()) == Err(AnswerError::Ended(RequestState::Denied)));
    assert!(cedar.withdraw(&denied) == Err(AnswerError::Ended(RequestState::Denied)));
    assert!(cedar.approve(&withdrawn, grant) == Err(AnswerError::Ended(RequestState::Withdrawn)));
    assert!(cedar.deny(&patient, &withdrawn) == Err(AnswerError::Ended(RequestState::Withdrawn)));
    assert!(cedar.deny(&patient, &denied).is_ok() && cedar.withdraw(&withdrawn).is_ok(), "the same again is no news");
    assert_eq!(cedar.holds(&patient), 0);
}

#[test]
fn a_request_to_somebody_else_is_not_found() {
    let mut cedar = Cedar::new();
    let (patient, other) = (cedar.patient(1), cedar.patient(2));
    let label = cedar.file(asks(&cedar, &patient, MONTH)).unwrap().request.label();
    let grant = other.grant(0, member_ref(&cedar.genesis, 1), "labs");
    assert!(cedar.approve(&label, grant) == Err(AnswerError::NotFound));
    assert!(cedar.deny(&other, &label) == Err(AnswerError::NotFound));
    assert_eq!((cedar.inbox(&other), cedar.state(&label)), (Vec::new(), Some(RequestState::Open)));
    let stranger = Patient::new(9, &cedar.genesis);
    assert!(cedar.file(asks(&cedar, &stranger, MONTH)) == Err(RequestError::NotLinked));
}

#[test]
fn few_requests_wait_for_one_patient_and_ended_ones_make_room() {
    let mut cedar = Cedar::new();
    let (patient, other) = (cedar.patient(1), cedar.patient(2));
    let mut seconds = 0;
    let mut next = |cedar: &Cedar| {
        seconds += 1;
        asks(cedar, &patient, UnixMs(MONTH.0 + seconds * 1_000))
    };
    let mut labels = Vec::new();
    for _ in 0..OPEN_REQUESTS_MAX {
        let request = next(&cedar);
        labels.push(cedar.file(request).unwrap().request.label());
    }
    let beyond = next(&cedar);
    assert!(cedar.file(beyond) == Err(RequestError::TooManyOpen));
    cedar.file(asks(&cedar, &other, MONTH)).unwrap();
    for kept in OPEN_REQUESTS_MAX..HELD_REQUESTS_MAX + 3 {
        cedar.now = cedar.now.plus_ms(1);
        cedar.withdraw(&labels[kept - OPEN_REQUESTS_MAX]).unwrap();
        let request = next(&cedar);
        labels.push(cedar.file(request).unwrap().request.label());
    }
    assert_eq!(cedar.inbox(&patient).len(), HELD_REQUESTS_MAX);
    assert_eq!([0, 1, 2].map(|n| cedar.state(&labels[n])), [None; 3], "those that were asked first");
    assert_eq!(cedar.state(&labels[3]), Some(RequestState::Withdrawn));
    let (last, open) = (labels[labels.len() - 1], labels.len() - OPEN_REQUESTS_MAX);
    cedar.power_cut();
    assert_eq!((cedar.inbox(&patient).len(), cedar.state(&labels[2])), (HELD_REQUESTS_MAX, None));
    assert_eq!((cedar.state(&labels[open]), cedar.state(&last)), (Some(RequestState::Open), Some(RequestState::Open)));
    let (mut all, mut after) = (0, None);
    loop {
        let page = cedar.desk.requests_behind(cedar.now, &cedar.ledger.tip, after.as_ref(), 10).unwrap();
        let Some(end) = page.last() else { break };
        (all, after) = (all + page.len(), Some(end.request.label()));
    }
    assert_eq!(all, HELD_REQUESTS_MAX + 1, "the hospital reads all of them, each once");
}

#[test]
fn erased_documents_take_the_requests_with_them() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let label = cedar.file(asks(&cedar, &patient, MONTH)).unwrap().request.label();
    assert!(cedar.desk.erase_documents(&patient.key()));
    cedar.desk.sync().unwrap();
    assert_eq!((cedar.state(&label), cedar.inbox(&patient)), (None, Vec::new()));
    cedar.power_cut();
    assert_eq!(cedar.state(&label), None);
    let again = asks(&cedar, &patient, MONTH);
    assert!(cedar.file(again) == Err(RequestError::NotLinked));
}

#[test]
fn a_hospital_keeps_so_many_requests_in_all_and_those_that_ended_make_room() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let soon = cedar.now.plus_ms(1);
    cedar.desk.crowd_with_requests(soon);
    assert_eq!(cedar.desk.requests_kept(), REQUESTS_MAX);
    let request = asks(&cedar, &patient, MONTH);
    assert_eq!(cedar.file(request.clone()).err(), Some(RequestError::Busy), "all of them wait for an answer");
    assert_eq!(cedar.desk.requests_kept(), REQUESTS_MAX);

    cedar.now = soon;
    let label = cedar.file(request).unwrap().request.label();
    assert_eq!((cedar.desk.requests_kept(), cedar.state(&label)), (REQUESTS_MAX, Some(RequestState::Open)));
}
