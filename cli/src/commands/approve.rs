//! `amanah approve R-…`: the consent that a hospital asks for is given as it is asked for, or smaller.

use crate::args::ApproveArgs;
use crate::asked::{self, Asked, Inbox};
use crate::commands::grant::read_what;
use crate::commands::revoke::read_label;
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::giving::{self, Draft, Origin};
use crate::output::Report;
use crate::settings::Settings;
use crate::wallet::Wallet;
use amanah_ledger::consent_request::Widens;
use amanah_ledger::label::LabelKind;
use amanah_ledger::preset::Selection;
use amanah_ledger::time::UnixMs;

/// How much of what is asked for, as far as the command line alone says it.
struct Wanted {
    now: UnixMs,
    only: Option<Selection>,
    until: Option<UnixMs>,
}

pub(crate) async fn run(arguments: ApproveArgs, settings: &Settings) -> Fallible<Report> {
    let prefix = read_label(&arguments.request, LabelKind::Request)?;
    let wanted = read(&arguments)?;
    if !arguments.dry_run {
        giving::require_somebody(settings)?;
    }
    let mut wallet = Wallet::open(settings).await?;
    let asked = Inbox::read(&wallet).await.and_then(|inbox| inbox.open(&prefix)).map_err(giving::nothing_signed)?;
    asked::check_people(&asked.held.request, &wallet, settings).await.map_err(giving::nothing_signed)?;
    let request = asked.held.request.label().to_string();
    let drafts = vec![draft(&wanted, asked, &wallet).map_err(giving::nothing_signed)?];
    let report = if arguments.dry_run {
        giving::dry_run(&drafts, &wallet)
    } else {
        giving::give(drafts, &mut wallet, settings).await.map_err(|failure| failure.field("request", &*request))?
    };
    Ok(report.field("request", request))
}

fn read(arguments: &ApproveArgs) -> Fallible<Wanted> {
    let now = duration::now();
    let only = if arguments.only.is_empty() { None } else { Some(read_what(&arguments.only)?) };
    let zone = jiff::tz::TimeZone::system();
    let until = arguments.until.as_deref().map(|text| duration::until(text, now, &zone)).transpose()?;
    Ok(Wanted { now, only, until })
}

/// The consent that answers the request. It never gives more than was asked for, whatever was typed.
fn draft(wanted: &Wanted, asked: Asked, wallet: &Wallet) -> Fallible<Draft> {
    let Asked { member, relationship, held } = asked;
    let mut smaller = match &wanted.only {
        None => held.request.clone(),
        Some(only) => held.request.only(only).map_err(|why| {
            Failure::new(Exit::Failed, 233, why.to_string(), "approve it whole, or deny it and grant what you like")
        })?,
    };
    smaller.until = wanted.until.unwrap_or(smaller.until);
    let place = giving::next_place(&member, &relationship, wallet);
    let document = giving::allowed(smaller.document(place.consent, wanted.now), wallet, "--until DAYSd")?;
    held.request.covers(&document).map_err(|widens| beyond(&widens))?;
    let origin = Origin::Request(held.request.label());
    Ok(Draft { index: relationship.next_index, member, relationship, document, origin })
}

fn beyond(widens: &Widens) -> Box<Failure> {
    let detail = format!("this is more than the hospital asks for: {widens}");
    let fix = "approve less, or all of it without --only and --until; to give more: amanah grant --help";
    Failure::new(Exit::Usage, 264, detail, fix)
}
