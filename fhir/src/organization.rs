//! How a member of the network is named to other systems: by its id, and by its name for people.

use crate::import::MEMBER;
use amanah_ledger::member::MemberId;
use serde_json::{Value, json};

/// A member with the name that people have for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: MemberId,
    /// Its name for people; empty if the ledger has none any more.
    pub display: String,
}

/// A reference to it.
pub(crate) fn reference(one: &Organization) -> Value {
    let mut reference =
        json!({ "type": "Organization", "identifier": { "system": MEMBER, "value": one.id.to_string() } });
    if !one.display.is_empty() {
        reference["display"] = one.display.as_str().into();
    }
    reference
}
