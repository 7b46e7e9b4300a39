//! A hospital, its patients and a ledger to test with. The ledger is real: blocks are built, executed and certified
//! by the rules; only agreement between validators is left out.

use super::desk::{Ask, Decided, Desk, Setup};
use super::{Code, KeyFilePaths, Mrn};
use crate::clock::Moment;
use crate::runtime::LedgerView;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::chain::{FinalBlock, Tip};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, Ed25519, Keypair, PublicKey, Signer};
use amanah_ledger::derive::{RelationshipSecret, WalletSeed};
use amanah_ledger::document::party::Actor;
use amanah_ledger::document::{Action, ConsentDocument, MemberRef};
use amanah_ledger::engine::Requester;
use amanah_ledger::exchange::{Certify, Enrolment, GrantRequest};
use amanah_ledger::execute::Proposal;
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use amanah_ledger::leaf::ConsentLeaf;
use amanah_ledger::member::{MemberId, MemberKeys};
use amanah_ledger::position::View;
use amanah_ledger::time::{DAY_MS, HOUR_MS, UnixMs};
use amanah_ledger::transaction::{
    GrantItem, RevokeProof, SignedTransaction, VerifiedTransaction, revoke_signing_bytes,
};
use std::path::Path;
use std::sync::Arc;

/// Ten o'clock on some day.
pub(crate) const TEN: UnixMs = UnixMs(20_779 * DAY_MS + 10 * HOUR_MS);
pub(crate) const GRID_MS: u64 = 2_000;
pub(crate) const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];

pub(crate) fn key(member: usize, role: u8) -> Keypair {
    Keypair::from_seed(&[10 * (member as u8 + 1) + role; 32])
}

pub(crate) fn gateway(member: usize) -> Arc<Keypair> {
    Arc::new(key(member, 1))
}

pub(crate) fn genesis(cover: Cover) -> Genesis {
    let founder = |member: usize| Founder {
        name: NAMES[member].try_into().unwrap(),
        display: format!("{} Hospital", NAMES[member]).as_str().try_into().unwrap(),
        keys: MemberKeys {
            root: key(member, 0).public_key(),
            gateway: key(member, 1).public_key(),
            node: key(member, 2).public_key(),
            consensus: key(member, 3).public_key(),
        },
    };
    Genesis {
        version: 1,
        network: "test".try_into().unwrap(),
        time: UnixMs(TEN.0 - HOUR_MS),
        founders: (0..4).map(founder).collect::<Vec<_>>().try_into().unwrap(),
        parameters: Parameters {
            anchor_grid_ms: GRID_MS,
            cover,
            new_leaves_per_day_max: 1000,
            emergency_hours: 24,
            review_hours: 72,
            default_policy: DefaultPolicy::Deny,
            purpose_limits: vec![PurposeLimit { purpose: "TREAT".try_into().unwrap(), days_max: 365 }]
                .try_into()
                .unwrap(),
        },
    }
}

/// A ledger that makes a block whenever it is told to.
pub(crate) struct TestLedger {
    pub(crate) tip: Tip,
    pub(crate) finalization: Option<Certificate>,
    /// From the first on.
    pub(crate) blocks: Vec<FinalBlock>,
}

impl TestLedger {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        Self { tip: Tip::genesis(genesis).unwrap(), finalization: None, blocks: Vec::new() }
    }

    /// Puts what can be applied into a block at `time`; makes none if there is nothing. How many went in.
    pub(crate) fn block(&mut self, time: UnixMs, transactions: &[SignedTransaction]) -> usize {
        let chain = *self.tip.chain();
        let verified: Vec<VerifiedTransaction> =
            transactions.iter().map(|tx| tx.clone().verify(&chain, &Ed25519).unwrap()).collect();
        let view = View(self.tip.header().height.0 + 1);
        let executed = self.tip.build(Proposal { view, time }, &verified);
        let count = executed.block().body.len();
        if count == 0 {
            return 0;
        }
        let vote = BlockVote {
            epoch: executed.header().epoch,
            view,
            parent_view: View(view.0 - 1),
            block: *executed.digest(),
        };
        let content = VoteContent::Finalize(vote);
        let message = content.signing_bytes(&chain);
        let votes = (0..3).map(|i| (ValidatorIndex(i), key(usize::from(i), 3).sign(&message))).collect();
        let finalization = Certificate::assemble(content, 4, &votes);
        let block = executed.certify(finalization.clone(), &Ed25519).unwrap();
        self.tip = block.tip().clone();
        self.blocks.push(block);
        self.finalization = Some(finalization);
        count
    }

    pub(crate) fn view(&self) -> LedgerView {
        LedgerView { tip: self.tip.clone(), finalization: self.finalization.clone() }
    }
}

