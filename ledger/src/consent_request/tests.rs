use super::*;
use crate::compose::{Wish, compose};
use crate::crypto::Digest;
use crate::document::{Action, PractitionerRef};
use crate::member::MemberId;

fn member(name: &str, id: u8) -> MemberRef {
    let display = format!("{name} Hospital").as_str().try_into().unwrap();
    MemberRef { id: MemberId(Digest([id; 32])), name: name.try_into().unwrap(), display }
}

fn person() -> Actor {
    let (handle, display) = ("dr.haddad".try_into().unwrap(), "Dr. Omar Haddad".try_into().unwrap());
    Actor::Practitioner(PractitionerRef { member: member("qamar", 2), handle, display })
}

fn wish(who: Actor, what: &str, until: u64) -> Wish {
    Wish {
        chain: Digest([9; 32]),
        custodian: member("cedar", 1),
        relationship: PublicKey([3; 32]),
        consent: PublicKey([4; 32]),
        version: 1,
        who: vec![who],
        what: what.parse().unwrap(),
        actions: vec![Action::Access],
        purpose: "TREAT".try_into().unwrap(),
        from: UnixMs(1_000),
        until: UnixMs(until),
        supersedes: Vec::new(),
    }
}

fn request(wish: Wish) -> ConsentRequest {
    let document = compose(wish).unwrap();
    ConsentRequest::of(document).unwrap()
}

fn asked() -> ConsentRequest {
    request(wish(Actor::Member(member("qamar", 2)), "labs,meds", 100_000))
}

#[test]
fn the_same_request_has_the_same_code_and_any_other_another() {
    assert_eq!(asked().label(), asked().label());
    assert!(asked().label().to_string().starts_with("R-"));
    let later = ConsentRequest { until: UnixMs(101_000), ..asked() };
    let other = ConsentRequest { relationship: PublicKey([5; 32]), ..asked() };
    assert!(asked().label() != later.label() && asked().label() != other.label());
}

#[test]
fn what_is_asked_for_is_covered_and_so_is_each_smaller_consent() {
    let consent = PublicKey([4; 32]);
    assert_eq!(asked().covers(&asked().document(consent, UnixMs(1_000)).unwrap()), Ok(()));
    let qamar = || Actor::Member(member("qamar", 2));
    let smaller = [wish(qamar(), "labs", 100_000), wish(qamar(), "labs,meds", 50_000), wish(person(), "labs", 2_000)];
    for wish in smaller {
        assert_eq!(asked().covers(&compose(wish).unwrap()), Ok(()));
    }
    let whole = request(wish(qamar(), "everything", 100_000));
    assert_eq!(whole.covers(&compose(wish(qamar(), "labs", 2_000)).unwrap()), Ok(()), "a category of a whole type");
}

#[test]
fn a_consent_that_goes_beyond_the_request_is_refused_by_the_part_that_does() {
    let qamar = || Actor::Member(member("qamar", 2));
    let mut research = wish(qamar(), "labs", 2_000);
    research.purpose = "HPAYMT".try_into().unwrap();
    let mut acts = wish(qamar(), "labs", 2_000);
    acts.actions = vec![Action::Access, Action::Disclose];
    let mut elsewhere = wish(qamar(), "labs", 2_000);
    elsewhere.relationship = PublicKey([5; 32]);
    let wider = [
        (elsewhere, Widens::Subject),
        (wish(Actor::Member(member("rawda", 3)), "labs", 2_000), Widens::Who),
        (research, Widens::Why),
        (acts, Widens::May),
        (wish(qamar(), "labs,notes", 2_000), Widens::What),
        (wish(qamar(), "labs,PSY", 2_000), Widens::What),
        (wish(qamar(), "labs", 101_000), Widens::Until),
    ];
    for (wish, part) in wider {
        assert_eq!(asked().covers(&compose(wish).unwrap()), Err(part));
    }
    let for_one = request(wish(person(), "labs", 100_000));
    assert_eq!(for_one.covers(&compose(wish(qamar(), "labs", 2_000)).unwrap()), Err(Widens::Who), "all for one");
    let mut anyone = compose(wish(qamar(), "labs", 2_000)).unwrap();
    let Root::Rule(root) = &mut anyone.root else { panic!() };
    root.actors = BoundedVec::new();
    assert_eq!(asked().covers(&anyone), Err(Widens::Who), "leaving it out means everybody");
    let mut refusing = compose(wish(qamar(), "labs", 2_000)).unwrap();
    let Root::Rule(root) = &mut refusing.root else { panic!() };
    let rule = Rule { depth: 1, body: root.clone() };
    root.effect = root.effect.opposite();
    assert_eq!(asked().covers(&refusing), Err(Widens::Effect));
    let mut excepting = compose(wish(qamar(), "labs", 2_000)).unwrap();
    excepting.rules = BoundedVec::try_from(vec![rule]).unwrap();
    assert_eq!(asked().covers(&excepting), Err(Widens::Rules));
}

#[test]
fn only_a_part_of_what_is_asked_for_is_within_it_and_another_part_is_not() {
    let document =
        |what: &str| asked().only(&what.parse().unwrap()).unwrap().document(PublicKey([4; 32]), UnixMs(1_000));
    assert_eq!(asked().covers(&document("labs").unwrap()), Ok(()));
    assert_eq!(asked().covers(&document("labs,meds").unwrap()), Ok(()));
    assert_eq!(asked().covers(&document("labs,notes").unwrap()), Err(Widens::What));
    // Naming what is sensitive does not bring in what the request left out.
    let Root::Rule(root) = document("labs,HIV").unwrap().root else { panic!("a request is a rule") };
    assert_eq!(root.data.except_labels, asked().root.data.except_labels);
    // Nor is what the request named and the part does not.
    let named = request(wish(Actor::Member(member("qamar", 2)), "labs,meds,HIV", 100_000));
    let part = named.only(&"labs".parse().unwrap()).unwrap().document(PublicKey([4; 32]), UnixMs(1_000)).unwrap();
    assert_eq!(named.covers(&part), Ok(()));
    let Root::Rule(root) = part.root else { panic!("a request is a rule") };
    assert!(root.data.except_labels.contains(&"HIV".try_into().unwrap()));
}

#[test]
fn what_a_request_does_not_keep_is_not_asked_for() {
    let other = PublicKey([6; 32]);
    let replacing = Wish { supersedes: vec![other], ..wish(Actor::Member(member("qamar", 2)), "labs", 100_000) };
    assert_eq!(ConsentRequest::of(compose(replacing).unwrap()), None);
}
