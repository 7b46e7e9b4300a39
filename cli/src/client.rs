//! Talking to nodes: plain HTTP on this machine, canonical bytes or JSON, bounded answers, typed problems.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use amanah_ledger::codec;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a node may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long an ordinary request may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Longest JSON answer.
const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;
const CANONICAL: &str = "application/octet-stream";

/// One node, and in whose name we talk to it.
#[derive(Clone)]
pub(crate) struct Node {
    name: String,
    base: String,
    http: reqwest::Client,
    bearer: Option<Zeroizing<String>>,
}

/// What a node says went wrong (RFC 9457).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) detail: String,
    pub(crate) code: String,
    pub(crate) fix: String,
}

/// Why a node gave no answer that can be used.
#[derive(Debug, Clone)]
pub(crate) enum NodeError {
    /// It does not answer.
    Unreachable {
        /// Name of the member.
        name: String,
    },
    /// It answers that something is wrong.
    Problem(Problem),
    /// It answers something else than agreed.
    NotUnderstood {
        /// Name of the member.
        name: String,
        /// What does not fit.
        why: String,
    },
}

/// What a request carries.
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// Canonical bytes.
    Canonical(Vec<u8>),
    /// JSON.
    Json(serde_json::Value),
}

/// GET or POST.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Method {
    /// Reads.
    Get,
    /// Tells.
    Post,
}

impl Node {
    /// The node of `name` at `base`, such as `http://127.0.0.1:7400`.
    ///
    /// # Errors
    /// When the address is no plain-HTTP address of this machine.
    pub(crate) fn new(name: &str, base: &str) -> Fallible<Self> {
        let url = reqwest::Url::parse(base).map_err(|_no_url| bad_address(name, base))?;
        if url.scheme() != "http" {
            return Err(bad_address(name, base));
        }
        if !is_loopback(&url) && std::env::var_os("AMANAH_INSECURE_HTTP").is_none() {
            let detail =
                format!("{base} is beyond this machine, and plain HTTP there can be read and changed on the way");
            let fix =
                "put TLS in front of the node; on a network that encrypts by itself: export AMANAH_INSECURE_HTTP=1";
            return Err(Failure::new(Exit::Unsafe, 912, detail, fix).state("nothing was sent"));
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .build()
            .map_err(|e| Failure::new(Exit::Failed, 18, format!("no HTTP client: {e}"), "report this"))?;
        Ok(Self { name: name.to_owned(), base: base.trim_end_matches('/').to_owned(), http, bearer: None })
    }

    /// Name of the member.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The same node, talked to with this token or API key.
    pub(crate) fn with_bearer(&self, token: Zeroizing<String>) -> Self {
        Self { bearer: Some(token), ..self.clone() }
    }

    /// Asks for a JSON answer.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, NodeError> {
        let bytes = self.exchange(method, path, body, JSON_BYTES_MAX, PATIENCE).await?;
        serde_json::from_slice(&bytes).map_err(|e| self.not_understood(e))
    }

    /// Asks for a canonical answer of at most `bytes_max` bytes, within `patience`.
    pub(crate) async fn canonical<T: bincode::Decode<()> + bincode::Encode>(
        &self,
        method: Method,
        path: &str,
        body: Body,
        bytes_max: usize,
        patience: Duration,
    ) -> Result<T, NodeError> {
        let bytes = self.exchange(method, path, body, bytes_max, patience).await?;
        codec::decode(&bytes, bytes_max).map_err(|e| self.not_understood(e))
    }

    /// Sends a request and reads the answer's bytes.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Body,
        bytes_max: usize,
        patience: Duration,
    ) -> Result<Vec<u8>, NodeError> {
        let url = format!("{}{path}", self.base);
        let request = match method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
        };
        let mut request = request.timeout(patience).header(reqwest::header::ACCEPT, "*/*");
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token.as_str());
        }
        request = match body {
            Body::Empty => request,
            Body::Canonical(bytes) => request.header(reqwest::header::CONTENT_TYPE, CANONICAL).body(bytes),
            Body::Json(value) => request.json(&value),
        };
        let mut response = request.send().await.map_err(|_why| self.unreachable())?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_why| self.unreachable())? {
            if bytes.len() + chunk.len() > bytes_max.max(64 * 1024) {
                return Err(self.not_understood(format!("more than {bytes_max} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(bytes);
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Err(NodeError::Problem(problem)),
            Err(_no_problem) => Err(self.not_understood(format!("HTTP status {status}"))),
        }
    }

    fn unreachable(&self) -> NodeError {
        NodeError::Unreachable { name: self.name.clone() }
    }

    fn not_understood(&self, why: impl std::fmt::Display) -> NodeError {
        NodeError::NotUnderstood { name: self.name.clone(), why: why.to_string() }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "node of {} at {}", self.name, self.base)
    }
}

impl NodeError {
    /// Whether trying again, or elsewhere, may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Problem(problem) => exit_of(problem) == Exit::NotFinal,
            Self::NotUnderstood { .. } => false,
        }
    }

    /// Whether the node answers with this code.
    pub(crate) fn is_code(&self, code: &str) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == code)
    }
}

