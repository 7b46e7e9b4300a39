//! The rules of the protocol, each with what misses it.

use super::Notice::{Test, Worlds as In};
use super::{Bug, Promised, Worlds};
use crate::sim::{Adversary, Memory};
use amanah_consensus::Mutant;

/// Four members, whatever the seed says of them.
const fn four(seeds_max: u64, breaks: Promised) -> Worlds {
    Worlds { members: 4, liar: None, memory: Memory::Whole, seeds_max, breaks }
}

/// Four members, one of which lies so.
const fn with(liar: Adversary, seeds_max: u64, breaks: Promised) -> Worlds {
    Worlds { liar: Some(liar), ..four(seeds_max, breaks) }
}

const fn bug(mutant: Mutant, stands_for: &'static str, noticed_by: &'static [super::Notice]) -> Bug {
    Bug { mutant, stands_for, noticed_by }
}

/// Every rule of the protocol that can be left out.
pub(super) const BUGS: &[Bug] = &[
    bug(
        Mutant::FinalizeAfterNullify,
        "R4",
        &[In(four(20, Promised::Word)), Test("a_view_given_up_is_never_finalized_also_once_it_is_left")],
    ),
    bug(
        Mutant::NullifyAfterFinalize,
        "R3, pitfall 2",
        &[In(Worlds { memory: Memory::Votes, ..four(40, Promised::Word) })],
    ),
    bug(Mutant::QuorumMinusOne, "quorum", &[In(four(20, Promised::Agreement))]),
    bug(Mutant::TxRootOverActs, "refinement 1", &[Test("other_signatures_under_a_blocks_name_are_no_verdict_over_it")]),
    bug(
        Mutant::SignaturesKnownByAct,
        "refinement 1",
        &[Test("signatures_checked_under_other_bytes_of_an_act_do_not_count")],
    ),
    bug(
        Mutant::ProposalFaultCondemnsBlock,
        "refinement 2",
        &[Test("a_block_refused_in_one_view_is_no_reason_to_stop_when_it_is_certified_in_its_own")],
    ),
    bug(
        Mutant::NotarizationNotKept,
        "refinement 3",
        &[In(four(40, Promised::Progress)), Test("after_all_crash_the_notarization_under_a_finalize_is_still_there")],
    ),
    bug(Mutant::NoPull, "refinement 4", &[Test("a_transaction_that_gossip_lost_is_pulled")]),
    bug(
        Mutant::FullBlocksAboveDepth,
        "refinement 5",
        &[Test("a_tail_at_its_depth_bound_becomes_final_through_an_empty_block")],
    ),
    bug(Mutant::ClockDeclinesToLead, "refinement 7", &[Test("a_slow_network_has_leaders")]),
    bug(Mutant::FailedActUsedUp, "refinement 8", &[Test("a_transaction_that_a_liar_had_fail_waits_for_its_time")]),
    bug(
        Mutant::UnknownRevocationDropped,
        "refinement 8",
        &[Test("a_consent_revoked_before_it_is_granted_is_never_in_force")],
    ),
    bug(
        Mutant::WorkByHearsay,
        "refinement 10",
        &[In(four(20, Promised::Silence)), Test("a_network_whose_work_is_done_falls_asleep")],
    ),
    bug(Mutant::AnythingPendingIsWork, "refinement 11", &[Test("what_no_block_can_include_yet_is_no_work")]),
    bug(Mutant::HeaderUnchecked, "refinement 13", &[Test("a_block_beside_its_certified_parent_gets_no_vote")]),
    bug(Mutant::FinalizationNotSpread, "refinement 14", &[Test("a_finalization_reaches_those_who_went_on")]),
    bug(
        Mutant::NothingAskedAfterJump,
        "refinement 15",
        &[Test("a_leader_that_jumped_over_views_gets_their_certificates")],
    ),
    bug(Mutant::BlocksFromAnybody, "refinement 16", &[Test("a_block_is_asked_of_each_of_its_signers_within_delta")]),
    bug(Mutant::WokenWhileIdle, "refinement 17", &[Test("a_leader_that_gives_up_does_not_wake_an_idle_validator")]),
    bug(
        Mutant::RevocationNotOnDisk,
        "refinement 20",
        &[Test("what_was_revoked_here_is_denied_here_also_after_a_power_cut")],
    ),
    bug(
        Mutant::RevocationNotReadAgain,
        "refinement 20",
        &[Test("what_was_revoked_here_is_denied_here_also_after_a_power_cut")],
    ),
    bug(Mutant::RevocationSentOnce, "refinement 20", &[Test("what_was_revoked_here_is_sent_until_it_is_final")]),
    bug(Mutant::RetryKeepsItsDistance, "refinement 22", &[Test("a_network_that_is_whole_again_goes_on_at_once")]),
    bug(Mutant::PaddingAccepted, "refinement 23", &[Test("an_empty_block_on_a_final_parent_gets_no_vote")]),
    bug(
        Mutant::SlotBeforeSignature,
        "refinement 24",
        &[Test("a_proposal_forged_by_another_leaves_the_leaders_place_free")],
    ),
    bug(
        Mutant::RepeatedWhileIdle,
        "refinement 25",
        &[Test("a_vote_that_a_liar_called_for_is_not_repeated_while_nobody_has_work")],
    ),
    bug(Mutant::ConnectionPutsRetryOff, "refinement 26", &[Test("who_connects_anew_all_the_time_puts_no_repeat_off")]),
    bug(
        Mutant::VotesForgotten,
        "pitfall 1",
        &[In(four(20, Promised::Word)), Test("a_view_given_up_is_never_finalized_also_once_it_is_left")],
    ),
    bug(Mutant::OwnVotesNotCounted, "pitfall 3", &[Test("after_all_crash_own_votes_count_again")]),
    bug(
        Mutant::VotesCountedTwice,
        "pitfall 4",
        &[In(four(20, Promised::Agreement)), Test("two_voters_who_repeat_themselves_certify_nothing")],
    ),
    bug(Mutant::SignersCountedTwice, "pitfall 5", &[Test("one_signature_three_times_certifies_nothing")]),
    bug(
        Mutant::QuorumTwoFPlusOne,
        "pitfall 6",
        &[In(Worlds { members: 5, ..four(20, Promised::Agreement) }), Test("three_of_five_certify_nothing")],
    ),
    bug(
        Mutant::EquivocationHalts,
        "pitfall 7",
        &[In(four(20, Promised::Progress)), Test("a_leader_that_contradicts_itself_stops_nobody")],
    ),
    bug(
        Mutant::SlotOverCertificate,
        "pitfall 8, refinement 24",
        &[
            In(with(Adversary::Equivocator, 20, Promised::Progress)),
            Test("a_certified_block_is_fetched_though_the_leader_showed_us_another"),
        ],
    ),
    bug(
        Mutant::FirstCertificateOnly,
        "pitfall 9",
        &[In(four(20, Promised::Progress)), Test("a_view_with_both_certificates_serves_those_who_know_either")],
    ),
    bug(
        Mutant::SkipsUnproven,
        "pitfall 10",
        &[In(four(40, Promised::Agreement)), Test("a_proposal_that_skips_a_notarized_view_without_proof_gets_no_vote")],
    ),
    bug(
        Mutant::CertificatesKept,
        "pitfall 11",
        &[
            In(with(Adversary::SelectiveForwarder, 20, Promised::Progress)),
            Test("a_certificate_that_one_could_form_reaches_all"),
        ],
    ),
    bug(
        Mutant::VotesSentOnce,
        "pitfall 12",
        &[In(four(20, Promised::Progress)), Test("votes_that_got_lost_are_said_again")],
    ),
];
