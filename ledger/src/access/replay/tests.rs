//! Old answers that come out again, answers that do not, and records from which nothing follows.

use super::*;
use crate::access::LogEntry;
use crate::chain::{ExecutedBlock, Tip};
use crate::codec::BoundedVec;
use crate::compose::{Wish, compose};
use crate::crypto::{Ed25519, Keypair, Signer};
use crate::document::{Action, Actor, Effect, MemberRef, commitment};
use crate::engine::{Item, Outcome, Reason, Requester};
use crate::fixture::{Network, Patient, START, keypair, network, parameters, patient};
use crate::position::Height;
use crate::preset::Selection;
use crate::proof::{CertifiedHeader, StateProof};
use crate::time::UnixMs;
use crate::transaction::GrantItem;

const SALT: [u8; 32] = [7; 32];
/// Later than every block here.
const LATER: UnixMs = UnixMs(START.0 + 1_000_000);

fn member(network: &Network, at: usize) -> MemberRef {
    let founder = &network.genesis.founders[at];
    MemberRef { id: founder.id(), name: founder.name.clone(), display: founder.display.clone() }
}

/// The patient's consent at the first hospital: the second may read `what`.
fn held(network: &Network, patient: &Patient, what: &str, replaces: &[&Patient]) -> HeldConsent {
    let relationship = keypair("relationship");
    let document = compose(Wish {
        chain: network.chain,
        custodian: member(network, 0),
        relationship: relationship.public_key(),
        consent: patient.id(),
        version: 1,
        who: vec![Actor::Member(member(network, 1))],
        what: what.parse().unwrap(),
        actions: vec![Action::Access],
        purpose: "TREAT".try_into().unwrap(),
        from: START,
        until: START.plus_ms(100_000_000),
        supersedes: replaces.iter().map(|one| one.id()).collect(),
    });
    let document = document.unwrap();
    let certificate = Certify::of(&document, &SALT).sign(&network.chain, &relationship);
    HeldConsent { document, salt: SALT, certificate }
}

/// How a hospital writes a receipt otherwise than it decided.
type Lie = Box<dyn Fn(&mut DecisionReceipt)>;

/// A ledger with one consent after the other, and what their custodian holds.
struct Scene {
    network: Network,
    tip: Tip,
    newest: Option<ExecutedBlock>,
    held: Vec<HeldConsent>,
}

impl Scene {
    fn new() -> Self {
        let network = network();
        let tip = network.tip.clone();
        Self { network, tip, newest: None, held: Vec::new() }
    }

    fn next(&mut self, block: ExecutedBlock) {
        self.tip = block.tip().clone();
        self.newest = Some(block);
    }

    fn grant(&mut self, patient: &Patient, what: &str, replaces: &[&Patient]) {
        let held = held(&self.network, patient, what, replaces);
        let item = GrantItem { commitment: held.certificate.certify.commitment, ..self.network.item(0, patient) };
        let block = self.network.next(&self.tip, &[self.network.grants(0, &[(item, patient)])]);
        self.held.push(held);
        self.next(block);
    }

    fn revoke(&mut self, patient: &Patient) {
        let block = self.network.next(&self.tip, &[self.network.revoke(patient)]);
        self.next(block);
    }

    /// What an honest custodian has of the patient's consents now.
    fn consents(&self) -> Vec<(ConsentThen, Candidate)> {
        let one = |held: &HeldConsent| {
            let leaf = *self.tip.state().consent(&held.document.consent).unwrap();
            let standing = if leaf.is_active() { Standing::InForce } else { Standing::Revoked };
            let ConsentLeaf { consent, version, commitment, since, .. } = leaf;
            let stood = Considered { consent, version, commitment, standing };
            let of = Some((&held.salt, &held.document));
            let document = Kept::Held(Box::new(held.clone()));
            (ConsentThen { stood, document }, Candidate::new(consent, version, since, commitment, standing, of))
        };
        let mut all: Vec<_> = self.held.iter().map(one).collect();
        all.sort_by_key(|(one, _)| (one.stood.standing == Standing::Revoked, one.stood));
        all
    }

    /// The second hospital asks for `what` now, and an honest custodian decides.
    fn decide(&self, what: &str) -> AccessRecord {
        self.decide_with(what, &self.consents())
    }

