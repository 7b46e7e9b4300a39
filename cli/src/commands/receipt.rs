//! `amanah receipt`: read a receipt, and check it offline against what this home trusts, never anything inside it.

use crate::args::ReceiptCommand;
use crate::commands::revoke::{find, read_label};
use crate::duration::for_programs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Network;
use crate::output::Report;
use crate::private_file;
use crate::receipts;
use crate::settings::Settings;
use crate::wallet::Wallet;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::label::{Label, LabelKind};
use amanah_ledger::receipt_file::{self, RECEIPT_FILE_BYTES_MAX};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(crate) async fn run(command: ReceiptCommand, settings: &Settings) -> Fallible<Report> {
    match command {
        ReceiptCommand::Show { receipt } => show(&receipt, settings).await,
        ReceiptCommand::Verify { file, trust } => verify(&file, trust.as_deref(), settings),
    }
}

async fn show(named: &str, settings: &Settings) -> Fallible<Report> {
    let path = if Path::new(named).is_file() { PathBuf::from(named) } else { of_consent(named, settings).await? };
    let bytes = private_file::read(&path, RECEIPT_FILE_BYTES_MAX as u64)?;
    let text = String::from_utf8(bytes).map_err(|_no_text| Failure::damaged(&path, "it is no text"))?;
    Ok(Report::ok(json!({ "receipt": path, "text": text }), text))
}

/// The newest receipt of a consent of the wallet.
async fn of_consent(named: &str, settings: &Settings) -> Fallible<PathBuf> {
    let prefix = read_label(named, LabelKind::Consent)?;
    let wallet = Wallet::open(settings).await?;
    let consent = find(&wallet, &prefix)?.consent;
    let paths = [false, true].map(|is_active| receipts::path(&settings.home, &wallet.name, &consent, is_active));
    paths.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        let detail = format!("{} has no receipt here yet", Label::consent(&consent));
        Failure::new(Exit::NotFound, 213, detail, "amanah list   fetches what has become final")
    })
}

fn verify(file: &Path, trust: Option<&Path>, settings: &Settings) -> Fallible<Report> {
    // Whatever keeps a receipt from being proven valid is one answer: a script asks for yes or no.
    let metadata = std::fs::metadata(file).map_err(|_unreadable| not_valid("the file cannot be read"))?;
    let network = match trust {
        Some(path) => Network::read(path),
        None => Network::of_home(&settings.home),
    };
    let network = network.map_err(|_none| {
        let fix = "amanah receipt verify FILE --trust NETWORK.JSON";
        not_proven("there is no network here to trust", fix)
    })?;
    if !metadata.is_file() || metadata.len() > RECEIPT_FILE_BYTES_MAX as u64 {
        return Err(not_valid("this is no receipt"));
    }
    let bytes = private_file::read(file, RECEIPT_FILE_BYTES_MAX as u64)
        .map_err(|_unreadable| not_valid("the file cannot be read"))?;
    let verified = receipt_file::verify(&bytes, &network.trust, &Ed25519).map_err(|why| not_valid(&why.to_string()))?;
    let label = Label::consent(&verified.leaf.consent).to_string();
    let state = if verified.leaf.is_active() { "active" } else { "revoked" };
    let sentence = verified.document.as_ref().map(|document| document.sentence.to_string());
    let text = format!(
        "✓ VALID, checked offline: {label}, {state} as of block {}.\n{}\
         Not proven here: that it is still so. Ask: amanah list",
        verified.height,
        sentence.as_ref().map(|sentence| format!("  {sentence}\n")).unwrap_or_default()
    );
    let fields = json!({
        "valid": true,
        "consent": label,
        "version": verified.leaf.version,
        "custodian": verified.custodian.name.as_str(),
        "state": state,
        "since": verified.leaf.since,
        "height": verified.height,
        "time": for_programs(verified.time),
        "sentence": sentence,
    });
    Ok(Report::ok(fields, text))
}

fn not_valid(why: &str) -> Box<Failure> {
    not_proven(why, "do not rely on this file; ask for a new receipt")
}

fn not_proven(why: &str, fix: &str) -> Box<Failure> {
    Failure::new(Exit::NotVerified, 806, format!("NOT VALID: {why}"), fix).field("valid", false).field("reason", why)
}

#[cfg(test)]
mod tests;
