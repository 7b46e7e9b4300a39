//! `amanah can`: what the wallet's consents would answer, now or later. Evaluated here, so nothing enters a log.

use crate::args::CanArgs;
use crate::commands::grant::{read_purpose, read_what};
use crate::commands::list;
use crate::duration::{self, for_programs};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use crate::ruling::{Asked, Case};
use crate::ruling_text::{commands, fields, reason};
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::who::{self, Who};
use amanah_ledger::codec::{BoundedVec, TooMany};
use amanah_ledger::document::{Action, Effect};
use amanah_ledger::engine::Requester;
use amanah_ledger::label::Label;
use amanah_ledger::time::UnixMs;
use serde_json::{Map, Value, json};

pub(crate) async fn run(arguments: &CanArgs, settings: &Settings) -> Fallible<Report> {
    let (what, purpose) = (read_what(&arguments.what)?, read_purpose(&arguments.why)?);
    let at = moment(arguments.at.as_deref())?;
    let mut wallet = Wallet::open(settings).await?;
    let who = who::resolve(&arguments.who, &wallet.network, &settings.home).await?;
    list::refresh(&mut wallet, settings).await?;
    wallet.save()?;
    let relationships = match &arguments.records_at {
        Some(name) => vec![wallet.enrolled_at(wallet.network.member(name)?)?.clone()],
        None => wallet.relationships()?,
    };
    let items = BoundedVec::try_from(what.items()).map_err(|TooMany { max, .. }| {
        Failure::new(Exit::Usage, 227, format!("at most {max} kinds of data at once"), "name fewer in --what")
    })?;
    let (requester, asker) = (requester(&who), who.actor());
    let asked = Asked { requester, asker, purpose, action: Action::Access, items, at };
    let (mut answers, mut text, mut exit) = (Vec::new(), String::new(), Exit::Ok);
    for relationship in &relationships {
        let case = Case::of(&wallet, relationship, asked.clone())?;
        let (answer, said) = answer(&case, &arguments.who, &wallet);
        if answer["effect"] == "deny" {
            exit = Exit::Denied;
        }
        answers.push(answer);
        text.push_str(&said);
    }
    let mut report = Map::new();
    report.insert("at".to_owned(), for_programs(at).into());
    report.insert("answers".to_owned(), answers.into());
    Ok(Report { exit, fields: report, text })
}

/// Now, or the moment that is typed. What stood in the past is what `why` tells.
fn moment(typed: Option<&str>) -> Fallible<UnixMs> {
    let now = duration::now();
    let Some(typed) = typed else { return Ok(now) };
    duration::until(typed, now, &jiff::tz::TimeZone::system()).map_err(|failure| {
        Failure::new(Exit::Usage, 223, failure.detail, "--at 90d   for what was answered before: amanah why A-…")
    })
}

fn requester(who: &Who) -> Requester {
    match who {
        Who::Member(member) => Requester { member: member.id, practitioner: None },
        Who::Practitioner(member, signed) => {
            Requester { member: member.id, practitioner: Some(signed.entry.handle.clone()) }
        }
    }
}

fn answer(case: &Case, who: &str, wallet: &Wallet) -> (Value, String) {
    let (decision, change) = (case.decision(), case.change());
    let custodian = wallet.network.name_of(&case.request.custodian);
    let consent = decision.reason.consent.map(|key| Label::consent(&key).to_string());
    let commands = commands(case, change.as_ref(), &wallet.network);
    let (word, turn) = match decision.effect {
        Effect::Permit => ("yes", "to stop it"),
        Effect::Deny => ("no", "to allow it"),
    };
    let mut text = format!("{custodian}: {word}, {who}: {}\n", reason(&decision.reason, decision.effect));
    for command in &commands {
        text.push_str(&format!("  {turn}: {command}\n"));
    }
    let fields = json!({
        "custodian": custodian,
        "decision": decision.outcome.as_str(),
        "effect": decision.effect,
        "code": decision.reason.code.as_str(),
        "consent": consent,
        "change": fields(change.as_ref()),
        "commands": commands,
    });
    (fields, text)
}
