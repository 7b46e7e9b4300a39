//! Rules left out on purpose: each promise holds with all rules, and is broken, in the way the test names, without one.

use super::*;
use amanah_ledger::engine::ReasonCode;
use amanah_ledger::mutant::{Mutant, without};

/// The promise holds with all rules, and without this one the world does `instead`.
fn needs(mutant: Mutant, instead: &'static str, promise: fn() -> bool) {
    assert!(without(None, promise), "with all rules: {instead}");
    assert!(!without(Some(mutant), promise), "without {}: no {instead}", mutant.name());
    println!("left out {}: {instead}", mutant.name());
}

/// A hospital that acknowledged a revocation which nobody else has seen.
fn acknowledged() -> (Cedar, Patient, SignedTransaction) {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    cedar.grant_final(patient.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    let revoke = patient.revoke_by_slip(0);
    cedar.desk.revoke(cedar.now, &cedar.ledger.tip, revoke.clone()).unwrap().unwrap();
    cedar.desk.sync().unwrap();
    (cedar, patient, revoke)
}

#[test]
fn what_was_revoked_here_is_denied_here_also_after_a_power_cut() {
    for mutant in [Mutant::RevocationNotOnDisk, Mutant::RevocationNotReadAgain] {
        needs(mutant, "denial after a power cut", || {
            let (mut cedar, patient, _) = acknowledged();
            let who = cedar.member(1);
            let is_denied = |cedar: &mut Cedar| {
                let decided = cedar.ask(&patient, who.clone(), "labs", "TREAT");
                decided.decision.reason.code == ReasonCode::Revoked
            };
            assert!(is_denied(&mut cedar), "before the power cut");
            cedar.power_cut();
            is_denied(&mut cedar)
        });
    }
}

#[test]
fn what_was_revoked_here_is_sent_until_it_is_final() {
    needs(Mutant::RevocationSentOnce, "a revocation that is sent again", || {
        let (mut cedar, _, revoke) = acknowledged();
        assert!(cedar.sends().contains(&revoke), "once");
        cedar.now = cedar.now.plus_ms(10_000);
        cedar.sends().contains(&revoke)
    });
}

#[test]
fn a_consent_revoked_before_it_is_granted_is_never_in_force() {
    needs(Mutant::UnknownRevocationDropped, "a revocation that came before its grant holds", || {
        // The revocation goes through one desk, the grant through another that has not seen it.
        let (mut relay, mut cedar) = (Cedar::new(), Cedar::new());
        let patient = cedar.patient(1);
        relay.desk.revoke(relay.now, &relay.ledger.tip, patient.revoke_by_key(0)).unwrap().unwrap();
        let sent = relay.sends();
        cedar.ledger.block(cedar.now, &sent);
        let key = patient.secret.consent_key(0).public_key();
        // A desk that follows the ledger refuses it; one that does not puts it there.
        if cedar.grant(patient.grant(0, member_ref(&cedar.genesis, 1), "labs")).is_ok() {
            cedar.pass(10);
        }
        cedar.ledger.tip.state().consent(&key).is_none_or(|leaf| !leaf.is_active())
    });
}
