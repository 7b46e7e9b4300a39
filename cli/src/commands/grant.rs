//! `amanah grant`: a consent is composed, read back, signed, and waited for until it is final.

mod from_fhir;
mod wish;

pub(crate) use wish::{read_purpose, read_what};

use crate::args::GrantArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::giving::{self, Draft, Origin};
use crate::output::Report;
use crate::settings::Settings;
use crate::wallet::Wallet;
use amanah_ledger::label::Label;
use serde_json::Value;

/// What is to be granted, as far as the command line alone says it.
enum Wanted {
    /// By flags.
    Wish(wish::Wanted),
    /// By a FHIR Consent.
    Fhir(Value),
}

pub(crate) async fn run(arguments: GrantArgs, settings: &Settings) -> Fallible<Report> {
    let wanted = read(&arguments)?;
    if !arguments.dry_run {
        giving::require_somebody(settings)?;
    }
    let mut wallet = Wallet::open(settings).await?;
    let records_at = arguments.records_at.as_deref();
    let drafts = match &wanted {
        Wanted::Wish(wanted) => wish::drafts(wanted, records_at, &wallet, settings).await,
        Wanted::Fhir(resource) => from_fhir::drafts(resource, records_at, &wallet, settings).await,
    };
    let drafts = drafts.map_err(giving::nothing_signed)?;
    if arguments.dry_run {
        return Ok(giving::dry_run(&drafts, &wallet));
    }
    drafts.iter().try_for_each(require_new)?;
    giving::give(drafts, &mut wallet, settings).await
}

fn read(arguments: &GrantArgs) -> Fallible<Wanted> {
    match &arguments.from_fhir {
        Some(path) => from_fhir::read(path).map(Wanted::Fhir),
        None => wish::read(arguments).map(Wanted::Wish),
    }
}

/// A consent that was given before is not given again, also where this wallet does not remember it.
fn require_new(draft: &Draft) -> Fallible<()> {
    match draft.origin {
        Origin::Wish | Origin::Request(_) | Origin::Fhir { .. } => Ok(()),
        Origin::Exported => {
            let label = Label::consent(&draft.document.consent).to_string();
            let detail = format!("this file is {label}, which was given already");
            let fix = "amanah list; to give a new consent, take the file's extension urn:amanah:consent out";
            Err(Failure::new(Exit::Conflict, 258, detail, fix)
                .state("nothing was signed and nothing was sent")
                .field("consent", label))
        }
    }
}
