//! `CapabilityStatement` (FHIR R4 4.0.1), made from what a node serves.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The version of FHIR that is spoken.
pub const FHIR_VERSION: &str = "4.0.1";
/// Its content type. FHIR asks for the charset in every answer.
pub const CONTENT_TYPE: &str = "application/fhir+json; charset=utf-8";

/// What somebody may do (value sets `type-restful-interaction` and `system-restful-interaction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// Create a resource of a type.
    Create(&'static str),
    /// Read one resource of a type.
    Read(&'static str),
    /// Read one version of a resource of a type.
    ReadVersion(&'static str),
    /// Search resources of a type.
    Search(&'static str),
    /// Call an operation of the whole system.
    Operation(&'static str),
}

/// What kind of value a search parameter takes (value set `search-param-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// A date with a prefix.
    Date,
    /// A reference.
    Reference,
    /// A code or an identifier.
    Token,
}

/// One thing that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// What it does.
    pub interaction: Interaction,
    /// By what it searches.
    pub parameters: Vec<(&'static str, Parameter)>,
}

/// Whose node it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// Address of the resources.
    pub base: &'a str,
    /// The hospital's name for people.
    pub display: &'a str,
    /// Version of the program.
    pub version: &'a str,
    /// The day on which that version says what it does, as `YYYY-MM-DD`.
    pub date: &'a str,
}

impl Parameter {
    const fn code(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Reference => "reference",
            Self::Token => "token",
        }
    }
}

/// Address of the definition of an operation.
pub fn definition(base: &str, operation: &str) -> String {
    format!("{base}/OperationDefinition/{operation}")
}

/// What the node can do.
pub fn statement(node: &Node<'_>, served: &[Served]) -> Value {
    let Node { base, display, version, date } = node;
    let mut types: BTreeMap<&str, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    let mut operations = Vec::new();
    for Served { interaction, parameters } in served {
        let (of, code) = match interaction {
            Interaction::Create(of) => (of, "create"),
            Interaction::Read(of) => (of, "read"),
            Interaction::ReadVersion(of) => (of, "vread"),
            Interaction::Search(of) => (of, "search-type"),
            Interaction::Operation(name) => {
                operations.push(json!({ "name": name, "definition": definition(base, name) }));
                continue;
            }
        };
        let (interactions, searches) = types.entry(of).or_default();
        interactions.push(json!({ "code": code }));
        searches.extend(parameters.iter().map(|(name, kind)| json!({ "name": name, "type": kind.code() })));
    }
    let resources: Vec<Value> = types.into_iter().map(|(of, (does, by))| resource(of, does, by)).collect();
    let mut rest = Map::from_iter([
        ("mode".to_owned(), "server".into()),
        ("security".to_owned(), json!({ "cors": false, "description": SECURITY })),
    ]);
    for (name, list) in [("resource", resources), ("operation", operations)] {
        if !list.is_empty() {
            rest.insert(name.to_owned(), Value::Array(list));
        }
    }
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": { "name": "Amanah", "version": version },
        "implementation": { "description": format!("Consents, decisions and accesses at {display}"), "url": base },
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json"],
        "rest": [rest],
    })
}

const SECURITY: &str = "The hospital's own systems only: an API key of this node, sent as `Authorization: Bearer KEY`. \
    This statement needs none.";

fn resource(of: &str, does: Vec<Value>, by: Vec<Value>) -> Value {
    let has_versions = does.iter().any(|one| one["code"] == "vread");
    let mut resource = json!({ "type": of, "interaction": does });
    if has_versions {
        resource["versioning"] = "versioned".into();
        resource["readHistory"] = true.into();
    }
    if !by.is_empty() {
        resource["searchParam"] = Value::Array(by);
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_stands_once_with_all_that_can_be_done_with_it() {
        let node = Node { base: "http://x/fhir/r4", display: "Cedar", version: "0.1.0", date: "2026-11-29" };
        let served = [
            Served { interaction: Interaction::Read("Consent"), parameters: Vec::new() },
            Served { interaction: Interaction::ReadVersion("Consent"), parameters: Vec::new() },
            Served { interaction: Interaction::Read("AuditEvent"), parameters: Vec::new() },
            Served {
                interaction: Interaction::Search("Consent"),
                parameters: vec![("patient", Parameter::Reference), ("status", Parameter::Token)],
            },
            Served { interaction: Interaction::Operation("consent-decision"), parameters: Vec::new() },
        ];
        let rest = statement(&node, &served)["rest"][0].clone();
        assert_eq!(
            rest["resource"],
            json!([{ "type": "AuditEvent", "interaction": [{ "code": "read" }] }, {
                "type": "Consent",
                "interaction": [{ "code": "read" }, { "code": "vread" }, { "code": "search-type" }],
                "versioning": "versioned",
                "readHistory": true,
                "searchParam": [{ "name": "patient", "type": "reference" }, { "name": "status", "type": "token" }],
            }])
        );
        let definition = "http://x/fhir/r4/OperationDefinition/consent-decision";
        assert_eq!(rest["operation"], json!([{ "name": "consent-decision", "definition": definition }]));
    }

    #[test]
    fn a_node_that_serves_nothing_says_so_without_empty_lists() {
        let node = Node { base: "http://x", display: "Cedar", version: "0.1.0", date: "2026-11-29" };
        let rest = statement(&node, &[])["rest"][0].clone();
        assert_eq!((rest.get("resource"), rest.get("operation")), (None, None));
    }
}