    fn decide_with(&self, what: &str, consents: &[(ConsentThen, Candidate)]) -> AccessRecord {
        let (then, candidates): (Vec<_>, Vec<_>) = consents.iter().cloned().unzip();
        let items: Vec<Item> = what.parse::<Selection>().unwrap().items();
        let request = Request {
            chain: self.network.chain,
            custodian: self.network.members[0].id,
            relationship: keypair("relationship").public_key(),
            requester: Requester { member: self.network.members[1].id, practitioner: None },
            purpose: "TREAT".try_into().unwrap(),
            action: Action::Access,
            items: items.try_into().unwrap(),
        };
        let policy = Policy::of(&parameters());
        let decision = decide(&candidates, &request, LATER, &policy);
        let (height, root) = (self.tip.header().height, self.tip.header().state_root);
        let receipt = DecisionReceipt::new(&request, &decision, &policy, height, root).unwrap();
        let body = EntryBody {
            custodian: request.custodian,
            relationship: request.relationship,
            number: 2,
            previous: Digest::ZERO,
            time: LATER,
            event: Event::Decision(Box::new(receipt)),
        };
        let entry = self.sign(body);
        AccessRecord { entry, consents: then.try_into().unwrap() }
    }

    fn sign(&self, body: EntryBody) -> LogEntry {
        body.sign(&self.network.chain, [9; 32], &self.network.members[0].gateway)
    }

    /// The same record with a receipt that the hospital wrote otherwise, and signed.
    fn falsified(&self, record: &AccessRecord, lie: impl FnOnce(&mut DecisionReceipt)) -> AccessRecord {
        let mut body = record.entry.body.clone();
        let Event::Decision(receipt) = &mut body.event else { panic!("a decision") };
        lie(receipt);
        AccessRecord { entry: self.sign(body), consents: record.consents.clone() }
    }

    fn replay(&self, record: &AccessRecord) -> Result<Replayed, RecordError> {
        self.replay_as(record, &Label::access(&record.entry.digest(&self.network.chain)))
    }

    fn replay_as(&self, record: &AccessRecord, access: &Label) -> Result<Replayed, RecordError> {
        let block = self.newest.as_ref().unwrap();
        let header = block.header().clone();
        let certified = CertifiedHeader { header, finalization: self.network.finalization(block) };
        let custodian = self.network.members[0].id;
        // One leaf a proof: where they come from does not matter.
        let proven = leaf_keys(record, custodian).into_iter().map(|key| {
            let proof = StateProof::of(certified.clone(), block.state(), &[key]).unwrap();
            proof.verify(&self.network.trust, &Ed25519).unwrap()
        });
        let states: Vec<VerifiedState> = proven.collect();
        replay(record, access, &Ground { chain: &self.network.chain, custodian, states: &states }, &Ed25519)
    }

    fn answer(&self, record: &AccessRecord) -> Answer {
        self.replay(record).unwrap().answer
    }

    fn parts(&self, record: &AccessRecord) -> Vec<Part> {
        match self.answer(record) {
            Answer::Differs { parts, .. } => parts,
            other @ (Answer::Same(_) | Answer::Hindered(_)) => panic!("{other:?}"),
        }
    }
}

fn outcome(answer: &Answer) -> (Outcome, ReasonCode, Option<PublicKey>) {
    let Answer::Same(decision) = answer else { panic!("{answer:?}") };
    (decision.outcome, decision.reason.code, decision.reason.consent)
}

fn receipt(record: &AccessRecord) -> &DecisionReceipt {
    match &record.entry.body.event {
        Event::Decision(receipt) => receipt,
        Event::Enrolment(_) | Event::Gap(_) => panic!("a decision"),
    }
}

#[test]
fn a_permit_a_denial_and_a_decision_after_a_revocation_come_out_the_same_however_the_ledger_went_on() {
    let mut scene = Scene::new();
    let one = patient(1);
    scene.grant(&one, "labs", &[]);
    let (permit, denial) = (scene.decide("labs"), scene.decide("notes"));
    let said = Some(one.id());
    for _ in 0..2 {
        assert_eq!(outcome(&scene.answer(&permit)), (Outcome::Permit, ReasonCode::Permitted, said));
        assert_eq!(outcome(&scene.answer(&denial)), (Outcome::Deny, ReasonCode::NotCovered, said));
        if scene.tip.state().consent(&one.id()).unwrap().is_active() {
            scene.revoke(&one);
        }
    }
    let after = scene.decide("labs");
    assert_eq!(receipt(&after).considered.len(), 0);
    assert_eq!(outcome(&scene.answer(&after)), (Outcome::NoConsent, ReasonCode::Revoked, said));
    scene.grant(&patient(2), "labs", &[]);
    assert_eq!(outcome(&scene.answer(&after)), (Outcome::NoConsent, ReasonCode::Revoked, said));
}

