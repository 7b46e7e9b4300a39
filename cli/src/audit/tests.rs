use super::*;
use amanah_ledger::access::EntryBody;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Keypair, PublicKey, Signer};
use amanah_ledger::document::{Action, Actor, Effect, MemberRef, commitment};
use amanah_ledger::engine::{Outcome, Policy, Request, Requester, Standing, decide};
use amanah_ledger::genesis::{Cover, DefaultPolicy, PurposeLimit};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::preset::Selection;
use amanah_ledger::time::UnixMs;

const NOW: UnixMs = UnixMs(1_795_339_800_000);
const CHAIN: Digest = Digest([1; 32]);
const SALT: [u8; 32] = [9; 32];

fn member(byte: u8, name: &str) -> MemberRef {
    let (name, display) = (name.try_into().unwrap(), "A Hospital".try_into().unwrap());
    MemberRef { id: MemberId(Digest([byte; 32])), name, display }
}

fn key(byte: u8) -> PublicKey {
    Keypair::from_seed(&[byte; 32]).public_key()
}

fn parameters() -> Parameters {
    let limit = PurposeLimit { purpose: "TREAT".try_into().unwrap(), days_max: 366 };
    Parameters {
        anchor_grid_ms: 2000,
        cover: Cover::Off,
        new_leaves_per_day_max: 10,
        emergency_hours: 24,
        review_hours: 72,
        default_policy: DefaultPolicy::Deny,
        purpose_limits: BoundedVec::try_from(vec![limit]).unwrap(),
    }
}

/// A consent for `qamar` to read labs at `cedar`, in force since block 3.
fn consent() -> Consent {
    let wish = Wish {
        chain: CHAIN,
        custodian: member(2, "cedar"),
        relationship: key(4),
        consent: key(5),
        version: 1,
        who: vec![Actor::Member(member(3, "qamar"))],
        what: "labs".parse().unwrap(),
        actions: vec![Action::Access],
        purpose: "TREAT".try_into().unwrap(),
        from: NOW,
        until: NOW.plus_ms(1_000_000),
        supersedes: Vec::new(),
    };
    let document = compose(wish).unwrap();
    Consent {
        consent: key(5),
        custodian: MemberId(Digest([2; 32])),
        index: 0,
        commitment: commitment(&SALT, &document),
        document,
        phase: Phase::Granted { height: Height(3) },
    }
}

/// The entry of an honest custodian at block 7 that is asked for `what` and knows `known`.
fn entry(what: &str, known: &[Consent]) -> LogEntry {
    let what: Selection = what.parse().unwrap();
    let request = Request {
        chain: CHAIN,
        custodian: MemberId(Digest([2; 32])),
        relationship: key(4),
        requester: Requester { member: MemberId(Digest([3; 32])), practitioner: None },
        purpose: "TREAT".try_into().unwrap(),
        action: Action::Access,
        items: BoundedVec::try_from(what.items()).unwrap(),
    };
    let candidates: Vec<Candidate> = known
        .iter()
        .map(|one| {
            let held = Some((&SALT, &one.document));
            Candidate::new(one.consent, 1, Height(3), one.commitment, Standing::InForce, held)
        })
        .collect();
    let policy = Policy::of(&parameters());
    let decision = decide(&candidates, &request, NOW.plus_ms(5), &policy);
    let receipt = DecisionReceipt::new(&request, &decision, &policy, Height(7), Digest::ZERO).unwrap();
    let body = EntryBody {
        custodian: request.custodian,
        relationship: key(4),
        number: 2,
        previous: Digest::ZERO,
        time: NOW.plus_ms(5),
        event: Event::Decision(Box::new(receipt)),
    };
    body.sign(&CHAIN, [8; 32], &Keypair::from_seed(&[6; 32]))
}

fn audit(entry: &LogEntry, consents: &[Consent]) -> Result<(), Alarm> {
    let parameters = parameters();
    let salt = |_: &Consent| SALT;
    let auditor = Auditor { chain: &CHAIN, parameters: &parameters, consents: consents.iter().collect(), salt: &salt };
    auditor.check(entry)
}

fn altered(mut entry: LogEntry, alter: impl Fn(&mut DecisionReceipt)) -> LogEntry {
    if let Event::Decision(receipt) = &mut entry.body.event {
        alter(receipt);
    }
    entry
}

