//! The formats that never change, second part: consent documents, log entries, day trees, and what wallets and nodes
//! say to each other, compared with the files in `golden/`. A difference is a new format.
//! `AMANAH_BLESS=1 cargo test -p amanah-ledger --test golden_access` writes the files.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use amanah_ledger::access::{
    DayState, DayTree, DecisionReceipt, EnrolmentEntry, EntryBody, Event, Gap, LogEntry, Position, Proofing,
};
use amanah_ledger::codec::{self, BoundedString, BoundedVec};
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, Keypair, PublicKey, Signer};
use amanah_ledger::derive::LogKey;
use amanah_ledger::directory::DirectoryEntry;
use amanah_ledger::document::rule::{ClinicalCode, Meaning, Rule, RuleBody, TypeScope};
use amanah_ledger::document::{
    Action, Actor, Class, ConsentDocument, DataScope, Effect, Giver, MemberRef, Period, PractitionerRef, Retention,
    Root, commitment,
};
use amanah_ledger::engine::{Candidate, Considered, Item, Policy, Request, Requester, Standing, decide};
use amanah_ledger::exchange::{
    AccessRecord, AccessSearch, Certify, ConsentThen, DayQuery, Enrolment, GrantRequest, Kept, Login,
    RevocationAccepted, SignedAcceptance,
};
use amanah_ledger::genesis::{Cover, DefaultPolicy, Parameters, PurposeLimit};
use amanah_ledger::label::{Label, LabelKind};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::preset::Preset;
use amanah_ledger::time::{Day, UnixMs};
use amanah_ledger::transaction::{GrantItem, WireId};
use amanah_ledger::vocabulary::Vocabulary;
use bincode::{Decode, Encode};
use std::path::PathBuf;

const CHAIN: Digest = Digest([1; 32]);
const SALT: [u8; 32] = [2; 32];

/// Lines of one file.
struct Golden(String);

impl Golden {
    fn new(what: &str) -> Self {
        Self(format!("# {what}\n"))
    }

    fn line(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push_str(&format!("{name} = {value}\n"));
    }

    /// The encoding of a value, which also decodes to it and to nothing when anything is missing or added.
    fn value<T: Encode + Decode<()> + PartialEq>(&mut self, name: &str, value: &T) {
        let mut bytes = codec::encode(value);
        assert!(codec::decode::<T>(&bytes, bytes.len()).is_ok_and(|decoded| decoded == *value), "{name}");
        assert!(codec::decode::<T>(&bytes[..bytes.len() - 1], bytes.len()).is_err(), "{name}");
        self.line(name, hex::encode(&bytes));
        bytes.push(0);
        assert!(codec::decode::<T>(&bytes, bytes.len()).is_err(), "{name}");
    }

    fn compare(self, file: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        if std::env::var_os("AMANAH_BLESS").is_some() {
            std::fs::write(&path, &self.0).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap();
        for (got, expected) in self.0.lines().zip(written.lines()) {
            assert_eq!(got, expected, "{file}");
        }
        assert_eq!(self.0, written, "{file}");
    }
}

fn key(byte: u8) -> Keypair {
    Keypair::from_seed(&[byte; 32])
}

fn public(byte: u8) -> PublicKey {
    key(byte).public_key()
}

fn text<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::try_from(text).unwrap()
}

fn list<T, const MAX: usize>(items: impl IntoIterator<Item = T>) -> BoundedVec<T, MAX> {
    BoundedVec::try_from(items.into_iter().collect::<Vec<_>>()).unwrap()
}

fn member(name: &str, display: &str, byte: u8) -> MemberRef {
    MemberRef { id: MemberId::of_root_key(&public(byte)), name: text(name), display: text(display) }
}

fn qamar() -> MemberRef {
    member("qamar", "مستشفى قمر", 10)
}

fn cedar() -> MemberRef {
    member("cedar", "Cedar General Hospital", 11)
}

fn haddad() -> Actor {
    Actor::Practitioner(PractitionerRef {
        member: cedar(),
        handle: text("dr.haddad"),
        display: text("Dr. Omar Haddad"),
    })
}

