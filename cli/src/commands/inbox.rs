//! `amanah inbox`: what hospitals ask for.

use crate::asked::{self, Asked, Inbox};
use crate::consent_text::describe;
use crate::duration::for_programs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::wallet::Wallet;
use amanah_ledger::consent_request::RequestState;
use amanah_ledger::document::ConsentDocument;
use amanah_ledger::label::Label;
use serde_json::{Value, json};

pub(crate) async fn run(settings: &Settings) -> Fallible<Report> {
    let wallet = Wallet::open(settings).await?;
    let progress = Progress::waiting(settings.reader, "asking your hospitals");
    let mut inbox = Inbox::read(&wallet).await?;
    let (mut requests, mut text) = (Vec::new(), String::new());
    for asked in &inbox.asked {
        let names = match asked::check_people(&asked.held.request, &wallet, settings).await {
            Ok(()) => Names::Checked,
            Err(failure) if failure.exit == Exit::NotVerified => {
                inbox.missing.get_or_insert(failure);
                continue;
            }
            Err(failure) => Names::Unknown(failure.detail),
        };
        let document = document(asked)?;
        requests.push(fields(asked, &document, &names));
        text.push_str(&lines(asked, &document, &names));
    }
    drop(progress);
    if requests.is_empty() {
        text.push_str("Nobody asks you for anything.\n");
    }
    match inbox.missing {
        None => Ok(Report::ok(json!({ "requests": requests }), text)),
        Some(missing) => {
            settings.note(&text);
            Err(missing.field("requests", requests))
        }
    }
}

/// Whether the people whom a request names are called so by their own hospitals.
enum Names {
    /// They are.
    Checked,
    /// Nobody could be asked, and why: words that hold their names are not shown.
    Unknown(String),
}

/// The consent that is asked for, as the hospital asks for it.
fn document(asked: &Asked) -> Fallible<ConsentDocument> {
    let request = &asked.held.request;
    // No consent has its key yet: the relationship's stands in its place, and is not shown.
    request.document(request.relationship, asked.held.asked).map_err(|why| {
        let detail = format!("{} asks for a consent that cannot be given: {why}", asked.member.name());
        Failure::new(Exit::NotVerified, 804, detail, "tell the hospital")
    })
}

fn fields(asked: &Asked, document: &ConsentDocument, names: &Names) -> Value {
    let mut fields = describe(document);
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("consent");
    }
    let (state, consent) = match asked.held.state {
        RequestState::Open => ("open", None),
        RequestState::Approved { consent } => ("approved", Some(Label::consent(&consent).to_string())),
        RequestState::Denied => ("denied", None),
        RequestState::Expired => ("expired", None),
        RequestState::Withdrawn => ("withdrawn", None),
    };
    fields["request"] = asked.held.request.label().to_string().into();
    fields["custodian"] = asked.member.name().into();
    fields["sentence"] = match names {
        Names::Checked => document.sentence.as_str().into(),
        Names::Unknown(_) => Value::Null,
    };
    fields["state"] = state.into();
    fields["consent"] = consent.into();
    fields["asked"] = for_programs(asked.held.asked).into();
    fields["expires"] = for_programs(asked.held.expires).into();
    fields
}

fn lines(asked: &Asked, document: &ConsentDocument, names: &Names) -> String {
    let said = match names {
        Names::Checked => document.sentence.to_string(),
        Names::Unknown(why) => format!("(whom it is for cannot be checked now: {why})"),
    };
    let (label, custodian) = (asked.held.request.label(), asked.member.name());
    match asked.held.state {
        RequestState::Open => format!(
            "{label}  {custodian} asks; you can answer until {}\n  {said}\n  \
             amanah approve {label}   (smaller: --only, --until)   or   amanah deny {label}\n",
            for_programs(asked.held.expires),
        ),
        RequestState::Approved { consent } => format!("{label}  approved: {}\n", Label::consent(&consent)),
        RequestState::Denied => format!("{label}  denied\n"),
        RequestState::Expired => format!("{label}  not answered in time\n"),
        RequestState::Withdrawn => format!("{label}  taken back by {custodian}\n"),
    }
}
