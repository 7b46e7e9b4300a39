//! `amanah log`: who asked for one's records, checked to be complete against what every hospital has on the ledger.

use crate::access_log::{self, Log};
use crate::audit::{Alarm, Auditor};
use crate::commands::list;
use crate::consent_text::presets_of;
use crate::duration::for_programs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Network;
use crate::output::Report;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::Consent;
use amanah_ledger::access::{Event, LogEntry};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::Requester;
use amanah_ledger::label::Label;
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) async fn run(settings: &Settings) -> Fallible<Report> {
    let mut wallet = Wallet::open(settings).await?;
    let deadline = Instant::now() + settings.timeout;
    let (mut custodians, mut text, mut failed) = (Vec::new(), String::new(), None::<Box<Failure>>);
    for relationship in wallet.relationships()? {
        let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
        let relationship_label = wallet.label_at(&member)?.to_string();
        let progress = Progress::waiting(settings.reader, format!("checking the log at {}", member.name()));
        match access_log::check(&mut wallet, relationship, deadline).await {
            Ok(log) => {
                custodians.push(fields(&log, &relationship_label, &wallet.network));
                text.push_str(&lines(&log, &wallet.network));
                // Which consents stood when is needed to judge the decisions, as of a block that is no older.
                match list::refresh_at(&mut wallet, &log.custodian, log.height, settings).await {
                    Ok(()) => {}
                    Err(failure) => worst(&mut failed, failure),
                }
                if let Err(alarm) = audit(&log, &wallet) {
                    worst(&mut failed, alarming(member.name(), &alarm));
                }
                if log.pending > 0 {
                    worst(&mut failed, pending(member.name(), log.pending));
                }
            }
            Err(failure) => {
                custodians.push(json!({ "custodian": member.name(), "relationship": relationship_label,
                    "complete": false, "error": { "code": failure.code, "detail": failure.detail } }));
                worst(&mut failed, failure);
            }
        }
        drop(progress);
        // Saved after each: what one hospital showed is remembered whatever the next one does.
        wallet.save()?;
    }
    match failed {
        None => Ok(Report::ok(json!({ "custodians": custodians }), text)),
        Some(failure) => {
            settings.note(&text);
            Err(failure.field("custodians", custodians))
        }
    }
}

/// Works every decision of the log out again. What cannot be is told where there is no alarm.
pub(super) fn audit(log: &Log, wallet: &Wallet) -> Result<(), Alarm> {
    let Some(relationship) = wallet.state.relationship(&log.custodian) else { return Ok(()) };
    let secret = wallet.secret(relationship);
    let salt = |consent: &Consent| secret.salt(consent.index, consent.document.version);
    let auditor = Auditor {
        chain: &wallet.network.chain,
        parameters: &wallet.network.genesis.parameters,
        consents: wallet.state.consents.iter().filter(|consent| consent.custodian == log.custodian).collect(),
        salt: &salt,
    };
    let mut unsaid = Ok(());
    for entry in &log.entries {
        match auditor.check(entry) {
            Err(alarm) if alarm.is_certain() => return Err(alarm),
            checked => unsaid = unsaid.and(checked),
        }
    }
    unsaid
}

pub(super) fn alarming(custodian: &str, alarm: &Alarm) -> Box<Failure> {
    if !alarm.is_certain() {
        let fix = "update this program; until then this entry is neither right nor wrong";
        return Failure::new(Exit::NotFinal, 312, format!("the log at {custodian}: {alarm}"), fix);
    }
    let fix = "the log proves what was decided: take it to the hospital's compliance officer";
    Failure::new(Exit::NotVerified, 812, format!("{custodian} decided against your consents: {alarm}"), fix)
}

/// A lie outweighs a delay; of equals the first is told.
fn worst(failed: &mut Option<Box<Failure>>, next: Box<Failure>) {
    match failed {
        Some(known) if known.exit == Exit::NotVerified || next.exit != Exit::NotVerified => {}
        Some(_) | None => *failed = Some(next),
    }
}

fn pending(custodian: &str, count: u64) -> Box<Failure> {
    let detail = format!("{count} entries at {custodian} are younger than its last anchor");
    Failure::new(Exit::NotFinal, 310, detail, "amanah log   in a few seconds")
        .state("they are signed by the hospital and shown, but not proven complete yet")
}

fn fields(log: &Log, relationship: &str, network: &Network) -> Value {
    let accesses: Vec<Value> = log.entries.iter().filter_map(|entry| access(entry, network)).collect();
    let anchor = log.anchor.as_ref().map(
        |anchor| json!({ "seq": anchor.leaf.seq, "height": anchor.leaf.height, "time": for_programs(anchor.time) }),
    );
    json!({
        "custodian": network.name_of(&log.custodian),
        "relationship": relationship,
        "complete": log.complete,
        "count": log.count,
        "pending": log.pending,
        "lost": log.lost,
        "entered_late": log.entered_late,
        "anchor": anchor,
        "accesses": accesses,
    })
}

fn access(entry: &LogEntry, network: &Network) -> Option<Value> {
    let Event::Decision(receipt) = &entry.body.event else { return None };
    Some(json!({
        "access": Label::access(&entry.digest(&network.chain)).to_string(),
        "n": entry.body.number,
        "decision": receipt.outcome.as_str(),
        "effect": receipt.effect,
        "code": receipt.reason.code.as_str(),
        "consent": receipt.reason.consent.map(|consent| Label::consent(&consent).to_string()),
        "by": by(&receipt.requester, network),
        "purpose": receipt.purpose.as_str(),
        "what": presets_of(&receipt.items),
        "time": for_programs(entry.body.time),
    }))
}

pub(crate) fn by(requester: &Requester, network: &Network) -> String {
    let member = network.name_of(&requester.member);
    match &requester.practitioner {
        Some(handle) => format!("{handle}@{member}"),
        None => member,
    }
}

fn lines(log: &Log, network: &Network) -> String {
    let mut text = format!("{}: {} entries", network.name_of(&log.custodian), log.count);
    text.push_str(match (log.complete, log.pending) {
        (true, _) => ", complete\n",
        (false, 0) => ", not complete: the hospital lost some\n",
        (false, _) => ", the newest not anchored yet\n",
    });
    for entry in &log.entries {
        let time = for_programs(entry.body.time);
        let what_happened = match &entry.body.event {
            Event::Enrolment(_) => "you enrolled".to_owned(),
            Event::Gap(gap) => format!("LOST BY THE HOSPITAL: entries {} to {}", gap.from, gap.to),
            Event::Decision(receipt) => {
                let word = match receipt.effect {
                    Effect::Permit => "PERMIT",
                    Effect::Deny => "DENIED",
                };
                let what = presets_of(&receipt.items).join(", ");
                let access = Label::access(&entry.digest(&network.chain));
                let (by, code) = (by(&receipt.requester, network), receipt.reason.code.as_str());
                format!("{word:<7} {by}  read {what} · {}  {access}  why: {code}", receipt.purpose)
            }
        };
        let late = if log.entered_late.contains(&entry.body.number) { "  (entered late)" } else { "" };
        text.push_str(&format!("  {:>4}  {time}  {what_happened}{late}\n", entry.body.number));
    }
    text
}
