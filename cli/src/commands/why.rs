//! `amanah why`: what an access rested on, or what a consent does, and the smallest change that would turn it.

use crate::access_log;
use crate::commands::revoke::not_found;
use crate::commands::{list, log};
use crate::consent_text::presets_of;
use crate::duration::{self, for_programs};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use crate::progress::Progress;
use crate::ruling::{Asked, Case};
use crate::ruling_text::{commands, fields, purpose, reason};
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Relationship};
use amanah_ledger::access::{DecisionReceipt, Event, LogEntry};
use amanah_ledger::document::{Actor, Effect, PractitionerRef};
use amanah_ledger::engine::Requester;
use amanah_ledger::label::{FindError, Label, LabelKind, LabelPrefix};
use serde_json::json;
use tokio::time::Instant;

pub(crate) async fn run(typed: &str, settings: &Settings) -> Fallible<Report> {
    let fix = "amanah why A-7Q2M   an access of amanah log, or C-…, a consent of amanah list";
    let prefix: LabelPrefix =
        typed.parse().map_err(|why| Failure::new(Exit::Usage, 211, format!("{typed:?}: {why}"), fix))?;
    match prefix.kind() {
        LabelKind::Access => of_access(&prefix, settings).await,
        LabelKind::Consent => of_consent(&prefix, settings).await,
        LabelKind::Relationship | LabelKind::Request | LabelKind::Emergency => {
            Err(Failure::new(Exit::Usage, 211, format!("{typed:?} is another kind of code"), fix))
        }
    }
}

async fn of_consent(prefix: &LabelPrefix, settings: &Settings) -> Fallible<Report> {
    let mut wallet = Wallet::open(settings).await?;
    list::refresh(&mut wallet, settings).await?;
    wallet.save()?;
    let consent: Consent = crate::commands::revoke::find(&wallet, prefix)?;
    let mut fields = list::fields(&consent, &wallet, duration::now());
    fields["sentence"] = consent.document.sentence.as_str().into();
    let label = Label::consent(&consent.consent);
    let state = fields["state"].as_str().unwrap_or_default().to_owned();
    let end = match state.as_str() {
        "active" => format!("\n  to stop it: amanah revoke {label}"),
        _ => String::new(),
    };
    let text = format!("{label} is {state}: {}{end}", consent.document.sentence);
    Ok(Report::ok(fields, text))
}

async fn of_access(prefix: &LabelPrefix, settings: &Settings) -> Fallible<Report> {
    let mut wallet = Wallet::open(settings).await?;
    let deadline = Instant::now() + settings.timeout;
    for relationship in wallet.relationships()? {
        let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
        let progress = Progress::waiting(settings.reader, format!("checking the log at {}", member.name()));
        let log = access_log::check(&mut wallet, relationship.clone(), deadline).await?;
        let chain = wallet.network.chain;
        let labelled = log.entries.iter().map(|entry| (Label::access(&entry.digest(&chain)), entry));
        let entry = match prefix.find(labelled) {
            Ok(entry) => entry.clone(),
            Err(FindError::None) => {
                wallet.save()?;
                continue;
            }
            Err(several) => return Err(not_found(prefix, &several, "amanah log")),
        };
        list::refresh_at(&mut wallet, &log.custodian, log.height, settings).await?;
        drop(progress);
        wallet.save()?;
        log::audit(&log, &wallet).map_err(|alarm| log::alarming(member.name(), &alarm))?;
        if let Event::Decision(receipt) = &entry.body.event {
            return told(&entry, receipt, &relationship, &wallet);
        }
    }
    Err(not_found(prefix, &FindError::None, "amanah log"))
}

/// What was answered then, and what would be today.
fn told(entry: &LogEntry, receipt: &DecisionReceipt, relationship: &Relationship, wallet: &Wallet) -> Fallible<Report> {
    let asked = Asked {
        requester: receipt.requester.clone(),
        asker: actor(&receipt.requester, wallet)?,
        purpose: receipt.purpose.clone(),
        action: receipt.action,
        items: receipt.items.clone(),
        at: duration::now(),
    };
    let case = Case::of(wallet, relationship, asked)?;
    let (today, change) = (case.decision(), case.change());
    let commands = commands(&case, change.as_ref(), &wallet.network);
    let (by, what) = (log::by(&receipt.requester, &wallet.network), presets_of(&receipt.items));
    let custodian = wallet.network.name_of(&entry.body.custodian);
    let access = Label::access(&entry.digest(&wallet.network.chain)).to_string();
    let did = match receipt.effect {
        Effect::Permit => "gave",
        Effect::Deny => "refused",
    };
    let (now, turn) = match today.effect {
        Effect::Permit => ("permitted", "to stop it"),
        Effect::Deny => ("refused", "to allow it"),
    };
    let sentence = reason(&receipt.reason, receipt.effect);
    let mut text = format!(
        "{}  {custodian} {did} {by} {} for {}\n  because {sentence}\n  today it would be {now}: {}\n",
        for_programs(entry.body.time),
        what.join(", "),
        purpose(&receipt.purpose),
        reason(&today.reason, today.effect),
    );
    for command in &commands {
        text.push_str(&format!("  {turn}: {command}\n"));
    }
    let consent = |reason: &amanah_ledger::engine::Reason| reason.consent.map(|key| Label::consent(&key).to_string());
    let considered: Vec<String> =
        receipt.considered.iter().map(|one| Label::consent(&one.consent).to_string()).collect();
    let report = json!({
        "access": access, "custodian": custodian, "n": entry.body.number, "time": for_programs(entry.body.time),
        "height": receipt.height, "by": by, "purpose": receipt.purpose.as_str(), "what": what,
        "decision": receipt.outcome.as_str(), "effect": receipt.effect, "code": receipt.reason.code.as_str(),
        "consent": consent(&receipt.reason), "because": sentence, "considered": considered,
        "today": { "effect": today.effect, "code": today.reason.code.as_str(), "consent": consent(&today.reason) },
        "change": fields(change.as_ref()), "commands": commands,
    });
    Ok(Report::ok(report, text))
}

/// Who asked, as a consent would name them. Their full name is their hospital's to say, and no part of a receipt.
fn actor(requester: &Requester, wallet: &Wallet) -> Fallible<Actor> {
    let member = wallet.network.member_by_id(&requester.member)?.reference.clone();
    Ok(match &requester.practitioner {
        None => Actor::Member(member),
        Some(handle) => {
            let display = handle.as_str().try_into().unwrap_or_default();
            Actor::Practitioner(PractitionerRef { member, handle: handle.clone(), display })
        }
    })
}