#[test]
fn what_an_ended_consent_replaced_stays_replaced() {
    let mut scene = Scene::new();
    let (wide, narrow) = (patient(1), patient(2));
    scene.grant(&wide, "labs", &[]);
    scene.grant(&narrow, "meds", &[&wide]);
    scene.revoke(&narrow);
    let record = scene.decide("labs");
    assert_eq!(receipt(&record).effect, Effect::Deny);
    let Answer::Same(_) = scene.answer(&record) else { panic!("the ended one is known to have replaced the other") };
    let mut hidden = record.consents.clone().into_vec();
    hidden.retain(|one| one.stood.standing != Standing::Revoked);
    let hidden = AccessRecord { consents: hidden.try_into().unwrap(), ..record };
    assert!(scene.parts(&hidden).contains(&Part::Effect), "nobody hides it unnoticed");
}

#[test]
fn a_falsified_answer_is_named_by_the_parts_that_do_not_come_out_again() {
    let mut scene = Scene::new();
    scene.grant(&patient(1), "labs", &[]);
    let record = scene.decide("notes");
    let nobody = Reason { code: ReasonCode::NoConsent, consent: None };
    let lies: [(Lie, Part); 6] = [
        (Box::new(|receipt| receipt.outcome = Outcome::Permit), Part::Outcome),
        (Box::new(|receipt| receipt.effect = Effect::Permit), Part::Effect),
        (Box::new(move |receipt| receipt.reason = nobody), Part::Reason),
        (Box::new(|receipt| receipt.item_decisions = BoundedVec::new()), Part::Items),
        (
            Box::new(|receipt| {
                receipt.obligations = BoundedVec::try_from(vec!["NOREUSE".try_into().unwrap()]).unwrap();
            }),
            Part::Obligations,
        ),
        (Box::new(|receipt| receipt.request = Digest::ZERO), Part::Request),
    ];
    for (lie, part) in lies {
        assert_eq!(scene.parts(&scene.falsified(&record, lie)), [part]);
    }
}

#[test]
fn a_consent_that_had_ended_or_had_not_begun_by_the_ledger_gives_a_permit_away() {
    let mut scene = Scene::new();
    let one = patient(1);
    scene.grant(&one, "labs", &[]);
    let in_force = scene.consents();
    let early = scene.falsified(&scene.decide("labs"), |receipt| receipt.height = Height(0));
    assert_eq!(scene.parts(&early), [Part::Consent(one.id())]);
    scene.revoke(&one);
    let record = scene.decide_with("labs", &in_force);
    assert_eq!(receipt(&record).effect, Effect::Permit);
    assert_eq!(scene.parts(&record), [Part::Consent(one.id())]);
}

#[test]
fn an_ended_consent_that_nobody_ended_is_no_part_of_a_record() {
    let mut scene = Scene::new();
    let one = patient(1);
    scene.grant(&one, "labs", &[]);
    let mut ended = scene.consents();
    for (then, candidate) in &mut ended {
        then.stood.standing = Standing::Revoked;
        candidate.standing = Standing::Revoked;
    }
    let record = scene.decide_with("labs", &ended);
    assert_eq!(scene.replay(&record), Err(RecordError::NotEnded(Label::consent(&one.id()))));
}

#[test]
fn a_document_that_is_not_here_hinders_only_what_may_have_rested_on_it() {
    let mut scene = Scene::new();
    let one = patient(1);
    scene.grant(&one, "labs", &[]);
    let mut permit = scene.decide("labs");
    let mut consents = permit.consents.clone().into_vec();
    consents[0].document = Kept::Gone;
    permit.consents = consents.try_into().unwrap();
    let replayed = scene.replay(&permit).unwrap();
    assert_eq!(replayed.answer, Answer::Hindered(Hindrance::DocumentsMissing));
    assert_eq!(replayed.missing, [one.id()]);

    // Missing then already: that is what was answered, and the document may have been found since.
    let mut missing = scene.consents();
    for (then, candidate) in &mut missing {
        let Considered { consent, version, commitment, standing } = then.stood;
        *candidate = Candidate::new(consent, version, Height(1), commitment, standing, None);
    }
    let incident = scene.decide_with("labs", &missing);
    assert_eq!(outcome(&scene.answer(&incident)), (Outcome::Deny, ReasonCode::Incident, Some(one.id())));

    // A lie about the ledger needs no document to be one.
    scene.revoke(&one);
    let late = scene.falsified(&permit, |receipt| receipt.height = Height(2));
    assert!(scene.parts(&late).contains(&Part::Consent(one.id())));
}

