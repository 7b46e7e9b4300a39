//! The rules by which consents are decided, each with the test that misses it.

use super::{Bug, Notice};
use amanah_consensus::Mutant;

const fn bug(mutant: Mutant, stands_for: &'static str, noticed_by: &'static [Notice]) -> Bug {
    Bug { mutant, stands_for, noticed_by }
}

/// Every rule of CE-1 that can be left out, by its step.
pub(super) const DECISIONS: &[Bug] = &[
    bug(Mutant::UnknownPartPermits, "CE-1 step 0", &[Notice::Test("a_part_that_nobody_understands_helps_no_permit")]),
    bug(
        Mutant::UnknownPartRefusesNothing,
        "CE-1 step 0",
        &[Notice::Test("a_refusal_is_read_without_the_part_that_nobody_understands")],
    ),
    bug(
        Mutant::AliasesUnknown,
        "CE-1 step 0",
        &[Notice::Test("codes_are_known_by_the_older_addresses_of_their_system")],
    ),
    bug(Mutant::RootTypeGuessed, "CE-1 step 0", &[Notice::Test("an_r4_consent_says_at_its_root_what_it_does")]),
    bug(Mutant::LimitsUnchecked, "CE-1 step 0", &[Notice::Test("a_tree_has_at_most_four_levels_and_sixty_four_rules")]),
    bug(Mutant::ModifierIgnored, "CE-1 step 0", &[Notice::Test("what_changes_the_meaning_of_the_rest_is_refused")]),
    bug(Mutant::PatientUnchecked, "CE-1 step 1", &[Notice::Test("a_consent_of_somebody_else_says_nothing")]),
    bug(
        Mutant::CustodianUnchecked,
        "CE-1 step 1",
        &[Notice::Test("a_consent_about_another_hospitals_records_says_nothing")],
    ),
    bug(
        Mutant::ClassUnchecked,
        "CE-1 step 1",
        &[Notice::Test("a_consent_to_care_says_nothing_about_a_request_for_research")],
    ),
    bug(Mutant::DraftSpeaks, "CE-1 step 1", &[Notice::Test("drafts_and_errors_say_nothing")]),
    bug(Mutant::EndedSpeaks, "CE-1 step 1", &[Notice::Test("an_ended_consent_is_named_and_permits_nothing")]),
    bug(
        Mutant::ConsentPeriodIgnored,
        "CE-1 step 1",
        &[Notice::Test("a_consent_holds_from_the_beginning_to_the_end_of_its_time")],
    ),
    bug(
        Mutant::DayEndsAtItsBeginning,
        "CE-1 step 1",
        &[Notice::Test("a_period_that_ends_on_a_day_ends_with_that_day_in_utc")],
    ),
    bug(
        Mutant::AuthorityUnchecked,
        "CE-1 step 1",
        &[Notice::Test("a_guardians_consent_ends_with_the_guardians_authority")],
    ),
    bug(Mutant::RulePeriodIgnored, "CE-1 step 2", &[Notice::Test("a_rule_holds_in_its_own_time")]),
    bug(
        Mutant::PurposeIgnored,
        "CE-1 step 2",
        &[Notice::Test("a_rule_for_a_purpose_is_about_no_other_and_about_none_that_is_not_said")],
    ),
    bug(Mutant::PurposeExact, "CE-1 step 2", &[Notice::Test("a_purpose_covers_its_parts")]),
    bug(
        Mutant::EmergencyInherited,
        "CE-1 step 2",
        &[Notice::Test("treatment_covers_no_emergency_and_an_emergency_no_broken_glass")],
    ),
    bug(
        Mutant::BreakGlassInherited,
        "CE-1 step 2",
        &[Notice::Test("treatment_covers_no_emergency_and_an_emergency_no_broken_glass")],
    ),
    bug(Mutant::ActionIgnored, "CE-1 step 2", &[Notice::Test("a_rule_for_an_act_is_about_no_other")]),
    bug(Mutant::ActorIgnored, "CE-1 step 2", &[Notice::Test("a_rule_for_somebody_is_about_nobody_else")]),
    bug(Mutant::SideIgnored, "CE-1 step 2", &[Notice::Test("an_actors_role_says_on_which_side_to_look")]),
    bug(Mutant::SubUnitsUnknown, "CE-1 step 2", &[Notice::Test("an_organisation_covers_what_is_a_part_of_it")]),
    bug(
        Mutant::MembershipTimeless,
        "CE-1 step 2",
        &[Notice::Test("a_member_of_a_team_is_one_while_the_membership_lasts")],
    ),
    bug(Mutant::LabelIgnored, "CE-1 step 3", &[Notice::Test("a_rule_for_a_label_is_about_no_other_data")]),
    bug(
        Mutant::ExceptedLabelIgnored,
        "CE-1 step 3",
        &[Notice::Test("what_a_permit_leaves_out_by_label_is_not_covered")],
    ),
    bug(
        Mutant::ConfidentialityExact,
        "CE-1 step 3",
        &[Notice::Test("a_permit_up_to_a_confidentiality_covers_what_is_lower")],
    ),
    bug(Mutant::LowestLabelCounts, "CE-1 step 3", &[Notice::Test("of_several_confidentialities_the_highest_counts")]),
    bug(Mutant::UnlabelledCountsForNothing, "CE-1 step 3", &[Notice::Test("unlabelled_data_is_normal")]),
    bug(
        Mutant::RefusalUpTo,
        "CE-1 step 3",
        &[Notice::Test("a_refusal_from_a_confidentiality_on_leaves_what_is_lower")],
    ),
    bug(Mutant::SensitivityExact, "CE-1 step 3", &[Notice::Test("a_sensitivity_covers_its_parts")]),
    bug(
        Mutant::UnknownLabelHarmless,
        "CE-1 step 3",
        &[Notice::Test("a_sensitivity_that_nobody_knows_meets_every_refusal_and_helps_no_permit")],
    ),
    bug(Mutant::DataPeriodIgnored, "CE-1 step 3", &[Notice::Test("a_rule_for_data_from_a_time_is_about_no_other")]),
    bug(Mutant::RecordIgnored, "CE-1 step 3", &[Notice::Test("a_rule_for_a_record_is_about_no_other")]),
    bug(Mutant::RelatedIsInstance, "CE-1 step 3", &[Notice::Test("what_hangs_on_a_record_is_meant_with_it")]),
    bug(Mutant::ClassIgnored, "CE-1 step 3", &[Notice::Test("a_rule_for_a_kind_of_data_is_about_no_other")]),
    bug(Mutant::CodeIgnored, "CE-1 step 3", &[Notice::Test("a_rule_for_a_clinical_code_is_about_no_other_data")]),
    bug(Mutant::ExceptionsIgnored, "CE-1 step 4", &[Notice::Test("exceptions_are_read_as_deep_as_they_go")]),
    bug(Mutant::ExceptionsUngated, "CE-1 step 4", &[Notice::Test("an_exception_counts_only_where_its_rule_fits")]),
    bug(
        Mutant::SiblingPermitPrevails,
        "CE-1 step 4",
        &[Notice::Test("a_rule_side_by_side_with_a_refusal_does_not_lift_it")],
    ),
    bug(
        Mutant::NestedTypeIgnored,
        "CE-1 step 4",
        &[Notice::Test("a_rule_does_what_it_says_and_only_without_a_word_the_opposite")],
    ),
    bug(
        Mutant::BaseRefusalBounds,
        "CE-1 step 4",
        &[Notice::Test("a_base_refusal_that_is_all_a_consent_says_is_a_refusal")],
    ),
    bug(Mutant::BaseRefusalExplicit, "CE-1 step 4", &[Notice::Test("a_base_refusal_around_a_permit_only_bounds_it")]),
    bug(
        Mutant::RootGatesRules,
        "CE-1 step 4",
        &[Notice::Test("rules_below_an_r4_root_are_read_where_the_root_does_not_fit")],
    ),
    bug(Mutant::RootDataIgnored, "CE-1 step 4", &[Notice::Test("the_data_of_an_r4_root_narrows_it")]),
    bug(Mutant::RefusalYields, "CE-1 step 5", &[Notice::Test("a_refusal_prevails_over_another_consents_permit")]),
    bug(
        Mutant::NotCoveredIsSilent,
        "CE-1 step 5",
        &[Notice::Test("a_consent_that_covers_less_denies_where_no_other_permits")],
    ),
    bug(Mutant::ReplacedSpeaks, "CE-1 step 5", &[Notice::Test("a_consent_given_again_replaces_the_refusal_it_names")]),
    bug(
        Mutant::DefaultReplacesOutcome,
        "CE-1 step 6",
        &[Notice::Test("the_default_is_reported_beside_what_the_consents_say")],
    ),
    bug(
        Mutant::EmergencyUnattested,
        "CE-1 step 7",
        &[Notice::Test("a_declared_emergency_overrides_and_is_never_called_a_permit")],
    ),
    bug(
        Mutant::EmergencyRefusalIgnored,
        "CE-1 step 7",
        &[Notice::Test("a_patient_may_refuse_breaking_the_glass_where_the_policy_honours_it")],
    ),
    bug(
        Mutant::EmergencyUnaudited,
        "CE-1 step 7",
        &[Notice::Test("a_declared_emergency_overrides_and_is_never_called_a_permit")],
    ),
    bug(
        Mutant::ObligationsDropped,
        "CE-1 step 8",
        &[Notice::Test("what_a_consent_asks_of_those_it_permits_goes_with_the_answer")],
    ),
    bug(
        Mutant::NoticeDropped,
        "CE-1 step 8",
        &[Notice::Test("records_of_substance_use_treatment_leave_with_their_notice")],
    ),
    bug(
        Mutant::UnknownObligationPermits,
        "CE-1 step 8",
        &[Notice::Test("what_a_consent_asks_of_those_it_permits_goes_with_the_answer")],
    ),
    bug(
        Mutant::WithheldNotRedacted,
        "CE-1 step 9",
        &[Notice::Test("what_rules_withhold_is_left_out_of_what_is_permitted")],
    ),
    bug(
        Mutant::WithheldKindReleased,
        "CE-1 step 9",
        &[Notice::Test("a_kind_that_is_withheld_is_refused_when_it_is_asked_for")],
    ),
    bug(
        Mutant::ListsUnchecked,
        "CE-1 step 9",
        &[Notice::Test("no_list_releases_what_only_a_label_tells_that_it_cannot_say")],
    ),
    bug(
        Mutant::UnsaidLeftToDefault,
        "CE-1 step 9",
        &[Notice::Test("what_is_permitted_and_no_list_can_say_is_refused_and_not_left_to_the_default")],
    ),
    bug(Mutant::PartReleasedWhole, "CE-1 step 9", &[Notice::Test("a_refusal_with_exceptions_releases_only_them")]),
    bug(Mutant::JudgementSkipped, "CE-1 research", &[Notice::Test("what_only_people_can_judge_goes_to_them")]),
    bug(Mutant::DiseaseExact, "CE-1 research", &[Notice::Test("a_disease_covers_what_falls_under_it")]),
    bug(Mutant::UseConditionsIgnored, "CE-1 research", &[Notice::Test("the_conditions_of_a_use_hold")]),
    bug(Mutant::GateIgnored, "CE-1 research", &[Notice::Test("a_closed_gate_lets_nothing_through")]),
    bug(Mutant::PiecesCombined, "CE-1 research", &[Notice::Test("pieces_of_different_consents_do_not_add_up")]),
    bug(Mutant::RetroactiveIgnored, "CE-1 research", &[Notice::Test("a_retroactive_permit_reaches_back")]),
];
