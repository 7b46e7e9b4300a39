//! Talking to hospitals as anybody may.

use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, Ed25519};
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::proof::{ENTRIES_MAX, STATE_PROOF_BYTES_MAX, StateProof, Trust, VerifiedState};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A plain question takes no longer.
const ASK: Duration = Duration::from_secs(5);

/// What a hospital shows of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Status {
    /// Its newest final height.
    pub height: u64,
    /// That block.
    pub block: Digest,
    /// The state after it.
    pub state_root: Digest,
    /// Whether it answers decisions.
    pub caught_up: bool,
}

impl Status {
    /// Whether both show the same block and state.
    pub fn same_head(&self, other: &Self) -> bool {
        (self.height, self.block, self.state_root) == (other.height, other.block, other.state_root)
    }
}

/// Why there is no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answered in time: what was sent may have arrived.
    Silence(String),
    /// It was refused, with status and code.
    Refused(u16, String),
    /// The answer is not what was agreed: a broken promise.
    Wrong(String),
}

/// One plain `GET`, without a client: for questions that wait for nobody.
///
/// # Errors
/// When the answer is no success.
pub fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).map_err(|e| e.to_string())?;
    stream.set_read_timeout(Some(ASK)).map_err(|e| e.to_string())?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|e| e.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|e| e.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP answer")?;
    if head.starts_with("HTTP/1.1 200") { Ok(body.to_owned()) } else { Err(answer) }
}

/// A connection to one hospital's API.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
}

impl Api {
    /// The API at this address.
    ///
    /// # Panics
    /// When the system gives no HTTP client.
    pub fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(1)).build().unwrap();
        Self { http, base: format!("http://{address}") }
    }

    /// Sends bytes and takes bytes.
    ///
    /// # Errors
    /// When nobody answers within `patience`, or it is refused.
    pub async fn post(
        &self,
        path: &str,
        bearer: Option<&str>,
        body: Vec<u8>,
        patience: Duration,
    ) -> Result<Vec<u8>, Trouble> {
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        finish(request.header("content-type", "application/octet-stream"), bearer, patience).await
    }

    /// Sends JSON and takes JSON.
    ///
    /// # Errors
    /// When nobody answers within `patience`, or it is refused.
    pub async fn post_json(
        &self,
        path: &str,
        bearer: Option<&str>,
        body: &Value,
        patience: Duration,
    ) -> Result<Value, Trouble> {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        let bytes = finish(request, bearer, patience).await?;
        serde_json::from_slice(&bytes).map_err(|error| Trouble::Wrong(error.to_string()))
    }

    /// Asks and takes bytes.
    ///
    /// # Errors
    /// When nobody answers within `patience`, or it is refused.
    pub async fn get(&self, path: &str, bearer: Option<&str>, patience: Duration) -> Result<Vec<u8>, Trouble> {
        finish(self.http.get(format!("{}{path}", self.base)), bearer, patience).await
    }

    /// What it proves about `keys` under a certified header of at least `min_height`, waiting up to `wait`.
    ///
    /// # Errors
    /// When it does not answer, has no such header, or proves something else.
    pub async fn state(
        &self,
        trust: &Trust,
        keys: &[LeafKey],
        min_height: u64,
        wait: Duration,
    ) -> Result<VerifiedState, Trouble> {
        let path = format!("/v1/proofs?min_height={min_height}&wait_ms={}", wait.as_millis());
        let asked = BoundedVec::<LeafKey, ENTRIES_MAX>::try_from(keys.to_vec()).expect("at most 64 keys at a time");
        let bytes = self.post(&path, None, codec::encode(&asked), wait + ASK).await?;
        let proof: StateProof = codec::decode(&bytes, STATE_PROOF_BYTES_MAX)
            .map_err(|error| Trouble::Wrong(format!("a proof cannot be read: {error}")))?;
        let state = proof.verify(trust, &Ed25519).map_err(|e| Trouble::Wrong(format!("a proof does not hold: {e}")))?;
        let complete = keys.iter().all(|key| state.shown(key) != amanah_ledger::proof::Shown::NotAsked);
        if state.height().0 < min_height || !complete {
            return Err(Trouble::Wrong("a proof of something else than was asked for".to_owned()));
        }
        Ok(state)
    }
}

async fn finish(
    request: reqwest::RequestBuilder,
    bearer: Option<&str>,
    patience: Duration,
) -> Result<Vec<u8>, Trouble> {
    let silence = |error: reqwest::Error| Trouble::Silence(error.to_string());
    let request = match bearer {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.timeout(patience).send().await.map_err(silence)?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(silence)?.to_vec();
    if status.is_success() {
        return Ok(bytes);
    }
    let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    Err(Trouble::Refused(status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned()))
}
