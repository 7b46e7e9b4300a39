//! A hospital that lies: it stands in front of an honest node and changes what the wallet gets to see. It holds the
//! hospital's gateway key, so whatever it makes up is signed as a lying custodian would sign it.

use crate::harness::Network;
use amanah_ledger::access::{Event, LogEntry};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::consent_request::{HeldRequest, HeldRequests};
use amanah_ledger::crypto::{Digest, Keypair};
use amanah_ledger::document::{Actor, Effect};
use amanah_ledger::engine::Outcome;
use amanah_ledger::exchange::{AccessSearch, LogPage};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

/// How it lies about a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lie {
    /// None: everything passes through.
    None,
    /// The newest entry does not exist.
    OmitNewest,
    /// One entry in the middle does not exist; the later ones are renumbered, chained and signed again.
    OmitMiddle,
    /// One entry says something else; it and the later ones are chained and signed again.
    Alter,
    /// Everything it ever answered before is still its answer.
    Stale,
    /// The access that was looked into before was permitted: so its entry says, signed.
    Falsify,
    /// What it asks for is for a person of another name.
    Misname,
    /// What it asks for is for a hospital of another name.
    Rename,
    /// What it asks somebody else for, it asks this patient for.
    Redirect,
}

/// Path and body of a request.
type Asked = (String, Vec<u8>);
/// Status and body of an answer.
type Answered = (StatusCode, Vec<u8>);

const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

struct Liar {
    upstream: String,
    client: reqwest::Client,
    gateway: Keypair,
    chain: Digest,
    lie: Mutex<Lie>,
    remembered: Mutex<BTreeMap<Asked, Answered>>,
}

/// A lying hospital in front of `hospital`; it listens until the scenario ends.
pub(crate) struct LyingHospital {
    liar: Arc<Liar>,
    _runtime: tokio::runtime::Runtime,
}

impl LyingHospital {
    /// Puts the liar between the wallet and this hospital, by the network file that the wallet reads.
    pub(crate) fn before(network: &Network, hospital: &str) -> Self {
        let file = network.home().join("network.json");
        let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let chain: Digest = json["chain_id"].as_str().unwrap().parse().unwrap();
        let members = json["members"].as_array_mut().unwrap();
        let member = members.iter_mut().find(|m| m["name"] == hospital).unwrap();
        let upstream = member["api"].as_str().unwrap().to_owned();
        let seed = fs::read_to_string(network.home().join("demo").join(hospital).join("keys/gateway.key")).unwrap();
        let mut secret = [0; 32];
        hex::decode_to_slice(seed.trim(), &mut secret).unwrap();

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        member["api"] = format!("http://{}", listener.local_addr().unwrap()).into();
        fs::write(&file, serde_json::to_vec_pretty(&json).unwrap()).unwrap();

        let liar = Arc::new(Liar {
            upstream,
            client: reqwest::Client::new(),
            gateway: Keypair::from_seed(&secret),
            chain,
            lie: Mutex::new(Lie::None),
            remembered: Mutex::new(BTreeMap::new()),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&liar));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { liar, _runtime: runtime }
    }

    pub(crate) fn tell(&self, lie: Lie) {
        *self.liar.lie.lock().unwrap() = lie;
    }

    /// The code of the first thing that it asks for, with its lie.
    pub(crate) fn asks(&self) -> String {
        let lie = *self.liar.lie.lock().unwrap();
        let remembered = self.liar.remembered.lock().unwrap();
        let (_, (_, honest)) = remembered.iter().find(|((path, _), _)| path == "/v1/me/requests").unwrap();
        let told = asked_otherwise(lie, &Bytes::from(honest.clone()));
        let all: HeldRequests = codec::decode(&told, ANSWER_BYTES_MAX).unwrap();
        all.iter().next().unwrap().request.label().to_string()
    }
}

async fn answer(State(liar): State<Arc<Liar>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let asked = axum::body::to_bytes(request.into_body(), ANSWER_BYTES_MAX).await.unwrap();
    let lie = *liar.lie.lock().unwrap();
    let key = (path.clone(), asked.to_vec());
    if lie == Lie::Stale
        && let Some((status, body)) = liar.remembered(&key)
    {
        return (status, body).into_response();
    }
    if lie == Lie::Falsify && path.starts_with("/v1/accesses/") {
        return (StatusCode::OK, liar.falsified()).into_response();
    }
    let mut forward = liar.client.request(method, format!("{}{path}", liar.upstream)).body(asked);
    for name in ["authorization", "content-type"] {
        if let Some(value) = headers.get(name) {
            forward = forward.header(name, value.clone());
        }
    }
    let Ok(honest) = forward.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, kind) = (honest.status(), honest.headers().get("content-type").cloned());
    let body = honest.bytes().await.unwrap();
    if status.is_success() && !path.starts_with("/v1/login") {
        // Proofs are asked with the newest height in the path; an old one is remembered for any.
        liar.remembered.lock().unwrap().insert(key, (status, body.to_vec()));
    }
    let body = match path.as_str() {
        log if status.is_success() && log.starts_with("/v1/me/log") => liar.twist(lie, &body),
        "/v1/me/requests" if status.is_success() => asked_otherwise(lie, &body),
        _anything_else => body.to_vec(),
    };
    let mut response = (status, body).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert("content-type", kind);
    }
    response
}

