//! `amanah consent`: one of the wallet's consents, for other programs.

use super::{list, revoke};
use crate::args::ConsentCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::kept_fhir;
use crate::output::Report;
use crate::private_file::{self, Existing};
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::Phase;
use amanah_fhir::export::{self, Status};
use amanah_ledger::label::{Label, LabelKind};
use amanah_ledger::position::Height;
use serde_json::json;
use std::path::Path;

pub(crate) async fn run(command: ConsentCommand, settings: &Settings) -> Fallible<Report> {
    match command {
        ConsentCommand::Export { consent, fhir } => export(&consent, &fhir, settings).await,
    }
}

/// Writes a consent as a FHIR R4 file that comes in again as the same document.
async fn export(typed: &str, file: &Path, settings: &Settings) -> Fallible<Report> {
    let prefix = revoke::read_label(typed, LabelKind::Consent)?;
    let mut wallet = Wallet::open(settings).await?;
    // Its end may have come from a slip, or from another machine.
    let custodian = revoke::find(&wallet, &prefix)?.custodian;
    list::refresh_at(&mut wallet, &custodian, Height(0), settings).await?;
    wallet.save()?;
    let consent = revoke::find(&wallet, &prefix)?;
    let label = Label::consent(&consent.consent).to_string();
    let status = match consent.phase {
        Phase::Granted { .. } => Status::Active,
        Phase::Revoked { .. } => Status::Inactive,
        Phase::Pending { .. } | Phase::Refused { .. } => {
            let detail = format!("{label} is not on the ledger");
            return Err(Failure::new(Exit::Conflict, 261, detail, "amanah list   shows when it is")
                .state("nothing was written"));
        }
    };
    let kept = kept_fhir::find(&wallet, &settings.home, &consent.consent)?;
    let resource = export::export(&consent.document, status, kept.as_ref()).map_err(|why| {
        let fix = "its receipt says all of it: amanah receipt show";
        Failure::new(Exit::Failed, 260, format!("{label} cannot be exported: {why}"), format!("{fix} {label}"))
            .state("nothing was written")
    })?;
    let text = serde_json::to_string_pretty(&resource).map_err(|why| Failure::damaged(file, why))?;
    private_file::write(file, format!("{text}\n").as_bytes(), Existing::Keep)?;
    let around = match kept {
        Some(_) => "with all that it came with",
        None => "with the little that FHIR R4 asks for around it",
    };
    let custodian = wallet.network.name_of(&consent.custodian);
    let fields = json!({ "consent": label, "custodian": custodian, "commitment": consent.commitment.to_string(),
        "status": if status == Status::Active { "active" } else { "inactive" }, "kept": kept.is_some(), "file": file });
    Ok(Report::ok(
        fields,
        format!("✓ {label} is in {}, {around}. It names you: keep it as you would the record itself.", file.display()),
    ))
}
