//! What ADR 19 and `amanah policy` say of what lists can say, sentence by sentence.

use super::by_hand::{
    answers, asked, but, category, class, consent, data, for_kinds, level, observations, of, only, pair, permit, rule,
    sensitive,
};
use super::listed::Expected::{Outcome as AsSaid, Unsayable, UnsayableTogether};
use amanah_ledger::document::Effect::{Deny, Permit};
use amanah_ledger::engine::{
    Actor, Class, Consent, ConsentRoot, Data, Identifier, Listed, Obligation, Outcome, Party, Query, Redacted as Of,
    Redaction, Rule, Side,
};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::Vocabulary;

/// "Who asks for one category is not given another, though a record may be of both."
#[test]
fn who_asks_for_one_category_is_not_given_another() {
    let classes = [class(category("vital-signs"))].into();
    let vital = only(vec![rule(Permit, Data { classes, ..Data::default() }, vec![])]);
    assert_eq!(asked(vital.clone(), for_kinds(&[category("vital-signs")])), permit(AsSaid));
    assert_eq!(asked(vital, for_kinds(&[category("laboratory")])), permit(Unsayable));
}

/// "A confidentiality that is asked for is the least that a record found has: what is higher beside it is left out";
/// and a list that releases a confidentiality releases what is lower.
#[test]
fn confidentiality_is_said_from_above_only() {
    let from = |code: &str| but(Data { except_labels: [level(code)].into(), ..Data::default() });
    assert_eq!(asked(from("R"), Query::default()), permit(Unsayable));
    let labelled = |code: &str| Query { labels: [level(code)].into(), ..Query::default() };
    assert_eq!(asked(from("R"), labelled("R")), permit(AsSaid));
    assert_eq!(asked(from("R"), labelled("N")), permit(Unsayable));
}

/// "Each of several kinds keeps its own lists; what is released of one does not narrow another."
#[test]
fn kinds_keep_what_is_released_of_them() {
    let permits = vec![
        rule(Permit, data(&["Observation"], &["PSY"]), vec![]),
        rule(Permit, data(&["Condition"], &["HIV"]), vec![]),
    ];
    let both = for_kinds(&[of("Observation"), of("Condition")]);
    assert_eq!(asked(only(permits), both), [permit(AsSaid), permit(AsSaid)].concat());
}

/// What is left out is left out of every kind: so of laboratory documents neither part can be.
#[test]
fn what_is_left_out_of_one_kind_is_left_out_of_all() {
    let laboratory = Class { of: of("DocumentReference"), category: Some(category("laboratory")) };
    let consents = || but(Data { classes: [laboratory.clone()].into(), ..Data::default() });
    let kinds = [category("laboratory"), of("DocumentReference")];
    assert_eq!(asked(consents(), for_kinds(&kinds[..1])), permit(AsSaid));
    assert_eq!(asked(consents(), for_kinds(&kinds[1..])), permit(AsSaid));
    let together = [permit(UnsayableTogether), permit(UnsayableTogether)].concat();
    assert_eq!(asked(consents(), for_kinds(&kinds)), together);
}

/// "A query of which the lists of what to leave out would leave nothing is refused" (`amanah policy`).
#[test]
fn what_a_consent_asks_to_be_left_out_may_leave_nothing() {
    let listed = Listed { codes: vec![sensitive("HIV")], ..Listed::default() };
    let obligations = vec![Obligation::Redact(Redaction { of: Of::AnyOf, listed })];
    let asks =
        || vec![Consent { obligations: obligations.clone(), ..consent("asks", ConsentRoot::Decision(Permit), vec![]) }];
    assert_eq!(asked(asks(), observations()), permit(AsSaid));
    assert_eq!(asked(asks(), Query { labels: [sensitive("HIV")].into(), ..observations() }), permit(Unsayable));
}

/// The default policy "changes `effect` and never `decision`"; and what it permits is not let out beside a permit.
#[test]
fn no_consent_is_said_whatever_the_default() {
    let actors =
        vec![Actor { side: Side::Author, party: Party::Named([Identifier::reference("Practitioner/a")].into()) }];
    let root = Rule { actors, ..rule(Permit, Data::default(), vec![]) };
    let by_author = || vec![consent("author", ConsentRoot::Rule(root.clone()), vec![])];
    let root = consent("root", ConsentRoot::Rule(rule(Deny, data(&[], &["PSY"]), vec![])), vec![]);
    for default in [DefaultPolicy::Deny, DefaultPolicy::AllNormal] {
        assert_eq!(answers(&pair(by_author(), observations(), default)), permit(AsSaid));
        let said = answers(&pair(vec![root.clone()], observations(), default));
        assert_eq!(said, vec![(Outcome::NoConsent, AsSaid)]);
    }
}

/// A label that an older consent's table does not know "helps no permit and meets every refusal" (the consent model).
/// Of one that covers a label which is permitted no list leaves out what has both.
#[test]
fn labels_that_an_older_consent_takes_for_any_are_withheld() {
    let permits = || Data { except_labels: [sensitive("HIV")].into(), ..data(&[], &["PSYTHPN"]) };
    let read_by = |vocabulary| vec![Consent { vocabulary, ..only(vec![rule(Permit, permits(), vec![])]).remove(0) }];
    assert_eq!(asked(read_by(Vocabulary::v2()), observations()), permit(AsSaid));
    assert_eq!(asked(read_by(Vocabulary::v1()), observations()), permit(Unsayable));
}
