//! Signing in at a custodian with the relationship key; what only a signed-in wallet may ask.

use crate::client::{Body, Method, Node, PATIENCE};
use crate::duration::now;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Member;
use crate::wallet::Wallet;
use amanah_ledger::codec;
use amanah_ledger::consent_request::HeldRequests;
use amanah_ledger::crypto::{Digest, Ed25519, Keypair, Signer};
use amanah_ledger::derive::RelationshipSecret;
use amanah_ledger::exchange::{HELD_CONSENTS_MAX, HeldConsents, LogPage, Login, SignedAcceptance};
use amanah_ledger::label::Label;
use amanah_ledger::member::MemberId;
use serde::Deserialize;
use zeroize::Zeroizing;

/// Longest answer with documents or log entries.
const PAGE_BYTES_MAX: usize = codec::BYTES_MAX;

/// A relationship at its custodian, signed in.
pub(crate) struct Session {
    pub(crate) member: Member,
    pub(crate) node: Node,
    pub(crate) secret: RelationshipSecret,
    chain: Digest,
}

#[derive(Deserialize)]
struct Nonce {
    nonce: Digest,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Me {
    linked: bool,
}

/// The same node, which now knows whose relationship asks.
pub(crate) async fn sign_in(node: &Node, chain: &Digest, custodian: MemberId, key: &Keypair) -> Fallible<Node> {
    let Nonce { nonce } = node.json(Method::Post, "/v1/login/nonce", Body::Empty).await?;
    let login = Login {
        custodian,
        relationship: key.public_key(),
        // Plain HTTP on this machine has no channel to bind to.
        binding: [0; 32],
        nonce: nonce.0,
        time: now(),
    };
    let signed = Body::Canonical(codec::encode(&login.sign(chain, key)));
    let Token { token } = node.json(Method::Post, "/v1/login", signed).await?;
    Ok(node.with_bearer(Zeroizing::new(token)))
}

impl Session {
    /// Signs in at `member`, as the relationship of `generation`.
    pub(crate) async fn open(wallet: &Wallet, member: &Member, generation: u32) -> Fallible<Self> {
        let secret = wallet.secret_of(&member.id, generation);
        let chain = wallet.network.chain;
        let node = sign_in(&member.node()?, &chain, member.id, &secret.key()).await?;
        Ok(Self { member: member.clone(), node, secret, chain })
    }

    /// The relationship's key.
    pub(crate) fn key(&self) -> Keypair {
        self.secret.key()
    }

    /// Refuses to go on before staff have linked the relationship to a person.
    pub(crate) async fn require_linked(&self) -> Fallible<()> {
        let Me { linked } = self.node.json(Method::Get, "/v1/me", Body::Empty).await?;
        if linked {
            return Ok(());
        }
        let name = self.member.name();
        let detail = format!("{} has not linked your wallet to you yet", self.member.reference.display);
        let fix = format!("show the nine-digit code at the desk of {name}, then try again");
        Err(Failure::new(Exit::Conflict, 504, detail, fix).state("nothing was signed and nothing was sent"))
    }

    /// Part of the log: entries from number `from` on.
    pub(crate) async fn log_page(&self, from: u64) -> Fallible<LogPage> {
        let path = format!("/v1/me/log?from={from}");
        Ok(self.node.canonical(Method::Get, &path, Body::Empty, PAGE_BYTES_MAX, PATIENCE).await?)
    }

    /// Accepts entry 1 of the log, after checking that it enrols this key with this log key, signed by the hospital.
    pub(crate) async fn accept(&self, entry: &amanah_ledger::access::LogEntry) -> Fallible<()> {
        let refuse = |why: &str| crate::finality::not_verified(&self.node, format!("its entry 1 {why}"));
        let amanah_ledger::access::Event::Enrolment(enrolment) = &entry.body.event else {
            return Err(refuse("is no enrolment"));
        };
        let ours = entry.body.number == 1
            && entry.body.custodian == self.member.id
            && entry.body.relationship == self.key().public_key()
            && entry.body.previous == Digest::ZERO
            && enrolment.log_key == self.secret.log_key().digest();
        if !ours || entry.gateway.key != self.member.gateway {
            return Err(refuse("is not about this relationship"));
        }
        entry.verify(&self.chain, &Ed25519).map_err(|why| refuse(&why.to_string()))?;
        let acceptance = SignedAcceptance::sign(&self.chain, entry, &self.key());
        let body = Body::Canonical(codec::encode(&acceptance));
        self.node.exchange(Method::Post, "/v1/me/accept", body, PAGE_BYTES_MAX, PATIENCE).await?;
        Ok(())
    }

    /// Every version of every consent that the custodian holds for this relationship.
    pub(crate) async fn held_consents(&self) -> Fallible<HeldConsents> {
        let held: HeldConsents =
            self.node.canonical(Method::Get, "/v1/me/consents", Body::Empty, PAGE_BYTES_MAX, PATIENCE).await?;
        debug_assert!(held.len() <= HELD_CONSENTS_MAX, "the type bounds it");
        for one in &held {
            one.verify(&self.chain, &Ed25519).map_err(|why| crate::finality::not_verified(&self.node, why))?;
        }
        Ok(held)
    }

    /// Every request for a consent that the custodian keeps for this relationship, answered ones included.
    pub(crate) async fn requests(&self) -> Fallible<HeldRequests> {
        Ok(self.node.canonical(Method::Get, "/v1/me/requests", Body::Empty, PAGE_BYTES_MAX, PATIENCE).await?)
    }

    /// Says no to a request.
    pub(crate) async fn deny(&self, request: &Label) -> Fallible<()> {
        let path = format!("/v1/me/requests/{request}/deny");
        self.node.exchange(Method::Post, &path, Body::Empty, PAGE_BYTES_MAX, PATIENCE).await?;
        Ok(())
    }
}
