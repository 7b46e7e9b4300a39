//! The relationships of the load: real keys, enrolled and linked, each granting one consent after the other.

use super::load::Load;
use super::throw_away::ThrowAway;
use crate::client::{Body, Method, Node};
use crate::failure::{Failure, Fallible};
use crate::grant_request;
use crate::network::{Member, Network};
use crate::session::sign_in;
use amanah_ledger::codec;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::derive::{RelationshipSecret, WalletSeed};
use amanah_ledger::document::{Action, Actor, MemberRef};
use amanah_ledger::engine::CONSENTS_MAX;
use amanah_ledger::exchange::{Enrolment, GrantRequest};
use amanah_ledger::label::Label;
use amanah_ledger::member::MemberId;
use amanah_ledger::time::DAY_MS;
use amanah_ledger::vocabulary::{Kind, Vocabulary};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long the consents last.
const LASTING_MS: u64 = 90 * DAY_MS;

/// As many wallets are signed in at a node as may be, for a quarter of an hour each.
const SESSIONS_FULL: &str = "AMN-0307";
/// How long to wait for a place.
const UNTIL_ONE_ENDS: Duration = Duration::from_secs(1);

/// What they let them see.
pub(super) const WHAT: &str = "labs";
/// For what.
pub(super) const WHY: &str = "treatment";

/// A custodian where the load's patients enrol, and whose desk links them at once.
pub(super) struct Desk {
    node: Node,
    custodian: MemberRef,
    chain: Digest,
    api_key: Zeroizing<String>,
}

/// One relationship at one custodian.
pub(super) struct Patient {
    /// The custodian's node, signed in.
    pub(super) node: Node,
    custodian: MemberRef,
    secret: RelationshipSecret,
    next_index: u32,
}

#[derive(Deserialize)]
struct Enrolled {
    code: String,
}

impl Desk {
    /// The desk of this member.
    pub(super) fn of(custodian: &Member, network: &ThrowAway) -> Fallible<Self> {
        Ok(Self {
            node: custodian.node()?,
            custodian: custodian.reference.clone(),
            chain: network.network().chain,
            api_key: network.api_key().clone(),
        })
    }
}

impl Patient {
    /// Enrols fresh keys, has the desk link them, and signs in.
    pub(super) async fn enrol(desk: &Desk) -> Fallible<Self> {
        let Desk { node, custodian, chain, api_key } = desk;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(Failure::no_randomness)?;
        let secret = WalletSeed::new(seed).relationship(chain, &custodian.id, 0);
        let key = secret.key();
        let enrolment = Enrolment {
            custodian: custodian.id,
            relationship: key.public_key(),
            generation: 0,
            log_key: *secret.log_key().expose(),
        };
        let body = Body::Canonical(codec::encode(&enrolment.sign(chain, &key)));
        let Enrolled { code } = node.json(Method::Post, "/v1/enrolments", body).await?;
        let link = json!({ "mrn": Label::relationship(&key.public_key()).to_string(), "code": code });
        let staff = node.with_bearer(api_key.clone());
        staff.json::<serde_json::Value>(Method::Post, "/v1/patients", Body::Json(link)).await?;
        let node = loop {
            match sign_in(node, chain, custodian.id, &key).await {
                Err(failure) if failure.code == SESSIONS_FULL => tokio::time::sleep(UNTIL_ONE_ENDS).await,
                other => break other?,
            }
        };
        Ok(Self { node, custodian: custodian.clone(), secret, next_index: 0 })
    }

    /// Whether it has as many consents in force as a relationship may have.
    pub(super) fn is_full(&self) -> bool {
        self.next_index as usize >= CONSENTS_MAX
    }

    /// Its code, `P-…`.
    pub(super) fn label(&self) -> Label {
        Label::relationship(&self.secret.key().public_key())
    }

    /// The next consent, composed and signed as a wallet does it.
    pub(super) fn next_grant(&mut self, load: &Load) -> Fallible<GrantRequest> {
        let (index, now) = (self.next_index, crate::duration::now());
        self.next_index += 1;
        let wish = Wish {
            chain: load.network.chain,
            custodian: self.custodian.clone(),
            relationship: self.secret.key().public_key(),
            consent: self.secret.consent_key(index).public_key(),
            version: 1,
            who: recipient(&load.network, self.custodian.id)
                .map(|member| Actor::Member(member.reference.clone()))
                .collect(),
            what: crate::commands::grant::read_what(&[WHAT.to_owned()])?,
            actions: vec![Action::Access],
            purpose: treatment(),
            from: now,
            until: now.plus_ms(LASTING_MS),
            supersedes: Vec::new(),
        };
        let document = compose(wish).expect("one member, one preset and one purpose make a document");
        Ok(grant_request::sign(document, &self.secret, index, &load.network.chain, now))
    }
}

/// Whom the patients of this custodian let in.
pub(super) fn recipient(network: &Network, custodian: MemberId) -> impl Iterator<Item = &Member> {
    network.members.iter().filter(move |member| member.id != custodian).take(1)
}

fn treatment() -> amanah_ledger::vocabulary::Code {
    Vocabulary::v1().code_of(Kind::Purpose, WHY).expect("the vocabulary has it")
}
