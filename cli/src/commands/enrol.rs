//! `amanah enrol`: a relationship with a hospital begins.

use crate::args::EnrolArgs;
use crate::client::{Body, Method};
use crate::duration::now;
use crate::failure::Fallible;
use crate::home::Home;
use crate::network::{Member, Network};
use crate::output::Report;
use crate::recovery;
use crate::session::Session;
use crate::settings::Settings;
use crate::slip;
use crate::wallet::Wallet;
use crate::wallet_state::Relationship;
use amanah_ledger::codec;
use amanah_ledger::crypto::Signer;
use amanah_ledger::derive::RelationshipSecret;
use amanah_ledger::exchange::Enrolment;
use amanah_ledger::label::Label;
use amanah_ledger::time::Day;
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Answer {
    relationship: String,
    code: String,
}

pub(crate) async fn run(arguments: EnrolArgs, settings: &Settings) -> Fallible<Report> {
    if let Some(given) = &arguments.network {
        Network::take(given, &settings.home)?;
    }
    let mut wallet = Wallet::open(settings).await?;
    let member = wallet.network.member(&arguments.hospital)?.clone();
    let known = wallet.state.relationship(&member.id).cloned();
    let generation = known.as_ref().map_or(0, |relationship| relationship.generation);
    let secret = wallet.secret_of(&member.id, generation);
    let key = secret.key();
    let enrolment = Enrolment {
        custodian: member.id,
        relationship: key.public_key(),
        generation,
        log_key: *secret.log_key().expose(),
    };
    let signed = Body::Canonical(codec::encode(&enrolment.sign(&wallet.network.chain, &key)));
    let answered = member.node()?.json::<Answer>(Method::Post, "/v1/enrolments", signed).await;
    let answer = match answered {
        // The hospital knows this wallet better than the wallet itself: it has been recovered from its words.
        Err(error) if known.is_none() && error.is_code("AMN-0501") => {
            return bring_back(wallet, &member, settings).await;
        }
        other => other?,
    };
    let label = Label::relationship(&key.public_key()).to_string();
    if answer.relationship != label {
        let node = member.node()?;
        return Err(crate::finality::not_verified(&node, format!("it calls the relationship {}", answer.relationship)));
    }
    if known.is_none() {
        // The day before: the log was surely empty on it, whatever the clocks say.
        let day = Day(now().day().0.saturating_sub(1));
        wallet.state.put_relationship(Relationship::new(member.id, day))?;
        wallet.save()?;
    }
    let slip_path = write_slip(&wallet, &member, &secret, settings)?;
    let spoken = spoken(&answer.code);
    let text = format!(
        "Enrolled at {}. You are {label} there.\n\
         Show this code at the desk within ten minutes:  {spoken}\n\
         Print your revocation slip and keep it apart from this machine: {}",
        member.reference.display,
        slip_path.display()
    );
    let fields = json!({ "relationship": label, "code": answer.code, "slip": slip_path, "custodian": member.name() });
    Ok(Report::ok(fields, text))
}

/// The printable slip of this relationship; tells where it lies.
fn write_slip(wallet: &Wallet, member: &Member, secret: &RelationshipSecret, settings: &Settings) -> Fallible<PathBuf> {
    let path = settings.home.slip(&wallet.name, member.name(), &wallet.network.chain);
    Home::make_parent(&path)?;
    slip::write(&secret.slip(), &path)?;
    Ok(path)
}

/// The relationship is linked already: everything at this hospital comes back.
async fn bring_back(mut wallet: Wallet, member: &Member, settings: &Settings) -> Fallible<Report> {
    let session = Session::open(&wallet, member, 0).await?;
    let found = recovery::at(&mut wallet, &session).await?;
    wallet.save()?;
    let slip = write_slip(&wallet, member, &session.secret, settings)?;
    let label = wallet.label_at(member)?.to_string();
    let text =
        format!("You are {label} at {} already; {} consents are back.", member.reference.display, found.consents);
    let fields = json!({ "relationship": label, "slip": slip, "custodian": member.name(), "recovered": found });
    Ok(Report::ok(fields, text))
}

/// `418220937` as `418-220-937`.
fn spoken(code: &str) -> String {
    let digits: Vec<char> = code.chars().collect();
    digits.chunks(3).map(|three| three.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_said_in_groups_of_three() {
        assert_eq!(spoken("418220937"), "418-220-937");
    }
}
