//! A consent before it is signed, wherever its words come from.

use crate::consent_text::describe;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Member;
use crate::output::Report;
use crate::wallet::Wallet;
use crate::wallet_state::Relationship;
use amanah_ledger::codec;
use amanah_ledger::compose::{ComposeError, Place};
use amanah_ledger::crypto::Signer;
use amanah_ledger::document::{ConsentDocument, commitment};
use amanah_ledger::label::Label;
use serde_json::{Map, Value, json};

/// A consent before it is signed.
pub(crate) struct Draft {
    pub(crate) member: Member,
    pub(crate) relationship: Relationship,
    /// Number of the consent in the relationship.
    pub(crate) index: u32,
    pub(crate) document: ConsentDocument,
    pub(crate) origin: Origin,
}

/// Where a draft comes from.
pub(crate) enum Origin {
    /// From flags, which say everything.
    Wish,
    /// From a hospital's request, which it answers.
    Request(Label),
    /// From a FHIR Consent.
    Fhir {
        /// The resource, to be kept with the consent.
        kept: Map<String, Value>,
        /// What the file does not say: `who`, `until`.
        left_open: Vec<&'static str>,
    },
    /// From a consent that was exported: it was given before, and is compared only.
    Exported,
}

impl Draft {
    /// What a FHIR file leaves open, in plain words, one line each.
    pub(super) fn notes(&self) -> String {
        let Origin::Fhir { left_open, .. } = &self.origin else { return String::new() };
        let said = left_open.iter().map(|what| match *what {
            "who" => format!(
                "  OPEN   the file names no recipient: this is for anyone to whom {} may disclose your records\n",
                self.member.reference.display
            ),
            _until => {
                "  OPEN   the file names no end: this holds as long as the network allows for its purposes\n".to_owned()
            }
        });
        said.collect()
    }
}

/// Which consent comes next in a relationship.
pub(crate) fn next_place(member: &Member, relationship: &Relationship, wallet: &Wallet) -> Place {
    let secret = wallet.secret(relationship);
    Place {
        chain: wallet.network.chain,
        custodian: member.reference.clone(),
        relationship: secret.key().public_key(),
        consent: secret.consent_key(relationship.next_index).public_key(),
        version: 1,
    }
}

/// A document that this network takes.
pub(crate) fn allowed(
    document: Result<ConsentDocument, ComposeError>,
    wallet: &Wallet,
    sooner: &str,
) -> Fallible<ConsentDocument> {
    let nothing = "your consent was not signed; nothing changed";
    let document = document.map_err(|why| {
        Failure::new(Exit::Failed, 233, why.to_string(), "ask for something simpler, in several consents")
            .state(nothing)
    })?;
    document.check_duration(&wallet.network.genesis.parameters).map_err(|why| {
        let fix = sooner.replace("DAYS", &why.days_max.to_string());
        Failure::new(Exit::Failed, 231, why.to_string(), fix).state(nothing)
    })?;
    Ok(document)
}

/// What would be signed.
pub(crate) fn dry_run(drafts: &[Draft], wallet: &Wallet) -> Report {
    let consents: Vec<Value> = drafts
        .iter()
        .map(|draft| {
            let salt = wallet.secret(&draft.relationship).salt(draft.index, draft.document.version);
            let mut fields = describe(&draft.document);
            fields["custodian"] = draft.member.name().into();
            fields["sentence"] = draft.document.sentence.as_str().into();
            fields["bytes"] = hex::encode(codec::encode(&draft.document)).into();
            fields["commitment"] = commitment(&salt, &draft.document).to_string().into();
            fields["final"] = false.into();
            if let Origin::Fhir { left_open, .. } = &draft.origin {
                fields["left_open"] = json!(left_open);
            }
            fields
        })
        .collect();
    let said: Vec<String> =
        drafts.iter().map(|draft| format!("{}\n{}", draft.document.sentence, draft.notes())).collect();
    let text = format!("Would sign (nothing is sent):\n  {}", said.join("  ").trim_end());
    Report::ok(json!({ "dry_run": true, "consents": consents }), text)
}