fn document() -> ConsentDocument {
    let wish = Wish {
        chain: CHAIN,
        custodian: qamar(),
        relationship: public(20),
        consent: public(21),
        version: 1,
        who: vec![haddad(), Actor::Member(cedar())],
        what: "labs,notes,PSY".parse().unwrap(),
        actions: vec![Action::Access, Action::Use],
        purpose: text("TREAT"),
        from: UnixMs(1_795_305_600_000),
        until: UnixMs(1_803_167_999_000),
        supersedes: vec![public(22)],
    };
    compose(wish).unwrap()
}

/// Every field that the format has room for.
fn full_document() -> ConsentDocument {
    let period = Period { from: UnixMs(1), until: UnixMs(2) };
    let scope = DataScope {
        types: list([TypeScope { of: text("Observation"), category: Some(text("laboratory")) }]),
        labels: list([text("R")]),
        except_labels: list([text("PSY")]),
        data_period: Some(period),
        meanings: list([Meaning::Instance(text("a")), Meaning::Related(text("b")), Meaning::AuthoredBy(haddad())]),
        codes: list([ClinicalCode { system: text("http://loinc.org"), code: text("59284-0") }]),
    };
    let body = RuleBody {
        effect: Effect::Deny,
        actors: list([
            Actor::Member(cedar()),
            haddad(),
            Actor::Role(cedar(), text("nurse")),
            Actor::Group(cedar(), text("ward 3")),
            Actor::Device(cedar(), text("pump 7")),
            Actor::Agent(cedar(), text("triage"), text("1.2")),
        ]),
        purposes: list([text("HRESCH")]),
        actions: list([Action::Access, Action::Use, Action::Disclose, Action::Correct, Action::Collect]),
        period: Some(period),
        data: scope,
    };
    ConsentDocument {
        giver: Giver::Guardian { display: text("Maryam"), authority: text("court order 5"), until: UnixMs(3) },
        class: Class::Research,
        root: Root::Rule(body.clone()),
        rules: list([Rule { depth: 1, body: body.clone() }, Rule { depth: 2, body }]),
        retention: Some(Retention::DeleteAfterDays(30)),
        obligations: list([text("DELAU")]),
        ..document()
    }
}

/// Reads questions by the first table, as receipts did when this format was new.
fn policy() -> Policy {
    let parameters = Parameters {
        anchor_grid_ms: 60_000,
        cover: Cover::On,
        new_leaves_per_day_max: 1000,
        emergency_hours: 24,
        review_hours: 72,
        default_policy: DefaultPolicy::Deny,
        purpose_limits: list([PurposeLimit { purpose: text("TREAT"), days_max: 365 }]),
    };
    Policy::of(&parameters).reading(Vocabulary::v1())
}

fn request() -> Request {
    let items = Preset::Labs.types().into_iter().map(|scope| Item {
        of: scope.of,
        categories: list(scope.category),
        labels: list([text("N")]),
    });
    Request {
        chain: CHAIN,
        custodian: qamar().id,
        relationship: public(20),
        requester: Requester { member: cedar().id, practitioner: Some(text("dr.haddad")) },
        purpose: text("TREAT"),
        action: Action::Access,
        items: list(items),
    }
}

fn receipt() -> DecisionReceipt {
    let document = document();
    let on_ledger = commitment(&SALT, &document);
    let held = Some((&SALT, &document));
    let candidate = Candidate::new(document.consent, 1, Height(5), on_ledger, Standing::InForce, held);
    let decision = decide(&[candidate], &request(), UnixMs(1_800_000_000_000), &policy());
    DecisionReceipt::new(&request(), &decision, &policy(), Height(7), Digest([7; 32])).unwrap()
}

fn entry(number: u64, event: Event) -> LogEntry {
    let body = EntryBody {
        custodian: qamar().id,
        relationship: public(20),
        number,
        previous: Digest([3; 32]),
        time: UnixMs(1_800_000_000_000),
        event,
    };
    body.sign(&CHAIN, [4; 32], &key(12))
}

fn enrolled() -> LogEntry {
    let log_key = LogKey::new([5; 32]).digest();
    entry(1, Event::Enrolment(EnrolmentEntry { log_key, generation: 0, proofing: Proofing::InPerson }))
}

#[test]
fn documents_and_what_is_said_about_them() {
    let mut golden = Golden::new("Consent documents");
    let document = document();
    golden.value("document", &document);
    golden.line("sentence", &document.sentence);
    golden.line("commitment", commitment(&SALT, &document));
    golden.value("document.full", &full_document());
    golden.value("document.decision", &ConsentDocument { root: Root::Decision(Effect::Permit), ..document.clone() });
    let attested = Giver::Attested { by: text("n.saleh") };
    golden.value("document.attested", &ConsentDocument { giver: attested, ..document });
    golden.compare("documents.txt");
}

