//! `amanah inbox`: what hospitals ask for.

use crate::asked::{Asked, Inbox};
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
    let inbox = Inbox::read(&wallet).await?;
    drop(progress);
    let (mut requests, mut text) = (Vec::new(), String::new());
    for asked in &inbox.asked {
        let document = document(asked)?;
        requests.push(fields(asked, &document));
        text.push_str(&lines(asked, &document));
    }
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

/// The consent that is asked for, as the hospital asks for it.
fn document(asked: &Asked) -> Fallible<ConsentDocument> {
    let request = &asked.held.request;
    // No consent has its key yet: the relationship's stands in its place, and is not shown.
    request.document(request.relationship, asked.held.asked).map_err(|why| {
        let detail = format!("{} asks for a consent that cannot be given: {why}", asked.member.name());
        Failure::new(Exit::NotVerified, 804, detail, "tell the hospital")
    })
}

fn fields(asked: &Asked, document: &ConsentDocument) -> Value {
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
    fields["sentence"] = document.sentence.as_str().into();
    fields["state"] = state.into();
    fields["consent"] = consent.into();
    fields["asked"] = for_programs(asked.held.asked).into();
    fields["expires"] = for_programs(asked.held.expires).into();
    fields
}

fn lines(asked: &Asked, document: &ConsentDocument) -> String {
    let (label, custodian) = (asked.held.request.label(), asked.member.name());
    match asked.held.state {
        RequestState::Open => format!(
            "{label}  {custodian} asks; you can answer until {}\n  {}\n  \
             amanah approve {label}   (smaller: --only, --until)   or   amanah deny {label}\n",
            for_programs(asked.held.expires),
            document.sentence
        ),
        RequestState::Approved { consent } => format!("{label}  approved: {}\n", Label::consent(&consent)),
        RequestState::Denied => format!("{label}  denied\n"),
        RequestState::Expired => format!("{label}  not answered in time\n"),
        RequestState::Withdrawn => format!("{label}  taken back by {custodian}\n"),
    }
}
