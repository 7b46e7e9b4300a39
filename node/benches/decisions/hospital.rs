//! A hospital as its desk knows it: relationships enrolled and linked, consents given and final. The ledger is real, its
//! blocks are built and executed by the rules; only agreement between validators is left out.

#![expect(clippy::unwrap_used, reason = "a benchmark ends where anything goes wrong")]

use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, Ed25519, Keypair, PublicKey, Signer};
use amanah_ledger::derive::{RelationshipSecret, WalletSeed};
use amanah_ledger::document::{Action, Actor, ConsentDocument, MemberRef};
use amanah_ledger::engine::{ITEMS_MAX, Item, Outcome, Requester};
use amanah_ledger::exchange::{Certify, Enrolment, GrantRequest};
use amanah_ledger::execute::Proposal;
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use amanah_ledger::leaf::Leaf;
use amanah_ledger::member::MemberKeys;
use amanah_ledger::position::View;
use amanah_ledger::preset::Selection;
use amanah_ledger::time::{DAY_MS, HOUR_MS, UnixMs};
use amanah_ledger::transaction::{GrantItem, SignedTransaction, VerifiedTransaction};
use amanah_ledger::vocabulary::Code;
use amanah_node::clock::Moment;
use amanah_node::custodian::{Ask, Desk, KeyFilePaths, Mrn, Setup};
use std::path::Path;
use std::sync::Arc;

/// Ten o'clock on some day.
pub(crate) const NOW: UnixMs = UnixMs(20_779 * DAY_MS + 10 * HOUR_MS);
const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];
/// Consents that go to the ledger together.
const GRANTS_TOGETHER: usize = 1000;

/// Its desk, and the ledger as its node has it.
pub(crate) struct Hospital {
    genesis: Arc<Genesis>,
    tip: Tip,
    desk: Desk,
    now: UnixMs,
    relationships: Vec<PublicKey>,
    /// Removed with the hospital.
    _dir: tempfile::TempDir,
}

/// One relationship there.
pub(crate) struct Patient {
    secret: RelationshipSecret,
    chain: Digest,
    custodian: MemberRef,
}

impl Hospital {
    /// Each of so many relationships lets another hospital see its laboratory results, for treatment.
    pub(crate) fn with(relationships: usize) -> Self {
        let genesis = Arc::new(genesis());
        let dir = tempfile::tempdir().unwrap();
        let tip = Tip::genesis(&genesis).unwrap();
        let desk = Desk::open(setup(dir.path(), &genesis), &tip, NOW).unwrap();
        let mut hospital = Self { genesis, tip, desk, now: NOW, relationships: Vec::new(), _dir: dir };
        for number in 0..relationships {
            hospital.takes(number);
            if (number + 1) % GRANTS_TOGETHER == 0 || number + 1 == relationships {
                hospital.makes_final();
            }
        }
        let consents = hospital.tip.state().leaves().filter(|leaf| matches!(leaf, Leaf::Consent(_)));
        assert_eq!(consents.count(), hospital.relationships.len());
        hospital
    }

    fn takes(&mut self, number: usize) {
        let patient = Patient::new(number, &self.genesis);
        let (code, _) = self.desk.enrol(self.now, patient.enrolment()).unwrap();
        let mrn = Mrn::parse(&format!("MRN-{number}")).unwrap();
        self.desk.link(self.now, &self.tip, mrn, code).unwrap().unwrap();
        self.desk.grant(self.now, &self.tip, patient.grant(&self.genesis)).unwrap().unwrap();
        self.relationships.push(patient.key());
    }

    /// Whatever the desk sends is in a block until it sends nothing more.
    fn makes_final(&mut self) {
        self.sync();
        loop {
            // Long enough for a batch that is not full.
            self.now = self.now.plus_ms(100);
            let sent = self.desk.to_send(Moment::Confirmed(self.now), &self.tip).unwrap();
            if sent.is_empty() {
                break;
            }
            self.block(&sent);
        }
        self.sync();
    }

    fn block(&mut self, transactions: &[SignedTransaction]) {
        let chain = *self.tip.chain();
        let verified: Vec<VerifiedTransaction> =
            transactions.iter().map(|transaction| transaction.clone().verify(&chain, &Ed25519).unwrap()).collect();
        let view = View(self.tip.header().height.0 + 1);
        let executed = self.tip.build(Proposal { view, time: self.now }, &verified);
        assert_eq!(executed.block().body.len(), transactions.len(), "everything applies");
        let (epoch, block) = (executed.header().epoch, *executed.digest());
        let content = VoteContent::Finalize(BlockVote { epoch, view, parent_view: View(view.0 - 1), block });
        let message = content.signing_bytes(&chain);
        let votes = (0..3).map(|i| (ValidatorIndex(i), key(usize::from(i), 3).sign(&message))).collect();
        let certificate = Certificate::assemble(content, NAMES.len(), &votes);
        self.tip = executed.certify(certificate, &Ed25519).unwrap().tip().clone();
    }

