//! `/openapi.json`: the reference of the API, made from the operations and the types they take and answer with.

use super::operation::{Caller, Operation};
use super::problem;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::sync::OnceLock;
use utoipa::PartialSchema;
use utoipa::openapi::path::{PathItem, PathsBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder};

/// The description of these operations.
pub(super) fn of<S: Clone + Send + Sync + 'static>(operations: &[Operation<S>]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new();
    for operation in operations {
        paths = paths.path(operation.path, PathItem::new(operation.method.clone(), operation.description()));
        for (name, schema) in operation.schemas() {
            components = components.schema(name.clone(), schema.clone());
        }
    }
    components = components.schema("Problem", problem::Body::schema());
    for caller in [Caller::Wallet, Caller::Hospital, Caller::Follower] {
        if let Some(scheme) = caller.scheme() {
            let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
            components = components.security_scheme(scheme, bearer);
        }
    }
    let mut info = Info::new("Amanah: the API of a hospital's node", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    info.license = Some(License::new("Apache-2.0"));
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components.build())).build()
}

const DESCRIPTION: &str = "What wallets and hospital systems ask of a node. A *deny* is an answer (200); what goes wrong \
    is a problem (RFC 9457) with a code, a fix and a page. Bodies that are signed travel as canonical bytes, the ledger's \
    own format; docs/ledger-format.md describes it. Whatever was taken once becomes final once, however often it is sent.";

/// That of a hospital's own node.
pub(super) async fn serve() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    answer(TEXT.get_or_init(|| text(&super::routes::all())))
}

/// That of a follower.
pub(super) async fn serve_follower() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    answer(TEXT.get_or_init(|| text(&super::routes::follower())))
}

fn text<S: Clone + Send + Sync + 'static>(operations: &[Operation<S>]) -> String {
    of(operations).to_json().expect("a description is made of strings and numbers")
}

fn answer(text: &'static str) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], text).into_response()
}
