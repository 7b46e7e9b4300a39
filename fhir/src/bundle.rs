//! A `searchset` (FHIR R4 4.0.1, `http.html#search`): matches, and what is not among them by name.

use crate::outcome::{Issue, outcome};
use serde_json::{Value, json};

/// One page of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Address of this page.
    pub own: String,
    /// Address of the next one.
    pub next: Option<String>,
    /// How many there are on all pages, where that is known.
    pub total: Option<u64>,
    /// The resources, each with its id.
    pub matches: Vec<Value>,
    /// What was found and is not among the matches, or was asked for and not looked at.
    pub left_out: Vec<Issue>,
}

/// The page as a Bundle. `base` is the address under which the resources are.
pub fn searchset(base: &str, page: &Page) -> Value {
    let Page { own, next, total, matches, left_out } = page;
    let text = |resource: &Value, name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut entries: Vec<Value> = matches
        .iter()
        .map(|one| {
            let address = format!("{base}/{}/{}", text(one, "resourceType"), text(one, "id"));
            json!({ "fullUrl": address, "resource": one, "search": { "mode": "match" } })
        })
        .collect();
    if !left_out.is_empty() {
        entries.push(json!({ "resource": outcome(left_out), "search": { "mode": "outcome" } }));
    }
    let mut links = vec![json!({ "relation": "self", "url": own })];
    links.extend(next.iter().map(|next| json!({ "relation": "next", "url": next })));
    let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "link": links });
    if let Some(total) = total {
        bundle["total"] = (*total).into();
    }
    // FHIR knows no empty list.
    if !entries.is_empty() {
        bundle["entry"] = Value::Array(entries);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{IssueType, Severity};

    fn page() -> Page {
        Page { own: "http://x/Consent".to_owned(), next: None, total: None, matches: Vec::new(), left_out: Vec::new() }
    }

    #[test]
    fn matches_have_their_address_and_what_is_left_out_comes_behind_them() {
        let issue = Issue {
            severity: Severity::Warning,
            kind: IssueType::Incomplete,
            code: "AMN-0260".to_owned(),
            title: "FHIR cannot say this consent".to_owned(),
            detail: "C-1".to_owned(),
            fix: "ask".to_owned(),
        };
        let found = json!({ "resourceType": "Consent", "id": "7" });
        let next = Some("http://x/Consent?_after=7".to_owned());
        let page = Page { next, total: Some(2), matches: vec![found.clone()], left_out: vec![issue.clone()], ..page() };
        let bundle = searchset("http://x", &page);
        assert_eq!(
            bundle["entry"],
            json!([
                { "fullUrl": "http://x/Consent/7", "resource": found, "search": { "mode": "match" } },
                { "resource": outcome(&[issue]), "search": { "mode": "outcome" } },
            ])
        );
        assert_eq!(bundle["link"][1], json!({ "relation": "next", "url": "http://x/Consent?_after=7" }));
        assert_eq!(bundle["total"], 2);
    }

    #[test]
    fn nothing_found_is_a_bundle_without_entries() {
        let bundle = searchset("http://x", &page());
        assert_eq!((bundle.get("entry"), bundle.get("total")), (None, None));
    }
}