    /// The hospital that was let in asks about this relationship, and is let in.
    pub(crate) fn decides(&mut self, number: usize) {
        let ask = Ask {
            relationship: self.relationships[number],
            requester: Requester { member: self.genesis.founders[1].id(), practitioner: None },
            purpose: treatment(),
            action: Action::Access,
            items: labs(),
        };
        let decided = self.desk.decide(self.now, &self.tip, ask).unwrap().unwrap();
        assert_eq!(decided.decision.outcome, Outcome::Permit);
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&mut self) {
        self.desk.sync().unwrap();
    }
}

impl Patient {
    pub(crate) fn new(number: usize, genesis: &Genesis) -> Self {
        let custodian = member(genesis, 0);
        let seed = *blake3::hash(&number.to_le_bytes()).as_bytes();
        let secret = WalletSeed::new(seed).relationship(&genesis.chain(), &custodian.id, 0);
        Self { secret, chain: genesis.chain(), custodian }
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.secret.key().public_key()
    }

    pub(crate) fn consent(&self, index: u32) -> PublicKey {
        self.secret.consent_key(index).public_key()
    }

    pub(crate) fn salt(&self, index: u32) -> [u8; 32] {
        self.secret.salt(index, 1)
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment {
            custodian: self.custodian.id,
            relationship: self.key(),
            generation: 0,
            log_key: *self.secret.log_key().expose(),
        }
    }

    pub(crate) fn document(&self, genesis: &Genesis, index: u32) -> ConsentDocument {
        compose(Wish {
            chain: self.chain,
            custodian: self.custodian.clone(),
            relationship: self.key(),
            consent: self.consent(index),
            version: 1,
            who: vec![Actor::Member(member(genesis, 1))],
            what: "labs".parse().unwrap(),
            actions: vec![Action::Access],
            purpose: treatment(),
            from: NOW,
            until: NOW.plus_ms(30 * DAY_MS),
            supersedes: Vec::new(),
        })
        .unwrap()
    }

    fn grant(&self, genesis: &Genesis) -> GrantRequest {
        let (key, salt, document) = (self.secret.consent_key(0), self.salt(0), self.document(genesis, 0));
        let certificate = Certify::of(&document, &salt).sign(&self.chain, &self.secret.key());
        let item = GrantItem {
            custodian: self.custodian.id,
            consent: key.public_key(),
            version: 1,
            prev: Digest::ZERO,
            commitment: certificate.certify.commitment,
            lock: self.secret.lock(&self.chain, 0),
            submit_by: UnixMs(NOW.0 + 24 * HOUR_MS),
        };
        let item_signature = key.sign(&item.signing_bytes(&self.chain));
        GrantRequest { item, item_signature, document, salt, certificate }
    }
}

pub(crate) fn treatment() -> Code {
    "TREAT".try_into().unwrap()
}

pub(crate) fn labs() -> BoundedVec<Item, ITEMS_MAX> {
    BoundedVec::try_from("labs".parse::<Selection>().unwrap().items()).unwrap()
}

fn member(genesis: &Genesis, number: usize) -> MemberRef {
    let founder = &genesis.founders[number];
    MemberRef { id: founder.id(), name: founder.name.clone(), display: founder.display.clone() }
}

fn key(member: usize, role: u8) -> Keypair {
    Keypair::from_seed(&[10 * (u8::try_from(member).unwrap() + 1) + role; 32])
}

pub(crate) fn genesis() -> Genesis {
    let founder = |number: usize| Founder {
        name: NAMES[number].try_into().unwrap(),
        display: NAMES[number].try_into().unwrap(),
        keys: MemberKeys {
            root: key(number, 0).public_key(),
            gateway: key(number, 1).public_key(),
            node: key(number, 2).public_key(),
            consensus: key(number, 3).public_key(),
        },
    };
    let limit = PurposeLimit { purpose: "TREAT".try_into().unwrap(), days_max: 365 };
    Genesis {
        version: 1,
        network: "bench".try_into().unwrap(),
        time: UnixMs(NOW.0 - HOUR_MS),
        founders: BoundedVec::try_from((0..NAMES.len()).map(founder).collect::<Vec<_>>()).unwrap(),
        parameters: Parameters {
            anchor_grid_ms: HOUR_MS,
            cover: Cover::Off,
            new_leaves_per_day_max: 1_000_000_000,
            emergency_hours: 24,
            review_hours: 72,
            default_policy: DefaultPolicy::Deny,
            purpose_limits: BoundedVec::try_from(vec![limit]).unwrap(),
        },
    }
}

fn setup(dir: &Path, genesis: &Arc<Genesis>) -> Setup {
    Setup {
        genesis: Arc::clone(genesis),
        member: genesis.founders[0].id(),
        gateway: Arc::new(key(0, 1)),
        vault_dir: dir.join("vault"),
        days_dir: dir.join("days"),
        keys: KeyFilePaths { table: dir.join("keys"), table_key_dir: dir.join("table-key") },
    }
}
