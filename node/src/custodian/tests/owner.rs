use super::super::{Clock, Custodian, Me, OUTBOX_MAX, Unavailable};
use super::*;
use amanah_ledger::engine::ReasonCode;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

fn start(cedar: Cedar) -> (Custodian, std::thread::JoinHandle<Result<(), super::super::StoreError>>, Owned) {
    let Cedar { dir, genesis, ledger, desk, .. } = cedar;
    let clock: Clock = Arc::new(|| Moment::Confirmed(TEN));
    let tip = ledger.tip.clone();
    let (outbox, sent) = mpsc::channel(OUTBOX_MAX);
    let (custodian, thread) = Custodian::start(desk, clock, Box::new(move || tip.clone()), outbox).unwrap();
    (custodian, thread, Owned { dir, genesis, ledger, sent })
}

/// What is left of a hospital whose desk has an owner.
struct Owned {
    dir: tempfile::TempDir,
    genesis: Arc<Genesis>,
    ledger: TestLedger,
    sent: mpsc::Receiver<SignedTransaction>,
}

#[tokio::test]
async fn what_was_answered_is_on_disk() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let (custodian, _thread, cedar) = start(cedar);
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    let held = request.clone().into_held();
    custodian.act(move |desk, now, head| desk.grant(now, head, request)).await.unwrap().unwrap();
    // A power cut at the moment of the answer.
    let copy = tempfile::tempdir().unwrap();
    copy_dir(cedar.dir.path(), copy.path());
    let desk = Desk::open(setup(copy.path(), &cedar.genesis), &cedar.ledger.tip, TEN).unwrap();
    assert_eq!(desk.held_consents(&patient.key()).unwrap().unwrap().as_slice(), [held]);
}

#[tokio::test]
async fn an_act_that_joins_a_group_sees_what_was_final_when_it_was_asked_for() {
    let mut ledger = Cedar::new();
    let old = ledger.ledger.tip.clone();
    ledger.pass(GRID_MS);
    let Cedar { desk, ledger, dir: _dir, .. } = ledger;
    let newest = Arc::new(std::sync::Mutex::new(old));
    let read = Arc::clone(&newest);
    let (outbox, _sent) = mpsc::channel(OUTBOX_MAX);
    let newest_of = Box::new(move || read.lock().unwrap().clone());
    let (custodian, _thread) = Custodian::start(desk, Arc::new(|| Moment::Confirmed(TEN)), newest_of, outbox).unwrap();
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let busy = custodian.clone();
    let first = tokio::spawn(async move {
        let act = move |_: &mut Desk, _, _: &Tip| {
            began.send(()).unwrap();
            waits.recv().unwrap();
            Ok(())
        };
        busy.act(act).await
    });
    has_begun.await.unwrap();
    // The ledger moves on, then somebody asks, all while the first act is performed.
    let height = ledger.tip.header().height;
    *newest.lock().unwrap() = ledger.tip.clone();
    let second = custodian.act(|_, _, head| Ok(head.header().height));
    let (seen, released) = tokio::join!(second, async { go_on.send(()) });
    released.unwrap();
    assert_eq!(seen, Ok(height));
    assert_eq!(first.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn what_is_to_be_final_leaves_by_the_outbox() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let (custodian, _thread, mut cedar) = start(cedar);
    let revoke = patient.revoke_by_key(0);
    let accepted = custodian.act(move |desk, now, head| desk.revoke(now, head, revoke)).await.unwrap().unwrap();
    let first = cedar.sent.recv().await.unwrap();
    assert_eq!(first.wire_id(), accepted.wire_id);
}

#[tokio::test]
async fn the_owner_ends_with_its_last_handle_and_everything_is_kept() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let (custodian, thread, cedar) = start(cedar);
    let key = patient.key();
    assert_eq!(custodian.act(move |desk, now, _| Ok(desk.me(now, &key))).await, Ok(Some(Me::Linked)));
    drop(custodian);
    thread.join().unwrap().unwrap();
    let desk = Desk::open(setup(cedar.dir.path(), &cedar.genesis), &cedar.ledger.tip, TEN).unwrap();
    assert_eq!(desk.labels_behind(None, 10).len(), 1);
}

#[tokio::test]
async fn after_a_failure_of_the_store_nobody_gets_an_answer() {
    let (custodian, thread, _cedar) = start(Cedar::new());
    let failed = custodian.act(|_, _, _| Err::<(), _>(super::super::StoreError::Damaged)).await;
    assert_eq!(failed, Err(Unavailable::Stopped));
    custodian.ended().await;
    assert!(matches!(thread.join().unwrap(), Err(super::super::StoreError::Damaged)));
    assert_eq!(custodian.act(|_, _, _| Ok(())).await, Err(Unavailable::Stopped));
}

#[tokio::test]
async fn without_a_confirmed_clock_nothing_is_dated_and_revocations_go_on() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let request = patient.grant(0, member_ref(&cedar.genesis, 1), "labs");
    let consent = request.item.consent;
    cedar.grant_final(request);
    let (qamar, now) = (cedar.member(1), cedar.now);
    let Cedar { dir: _dir, ledger, desk, .. } = cedar;
    let is_confirmed = Arc::new(AtomicBool::new(false));
    // A day ahead: what is dated by this clock can be anchored tomorrow only.
    let clock: Clock = {
        let is_confirmed = Arc::clone(&is_confirmed);
        Arc::new(move || match is_confirmed.load(Ordering::Relaxed) {
            true => Moment::Confirmed(now.plus_ms(GRID_MS)),
            false => Moment::Unconfirmed(now.plus_ms(DAY_MS)),
        })
    };
    let (outbox, mut sent) = mpsc::channel(OUTBOX_MAX);
    let (custodian, _thread) = Custodian::start(desk, clock, Box::new(move || ledger.tip.clone()), outbox).unwrap();
    let (early, late) =
        (question(&patient, qamar.clone(), "labs", "TREAT"), question(&patient, qamar, "labs", "TREAT"));
    let refused = custodian.record(move |desk, now, head| desk.decide(now, head, early)).await;
    assert_eq!(refused.map(|_| ()), Err(Unavailable::ClockUnconfirmed));
    let revocation = patient.revoke_by_key(0);
    custodian.act(move |desk, now, head| desk.revoke(now, head, revocation)).await.unwrap().unwrap();
    let first = sent.recv().await;
    assert!(matches!(first, Some(SignedTransaction::Revoke { consent: ended, .. }) if ended == consent), "{first:?}");
    assert!(sent.try_recv().is_err(), "no anchor by such a clock");
    is_confirmed.store(true, Ordering::Relaxed);
    let decided = custodian.record(move |desk, now, head| desk.decide(now, head, late)).await.unwrap().unwrap();
    assert_eq!(decided.decision.reason.code, ReasonCode::Revoked);
    let anchor = loop {
        match sent.recv().await.unwrap() {
            SignedTransaction::Anchor { anchor, .. } => break anchor,
            _again => {}
        }
    };
    assert_eq!(anchor.day, now.day());
}