#[test]
fn what_the_consents_say_passes_permit_and_deny_alike() {
    let ours = [consent()];
    let permit = entry("labs", &ours);
    let Event::Decision(receipt) = &permit.body.event else { panic!("a decision") };
    assert_eq!(receipt.outcome, Outcome::Permit);
    assert_eq!(audit(&permit, &ours), Ok(()));
    assert_eq!(audit(&entry("notes", &ours), &ours), Ok(()));
}

#[test]
fn a_permit_that_no_consent_gives_is_an_alarm() {
    let ours = [consent()];
    let lie = altered(entry("notes", &ours), |receipt| {
        (receipt.outcome, receipt.effect) = (Outcome::Permit, Effect::Permit);
    });
    let (stated, expected) = ("permit", "deny");
    assert_eq!(audit(&lie, &ours), Err(Alarm::OtherOutcome { number: 2, stated, expected }));
}

#[test]
fn a_consent_in_force_that_was_not_looked_at_is_an_alarm() {
    let ours = [consent()];
    let blind = entry("labs", &[]);
    let consent = Label::consent(&key(5));
    assert_eq!(audit(&blind, &ours), Err(Alarm::LeftOut { number: 2, consent }));
    let later = [Consent { phase: Phase::Granted { height: Height(8) }, ..ours[0].clone() }];
    assert_eq!(audit(&blind, &later), Ok(()), "it came into force after the decision");
}

#[test]
fn a_consent_that_the_wallet_never_gave_is_an_alarm() {
    let ours = [consent()];
    let consent = Label::consent(&key(5));
    assert_eq!(audit(&entry("labs", &ours), &[]), Err(Alarm::NotOurs { number: 2, consent }));
    let other = [Consent { commitment: Digest([7; 32]), ..ours[0].clone() }];
    assert_eq!(audit(&entry("labs", &ours), &other), Err(Alarm::NotOurs { number: 2, consent }));
}

#[test]
fn a_permit_that_rests_on_an_ended_consent_is_an_alarm() {
    let ours = [consent()];
    let permit = entry("labs", &ours);
    let revoked_at = |height| [Consent { phase: Phase::Revoked { height: Height(height) }, ..ours[0].clone() }];
    let (consent, height) = (Label::consent(&key(5)), Height(7));
    assert_eq!(audit(&permit, &revoked_at(7)), Err(Alarm::NotInForce { number: 2, consent, height }));
    assert_eq!(audit(&permit, &revoked_at(8)), Ok(()), "it ended after the decision");
    let later = [Consent { phase: Phase::Granted { height: Height(8) }, ..ours[0].clone() }];
    assert_eq!(audit(&permit, &later), Err(Alarm::NotInForce { number: 2, consent, height }));
}

#[test]
fn a_missing_document_excuses_a_refusal_and_nothing_else() {
    let ours = [consent()];
    let incident = |outcome, effect| {
        altered(entry("notes", &ours), |receipt| {
            (receipt.outcome, receipt.effect, receipt.reason.code) = (outcome, effect, ReasonCode::Incident);
        })
    };
    assert_eq!(audit(&incident(Outcome::Deny, Effect::Deny), &ours), Ok(()));
    let (stated, expected) = ("permit", "deny");
    let alarm = Alarm::OtherOutcome { number: 2, stated, expected };
    assert_eq!(audit(&incident(Outcome::Permit, Effect::Permit), &ours), Err(alarm));
}

#[test]
fn a_decision_under_other_parameters_is_an_alarm() {
    let ours = [consent()];
    let other = altered(entry("labs", &ours), |receipt| receipt.policy = Digest::ZERO);
    assert_eq!(audit(&other, &ours), Err(Alarm::OtherPolicy { number: 2 }));
}

#[test]
fn rules_that_this_program_does_not_have_are_named_and_are_no_alarm() {
    let ours = [consent()];
    let table = Digest([5; 32]);
    let newer = altered(entry("labs", &ours), |receipt| receipt.engine = 2);
    let of_another_table = altered(entry("labs", &ours), |receipt| receipt.vocabulary = table);
    for (entry, rules) in [(newer, OtherRules::Engine(2)), (of_another_table, OtherRules::Vocabulary(table))] {
        let alarm = Alarm::OtherRules { number: 2, rules };
        assert!(!alarm.is_certain());
        assert_eq!(audit(&entry, &ours), Err(alarm));
        assert!(audit(&entry, &[]).is_err_and(|alarm| alarm.is_certain()), "a lie is one under any rules");
    }
}
