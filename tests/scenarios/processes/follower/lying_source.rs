//! A member that lies to its follower: it stands in front of an honest node and changes the blocks.

use amanah_consensus::message::{BlockBytes, SyncBlock};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::Signature;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};

/// How it lies about blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lie {
    /// It does not.
    None,
    /// The last block is another than the certified one.
    Altered,
    /// The certificates carry no signatures of validators.
    Forged,
    /// They are not the ones asked for.
    Shifted,
    /// There are no blocks.
    Withheld,
}

struct Source {
    upstream: String,
    client: reqwest::Client,
    lie: Mutex<Lie>,
}

/// A lying source that listens until the scenario ends.
pub(super) struct LyingSource {
    source: Arc<Source>,
    url: String,
    _runtime: tokio::runtime::Runtime,
}

impl LyingSource {
    /// In front of the node at `upstream`.
    pub(super) fn before(upstream: &str) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let source =
            Source { upstream: upstream.to_owned(), client: reqwest::Client::new(), lie: Mutex::new(Lie::None) };
        let source = Arc::new(source);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&source));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Self { source, url, _runtime: runtime }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn tell(&self, lie: Lie) {
        *self.source.lie.lock().unwrap() = lie;
    }
}

async fn answer(State(source): State<Arc<Source>>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let asked = axum::body::to_bytes(request.into_body(), codec::BYTES_MAX).await.unwrap();
    let lie = *source.lie.lock().unwrap();
    let asked_path = match path.strip_prefix("/v1/blocks?from=") {
        Some(from) if lie == Lie::Shifted => format!("/v1/blocks?from={}", from.parse::<u64>().unwrap() - 1),
        Some(_) | None => path.clone(),
    };
    let mut forward = source.client.request(method, format!("{}{asked_path}", source.upstream)).body(asked);
    if let Some(key) = headers.get("authorization") {
        forward = forward.header("authorization", key.clone());
    }
    let Ok(honest) = forward.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, body) = (honest.status(), honest.bytes().await);
    let Ok(body) = body else { return StatusCode::BAD_GATEWAY.into_response() };
    if status.is_success() && path.starts_with("/v1/blocks") {
        return (status, twist(lie, &body)).into_response();
    }
    (status, body).into_response()
}

fn twist(lie: Lie, honest: &[u8]) -> Vec<u8> {
    let run: BoundedVec<SyncBlock, 256> = codec::decode(honest, codec::BYTES_MAX).unwrap();
    let mut blocks = run.into_vec();
    match lie {
        Lie::None | Lie::Shifted => {}
        Lie::Altered => {
            if let Some(last) = blocks.last_mut() {
                let mut bytes = last.block.to_vec();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                last.block = BlockBytes::try_from(bytes).unwrap();
            }
        }
        Lie::Forged => {
            for certificate in blocks.iter_mut().filter_map(|entry| entry.finalization.as_mut()) {
                let count = certificate.signatures.len();
                certificate.signatures = vec![Signature([7; 64]); count].try_into().unwrap();
            }
        }
        Lie::Withheld => blocks.clear(),
    }
    codec::encode(&BoundedVec::<SyncBlock, 256>::try_from(blocks).unwrap())
}