/// The same requests under other names. Nothing of them is signed: a wallet has to notice by itself.
fn asked_otherwise(lie: Lie, honest: &Bytes) -> Vec<u8> {
    let mut all: Vec<HeldRequest> = codec::decode::<HeldRequests>(honest, ANSWER_BYTES_MAX).unwrap().into_vec();
    for held in &mut all {
        let mut actors = held.request.root.actors.clone().into_vec();
        match (lie, actors.first_mut()) {
            (Lie::Misname, Some(Actor::Practitioner(person))) => person.display = "Dr. Trustworthy".try_into().unwrap(),
            (Lie::Rename, Some(Actor::Practitioner(person))) => {
                person.member.display = "Ministry of Health".try_into().unwrap();
            }
            (Lie::Redirect, _) => held.request.relationship.0[0] ^= 1,
            (_, _) => {}
        }
        held.request.root.actors = BoundedVec::try_from(actors).unwrap();
    }
    codec::encode(&HeldRequests::try_from(all).unwrap())
}

impl Liar {
    fn remembered(&self, key: &Asked) -> Option<Answered> {
        let remembered = self.remembered.lock().unwrap();
        let path_of = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
        remembered.get(key).cloned().or_else(|| {
            let same = |(path, body): &&Asked| path_of(path) == path_of(&key.0) && *body == key.1;
            remembered.iter().find(|(held, _)| same(held)).map(|(_, answer)| answer.clone())
        })
    }

    /// The access that was looked into before, with another answer.
    fn falsified(&self) -> Vec<u8> {
        let remembered = self.remembered.lock().unwrap();
        let (_, (_, honest)) = remembered.iter().find(|((path, _), _)| path.starts_with("/v1/accesses/")).unwrap();
        let found: AccessSearch = codec::decode(honest, ANSWER_BYTES_MAX).unwrap();
        let AccessSearch::Found(mut record) = found else { panic!("it was found") };
        let mut body = record.entry.body.clone();
        let Event::Decision(receipt) = &mut body.event else { panic!("it is a decision") };
        (receipt.outcome, receipt.effect) = (Outcome::Permit, Effect::Permit);
        record.entry = body.sign(&self.chain, record.entry.seed, &self.gateway);
        codec::encode(&AccessSearch::Found(record))
    }

    fn twist(&self, lie: Lie, honest: &Bytes) -> Vec<u8> {
        let page: LogPage = codec::decode(honest, ANSWER_BYTES_MAX).unwrap();
        let mut entries = page.entries.into_vec();
        let total = page.total;
        match lie {
            Lie::None | Lie::Stale | Lie::Falsify | Lie::Misname | Lie::Rename | Lie::Redirect => {
                return honest.to_vec();
            }
            Lie::OmitNewest => {
                entries.retain(|entry| entry.body.number != total);
            }
            Lie::OmitMiddle => {
                entries.retain(|entry| entry.body.number != 3);
                self.chain_again(&mut entries);
            }
            Lie::Alter => {
                if let Some(entry) = entries.iter_mut().find(|entry| entry.body.number == 3) {
                    entry.body.time.0 -= 1;
                }
                self.chain_again(&mut entries);
            }
        }
        let total = if lie == Lie::Alter { total } else { total - 1 };
        codec::encode(&LogPage { total, entries: BoundedVec::try_from(entries).unwrap() })
    }

    /// Numbers, chains and signs anew, as a custodian that rewrites its log would.
    fn chain_again(&self, entries: &mut [LogEntry]) {
        for at in 1..entries.len() {
            let (before, rest) = entries.split_at_mut(at);
            let (Some(previous), Some(entry)) = (before.last(), rest.first_mut()) else { continue };
            entry.body.number = previous.body.number + 1;
            entry.body.previous = previous.digest(&self.chain);
            *entry = entry.body.clone().sign(&self.chain, entry.seed, &self.gateway);
        }
    }
}
