//! A patient: keys, a relationship at one hospital, and what a wallet does with them, one act after the other. An act
//! is repeated, the same bytes each time, until somebody has taken it; then it is waited for until it is proven final.

mod session;

use super::api::{Api, Trouble};
use super::journal::{DecisionPromise, Promise};
use super::surroundings::Surroundings;
use amanah_ledger::codec;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, Ed25519, PublicKey, Signer};
use amanah_ledger::derive::{RelationshipSecret, WalletSeed};
use amanah_ledger::document::{Action, Actor};
use amanah_ledger::exchange::{Certify, GrantRequest, MESSAGE_BYTES_MAX, RevocationAccepted};
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, ConsentStatus, Leaf, LeafKey};
use amanah_ledger::position::Height;
use amanah_ledger::proof::VerifiedState;
use amanah_ledger::time::{DAY_MS, HOUR_MS, UnixMs};
use amanah_ledger::transaction::{GrantItem, RevokeProof, SignedTransaction, revoke_signing_bytes};
use amanah_ledger::vocabulary::{Code, Kind, Vocabulary};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// An ordinary request takes no longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a refusal or silence.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a node is asked to wait for a height.
const POLL: Duration = Duration::from_secs(2);
/// Consents begin so long ago, so that a clock put back does not end them.
const BEGUN_MS: u64 = 3 * DAY_MS;

/// A hospital keeps no more consents of one patient.
const TOO_MANY_CONSENTS: &str = "AMN-0239";

/// A consent that is proven final.
#[derive(Debug, Clone, Copy)]
struct Standing {
    consent: PublicKey,
    index: u32,
    granted: Height,
    revoked: Option<Height>,
}

/// One patient at one hospital.
pub struct Patient {
    around: Arc<Surroundings>,
    /// Number of the hospital.
    pub custodian: usize,
    secret: RelationshipSecret,
    token: Option<String>,
    next_index: u32,
    standing: Vec<Standing>,
}

/// The end of the run came before the end of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over;

impl Patient {
    /// A patient whose keys grow from `seed`.
    pub fn new(around: Arc<Surroundings>, custodian: usize, seed: [u8; 32]) -> Self {
        let secret = WalletSeed::new(seed).relationship(&around.chain, &around.members[custodian].id, 0);
        Self { around, custodian, secret, token: None, next_index: 0, standing: Vec::new() }
    }

    /// Key of the relationship.
    pub fn relationship(&self) -> PublicKey {
        self.secret.key().public_key()
    }

    /// `P-…`
    pub fn label(&self) -> String {
        Label::relationship(&self.relationship()).to_string()
    }

    pub(super) fn secret(&self) -> &RelationshipSecret {
        &self.secret
    }

    /// Whether the run is over.
    pub fn is_over(&self) -> bool {
        self.around.is_over()
    }

    pub(super) fn around(&self) -> &Arc<Surroundings> {
        &self.around
    }

    fn api(&self) -> &Api {
        &self.around.apis[self.custodian]
    }

