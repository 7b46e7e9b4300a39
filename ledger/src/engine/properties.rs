//! What holds for any consents and any request.

use super::tests::{Consent, answer, consent, noon, policy, request};
use super::*;
use proptest::prelude::*;
use proptest::sample::select;

const WHO: [&str; 5] = ["cedar", "rawda", "dr.haddad@cedar", "dr.nasser@cedar", "dr.haddad@rawda"];
const WHAT: [&str; 6] = ["labs", "meds", "notes,PSY", "vitals", "summary", "everything,V,HIV"];
const WHY: [&str; 5] = ["treatment", "coordination", "emergency", "payment", "research"];
const ASKED: [&str; 6] = ["labs", "meds", "notes+PSY", "vitals", "summary", "everything+V"];

fn terms(what: &'static [&'static str]) -> impl Strategy<Value = String> {
    (select(&WHO[..]), select(what), select(&WHY[..])).prop_map(|(who, what, why)| format!("{who} {what} {why}"))
}

fn any_consent() -> impl Strategy<Value = Consent> {
    (terms(&WHAT), terms(&WHAT), 0..4u8).prop_map(|(root, rule, shape)| match shape {
        0 => consent(&root).refusal(),
        1 => consent(&root).but(&rule),
        _plain => consent(&root),
    })
}

fn candidates(consents: &[Consent]) -> Vec<Candidate> {
    consents.iter().zip(1u8..).map(|(consent, number)| consent.clone().candidate(number)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn the_order_of_consents_does_not_matter_and_the_answer_never_changes(
        consents in prop::collection::vec(any_consent(), 0..5),
        asked in terms(&ASKED),
        turn in 0..5usize,
    ) {
        let (asked, mut list) = (request(&asked), candidates(&consents));
        let first = decide(&list, &asked, noon(1), &policy());
        prop_assert_eq!(&decide(&list, &asked, noon(1), &policy()), &first);
        if !list.is_empty() {
            let by = turn % list.len();
            list.rotate_left(by);
            list.reverse();
        }
        prop_assert_eq!(&decide(&list, &asked, noon(1), &policy()), &first);
    }

    #[test]
    fn a_consent_about_somebody_else_changes_no_answer(
        consents in prop::collection::vec(any_consent(), 0..4),
        what in select(&WHAT[..]),
        why in select(&WHY[..]),
        refuses in any::<bool>(),
        asked in terms(&ASKED),
    ) {
        let asked = request(&asked);
        let before = decide(&candidates(&consents), &asked, noon(1), &policy());
        let other = consent(&format!("zaytun {what} {why}"));
        let mut more = candidates(&consents);
        more.push(if refuses { other.refusal() } else { other }.candidate(99));
        let after = decide(&more, &asked, noon(1), &policy());
        prop_assert_eq!((answer(&after), after.items), (answer(&before), before.items));
    }

    #[test]
    fn a_narrower_consent_never_permits_more(
        others in prop::collection::vec(any_consent(), 0..3),
        member in select(&["cedar", "rawda"][..]),
        person in select(&["dr.haddad", "dr.nasser"][..]),
        what in select(&["labs", "meds", "notes,PSY"][..]),
        wider in select(&["labs,meds,notes,PSY", "everything,PSY"][..]),
        asked in terms(&ASKED),
    ) {
        let asked = request(&asked);
        let with = |terms: &str| {
            let mut list = candidates(&others);
            list.push(consent(terms).candidate(99));
            decide(&list, &asked, noon(1), &policy()).items
        };
        let wide = with(&format!("{member} {wider} treatment"));
        for terms in [
            format!("{member} {what} treatment"),
            format!("{person}@{member} {wider} treatment"),
            format!("{member} {wider} coordination"),
        ] {
            for (narrow, wide) in with(&terms).into_iter().zip(&wide) {
                prop_assert!(narrow.outcome != Outcome::Permit || wide.outcome == Outcome::Permit, "{}", terms);
            }
        }
    }

    #[test]
    fn an_exception_or_a_refusal_never_permits_more(
        consents in prop::collection::vec(any_consent(), 1..4),
        refused in terms(&WHAT),
        asked in terms(&ASKED),
    ) {
        let asked = request(&asked);
        let before = decide(&candidates(&consents), &asked, noon(1), &policy());
        let mut excepted = consents.clone();
        excepted[0] = excepted[0].clone().but(&refused);
        let mut more = candidates(&consents);
        more.push(consent(&refused).refusal().candidate(99));
        for after in [decide(&candidates(&excepted), &asked, noon(1), &policy()), decide(&more, &asked, noon(1), &policy())] {
            for (after, before) in after.items.iter().zip(&before.items) {
                prop_assert!(after.outcome != Outcome::Permit || before.outcome == Outcome::Permit);
            }
        }
    }
}