pub(crate) fn member_ref(genesis: &Genesis, member: usize) -> MemberRef {
    let founder = &genesis.founders[member];
    MemberRef { id: founder.id(), name: founder.name.clone(), display: founder.display.clone() }
}

/// A patient at cedar.
pub(crate) struct Patient {
    pub(crate) secret: RelationshipSecret,
    pub(crate) chain: Digest,
    pub(crate) custodian: MemberRef,
}

impl Patient {
    pub(crate) fn new(n: u8, genesis: &Genesis) -> Self {
        let custodian = member_ref(genesis, 0);
        let secret = WalletSeed::new([n; 32]).relationship(&genesis.chain(), &custodian.id, 0);
        Self { secret, chain: genesis.chain(), custodian }
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.secret.key().public_key()
    }

    pub(crate) fn enrolment(&self) -> Enrolment {
        Enrolment {
            custodian: self.custodian.id,
            relationship: self.key(),
            generation: 0,
            log_key: *self.secret.log_key().expose(),
        }
    }

    pub(crate) fn document(&self, index: u32, who: MemberRef, what: &str, until: UnixMs) -> ConsentDocument {
        compose(Wish {
            chain: self.chain,
            custodian: self.custodian.clone(),
            relationship: self.key(),
            consent: self.secret.consent_key(index).public_key(),
            version: 1,
            who: vec![Actor::Member(who)],
            what: what.parse().unwrap(),
            actions: vec![Action::Access],
            purpose: "TREAT".try_into().unwrap(),
            from: TEN,
            until,
            supersedes: Vec::new(),
        })
        .unwrap()
    }

    pub(crate) fn request(&self, index: u32, document: ConsentDocument) -> GrantRequest {
        let (key, salt) = (self.secret.consent_key(index), self.secret.salt(index, 1));
        let certificate = Certify::of(&document, &salt).sign(&self.chain, &self.secret.key());
        let item = GrantItem {
            custodian: self.custodian.id,
            consent: key.public_key(),
            version: 1,
            prev: Digest::ZERO,
            commitment: certificate.certify.commitment,
            lock: self.secret.lock(&self.chain, index),
            submit_by: UnixMs(TEN.0 + 24 * HOUR_MS),
        };
        let item_signature = key.sign(&item.signing_bytes(&self.chain));
        GrantRequest { item, item_signature, document, salt, certificate }
    }

    /// The version of a consent that replaces `present`: everything of `what` for `who`, for a month.
    pub(crate) fn amend(&self, index: u32, present: &ConsentLeaf, who: MemberRef, what: &str) -> GrantRequest {
        let version = present.version + 1;
        let mut document = self.document(index, who, what, UnixMs(TEN.0 + 30 * DAY_MS));
        document.version = version;
        let (key, salt) = (self.secret.consent_key(index), self.secret.salt(index, version));
        let certificate = Certify::of(&document, &salt).sign(&self.chain, &self.secret.key());
        let first = self.grant(index, document.custodian.clone(), what).item;
        let commitment = certificate.certify.commitment;
        let item = GrantItem { version, prev: present.hash(), commitment, ..first };
        let item_signature = key.sign(&item.signing_bytes(&self.chain));
        GrantRequest { item, item_signature, document, salt, certificate }
    }

    /// Everything of `what` for `who`, for a month.
    pub(crate) fn grant(&self, index: u32, who: MemberRef, what: &str) -> GrantRequest {
        self.request(index, self.document(index, who, what, UnixMs(TEN.0 + 30 * DAY_MS)))
    }

    pub(crate) fn revoke_by_key(&self, index: u32) -> SignedTransaction {
        let key = self.secret.consent_key(index);
        let consent = key.public_key();
        let proof = RevokeProof::Key(key.sign(&revoke_signing_bytes(&self.chain, &consent)));
        SignedTransaction::Revoke { consent, proof, relay: None }
    }

    pub(crate) fn revoke_by_slip(&self, index: u32) -> SignedTransaction {
        let consent = self.secret.consent_key(index).public_key();
        let proof = RevokeProof::Slip(*self.secret.slip().item(index).expose());
        SignedTransaction::Revoke { consent, proof, relay: None }
    }
}