    /// Whether the trouble is one that passes; what breaks a promise is written down.
    async fn put_up_with(&self, trouble: Trouble) -> Result<(), Over> {
        match trouble {
            Trouble::Wrong(why) => self.around.journal.violated(why),
            // Not a fault of the hospital: the run is too long for so few patients, and would stand still.
            Trouble::Refused(_, code) if code == TOO_MANY_CONSENTS => {
                self.around.journal.violated(format!("{} holds as many consents as a hospital keeps", self.label()));
            }
            Trouble::Refused(..) | Trouble::Silence(_) => {}
        }
        if self.around.is_over() {
            return Err(Over);
        }
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    /// Gives a consent, and returns when it is proven final.
    ///
    /// # Errors
    /// When the run is over first.
    ///
    /// # Panics
    /// Never: the document is one that can be written.
    pub async fn grant(&mut self) -> Result<PublicKey, Over> {
        let request = self.write_grant();
        let consent = request.item.consent;
        let body = codec::encode(&request);
        self.around.journal.asked(consent, self.custodian);
        loop {
            match self.post_signed_in("/v1/me/consents", body.clone()).await {
                Ok(_accepted) => break,
                Err(trouble) => self.put_up_with(trouble).await?,
            }
        }
        let accepted = Instant::now();
        self.around.journal.granted(&consent, Promise::Accepted(self.custodian));
        let leaf = self.wait_for(consent, |leaf| leaf.version == request.item.version).await?;
        if (leaf.custodian, leaf.commitment) != (request.item.custodian, request.item.commitment) {
            self.around.journal.violated(format!("{} is final as something else", Label::consent(&consent)));
        }
        self.around.journal.granted(&consent, Promise::Final(leaf.since));
        self.around.finals.lock().unwrap().push((self.custodian, accepted, Instant::now()));
        let index = self.next_index - 1;
        self.standing.push(Standing { consent, index, granted: leaf.since, revoked: None });
        Ok(consent)
    }

    fn write_grant(&mut self) -> GrantRequest {
        let around = Arc::clone(&self.around);
        let (index, key) = (self.next_index, self.secret.key());
        self.next_index += 1;
        let consent = self.secret.consent_key(index);
        let time = now();
        let document = compose(Wish {
            chain: around.chain,
            custodian: around.members[self.custodian].clone(),
            relationship: key.public_key(),
            consent: consent.public_key(),
            version: 1,
            who: vec![Actor::Member(around.members[self.requester()].clone())],
            what: "labs".parse().unwrap(),
            actions: vec![Action::Access],
            purpose: treatment(),
            from: UnixMs(time.0 - BEGUN_MS),
            until: time.plus_ms(90 * DAY_MS),
            supersedes: Vec::new(),
        });
        let document = document.unwrap();
        let salt = self.secret.salt(index, 1);
        let certify = Certify::of(&document, &salt);
        let item = GrantItem {
            custodian: around.members[self.custodian].id,
            consent: document.consent,
            version: 1,
            prev: Digest::ZERO,
            commitment: certify.commitment,
            lock: self.secret.lock(&around.chain, index),
            submit_by: UnixMs((time.0 / HOUR_MS + 25) * HOUR_MS),
        };
        let item_signature = consent.sign(&item.signing_bytes(&around.chain));
        let certificate = certify.sign(&around.chain, &key);
        GrantRequest { item, item_signature, document, salt, certificate }
    }

    /// Ends a consent that stands, and returns when that is proven final. It goes to the hospitals in turn, from
    /// `first` on, until one has taken it. `false` if none stands.
    ///
    /// # Errors
    /// When the run is over first.
    pub async fn revoke(&mut self, first: usize) -> Result<bool, Over> {
        let Some(at) = self.standing.iter().rposition(|one| one.revoked.is_none()) else { return Ok(false) };
        let Standing { consent, index, .. } = self.standing[at];
        let key = self.secret.consent_key(index);
        let proof = RevokeProof::Key(key.sign(&revoke_signing_bytes(&self.around.chain, &consent)));
        let body = codec::encode(&SignedTransaction::Revoke { consent, proof, relay: None });
        self.around.journal.revoked(&consent, Promise::Asked);
        let mut hospital = first % self.around.apis.len();
        loop {
            match self.around.apis[hospital].post("/v1/tx", None, body.clone(), PATIENCE).await {
                Ok(answer) => break self.check_acceptance(hospital, consent, &answer),
                Err(trouble) => self.put_up_with(trouble).await?,
            }
            hospital = (hospital + 1) % self.around.apis.len();
        }
        self.around.journal.revoked(&consent, Promise::Accepted(hospital));
        let ended = |leaf: &ConsentLeaf| matches!(leaf.status, ConsentStatus::Revoked { .. });
        let leaf = self.wait_for(consent, ended).await?;
        if let ConsentStatus::Revoked { height, .. } = leaf.status {
            self.around.journal.revoked(&consent, Promise::Final(height));
            self.standing[at].revoked = Some(height);
        }
        Ok(true)
    }

    fn check_acceptance(&self, hospital: usize, consent: PublicKey, answer: &[u8]) {
        let accepted = codec::decode::<RevocationAccepted>(answer, MESSAGE_BYTES_MAX);
        let holds = accepted.is_ok_and(|accepted| {
            let signed = accepted.verify(&self.around.chain, &Ed25519).is_ok();
            signed && accepted.consent == consent && accepted.member == self.around.members[hospital].id
        });
        if !holds {
            self.around.journal.violated("a revocation was accepted with a receipt that does not hold".to_owned());
        }
    }

    /// Waits until somebody proves a leaf of this consent in which `holds`: the custodian first, then the others.
    async fn wait_for(&self, consent: PublicKey, holds: impl Fn(&ConsentLeaf) -> bool) -> Result<ConsentLeaf, Over> {
        let (mut min_height, mut hospital) = (0, self.custodian);
        loop {
            let api = &self.around.apis[hospital];
            match api.state(&self.around.trust, &[LeafKey::Consent(consent)], min_height, POLL).await {
                Ok(state) => match leaf_of(&state, &consent) {
                    Some(leaf) if holds(&leaf) => return Ok(leaf),
                    Some(_) | None => min_height = state.height().0 + 1,
                },
                Err(trouble) => {
                    self.put_up_with(trouble).await?;
                    hospital = (hospital + 1) % self.around.apis.len();
                }
            }
            if self.around.is_over() {
                return Err(Over);
            }
        }
    }

    /// Has somebody ask the hospital "may I?", and holds the answer against what is proven final.
    ///
    /// # Errors
    /// When the run is over first.
    pub async fn be_asked_about(&mut self) -> Result<(), Over> {
        let question = json!({
            "patient": self.label(),
            "requester": { "member": self.around.members[self.requester()].name.as_str() },
            "items": ["labs"],
            "purpose": "treatment",
        });
        let desk = Some(self.around.api_keys[self.custodian].as_str());
        let answer = loop {
            match self.api().post_json("/v1/decisions", desk, &question, PATIENCE).await {
                Ok(answer) => break answer,
                Err(trouble) => self.put_up_with(trouble).await?,
            }
        };
        let access = answer["access"].as_str().unwrap_or_default().to_owned();
        let decision = DecisionPromise { custodian: self.custodian, relationship: self.relationship(), access };
        self.around.journal.decided(decision);
        let height = Height(answer["height"].as_u64().unwrap_or(0));
        let expected = self.expected(height);
        if expected.is_some_and(|effect| answer["effect"] != effect) {
            let label = self.label();
            self.around.journal.violated(format!("{label} at height {height}: expected {expected:?}, got {answer}"));
        }
        Ok(())
    }

    /// What follows from the consents that are proven final, where they alone decide it. A hospital that has taken a
    /// revocation enforces it before it is final.
    fn expected(&self, height: Height) -> Option<&'static str> {
        let begun = || self.standing.iter().filter(|one| one.granted <= height);
        if begun().any(|one| one.revoked.is_none()) {
            Some("permit")
        } else if begun().any(|one| one.revoked.is_some_and(|end| end > height)) {
            None
        } else {
            Some("deny")
        }
    }

    fn requester(&self) -> usize {
        (self.custodian + 1) % self.around.members.len()
    }
}

/// The leaf of a consent, if the state shows one.
pub fn leaf_of(state: &VerifiedState, consent: &PublicKey) -> Option<ConsentLeaf> {
    match state.get(&LeafKey::Consent(*consent)) {
        Some(Leaf::Consent(leaf)) => Some(*leaf),
        Some(_) | None => None,
    }
}

fn treatment() -> Code {
    Vocabulary::v1().code_of(Kind::Purpose, "treatment").expect("the vocabulary has it")
}

/// The true time.
pub fn now() -> UnixMs {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}