#[test]
fn a_revocation_on_its_way_counts_once_it_is_on_the_ledger() {
    let mut scene = Scene::new();
    let one = patient(1);
    scene.grant(&one, "labs", &[]);
    let mut pending = scene.consents();
    for (then, candidate) in &mut pending {
        then.stood.standing = Standing::RevocationPending;
        candidate.standing = Standing::RevocationPending;
    }
    let record = scene.decide_with("labs", &pending);
    assert_eq!(receipt(&record).effect, Effect::Deny);
    assert_eq!(scene.answer(&record), Answer::Hindered(Hindrance::RevocationOnItsWay(one.id())));
    scene.revoke(&one);
    assert_eq!(outcome(&scene.answer(&record)).1, ReasonCode::Revoked);
}

#[test]
fn rules_that_are_not_here_are_named_and_raise_no_alarm() {
    let mut scene = Scene::new();
    scene.grant(&patient(1), "labs", &[]);
    let record = scene.decide("labs");
    let other = Digest([5; 32]);
    let cases: [(Lie, OtherRules); 3] = [
        (Box::new(|receipt| receipt.engine = 9), OtherRules::Engine(9)),
        (Box::new(move |receipt| receipt.vocabulary = other), OtherRules::Vocabulary(other)),
        (Box::new(move |receipt| receipt.policy = other), OtherRules::Policy(other)),
    ];
    for (change, rules) in cases {
        let changed = scene.falsified(&record, change);
        assert_eq!(scene.answer(&changed), Answer::Hindered(Hindrance::Rules(rules)));
    }
    let of_before = scene.falsified(&record, |receipt| receipt.vocabulary = Vocabulary::v1().digest());
    assert_eq!(outcome(&scene.answer(&of_before)).0, Outcome::Permit, "every table is shipped");
}

#[test]
fn nothing_follows_from_a_record_that_is_not_the_hospital_s_word_about_this_access() {
    let mut scene = Scene::new();
    scene.grant(&patient(1), "labs", &[]);
    let record = scene.decide("labs");
    let access = Label::access(&record.entry.digest(&scene.network.chain));

    let mut altered = record.clone();
    altered.entry.body.time = LATER.plus_ms(1);
    assert!(matches!(scene.replay_as(&altered, &access), Err(RecordError::OtherAccess(_))));
    assert_eq!(scene.replay(&altered), Err(EntryError::Signature(2).into()));

    let signed_by = |key: &Keypair| {
        let entry = record.entry.body.clone().sign(&scene.network.chain, [9; 32], key);
        AccessRecord { entry, consents: record.consents.clone() }
    };
    assert_eq!(scene.replay(&signed_by(&keypair("nobody"))), Err(RecordError::NotItsKey));
    assert_eq!(scene.replay(&signed_by(&scene.network.members[1].gateway)), Err(RecordError::NotItsKey));

    let alone = AccessRecord { consents: BoundedVec::new(), ..record.clone() };
    assert_eq!(scene.replay(&alone), Err(RecordError::OtherConsents));
    let elsewhere = EntryBody { custodian: scene.network.members[1].id, ..record.entry.body.clone() };
    let elsewhere = AccessRecord { entry: scene.sign(elsewhere), ..record };
    assert_eq!(scene.replay(&elsewhere), Err(RecordError::Elsewhere));
}

#[test]
fn a_document_counts_only_as_the_patient_certified_it_for_this_version() {
    let mut scene = Scene::new();
    scene.grant(&patient(1), "labs", &[]);
    let record = scene.decide("labs");
    let Kept::Held(held) = &record.consents[0].document else { panic!("it is held") };
    let wider = self::held(&scene.network, &patient(1), "labs,notes", &[]);
    let strangers = Certify::of(&held.document, &SALT).sign(&scene.network.chain, &keypair("stranger"));
    let forged = [
        (HeldConsent { salt: [8; 32], ..(**held).clone() }, ExchangeError::Mismatch("the commitment")),
        (HeldConsent { certificate: strangers, ..(**held).clone() }, ExchangeError::Mismatch("the relationship")),
        (wider, ExchangeError::Mismatch("the certificate")),
    ];
    assert_eq!(commitment(&SALT, &held.document), record.consents[0].stood.commitment);
    for (forged, why) in forged {
        let stood = record.consents[0].stood;
        let then = ConsentThen { stood, document: Kept::Held(Box::new(forged)) };
        let consents = BoundedVec::try_from(vec![then]).unwrap();
        let record = AccessRecord { consents, ..record.clone() };
        let consent = Label::consent(&stood.consent);
        assert_eq!(scene.replay(&record), Err(RecordError::Document { consent, why }));
    }
}
