//! An answer and what would turn it, in the words of the screen and the fields of scripts.

use crate::consent_text::presets_of;
use crate::network::Network;
use crate::ruling::{Case, Change};
use crate::who::short_name;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Reason, ReasonCode};
use amanah_ledger::label::Label;
use amanah_ledger::vocabulary::{Code, Kind, Vocabulary};
use serde_json::{Value, json};

/// Why, as a sentence.
pub(crate) fn reason(reason: &Reason, effect: Effect) -> String {
    let consent = reason.consent.map(|key| Label::consent(&key).to_string());
    match (reason.code, consent, effect) {
        (ReasonCode::Permitted, Some(consent), _) => format!("{consent} permits it"),
        (ReasonCode::NotCovered, Some(consent), _) => {
            format!("{consent} is for them and for this purpose, but not for all of this data")
        }
        (ReasonCode::Denied, Some(consent), _) => format!("{consent} refuses it"),
        (ReasonCode::Revoked, Some(consent), Effect::Deny) => format!("{consent} permitted it until you ended it"),
        (ReasonCode::Expired, Some(consent), Effect::Deny) => format!("{consent} permitted it, and its time is over"),
        (ReasonCode::Incident, Some(consent), _) => {
            format!("{consent} was in force, and the hospital did not have its document")
        }
        (_, _, Effect::Permit) => "none of your consents speaks about it, and the network permits that".to_owned(),
        (_, _, Effect::Deny) => "none of your consents speaks about it".to_owned(),
    }
}

/// The purpose as people type it.
pub(crate) fn purpose(code: &Code) -> String {
    Vocabulary::v1().word_of(Kind::Purpose, code.as_str()).map_or_else(|| code.to_string(), str::to_owned)
}

/// The commands that would turn the answer; none where the patient has none.
pub(crate) fn commands(case: &Case, change: Option<&Change>, network: &Network) -> Vec<String> {
    let Some(Change { revoke, grant }) = change else { return Vec::new() };
    let mut commands: Vec<String> =
        revoke.iter().map(|consent| format!("amanah revoke {}", Label::consent(consent))).collect();
    if !grant.is_empty() {
        commands.push(format!(
            "amanah grant {} --what {} --why {} --until 90d --records-at {}",
            short_name(&case.asker),
            presets_of(grant).join(","),
            purpose(&case.request.purpose),
            network.name_of(&case.request.custodian),
        ));
    }
    commands
}

/// The change as scripts read it; `null` where there is none.
pub(crate) fn fields(change: Option<&Change>) -> Value {
    change.map_or(Value::Null, |Change { revoke, grant }| {
        let revoke: Vec<String> = revoke.iter().map(|consent| Label::consent(consent).to_string()).collect();
        json!({ "revoke": revoke, "grant": presets_of(grant) })
    })
}
