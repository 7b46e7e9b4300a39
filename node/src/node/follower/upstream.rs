//! The node of one member, as a follower asks it: for proof of its newest head, for final blocks, for practitioners.
//!
//! Its answers are bounded and come in time or not at all; heads are checked here, all else by whoever asked.

use crate::block_run::{BLOCK_RUN_BYTES_MAX, BlockRun};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::directory::{DIRECTORY_ENTRY_BYTES_MAX, SignedDirectoryEntry};
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::position::Height;
use amanah_ledger::proof::{ENTRIES_MAX, ProofError, StateProof, Trust};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, RequestBuilder, Url};
use std::time::Duration;
use zeroize::Zeroizing;

/// A node is asked to wait this long for a new head: who was heard within 15 s counts as heard.
pub(super) const HEAD_WAIT: Duration = Duration::from_secs(5);
/// An answer that need not be waited for comes within this time.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A connection stands within this time.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Longest problem, and longest proof of a header alone, of which the certificate takes 2 KiB.
const SMALL_BYTES_MAX: usize = 16 * 1024;

/// One member's node.
#[derive(Clone)]
pub(super) struct Upstream {
    name: String,
    base: Url,
    http: Client,
}

/// What a member's node says about its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// It proves that this height is final.
    Proven(Height),
    /// It says that there is nothing as high as asked for.
    NothingNew,
}

/// Why there is no answer to go on with.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// Nobody answers in time.
    #[error("does not answer")]
    Unreachable,
    /// It refuses.
    #[error("refuses with {code}, HTTP status {status}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// `AMN-` and four digits.
        code: String,
    },
    /// The answer is none.
    #[error("gives no answer of its own: {0}")]
    NotUnderstood(String),
    /// What it shows proves nothing.
    #[error("shows a head that is not proven: {0}")]
    NotProven(#[from] ProofError),
}

#[derive(serde::Deserialize)]
struct Problem {
    code: String,
}

/// The client of all upstreams: it follows neither the environment's proxies nor redirects to elsewhere.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.connect_timeout(CONNECT_MAX).build()
}

impl Upstream {
    pub(super) fn new(name: &str, base: &Url, http: &Client) -> Self {
        Self { name: name.to_owned(), base: base.clone(), http: http.clone() }
    }

    /// Name of the member.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A proven head at `least` or above; the node waits for one for [`HEAD_WAIT`].
    pub(super) async fn head(&self, trust: &Trust, least: Height) -> Result<Head, NoAnswer> {
        let mut url = self.url("v1/proofs");
        let wait_ms = HEAD_WAIT.as_millis().to_string();
        url.query_pairs_mut().append_pair("min_height", &least.to_string()).append_pair("wait_ms", &wait_ms);
        let no_leaves = codec::encode(&BoundedVec::<LeafKey, ENTRIES_MAX>::default());
        let asked = self.http.post(url).body(no_leaves).timeout(HEAD_WAIT + ANSWER_MAX);
        match exchange(asked, SMALL_BYTES_MAX).await {
            Ok(bytes) => {
                let proof: StateProof = decode(&bytes, SMALL_BYTES_MAX)?;
                Ok(Head::Proven(proof.verify(trust, &Ed25519)?.height()))
            }
            // Not as high in time, or nothing but genesis.
            Err(NoAnswer::Refused { code, .. }) if code == "AMN-0301" || code == "AMN-0303" => Ok(Head::NothingNew),
            Err(error) => Err(error),
        }
    }

    /// Final blocks from `from` on, for a follower with this key.
    pub(super) async fn blocks(&self, key: &str, from: Height) -> Result<BlockRun, NoAnswer> {
        let mut url = self.url("v1/blocks");
        url.query_pairs_mut().append_pair("from", &from.to_string());
        let asked = self.http.get(url).header(AUTHORIZATION, bearer(key)?).timeout(ANSWER_MAX);
        decode(&exchange(asked, BLOCK_RUN_BYTES_MAX).await?, BLOCK_RUN_BYTES_MAX)
    }

    /// The entry of a practitioner, signed now.
    pub(super) async fn practitioner(&self, handle: &str) -> Result<SignedDirectoryEntry, NoAnswer> {
        let mut url = self.url("v1/directory");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(handle);
        }
        let asked = self.http.get(url).timeout(ANSWER_MAX);
        decode(&exchange(asked, SMALL_BYTES_MAX).await?, DIRECTORY_ENTRY_BYTES_MAX)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

fn bearer(key: &str) -> Result<HeaderValue, NoAnswer> {
    let text = Zeroizing::new(format!("Bearer {key}"));
    let value = HeaderValue::from_str(&text);
    let mut value = value.map_err(|_no_text| NoAnswer::NotUnderstood("the key cannot be sent".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

async fn exchange(request: RequestBuilder, bytes_max: usize) -> Result<Vec<u8>, NoAnswer> {
    let mut response = request.send().await.map_err(|_why| NoAnswer::Unreachable)?;
    let status = response.status();
    let most = if status.is_success() { bytes_max } else { SMALL_BYTES_MAX };
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_why| NoAnswer::Unreachable)? {
        if bytes.len() + chunk.len() > most {
            return Err(NoAnswer::NotUnderstood(format!("more than {most} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    if status.is_success() {
        return Ok(bytes);
    }
    match serde_json::from_slice::<Problem>(&bytes) {
        Ok(Problem { code }) if is_code(&code) => Err(NoAnswer::Refused { status: status.as_u16(), code }),
        Ok(_) | Err(_) => Err(NoAnswer::NotUnderstood(format!("HTTP status {status}"))),
    }
}

/// What goes into the log is one of our codes, not whatever somebody sends.
fn is_code(code: &str) -> bool {
    code.strip_prefix("AMN-").is_some_and(|number| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()))
}

fn decode<T: bincode::Encode + bincode::Decode<()>>(bytes: &[u8], bytes_max: usize) -> Result<T, NoAnswer> {
    codec::decode(bytes, bytes_max).map_err(|error| NoAnswer::NotUnderstood(error.to_string()))
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "node of {}", self.name)
    }
}
