//! `/fhir/r4/metadata`: what can be asked here, from the table that the routes are made from.

use super::Resource;
use crate::api::{App, routes};
use amanah_fhir::capability::{Node, Served, statement};
use axum::extract::State;
use std::sync::{Arc, OnceLock};

/// The day on which what is served last changed: the statement's date.
pub(super) const DATE: &str = "2026-11-29";

pub(in crate::api) async fn metadata(State(app): State<Arc<App>>) -> Resource {
    static SERVED: OnceLock<Vec<Served>> = OnceLock::new();
    let served = SERVED.get_or_init(|| routes::all().iter().filter_map(|operation| operation.served_fhir()).collect());
    let super::Place { base, display } = &app.place;
    let node = Node { base, display, version: env!("CARGO_PKG_VERSION"), date: DATE };
    Resource(statement(&node, served))
}
