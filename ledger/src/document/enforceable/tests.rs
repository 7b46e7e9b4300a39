use super::*;
use crate::compose::compose;
use crate::crypto::{Digest, PublicKey};
use crate::document::rule::{ClinicalCode, Meaning, Rule, TypeScope};
use crate::document::{Action, Effect, Period, Retention};
use crate::scene::{self, actor, hospital, list, public_key, text, wish};
use crate::time::UnixMs;

fn labs() -> ConsentDocument {
    compose(wish("cedar", "labs", "TREAT")).unwrap()
}

#[track_caller]
fn refused(change: impl FnOnce(&mut ConsentDocument), expected: &NotEnforceable) {
    let mut document = labs();
    change(&mut document);
    assert_eq!(document.check_enforceable().as_ref(), Err(expected));
}

#[track_caller]
fn root_refused(change: impl FnOnce(&mut RuleBody), expected: &NotEnforceable) {
    let of_root = |document: &mut ConsentDocument| {
        if let Root::Rule(body) = &mut document.root {
            change(body);
        }
    };
    refused(of_root, expected);
}

fn rule(depth: u8) -> Rule {
    let Root::Rule(body) = labs().root else { panic!("composed documents have a root rule") };
    Rule { depth, body: RuleBody { effect: Effect::Deny, ..body } }
}

#[test]
fn what_the_engine_evaluates_is_accepted() {
    assert_eq!(labs().check_enforceable(), Ok(()));
    let mut nested = labs();
    nested.rules = list([1, 2, 3, 4, 1, 2].map(rule));
    assert_eq!(nested.check_enforceable(), Ok(()));
    let mut refusal = labs();
    refusal.root = Root::Rule(rule(1).body);
    assert_eq!(refusal.check_enforceable(), Ok(()));
    assert_eq!(compose(wish("dr.haddad@cedar", "everything,V,HIV", "HRESCH")).unwrap().check_enforceable(), Ok(()));
}

#[test]
fn what_the_engine_does_not_evaluate_is_refused_by_name() {
    use NotEnforceable::NotActive;
    let member = || hospital("cedar");
    refused(|d| d.root = Root::Decision(Effect::Permit), &NotActive("a base decision without a root rule"));
    refused(|d| d.retention = Some(Retention::DeleteAfterDays(1)), &NotActive("a retention term"));
    refused(|d| d.obligations = list([text("DELAU")]), &NotActive("an obligation"));
    refused(|d| d.giver = Giver::Attested { by: text("n.saleh") }, &NotActive("a consent filed from paper"));
    let guardian = Giver::Guardian { display: text("M"), authority: text("court"), until: UnixMs(0) };
    refused(|d| d.giver = guardian, &NotActive("a guardian as giver"));
    for (actor, what) in [
        (Actor::Role(member(), text("nurse")), "a role as actor"),
        (Actor::Group(member(), text("team")), "a group as actor"),
        (Actor::Device(member(), text("pump")), "a device as actor"),
        (Actor::Agent(member(), text("model"), text("1")), "a software agent as actor"),
    ] {
        root_refused(|body| body.actors = list([actor.clone()]), &NotActive(what));
        refused(
            |d| d.rules = list([Rule { body: RuleBody { actors: list([actor]), ..rule(1).body }, depth: 1 }]),
            &NotActive(what),
        );
    }
    let period = Period { from: UnixMs(0), until: UnixMs(0) };
    root_refused(|body| body.data.data_period = Some(period), &NotActive("a period of data"));
    let meanings = [Meaning::Instance(text("a")), Meaning::Related(text("a")), Meaning::AuthoredBy(actor("cedar"))];
    for meaning in meanings {
        root_refused(|body| body.data.meanings = list([meaning]), &NotActive("naming single records or authors"));
    }
    let code = ClinicalCode { system: text("http://loinc.org"), code: text("1") };
    root_refused(|body| body.data.codes = list([code]), &NotActive("clinical codes"));
}

#[test]
fn malformed_documents_are_refused() {
    refused(|d| d.format = 2, &NotEnforceable::Format(2));
    refused(|d| d.version = 0, &NotEnforceable::Version);
    refused(|d| d.vocabulary = Digest::ZERO, &NotEnforceable::Vocabulary);
    refused(|d| d.period.until = UnixMs(d.period.from.0 - 1), &NotEnforceable::Period);
    refused(|d| d.custodian.display = text("Q\n"), &NotEnforceable::Name);
    refused(|d| d.custodian.name = text("Qamar"), &NotEnforceable::Name);
    refused(|d| d.supersedes = list([d.consent]), &NotEnforceable::SupersedesItself);
    refused(
        |d| d.supersedes = list([PublicKey([2; 32]), PublicKey([1; 32])]),
        &NotEnforceable::Order("superseded consents"),
    );
    refused(|d| d.class = Class::Research, &NotEnforceable::Class(text("TREAT")));
    for depths in [vec![2], vec![0], vec![1, 3], vec![1, 2, 3, 4, 5]] {
        refused(|d| d.rules = list(depths.into_iter().map(rule)), &NotEnforceable::Nesting);
    }
    let ended = Some(Period { from: UnixMs(1), until: UnixMs(0) });
    root_refused(|body| body.period = ended, &NotEnforceable::Period);
}

