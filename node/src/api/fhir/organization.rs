//! A member as other systems are told of it.

use crate::api::App;
use amanah_fhir::organization::Organization;
use amanah_ledger::member::MemberId;

/// The member with the name that people have for it now.
pub(super) fn known(app: &App, id: MemberId) -> Organization {
    let head = app.ledger.head();
    let leaf = head.tip.state().member(&id);
    Organization { id, display: leaf.map(|leaf| leaf.display.to_string()).unwrap_or_default() }
}
