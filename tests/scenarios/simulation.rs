//! A hundred seeds under faults keep every promise, and every broken rule is noticed.

use amanah_consensus::{EvidenceKind, Mutant};
use amanah_tests::sim::{
    Adversary, Census, Course, Cut, Faults, Fixed, Matrix, Memory, Moment, Next, Plan, Scheme, Violation, campaign, run,
};
use std::collections::BTreeSet;

const SEEDS: u64 = 100;
const VIEWS: u64 = 100;
/// Seeds within which a broken rule must be noticed.
const MUTANT_SEEDS: u64 = 100;

#[test]
fn a_hundred_seeds_keep_every_promise() {
    let (mut census, mut ed25519, mut convictions, mut broken) = (Census::default(), 0, 0, Vec::new());
    campaign(
        0..SEEDS,
        |seed| Plan::of(seed, VIEWS, Fixed::default()),
        |_, plan, report| {
            ed25519 += u64::from(plan.scheme == Scheme::Ed25519);
            census.add(&plan, &report);
            match report.verdict {
                Ok(summary) => {
                    assert!(summary.views >= VIEWS && summary.height >= 30, "{summary:?}");
                    convictions += summary.convictions;
                }
                Err(violation) => broken.push(format!("{violation}\n  {}", plan.replay())),
            }
            Next::GoOn
        },
    );
    println!("{}", census.lines().join("\n"));
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    println!("{convictions} contradictions of liars are proven on the ledger, none of anybody else");
    assert!(convictions > 0, "nobody was ever convicted");
    assert!(ed25519 >= 5, "only {ed25519} seeds with real signatures");
    for name in ["members 4", "members 5", "members 6", "members 7", "members 10"] {
        assert!(census.of(name) > 0, "no world with {name}");
    }
    for matrix in Matrix::all() {
        assert!(census.of(&format!("matrix {}", matrix.name())) > 0, "no world on {}", matrix.name());
    }
    for (name, _) in Faults::default().counts() {
        assert!(census.of(&format!("fault {name}")) > 0, "{name} never happened");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let of = |seed| Plan::of(seed, VIEWS, Fixed::default());
    let script = of(2).on_course(Course::Script(Some(Cut::All { at: 3, moment: Moment::Within })));
    let plans = [of(3), of(5), of(8), of(13), of(21), script, of(1).over_limit()];
    let traces = plans.clone().map(|plan| run(&plan).trace);
    assert_eq!(traces, plans.map(|plan| run(&plan).trace));
    assert_eq!(BTreeSet::from(traces.map(|trace| trace.0)).len(), traces.len());
}

#[test]
fn a_script_survives_a_stop_at_every_place() {
    let script = |cut| Plan::of(0, VIEWS, Fixed::default()).on_course(Course::Script(cut));
    let boundaries = run(&script(None)).boundaries;
    assert!(boundaries.actions > 100 && boundaries.appends > 10, "{boundaries:?}");
    let moments = [Moment::Before, Moment::Within, Moment::After];
    let all = (0..boundaries.appends).flat_map(|at| moments.map(|moment| Cut::All { at, moment }));
    let cuts: Vec<Cut> = (0..boundaries.actions).map(|at| Cut::One { at }).chain(all).collect();
    let mut stops = 0;
    campaign(
        0..cuts.len() as u64,
        |number| script(usize::try_from(number).ok().and_then(|at| cuts.get(at)).copied()),
        |_, plan, report| {
            assert!(report.verdict.is_ok(), "{:?}\n  {}", report.verdict, plan.replay());
            assert!(report.faults.crashes > 0, "nothing stopped: {}", plan.replay());
            stops += 1;
            Next::GoOn
        },
    );
    assert_eq!(stops, cuts.len());
}

#[test]
fn a_day_without_work_is_silent() {
    let plan = Plan::of(0, VIEWS, Fixed { members: Some(4), ..Fixed::default() }).with_adversaries(&[]);
    let plan = plan.on_course(Course::Idle);
    let summary = run(&plan).verdict.unwrap_or_else(|violation| panic!("{violation}\n  {}", plan.replay()));
    assert!(summary.time_ms > 24 * 3_600_000 && summary.height > 10, "{summary:?}");
}

#[test]
fn an_hour_without_work_is_silent_whoever_lies() {
    let quiet = |lies: &[Adversary], members| {
        let plan = Plan::of(1, VIEWS, Fixed { members: Some(members), ..Fixed::default() }).with_adversaries(lies);
        plan.on_course(Course::Idle)
    };
    let alone = Adversary::all().iter().map(|lie| quiet(&[*lie], 4));
    let together = [[Adversary::Nuller, Adversary::Conflicter], [Adversary::Twins, Adversary::IdleTeaser]];
    let plans: Vec<Plan> = alone.chain(together.iter().map(|lies| quiet(lies, 7))).collect();
    let mut convictions = 0;
    campaign(
        0..plans.len() as u64,
        |number| plans[usize::try_from(number).expect("few")].clone(),
        |_, plan, report| {
            let summary = report.verdict.unwrap_or_else(|violation| panic!("{violation}\n  {}", plan.replay()));
            assert!(summary.time_ms > 3_600_000 && summary.height > 10, "{summary:?}\n  {}", plan.replay());
            let mut lies = plan.liars.iter().flat_map(|liar| &liar.lies);
            assert!(lies.all(|lie| report.deeds.of(*lie) > 0), "idle liars: {}", plan.replay());
            // Proofs are work, and there is an end to them: the ledger takes three against each.
            convictions += summary.convictions;
            Next::GoOn
        },
    );
    assert!(convictions > 10, "only {convictions} contradictions are proven");
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
    let noticed = matches!(
        violation,
        Violation::Fork { .. } | Violation::Refused { .. } | Violation::Alarm { .. } | Violation::Proof { .. }
    );
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
