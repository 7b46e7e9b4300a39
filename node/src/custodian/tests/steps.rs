use super::super::{Became, Step, StepKind, StepName, Steps};
use super::*;
use amanah_ledger::label::Label;
use amanah_ledger::position::Height;

fn wanted(cedar: &Cedar, patient: &Patient, steps: &Steps) -> Vec<Step> {
    let page = cedar.desk.steps(&patient.key(), &cedar.ledger.tip, steps, None, 100).unwrap();
    assert!(!page.has_more);
    page.steps
}

fn all(cedar: &Cedar, patient: &Patient) -> Vec<Step> {
    wanted(cedar, patient, &Steps::All)
}

/// What each step is, and the block that made it final, if that is known.
fn told(steps: &[Step]) -> Vec<(StepKind, Option<u64>)> {
    let height = |step: &Step| match &step.became {
        Became::Version { since, .. } => since.map(|since| since.0),
        Became::Revoked(height) => Some(height.0),
    };
    steps.iter().map(|step| (step.name().kind, height(step))).collect()
}

fn label(patient: &Patient, index: u32) -> Label {
    Label::consent(&patient.secret.consent_key(index).public_key())
}

/// A consent in three versions, each in a block of its own, and then ended.
fn narrowed_twice() -> (Cedar, Patient) {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs,meds"));
    for what in ["labs", "meds"] {
        let present = *cedar.ledger.tip.state().consent(&patient.secret.consent_key(0).public_key()).unwrap();
        cedar.grant_final(patient.amend(0, &present, member_ref(&cedar.genesis, 1), what));
    }
    (cedar, patient)
}

#[test]
fn each_version_is_told_with_the_block_that_made_it_final_and_its_own_document() {
    let (mut cedar, patient) = narrowed_twice();
    cedar.power_cut();
    let steps = all(&cedar, &patient);
    let version = |number, height| (StepKind::Version(number), Some(height));
    assert_eq!(told(&steps), [version(1, 1), version(2, 2), version(3, 3)]);
    for (step, expected) in steps.iter().zip(1..) {
        let Became::Version { held: Some(held), since: Some(since), .. } = &step.became else { panic!("{step:?}") };
        assert_eq!((held.document.version, held.certificate.certify.version), (expected, expected));
        let block = &cedar.ledger.blocks[usize::try_from(since.0).unwrap() - 1];
        let (item, _) = block.block().granted(&step.consent, expected).unwrap();
        assert_eq!(item.commitment, held.certificate.certify.commitment);
    }
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_slip(0)).unwrap().unwrap();
    assert_eq!(all(&cedar, &patient).len(), 3, "a revocation on its way is none yet");
    cedar.pass(10);
    let steps = all(&cedar, &patient);
    assert_eq!(told(&steps)[3], (StepKind::Revocation, Some(4)));
    assert_eq!(steps[3].became, Became::Revoked(Height(4)));
    assert_eq!(steps.len(), 4);
}

#[test]
fn a_version_on_its_way_or_signed_again_is_no_second_step() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let qamar = member_ref(&cedar.genesis, 1);
    cedar.grant(patient.grant(0, qamar.clone(), "labs")).unwrap();
    assert_eq!(all(&cedar, &patient), []);
    cedar.now = UnixMs(TEN.0 + 25 * HOUR_MS);
    let other = cedar.patient(2);
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, other.revoke_by_key(9)).unwrap().unwrap();
    let ended: Vec<_> = cedar.sends();
    cedar.ledger.block(cedar.now, &ended);
    let mut again = patient.request(0, patient.document(0, qamar, "meds", UnixMs(TEN.0 + 30 * DAY_MS)));
    again.item.submit_by = UnixMs(TEN.0 + 48 * HOUR_MS);
    again.item_signature = patient.secret.consent_key(0).sign(&again.item.signing_bytes(&patient.chain));
    cedar.grant_final(again.clone());
    let steps = all(&cedar, &patient);
    assert_eq!(told(&steps), [(StepKind::Version(1), Some(2))]);
    let Became::Version { held, .. } = &steps[0].became else { panic!() };
    assert_eq!(held.as_deref(), Some(&again.into_held()), "the one that became final");
}

#[test]
fn pages_of_any_length_leave_no_step_out_and_name_none_twice() {
    let (mut cedar, patient) = narrowed_twice();
    for index in 1..3 {
        cedar.grant_final(patient.grant(index, member_ref(&cedar.genesis, 2), "labs"));
    }
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, patient.revoke_by_key(1)).unwrap().unwrap();
    cedar.pass(10);
    let whole: Vec<StepName> = all(&cedar, &patient).iter().map(Step::name).collect();
    assert_eq!(whole.len(), 6);
    for limit in 1..=7 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let head = &cedar.ledger.tip;
            let page = cedar.desk.steps(&patient.key(), head, &Steps::All, after.as_ref(), limit).unwrap();
            assert!(page.steps.len() <= limit);
            seen.extend(page.steps.iter().map(Step::name));
            after = seen.last().copied();
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, whole, "{limit} at a time");
    }
    let of = |index| wanted(&cedar, &patient, &Steps::Of(label(&patient, index))).len();
    assert_eq!((of(0), of(1), of(2), of(3)), (3, 2, 1, 0));
    let one = |consent, kind| wanted(&cedar, &patient, &Steps::One(StepName { consent, kind })).len();
    assert_eq!(one(label(&patient, 0), StepKind::Version(2)), 1);
    assert_eq!(one(label(&patient, 0), StepKind::Version(4)), 0);
    assert_eq!(one(label(&patient, 0), StepKind::Revocation), 0, "it stands");
    assert_eq!(one(label(&patient, 1), StepKind::Revocation), 1);
}

#[test]
fn erased_documents_are_missing_and_an_erased_patient_has_no_steps() {
    let (mut cedar, patient) = narrowed_twice();
    assert!(cedar.desk.erase_documents(&patient.key()));
    let steps = all(&cedar, &patient);
    assert_eq!(steps.len(), 3);
    assert!(steps.iter().all(|step| matches!(step.became, Became::Version { since: Some(_), held: None, .. })));
    assert!(cedar.desk.erase(&patient.key()));
    assert_eq!(all(&cedar, &patient), []);
}

#[test]
fn steps_of_another_patients_consent_are_none_of_this_one() {
    let (mut cedar, patient) = narrowed_twice();
    let other = cedar.patient(2);
    cedar.grant_final(other.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    assert_eq!(wanted(&cedar, &other, &Steps::Of(label(&patient, 0))), []);
    assert_eq!(told(&all(&cedar, &other)), [(StepKind::Version(1), Some(4))]);
}
