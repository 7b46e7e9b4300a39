use super::*;

const NOW: Moment = Moment(1_000);

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn asthma() -> ResearchPurpose {
    let diseases = BTreeMap::from([("asthma".to_owned(), set(&["lung disease", "disease"]))]);
    ResearchPurpose { diseases, ..ResearchPurpose::default() }
}

#[track_caller]
fn check(consented: &DataUse, purpose: &ResearchPurpose, expected: Outcome) -> UseAnswer {
    let answer = consented.permits(purpose, NOW);
    assert_eq!(answer.outcome, expected, "{:?}", answer.findings);
    answer
}

#[test]
fn a_use_covers_what_falls_under_it_and_nothing_above_or_beside() {
    let general = DataUse { general: true, ..DataUse::default() };
    let health = DataUse { health: true, ..DataUse::default() };
    let lungs = DataUse { diseases: set(&["lung disease"]), ..DataUse::default() };
    let ancestry = DataUse { ancestry: true, ..DataUse::default() };
    let any = ResearchPurpose { general: true, ..ResearchPurpose::default() };
    let origins = ResearchPurpose { ancestry: true, ..ResearchPurpose::default() };
    let cancer = ResearchPurpose { diseases: [("cancer".to_owned(), set(&["disease"]))].into(), ..asthma() };
    for (consented, purpose, expected) in [
        (&general, &any, Outcome::Permit),
        (&general, &asthma(), Outcome::Permit),
        (&general, &origins, Outcome::Permit),
        (&health, &any, Outcome::Deny),
        (&health, &asthma(), Outcome::Permit),
        (&health, &origins, Outcome::Deny),
        (&lungs, &asthma(), Outcome::Permit),
        (&lungs, &cancer, Outcome::Deny),
        (&lungs, &ResearchPurpose { health: true, ..asthma() }, Outcome::Deny),
        (&ancestry, &origins, Outcome::Permit),
        (&ancestry, &asthma(), Outcome::Deny),
    ] {
        check(consented, purpose, expected);
    }
}

#[test]
fn conditions_that_do_not_hold_refuse_and_those_nobody_speaks_of_go_to_people() {
    let only = |condition| DataUse { general: true, conditions: vec![condition], ..DataUse::default() };
    let profit = |non_profit| ResearchPurpose { non_profit, ..asthma() };
    check(&only(Condition::NonProfit), &profit(Some(true)), Outcome::Permit);
    check(&only(Condition::NonProfit), &profit(Some(false)), Outcome::Deny);
    check(&only(Condition::NonProfit), &profit(None), Outcome::Review);
    let there = |region: &str| ResearchPurpose { region: Some(region.to_owned()), ..asthma() };
    check(&only(Condition::Regions(set(&["EU"]))), &there("EU"), Outcome::Permit);
    check(&only(Condition::Regions(set(&["EU"]))), &there("US"), Outcome::Deny);
    check(&only(Condition::Regions(set(&["EU"]))), &asthma(), Outcome::Review);
    check(&only(Condition::Until(Moment(1_000))), &asthma(), Outcome::Permit);
    check(&only(Condition::Until(Moment(999))), &asthma(), Outcome::Deny);
    let methods = ResearchPurpose { methods: true, ..ResearchPurpose::default() };
    check(&DataUse { general: true, ..DataUse::default() }, &methods, Outcome::Permit);
    check(&only(Condition::NoMethods), &methods, Outcome::Deny);
    check(&only(Condition::EthicsApproval), &asthma(), Outcome::Review);
    check(&only(Condition::Other("collaboration".to_owned())), &asthma(), Outcome::Review);
    assert!(check(&only(Condition::ReturnResults), &asthma(), Outcome::Permit).returns_results);
}

#[test]
fn what_only_people_can_judge_goes_to_them_unless_it_is_refused_anyway() {
    let judged = ResearchPurpose { to_judge: vec!["a vulnerable population".to_owned()], ..asthma() };
    let health = DataUse { health: true, ..DataUse::default() };
    let answer = check(&health, &judged, Outcome::Review);
    assert_eq!(answer.findings, [Finding::ToJudge("a vulnerable population".to_owned())]);
    check(&DataUse { ancestry: true, ..DataUse::default() }, &judged, Outcome::Deny);
}