pub(crate) fn question(patient: &Patient, who: Requester, what: &str, purpose: &str) -> Ask {
    let items = what.parse::<amanah_ledger::preset::Selection>().unwrap().items();
    Ask {
        relationship: patient.key(),
        requester: who,
        purpose: purpose.try_into().unwrap(),
        action: Action::Access,
        items: BoundedVec::try_from(items).unwrap(),
    }
}

/// Cedar's desk over a directory, with a ledger and a clock.
pub(crate) struct Cedar {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) genesis: Arc<Genesis>,
    pub(crate) ledger: TestLedger,
    pub(crate) desk: Desk,
    pub(crate) now: UnixMs,
}

pub(crate) fn setup(dir: &Path, genesis: &Arc<Genesis>) -> Setup {
    Setup {
        genesis: Arc::clone(genesis),
        member: genesis.founders[0].id(),
        gateway: gateway(0),
        vault_dir: dir.join("vault"),
        days_dir: dir.join("days"),
        keys: KeyFilePaths { table: dir.join("keys"), table_key_dir: dir.join("table-key") },
    }
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

impl Cedar {
    pub(crate) fn new() -> Self {
        Self::with(Cover::Off)
    }

    pub(crate) fn with(cover: Cover) -> Self {
        let genesis = Arc::new(genesis(cover));
        let (dir, ledger) = (tempfile::tempdir().unwrap(), TestLedger::new(&genesis));
        let desk = Desk::open(setup(dir.path(), &genesis), &ledger.tip, TEN).unwrap();
        Self { dir, genesis, ledger, desk, now: TEN }
    }

    /// A power cut, and a start from what was on disk.
    pub(crate) fn power_cut(&mut self) {
        let copy = tempfile::tempdir().unwrap();
        copy_dir(self.dir.path(), copy.path());
        self.desk = Desk::open(setup(copy.path(), &self.genesis), &self.ledger.tip, self.now).unwrap();
        self.dir = copy;
    }

    pub(crate) fn id(&self) -> MemberId {
        self.genesis.founders[0].id()
    }

    pub(crate) fn patient(&mut self, n: u8) -> Patient {
        let patient = Patient::new(n, &self.genesis);
        let (code, _) = self.desk.enrol(self.now, patient.enrolment()).unwrap();
        let mrn = Mrn::parse(&format!("MRN-{n:05}")).unwrap();
        assert_eq!(self.link(mrn, code).unwrap(), patient.key());
        patient
    }

    pub(crate) fn link(&mut self, mrn: Mrn, code: Code) -> Result<PublicKey, super::LinkError> {
        let linked = self.desk.link(self.now, &self.ledger.tip, mrn, code).unwrap();
        self.desk.sync().unwrap();
        linked
    }

    pub(crate) fn grant(&mut self, request: GrantRequest) -> Result<(), super::GrantError> {
        let granted = self.desk.grant(self.now, &self.ledger.tip, request).unwrap();
        self.desk.sync().unwrap();
        granted
    }

    /// What is sent now.
    pub(crate) fn sends(&mut self) -> Vec<SignedTransaction> {
        let sent = self.desk.to_send(Moment::Confirmed(self.now), &self.ledger.tip).unwrap();
        self.desk.sync().unwrap();
        sent
    }

    /// Lets `ms` pass, and puts on the ledger what is sent then.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<SignedTransaction> {
        self.now = self.now.plus_ms(ms);
        let sent = self.sends();
        self.ledger.block(self.now, &sent);
        sent
    }

    /// Grants and makes it final.
    pub(crate) fn grant_final(&mut self, request: GrantRequest) {
        let consent = request.item.consent;
        self.grant(request).unwrap();
        self.pass(10);
        assert!(self.ledger.tip.state().consent(&consent).unwrap().is_active());
    }

    pub(crate) fn ask(&mut self, patient: &Patient, who: Requester, what: &str, purpose: &str) -> Decided {
        let ask = question(patient, who, what, purpose);
        let decided = self.desk.decide(self.now, &self.ledger.tip, ask).unwrap().unwrap();
        self.desk.sync().unwrap();
        decided
    }

    pub(crate) fn member(&self, member: usize) -> Requester {
        Requester { member: self.genesis.founders[member].id(), practitioner: None }
    }
}

mod access_log;
mod accesses;
mod consents;
mod decisions;
mod enrolment;
#[cfg(feature = "mutants")]
mod omissions;
mod owner;
mod requests;
mod restore;
mod steps;
