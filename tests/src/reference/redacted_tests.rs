//! What ADR 19 and `amanah policy` say of kinds that are themselves redacted, sentence by sentence.

use super::by_hand::{
    asked, but, category, consent, data, for_kinds, level, observations, of, only, permit, rule, sensitive, year,
};
use super::listed::Expected::{Outcome as AsSaid, Redacted};
use amanah_ledger::document::Effect::{Deny, Permit};
use amanah_ledger::engine::{
    Actor, Class, Consent, ConsentRoot, ConsentStanding, Data, Identifier, Outcome, Party, Query, Records, Rule, Side,
};
use amanah_ledger::vocabulary::{Coding, system};

/// "A kind that a refusal names beside another code (*psychiatric observations*) is refused when it is asked for; it
/// may be asked for by record, or not by name."
#[test]
fn a_kind_beside_another_code_is_refused_by_name() {
    let psychiatric = || but(data(&["Observation"], &["PSY"]));
    assert_eq!(asked(psychiatric(), observations()), permit(Redacted));
    assert_eq!(asked(psychiatric(), Query::default()), permit(AsSaid));
    assert_eq!(asked(psychiatric(), for_kinds(&[of("Condition")])), permit(AsSaid));
    assert_eq!(asked(but(data(&[], &["PSY"])), observations()), permit(AsSaid));
    assert_eq!(asked(but(data(&["Observation"], &[])), observations()), vec![(Outcome::Deny, AsSaid)]);
}

/// "One part is listed: single records, else a time, else whose they are, else its codes; the first of them that leaves
/// something of what is asked for": of *observations of 2019* "the year is left out" (the consent model).
#[test]
fn what_is_listed_before_codes_leaves_the_kind() {
    let of_year = || Data { period: Some(year()), ..data(&["Observation"], &["PSY"]) };
    assert_eq!(asked(but(of_year()), observations()), permit(AsSaid));
    assert_eq!(asked(but(of_year()), Query { period: Some(year()), ..observations() }), permit(Redacted));
    let one = Records::Instance([Identifier::reference("Observation/1")].into());
    let of_record = Data { records: vec![one], ..data(&["Observation"], &["PSY"]) };
    assert_eq!(asked(but(of_record), observations()), permit(AsSaid));
    let whose = |side: Side, party: Party| {
        let actors = vec![Actor { side, party }];
        let rules = vec![Rule { actors, ..rule(Deny, data(&["Observation"], &["PSY"]), vec![]) }];
        vec![consent("whose", ConsentRoot::Decision(Permit), rules)]
    };
    let author = Party::Named([Identifier::reference("Practitioner/a")].into());
    assert_eq!(asked(whose(Side::Author, author), observations()), permit(AsSaid));
    assert_eq!(asked(whose(Side::Recipient, Party::Anyone), observations()), permit(Redacted));
}

/// "A refusal of all but some sensitivities is said as what is released."
#[test]
fn all_but_some_sensitivities_is_no_list_of_the_kind() {
    let all_but = |label: Coding| but(Data { except_labels: [label].into(), ..data(&["Observation"], &[]) });
    assert_eq!(asked(all_but(sensitive("PSY")), observations()), permit(AsSaid));
    // No list releases what is restricted or more alone, so the codes are listed.
    assert_eq!(asked(all_but(level("R")), observations()), permit(Redacted));
}

/// "Where nothing else is permitted, what the exceptions of one refusal give back of it is released alone."
#[test]
fn what_a_refusal_gives_back_is_released_where_nothing_else_is() {
    let refused = |exceptions| rule(Deny, data(&["Observation"], &["HIV"]), exceptions);
    let back = || refused(vec![rule(Permit, data(&[], &["PSY"]), vec![])]);
    let more = || rule(Permit, data(&["Observation"], &["ETH"]), vec![]);
    assert_eq!(asked(only(vec![back()]), observations()), permit(AsSaid));
    // What else is permitted of a kind that is named does not go beside it, and not without it.
    assert_eq!(asked(only(vec![back(), more()]), observations()), permit(AsSaid));
    assert_eq!(asked(only(vec![refused(vec![]), more()]), observations()), permit(Redacted));
}

/// "From matching data-scoped denies" (step 9): of consents that apply, about this exchange.
#[test]
fn only_refusals_that_count_redact_a_kind() {
    let all = || consent("all", ConsentRoot::Decision(Permit), vec![]);
    let psychiatric = || but(data(&["Observation"], &["PSY"])).remove(0);
    assert_eq!(asked(vec![all(), psychiatric()], observations()), permit(Redacted));
    let ended = Consent { standing: ConsentStanding::Ended, ..psychiatric() };
    assert_eq!(asked(vec![all(), ended], observations()), permit(AsSaid));
    let replacing = Consent { since: 1, supersedes: ["but".to_owned()].into(), ..all() };
    assert_eq!(asked(vec![replacing, psychiatric()], observations()), permit(AsSaid));
    let mut for_research = psychiatric();
    for_research.rules[0].purposes = [Coding::new(system::PURPOSE, "HRESCH")].into();
    assert_eq!(asked(vec![all(), for_research], observations()), permit(AsSaid));
}

/// What the rule above a refusal names, and a category within the type, is not the kind that is asked for.
#[test]
fn a_kind_is_named_by_a_refusal_itself() {
    let restricted = Data { labels: [level("R")].into(), ..Data::default() };
    let above = rule(Permit, data(&["Observation"], &[]), vec![rule(Deny, restricted, vec![])]);
    assert_eq!(asked(only(vec![above]), observations()), permit(AsSaid));
    let laboratory = Class { of: of("Observation"), category: Some(category("laboratory")) };
    let within = || Data { classes: [laboratory.clone()].into(), ..Data::default() };
    assert_eq!(asked(but(within()), observations()), permit(AsSaid));
    let root = consent("root", ConsentRoot::Rule(rule(Deny, data(&["Observation"], &["PSY"]), vec![])), vec![]);
    assert_eq!(asked(vec![root], observations()), vec![(Outcome::NoConsent, Redacted)]);
}
