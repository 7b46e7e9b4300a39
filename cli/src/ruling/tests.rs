use super::*;
use amanah_ledger::crypto::Keypair;
use amanah_ledger::document::MemberRef;
use amanah_ledger::genesis::{Cover, DefaultPolicy, Parameters, PurposeLimit};
use amanah_ledger::member::MemberId;

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

fn policy(default_policy: DefaultPolicy) -> Policy {
    let limit = PurposeLimit { purpose: "TREAT".try_into().unwrap(), days_max: 366 };
    Policy::of(&Parameters {
        anchor_grid_ms: 2000,
        cover: Cover::Off,
        new_leaves_per_day_max: 10,
        emergency_hours: 24,
        review_hours: 72,
        default_policy,
        purpose_limits: BoundedVec::try_from(vec![limit]).unwrap(),
    })
}

/// A consent of this number for `qamar`, to read `what` at `cedar`.
fn consent(number: u8, what: &str, standing: Standing) -> Candidate {
    let document = compose(Wish {
        chain: CHAIN,
        custodian: member(2, "cedar"),
        relationship: key(4),
        consent: key(number),
        version: 1,
        who: vec![Actor::Member(member(3, "qamar"))],
        what: what.parse().unwrap(),
        actions: vec![Action::Access],
        purpose: "TREAT".try_into().unwrap(),
        from: NOW,
        until: NOW.plus_ms(DAY_MS),
        supersedes: Vec::new(),
    });
    let document = document.unwrap();
    let held = Some((&SALT, &document));
    Candidate::new(key(number), 1, Height(3), commitment(&SALT, &document), standing, held)
}

/// `qamar` asks `cedar` for `what`.
fn case(candidates: Vec<Candidate>, what: &str) -> Case {
    let what: Selection = what.parse().unwrap();
    let requester = Requester { member: MemberId(Digest([3; 32])), practitioner: None };
    let request = Request {
        chain: CHAIN,
        custodian: MemberId(Digest([2; 32])),
        relationship: key(4),
        requester,
        purpose: "TREAT".try_into().unwrap(),
        action: Action::Access,
        items: BoundedVec::try_from(what.items()).unwrap(),
    };
    let (policy, custodian) = (policy(DefaultPolicy::Deny), member(2, "cedar"));
    Case { candidates, request, at: NOW, policy, asker: Actor::Member(member(3, "qamar")), custodian }
}

fn granted(change: &Change) -> String {
    presets_of(&change.grant).join(",")
}

#[test]
fn what_no_consent_speaks_about_is_turned_by_granting_just_that() {
    let change = case(Vec::new(), "labs,meds").change().unwrap();
    assert_eq!((change.revoke.is_empty(), granted(&change)), (true, "labs,meds".to_owned()));
}

#[test]
fn of_what_is_given_in_part_only_the_rest_is_to_be_granted() {
    let change = case(vec![consent(5, "labs", Standing::InForce)], "labs,meds").change().unwrap();
    assert_eq!((change.revoke.is_empty(), granted(&change)), (true, "meds".to_owned()));
}

#[test]
fn what_was_ended_is_to_be_granted_anew() {
    let case = case(vec![consent(5, "labs", Standing::Revoked)], "labs");
    assert_eq!(case.decision().reason.code, ReasonCode::Revoked);
    assert_eq!(granted(&case.change().unwrap()), "labs");
}

#[test]
fn a_permit_ends_with_every_consent_that_gives_it_and_with_no_other() {
    let both = [consent(5, "labs", Standing::InForce), consent(6, "labs,meds", Standing::InForce)];
    let other = consent(7, "notes", Standing::InForce);
    let change = case([both.as_slice(), &[other]].concat(), "labs").change().unwrap();
    let mut revoke = change.revoke.clone();
    revoke.sort();
    let mut expected = vec![key(5), key(6)];
    expected.sort();
    assert_eq!((revoke, change.grant), (expected, Vec::new()));
}

#[test]
fn of_several_kinds_the_one_with_fewest_consents_is_what_refuses() {
    let all = vec![
        consent(5, "labs", Standing::InForce),
        consent(6, "labs", Standing::InForce),
        consent(7, "meds", Standing::InForce),
    ];
    assert_eq!(case(all, "labs,meds").change().unwrap().revoke, [key(7)]);
}

#[test]
fn what_the_network_permits_by_itself_no_consent_of_the_patient_turns() {
    let mut case = case(Vec::new(), "labs");
    case.policy = policy(DefaultPolicy::BasicNormal);
    assert_eq!(case.decision().effect, Effect::Permit);
    assert_eq!(case.change(), None);
    // Nor does ending one that gives the same.
    case.candidates.push(consent(5, "labs", Standing::InForce));
    assert_eq!(case.change(), None);
}

#[test]
fn a_kind_of_data_that_has_no_name_is_not_named_for_a_grant() {
    let mut case = case(Vec::new(), "labs");
    let of = "Basic".try_into().unwrap();
    let item = Item { of, categories: BoundedVec::new(), labels: BoundedVec::new() };
    case.request.items = BoundedVec::try_from(vec![item]).unwrap();
    assert_eq!((case.decision().effect, case.change()), (Effect::Deny, None));
}