impl From<NodeError> for Box<Failure> {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Unreachable { name } => Failure::new(
                Exit::NotFinal,
                302,
                format!("cannot reach {name}"),
                "amanah network status   shows who answers",
            ),
            NodeError::NotUnderstood { name, why } => {
                let detail = format!("{name} gave an answer that is not understood: {why}");
                Failure::new(Exit::NotVerified, 801, detail, "update this program; if it stays so, tell the hospital")
            }
            NodeError::Problem(problem) => {
                let exit = exit_of(&problem);
                let Problem { detail, code, fix, .. } = problem;
                let mut failure = Failure::new(exit, 1, detail, fix);
                failure.code = code;
                failure
            }
        }
    }
}

/// How a problem ends a command.
fn exit_of(problem: &Problem) -> Exit {
    match (problem.code.as_str(), problem.status) {
        // Not enrolled, or the enrolment has lapsed: a step is missing, nothing is locked.
        ("AMN-0403", _) => Exit::Conflict,
        (_, 401 | 403) => Exit::Locked,
        (_, 404) => Exit::NotFound,
        (_, 409 | 410) => Exit::Conflict,
        (_, 408 | 425 | 429 | 502..=504) => Exit::NotFinal,
        (_, _) => Exit::Failed,
    }
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn bad_address(name: &str, base: &str) -> Box<Failure> {
    let detail = format!("{base:?} is no address where the node of {name} could be asked");
    Failure::new(Exit::Usage, 206, detail, "an address looks like http://127.0.0.1:7400")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["http://127.0.0.1:7400", "http://localhost:7400/", "http://[::1]:7400"] {
            assert!(Node::new("cedar", good).is_ok(), "{good}");
        }
        for far in ["http://192.0.2.7:7400", "http://cedar.example", "http://127.0.0.1.example"] {
            assert_eq!(Node::new("cedar", far).unwrap_err().exit, Exit::Unsafe, "{far}");
        }
        for none in ["", "cedar", "https://127.0.0.1", "file:///etc/passwd"] {
            assert_eq!(Node::new("cedar", none).unwrap_err().exit, Exit::Usage, "{none}");
        }
    }

    #[test]
    fn problems_keep_their_code_and_end_as_scripts_expect() {
        let problem = |status, code: &str| {
            let (code, detail, fix) = (code.to_owned(), "d".to_owned(), "f".to_owned());
            <Box<Failure>>::from(NodeError::Problem(Problem { status, detail, code, fix }))
        };
        let failure = problem(409, "AMN-0504");
        assert_eq!((failure.exit, failure.code.as_str(), failure.fix.as_str()), (Exit::Conflict, "AMN-0504", "f"));
        assert_eq!(problem(401, "AMN-0402").exit, Exit::Locked);
        assert_eq!(problem(401, "AMN-0403").exit, Exit::Conflict);
        assert_eq!(problem(404, "AMN-0241").exit, Exit::NotFound);
        assert_eq!(problem(503, "AMN-0304").exit, Exit::NotFinal);
        assert_eq!(problem(422, "AMN-0231").exit, Exit::Failed);
    }

    #[tokio::test]
    async fn a_node_that_does_not_answer_is_said_by_name() {
        // Port 9 of this machine: nobody listens.
        let node = Node::new("qamar", "http://127.0.0.1:9").unwrap();
        let error = node.json::<serde_json::Value>(Method::Get, "/v1/status", Body::Empty).await.unwrap_err();
        assert!(error.is_passing());
        let failure = <Box<Failure>>::from(error);
        assert_eq!(failure.exit, Exit::NotFinal);
        assert!(failure.detail.contains("qamar"));
    }
}
