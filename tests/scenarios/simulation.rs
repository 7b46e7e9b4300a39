//! A hundred seeds under faults keep every promise, and every broken rule is noticed.

use amanah_consensus::{EvidenceKind, Mutant};
use amanah_tests::sim::{Adversary, Faults, Fixed, Memory, Plan, Scheme, Violation, run};
use std::collections::BTreeSet;

const SEEDS: u64 = 100;
const VIEWS: u64 = 100;
/// Seeds within which a broken rule must be noticed.
const MUTANT_SEEDS: u64 = 100;

#[test]
fn a_hundred_seeds_keep_every_promise() {
    let (mut faults, mut ed25519, mut convictions, mut broken) = (Faults::default(), 0, 0, Vec::new());
    for seed in 0..SEEDS {
        let plan = Plan::of(seed, VIEWS, Fixed::default());
        ed25519 += u64::from(plan.scheme == Scheme::Ed25519);
        let report = run(&plan);
        faults.add(&report.faults);
        match report.verdict {
            Ok(summary) => {
                assert!(summary.views >= VIEWS && summary.height >= 30, "{summary:?}");
                convictions += summary.convictions;
            }
            Err(violation) => broken.push(format!("{violation}\n  {}", plan.replay())),
        }
    }
    println!("{faults:#?}");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    println!("{convictions} contradictions of liars are proven on the ledger, none of anybody else");
    assert!(convictions > 0, "nobody was ever convicted");
    assert!(ed25519 >= 5, "only {ed25519} seeds with real signatures");
    for (name, times) in faults.counts() {
        assert!(times > 0, "{name} never happened");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let seeds = [3, 5, 8];
    let traces = seeds.map(|seed| run(&Plan::of(seed, VIEWS, Fixed::default())).trace);
    assert_eq!(traces, seeds.map(|seed| run(&Plan::of(seed, VIEWS, Fixed::default())).trace));
    assert!(traces[0] != traces[1] && traces[1] != traces[2]);
}

/// The first violation that these plans show.
fn first_violation(plans: impl Iterator<Item = Plan>) -> Option<(Plan, Violation)> {
    plans.into_iter().find_map(|plan| match run(&plan).verdict {
        Ok(_) | Err(Violation::Dead { .. }) => None,
        Err(violation) => Some((plan, violation)),
    })
}

#[test]
fn a_finalize_after_a_nullify_is_noticed() {
    let plans =
        (0..MUTANT_SEEDS).map(|seed| Plan::of(seed, VIEWS, Fixed::default()).with_mutant(Mutant::FinalizeAfterNullify));
    let (plan, violation) = first_violation(plans).expect("the mutant is noticed");
    println!("{violation}\n  {}", plan.replay());
    assert!(matches!(violation, Violation::Equivocation { which: "Nullify and Finalize", .. }), "{violation}");
}

#[test]
fn a_nullify_after_a_finalize_is_noticed() {
    // Its view is over before a validator could nullify it, unless a restart has forgotten why it was over.
    let plan = |seed| Plan::of(seed, VIEWS, Fixed::default()).with_memory(Memory::Votes);
    let mutants = (0..MUTANT_SEEDS).map(|seed| plan(seed).with_mutant(Mutant::NullifyAfterFinalize));
    let (caught, violation) = first_violation(mutants).expect("the mutant is noticed");
    println!("{violation}\n  {}", caught.replay());
    // Seen on the wire, or proved by the others from its votes.
    let noticed = matches!(violation, Violation::Equivocation { .. } | Violation::FalseEvidence { .. });
    assert!(noticed, "{violation}");
    // Those that keep the rule keep their word on the same disks.
    let honest = first_violation((0..=caught.seed).map(plan));
    assert!(honest.is_none(), "{honest:?}");
}

#[test]
fn a_quorum_of_one_vote_less_is_noticed() {
    let plans =
        (0..MUTANT_SEEDS).map(|seed| Plan::of(seed, VIEWS, Fixed::default()).with_mutant(Mutant::QuorumMinusOne));
    let (plan, violation) = first_violation(plans).expect("the mutant is noticed");
    println!("{violation}\n  {}", plan.replay());
    let noticed = matches!(violation, Violation::Fork { .. } | Violation::Refused { .. } | Violation::Alarm { .. });
    assert!(noticed, "{violation}");
}

#[test]
fn every_adversary_lies_in_some_seed_and_never_more_than_f_members() {
    let mut seen = BTreeSet::new();
    for seed in 0..2_000 {
        let plan = Plan::of(seed, VIEWS, Fixed::default());
        assert!(plan.liars.len() <= (plan.members - 1) / 3, "{plan:?}");
        seen.extend(plan.liars.into_iter().flat_map(|liar| liar.lies));
    }
    assert_eq!(seen, Adversary::all().iter().copied().collect());
}

#[test]
fn every_adversary_does_its_deed_and_the_network_goes_on() {
    for (seed, adversary) in Adversary::all().iter().enumerate() {
        let plan = Plan::of(seed as u64, VIEWS, Fixed::default()).with_adversaries(&[*adversary]);
        let report = run(&plan);
        assert!(report.verdict.is_ok(), "{:?}\n  {}", report.verdict, plan.replay());
        assert!(report.deeds.of(*adversary) > 0, "{} did nothing: {}", adversary.name(), plan.replay());
    }
}

#[test]
fn with_more_than_f_liars_forks_appear_and_name_the_guilty_alone() {
    let (mut forks, mut kinds) = (0, BTreeSet::new());
    for seed in 0..SEEDS {
        let plan = Plan::of(seed, VIEWS, Fixed::default()).over_limit();
        let summary = run(&plan).verdict.unwrap_or_else(|violation| panic!("{violation}\n  {}", plan.replay()));
        let Some(fork) = summary.fork else { continue };
        assert!(fork.guilty.len() > (plan.members - 1) / 3, "{fork:?}");
        assert!(fork.guilty.iter().all(|member| plan.liars.iter().any(|liar| liar.member == *member)), "{fork:?}");
        forks += 1;
        kinds.extend(fork.kinds);
    }
    println!("{forks} forks, by {kinds:?}");
    assert!(forks >= SEEDS / 4, "{forks} forks");
    assert!(kinds.contains(&EvidenceKind::DoubleNotarize) && kinds.contains(&EvidenceKind::NullifyAndFinalize));
}
