//! `amanah deny R-…`: no to what a hospital asks for.

use crate::asked::Inbox;
use crate::commands::revoke::read_label;
use crate::failure::Fallible;
use crate::output::Report;
use crate::session::Session;
use crate::settings::Settings;
use crate::wallet::Wallet;
use amanah_ledger::label::LabelKind;
use serde_json::json;

pub(crate) async fn run(typed: &str, settings: &Settings) -> Fallible<Report> {
    let prefix = read_label(typed, LabelKind::Request)?;
    let wallet = Wallet::open(settings).await?;
    let asked = Inbox::read(&wallet).await?.open(&prefix)?;
    let session = Session::open(&wallet, &asked.member, asked.relationship.generation).await?;
    let label = asked.held.request.label();
    session.deny(&label).await?;
    let custodian = asked.member.name();
    let text = format!("✓ {label}: you said no. {custodian} was told, and nothing was written on the ledger.");
    Ok(Report::ok(json!({ "request": label.to_string(), "custodian": custodian, "state": "denied" }), text))
}
