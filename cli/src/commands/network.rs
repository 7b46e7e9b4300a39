//! `amanah network status`: what each hospital's node says about itself.

use crate::client::{Body, Method, Node};
use crate::failure::Fallible;
use crate::network::Network;
use crate::output::Report;
use crate::settings::Settings;
use serde_json::{Value, json};

pub(crate) async fn status(settings: &Settings) -> Fallible<Report> {
    let network = Network::of_home(&settings.home)?;
    let nodes = network.nodes()?;
    let validators = futures::future::join_all(nodes.iter().map(validator)).await;
    let text = validators.iter().map(line).collect::<String>();
    let fields = json!({
        "network": network.genesis.network.as_str(),
        "chain_id": network.chain,
        "validators": validators,
    });
    Ok(Report::ok(fields, text))
}

/// One node's own words; `reachable: false` where it has none.
pub(crate) async fn validator(node: &Node) -> Value {
    let answer = node.json::<Value>(Method::Get, "/v1/status", Body::Empty).await.ok();
    let field = |name: &str| answer.as_ref().map_or(Value::Null, |status| status[name].clone());
    json!({
        "name": node.name(),
        "reachable": answer.is_some(),
        "height": field("height"),
        "block": field("block"),
        "state_root": field("state_root"),
        "view": field("view"),
    })
}

fn line(validator: &Value) -> String {
    let name = validator["name"].as_str().unwrap_or_default();
    if validator["reachable"] == true {
        format!("{name:<12} up     height {}, view {}\n", validator["height"], validator["view"])
    } else {
        format!("{name:<12} does not answer\n")
    }
}