#[test]
fn a_root_names_why_and_may_leave_open_who_and_what_for() {
    root_refused(|body| body.purposes = list([]), &NotEnforceable::Unbounded("purpose"));
    let mut open = labs();
    if let Root::Rule(body) = &mut open.root {
        (body.actors, body.actions) = (list([]), list([]));
    }
    assert_eq!(open.check_enforceable(), Ok(()));
    // A wish that names nobody is a mistake and not everybody.
    let nobody = crate::compose::Wish { who: Vec::new(), ..wish("cedar", "labs", "TREAT") };
    assert_eq!(compose(nobody), Err(NotEnforceable::Unbounded("actor").into()));
    let nothing = crate::compose::Wish { actions: Vec::new(), ..wish("cedar", "labs", "TREAT") };
    assert_eq!(compose(nothing), Err(NotEnforceable::Unbounded("action").into()));
}

#[test]
fn codes_are_known_and_lists_have_one_order() {
    let unknown = || NotEnforceable::Code(text("NOSUCH"));
    root_refused(|body| body.purposes = list([text("NOSUCH")]), &unknown());
    root_refused(|body| body.data.types = list([TypeScope { of: text("NOSUCH"), category: None }]), &unknown());
    root_refused(|body| body.data.labels = list([text("NOSUCH")]), &unknown());
    root_refused(|body| body.data.except_labels = list([text("NOSUCH")]), &unknown());
    let scope = TypeScope { of: text("Condition"), category: Some(text("laboratory")) };
    let wrong = NotEnforceable::Category { of: text("Condition"), category: text("laboratory") };
    root_refused(|body| body.data.types = list([scope]), &wrong);
    root_refused(|body| body.actors = list([actor("cedar"), actor("cedar")]), &NotEnforceable::Order("actors"));
    root_refused(|body| body.purposes = list([text("TREAT"), text("COC")]), &NotEnforceable::Order("purposes"));
    root_refused(|body| body.actions = list([Action::Use, Action::Access]), &NotEnforceable::Order("actions"));
    root_refused(
        |body| body.data.except_labels = list([text("V"), text("R")]),
        &NotEnforceable::Order("excepted labels"),
    );
}

#[test]
fn a_consent_is_no_longer_than_its_purpose_allows() {
    let mut parameters = scene::genesis().parameters;
    parameters.purpose_limits = list(
        [("TREAT", 90), ("HRESCH", 30)]
            .map(|(purpose, days_max)| crate::genesis::PurposeLimit { purpose: text(purpose), days_max }),
    );
    let days = |purpose: &str| compose(wish("cedar", "labs", purpose)).unwrap().check_duration(&parameters);
    assert_eq!(days("TREAT"), Ok(()));
    assert_eq!(days("HRESCH"), Err(TooLongForPurpose { purpose: text("HRESCH"), days: 90, days_max: 30 }));
    assert_eq!(days("HPAYMT"), Ok(()), "a purpose not named has the limit of the first");
    let mut longer = labs();
    longer.period.until = longer.period.until.plus_ms(1001);
    assert_eq!(longer.check_duration(&parameters).map_err(|e| e.days), Err(91));
}

#[test]
fn members_are_called_what_the_network_calls_them() {
    let members: Vec<_> = scene::HOSPITALS.iter().map(|(name, _)| hospital(name)).collect();
    let names = |id: &MemberId| {
        let member = members.iter().find(|member| member.id == *id)?;
        Some((member.name.as_str(), member.display.as_str()))
    };
    assert_eq!(labs().check_names(names), Ok(()));
    let mut wish = wish("cedar", "labs", "TREAT");
    wish.who = vec![Actor::Member(MemberRef { id: hospital("zaytun").id, ..hospital("cedar") })];
    assert_eq!(compose(wish.clone()).unwrap().check_names(names), Err(NotEnforceable::Name));
    wish.who = vec![Actor::Member(MemberRef { id: MemberId(Digest::ZERO), ..hospital("cedar") })];
    assert_eq!(compose(wish).unwrap().check_names(names), Err(NotEnforceable::Name));
}

#[test]
fn the_commitment_hides_and_binds() {
    let document = labs();
    let one = crate::document::commitment(&[1; 32], &document);
    assert_ne!(one, crate::document::commitment(&[2; 32], &document));
    let mut other = document;
    other.supersedes = list([public_key(1)]);
    assert_ne!(one, crate::document::commitment(&[1; 32], &other));
}