#[test]
fn requests_decisions_and_log_entries() {
    let mut golden = Golden::new("Access logs");
    golden.value("request", &request());
    golden.line("request.digest", request().digest());
    golden.line("policy.digest", policy().digest());
    golden.value("receipt", &receipt());
    let gap = Gap { from: 2, to: 3, head: Digest([3; 32]) };
    let entries = [
        ("entry.enrolment", enrolled()),
        ("entry.decision", entry(2, Event::Decision(Box::new(receipt())))),
        ("entry.gap", entry(4, Event::Gap(gap))),
    ];
    for (name, entry) in entries {
        golden.value(name, &entry);
        golden.line(&format!("{name}.digest"), entry.digest(&CHAIN));
    }
    let (log_key, other, day) = (LogKey::new([5; 32]), LogKey::new([6; 32]), Day(20_779));
    let state = DayState { before: 1, after: 3, head: Digest([8; 32]) };
    let tree = DayTree::new().with(day, [(&log_key, &state), (&other, &state)]);
    golden.line("day.root", tree.root());
    golden.value("day.present", &tree.prove(day, &log_key, Some(state)));
    golden.value("day.absent", &tree.prove(day, &LogKey::new([9; 32]), None));
    golden.value("position.start", &Position::start(day));
    golden.compare("access.txt");
}

#[test]
fn messages_of_wallets_and_nodes() {
    let mut golden = Golden::new("Messages of wallets and nodes");
    let (relationship, custodian) = (key(20), qamar().id);
    let enrolment = Enrolment { custodian, relationship: public(20), generation: 0, log_key: [5; 32] };
    golden.value("enrolment", &enrolment.sign(&CHAIN, &relationship));
    golden.value("acceptance", &SignedAcceptance::sign(&CHAIN, &enrolled(), &relationship));
    let (binding, nonce, time) = ([0; 32], [6; 32], UnixMs(1_800_000_000_000));
    let login = Login { custodian, relationship: public(20), binding, nonce, time };
    golden.value("login", &login.sign(&CHAIN, &relationship));
    let document = document();
    let item = GrantItem {
        custodian,
        consent: public(21),
        version: 1,
        prev: Digest::ZERO,
        commitment: commitment(&SALT, &document),
        lock: Digest([9; 32]),
        submit_by: UnixMs(1_800_003_600_000),
    };
    let item_signature = key(21).sign(&item.signing_bytes(&CHAIN));
    let certificate = Certify::of(&document, &SALT).sign(&CHAIN, &relationship);
    let grant = GrantRequest { item, item_signature, document, salt: SALT, certificate };
    golden.value("grant", &grant);
    golden.value("held", &grant.clone().into_held());
    golden.value("day_query", &DayQuery { day: Day(20_779), root: Digest([8; 32]) });
    let wire_id = WireId(Digest([7; 32]));
    golden.value(
        "revocation_accepted",
        &RevocationAccepted::sign(&CHAIN, custodian, public(21), wire_id, time, &key(12)),
    );
    let considered = Considered {
        consent: public(21),
        version: 1,
        commitment: Digest([8; 32]),
        standing: Standing::RevocationPending,
    };
    let (held, left_out) = (Kept::Held(Box::new(grant.into_held())), Kept::LeftOut);
    let consents = [held, Kept::Gone, left_out].map(|document| ConsentThen { stood: considered, document });
    let record = AccessRecord { entry: enrolled(), consents: list(consents) };
    golden.value("access_search.found", &AccessSearch::Found(Box::new(record)));
    golden.value("access_search.not_up_to", &AccessSearch::NotUpTo { relationship: public(20), number: 7 });
    let entry = DirectoryEntry {
        member: cedar().id,
        handle: text("dr.haddad"),
        display: text("Dr. Omar Haddad"),
        role: text("clinician"),
        issued: time,
    };
    golden.value("directory_entry", &entry.sign(&CHAIN, &key(13)).unwrap());
    for kind in LabelKind::ALL {
        golden.line(&format!("label.{kind:?}"), Label::new(kind, &Digest([1; 32])));
    }
    golden.compare("messages.txt");
}
