//! Whether a rule is about this requester, purpose, act and moment (CE-1 step 2).

use super::needs;
use crate::scene::{actor, ask, case, item, purpose, r5, with};
use amanah_ledger::mutant::Mutant;
use serde_json::{Value, json};

/// Refuses everything but what this rule permits.
fn only(rule: Value) -> Value {
    r5("deny", json!([rule]))
}

/// Permits everything but what this rule refuses.
fn but(rule: Value) -> Value {
    r5("permit", json!([rule]))
}

#[test]
fn a_rule_holds_in_its_own_time() {
    let in_june = only(json!({ "period": { "start": "2026-06-01", "end": "2026-06-30" } }));
    let on = |at: &'static str| case([in_june.clone()], ask(json!({}))).at(at);
    on("2026-06-30T20:00:00Z").check("permit");
    needs(Mutant::RulePeriodIgnored, || on("2026-07-01T00:00:00Z").is("deny"));
}

#[test]
fn a_rule_for_a_purpose_is_about_no_other_and_about_none_that_is_not_said() {
    let treatment = only(json!({ "purpose": [purpose("TREAT")] }));
    let to = |asked: Value| case([treatment.clone()], ask(json!({ "purpose": asked })));
    to(json!("TREAT")).check("permit");
    needs(Mutant::PurposeIgnored, || to(json!("HMARKT")).is("deny"));
    needs(Mutant::PurposeIgnored, || to(json!([])).is("deny"));
    let foreign = json!({ "system": "http://example.org/purposes", "code": "TREAT" });
    to(foreign.clone()).check("deny");
    case([only(json!({ "purpose": [foreign.clone()] }))], ask(json!({ "purpose": foreign }))).check("permit");
}

#[test]
fn a_purpose_covers_its_parts() {
    let research = only(json!({ "purpose": [purpose("HRESCH")] }));
    needs(Mutant::PurposeExact, || case([research.clone()], ask(json!({ "purpose": "CLINTRCHPC" }))).is("permit"));
    case([only(json!({ "purpose": [purpose("CLINTRCH")] }))], ask(json!({ "purpose": "HRESCH" }))).check("deny");
}

#[test]
fn treatment_covers_no_emergency_and_an_emergency_no_broken_glass() {
    let treatment = only(json!({ "purpose": [purpose("TREAT")] }));
    needs(Mutant::EmergencyInherited, || {
        ["ETREAT", "ERTREAT"].iter().all(|asked| case([treatment.clone()], ask(json!({ "purpose": asked }))).is("deny"))
    });
    let emergency = only(json!({ "purpose": [purpose("ETREAT")] }));
    case([emergency.clone()], ask(json!({ "purpose": "ERTREAT" }))).check("permit");
    needs(Mutant::BreakGlassInherited, || case([emergency.clone()], ask(json!({ "purpose": "BTG" }))).is("deny"));
    // Nor does a refusal of treatment refuse an emergency.
    let no_treatment = but(json!({ "purpose": [purpose("TREAT")] }));
    case([no_treatment], ask(json!({ "purpose": "ETREAT" }))).check("permit");
}

#[test]
fn a_rule_for_an_act_is_about_no_other() {
    let action = json!({ "system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "access" });
    let read = only(json!({ "action": [{ "coding": [action] }] }));
    case([read.clone()], ask(json!({}))).check("permit");
    needs(Mutant::ActionIgnored, || case([read.clone()], ask(json!({ "action": "correct" }))).is("deny"));
}

#[test]
fn a_rule_for_somebody_is_about_nobody_else() {
    let cedar = only(json!({ "actor": [actor("IRCP", "Organization/cedar")] }));
    case([cedar.clone()], ask(json!({}))).check("permit");
    let rawda = json!({ "requester": { "organisations": ["Organization/rawda"] } });
    needs(Mutant::ActorIgnored, || case([cedar.clone()], ask(rawda.clone())).is("deny"));
}

#[test]
fn an_actors_role_says_on_which_side_to_look() {
    let kept_by = |who: &str| but(json!({ "actor": [actor("CST", who)] }));
    let written_by = |who: &str| but(json!({ "actor": [actor("AUT", who)] }));
    needs(Mutant::SideIgnored, || case([kept_by("Organization/qamar")], ask(json!({}))).is("deny DENIED"));
    needs(Mutant::SideIgnored, || case([written_by("Practitioner/omar")], ask(json!({}))).is("deny DENIED"));
    needs(Mutant::SideIgnored, || case([kept_by("Organization/cedar")], ask(json!({}))).is("permit"));
    let unknown = ask(json!({ "items": [item(json!({ "custodian": null, "author": null }))] }));
    case([kept_by("Organization/qamar")], unknown.clone()).check("deny DENIED");
    case([only(json!({ "actor": [actor("AUT", "Practitioner/omar")] }))], unknown).check("deny NOT_COVERED");
}

#[test]
fn an_organisation_covers_what_is_a_part_of_it() {
    let cedar = only(json!({ "actor": [actor("IRCP", "Organization/cedar")] }));
    let ward = |above: &str| json!({ "resourceType": "Organization", "partOf": { "reference": above } });
    let chain = json!({ "resolve": {
        "Organization/ward": ward("Organization/house"),
        "Organization/house": ward("Organization/cedar"),
    } });
    let request = ask(json!({ "requester": { "organisations": ["Organization/ward"] } }));
    needs(Mutant::SubUnitsUnknown, || case([cedar.clone()], request.clone()).resolve(chain.clone()).is("permit"));
    let ward_only = only(json!({ "actor": [actor("IRCP", "Organization/ward")] }));
    case([ward_only], ask(json!({}))).resolve(chain).check("deny");
}

#[test]
fn a_member_of_a_team_is_one_while_the_membership_lasts() {
    let team = only(json!({ "actor": [actor("IRCP", "CareTeam/7")] }));
    let request = ask(json!({ "requester": { "practitioner": "Practitioner/omar" } }));
    let member = |period: Value| json!({ "member": { "reference": "Practitioner/omar" }, "period": period });
    let resolved = |period: Value| {
        let team = json!({ "resourceType": "CareTeam", "status": "active", "participant": [member(period)] });
        json!({ "resolve": { "CareTeam/7": team } })
    };
    let on = |at: &'static str| {
        let period = json!({ "start": "2026-01-01", "end": "2026-06-30" });
        case([team.clone()], request.clone()).resolve(resolved(period)).at(at)
    };
    on("2026-06-30T12:00:00Z").check("permit");
    needs(Mutant::MembershipTimeless, || on("2026-07-01T00:00:00Z").is("deny"));
    needs(Mutant::MembershipTimeless, || on("2025-12-31T00:00:00Z").is("deny"));
    // A claim counts where nobody here knows the members, and not against those who do.
    let claims = with(
        request.clone(),
        json!({ "requester": { "practitioner": "Practitioner/omar", "groups": ["CareTeam/7"] } }),
    );
    case([team.clone()], claims.clone()).check("permit");
    let ended = json!({ "end": "2026-01-01" });
    case([team.clone()], claims).resolve(resolved(ended)).check("deny");
    // A team that nobody knows could be anybody's: a refusal of it meets everyone.
    case([but(json!({ "actor": [actor("IRCP", "CareTeam/7")] }))], request).check("deny DENIED");
}
