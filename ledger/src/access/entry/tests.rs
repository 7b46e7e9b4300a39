use super::*;
use crate::compose::compose;
use crate::crypto::Ed25519;
use crate::document::commitment;
use crate::engine::{CONSENTS_MAX, Candidate, Considered, Standing, decide};
use crate::scene::{TODAY, chain, genesis, hospital, key, layla, list, public_key, text, wish};
use crate::vocabulary::Vocabulary;

fn receipt() -> DecisionReceipt {
    let document = compose(wish("cedar", "labs", "TREAT")).unwrap();
    let salt = [7; 32];
    let (consent, on_ledger) = (document.consent, commitment(&salt, &document));
    let candidate = Candidate::new(consent, 1, Height(5), on_ledger, Standing::InForce, Some((&salt, &document)));
    let selection: crate::preset::Selection = "labs".parse().unwrap();
    let request = Request {
        chain: chain(),
        custodian: hospital("qamar").id,
        relationship: document.relationship,
        requester: Requester { member: hospital("cedar").id, practitioner: Some(text("dr.haddad")) },
        purpose: text("TREAT"),
        action: Action::Access,
        items: list(selection.items()),
    };
    let policy = Policy::of(&genesis().parameters);
    let decision = decide(&[candidate], &request, TODAY.start().plus_ms(1), &policy);
    DecisionReceipt::new(&request, &decision, &policy, Height(6), Digest([6; 32])).unwrap()
}

fn body(event: Event) -> EntryBody {
    EntryBody {
        custodian: hospital("qamar").id,
        relationship: layla("qamar").key().public_key(),
        number: 2,
        previous: Digest([1; 32]),
        time: TODAY.start(),
        event,
    }
}

fn signed(event: Event) -> LogEntry {
    body(event).sign(&chain(), [9; 32], &key("qamar", "gateway"))
}

#[test]
fn a_receipt_repeats_request_answer_and_everything_it_rests_on() {
    let receipt = receipt();
    assert_eq!((receipt.outcome, receipt.effect), (Outcome::Permit, Effect::Permit));
    assert_eq!(receipt.considered.len(), 1);
    assert_eq!(receipt.items.len(), receipt.item_decisions.len());
    assert_eq!(receipt.policy, Policy::of(&genesis().parameters).digest());
    assert_eq!((receipt.vocabulary, receipt.engine), (Vocabulary::newest().digest(), ENGINE_VERSION));
}

#[test]
fn the_signature_covers_every_field() {
    let entry = signed(Event::Decision(Box::new(receipt())));
    assert_eq!(entry.verify(&chain(), &Ed25519), Ok(()));
    assert_eq!(entry.verify(&Digest::ZERO, &Ed25519), Err(EntryError::Signature(2)), "on this network only");

    let outside: [fn(&mut LogEntry); 6] = [
        |e| e.body.custodian = MemberId(Digest::ZERO),
        |e| e.body.relationship = PublicKey([0; 32]),
        |e| e.body.number = 3,
        |e| e.body.previous = Digest::ZERO,
        |e| e.body.time.0 += 1,
        |e| e.seed = [8; 32],
    ];
    let inside: [fn(&mut DecisionReceipt); 16] = [
        |r| r.request = Digest::ZERO,
        |r| r.requester.practitioner = None,
        |r| r.purpose = text("HRESCH"),
        |r| r.action = Action::Use,
        |r| r.items = BoundedVec::new(),
        |r| r.outcome = Outcome::Deny,
        |r| r.effect = Effect::Deny,
        |r| r.reason.consent = None,
        |r| r.item_decisions = BoundedVec::new(),
        |r| r.obligations = list([text("DELAU")]),
        |r| r.considered = BoundedVec::new(),
        |r| r.height = Height(7),
        |r| r.state_root = Digest::ZERO,
        |r| r.policy = Digest::ZERO,
        |r| r.vocabulary = Digest::ZERO,
        |r| r.engine = 2,
    ];
    for (at, change) in outside.iter().enumerate() {
        let mut other = entry.clone();
        change(&mut other);
        assert!(other.verify(&chain(), &Ed25519).is_err(), "change {at}");
    }
    for (at, change) in inside.iter().enumerate() {
        let mut other = receipt();
        change(&mut other);
        let forged = LogEntry { body: body(Event::Decision(Box::new(other))), ..entry.clone() };
        assert!(forged.verify(&chain(), &Ed25519).is_err(), "change {at} inside");
    }
}

#[test]
fn kinds_of_entries_never_share_a_hash_and_salts_hide_equal_content() {
    let gap = Gap { from: 1, to: 1, head: Digest::ZERO };
    let enrolment = EnrolmentEntry { log_key: Digest::ZERO, generation: 0, proofing: Proofing::InPerson };
    let events = [Event::Gap(gap), Event::Enrolment(enrolment), Event::Decision(Box::new(receipt()))];
    let mut hashes: Vec<Digest> = events.into_iter().map(|event| signed(event).digest(&chain())).collect();
    let again = body(Event::Gap(gap)).sign(&chain(), [8; 32], &key("qamar", "gateway"));
    hashes.push(again.digest(&chain()));
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 4);
}

#[test]
fn the_fullest_receipt_fits_an_entry_and_a_page() {
    let mut full = receipt();
    let considered = |n: usize| Considered {
        consent: public_key(u8::try_from(n % 256).unwrap()),
        version: 1,
        commitment: Digest::ZERO,
        standing: Standing::InForce,
    };
    full.considered = list((0..CONSENTS_MAX).map(considered));
    let label = "X".repeat(crate::vocabulary::CODE_BYTES_MAX);
    let item = Item { of: text(&label), categories: list([text(&label)]), labels: list([text(&label)]) };
    full.items = list(vec![item; ITEMS_MAX]);
    full.item_decisions = list(vec![full.item_decisions[0]; ITEMS_MAX]);
    let entry = signed(Event::Decision(Box::new(full)));
    let bytes = codec::encode(&entry).len();
    assert!(bytes <= ENTRY_BYTES_MAX, "{bytes}");
    assert!(bytes * crate::exchange::LOG_PAGE_ENTRIES_MAX < codec::BYTES_MAX);
}
