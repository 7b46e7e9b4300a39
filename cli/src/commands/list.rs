//! `amanah list`: one's consents, as the ledger has them now.

use crate::client::PATIENCE;
use crate::consent_text::describe;
use crate::duration;
use crate::exit::Exit;
use crate::failure::Fallible;
use crate::finality;
use crate::output::Report;
use crate::receipts;
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase};
use amanah_ledger::leaf::{ConsentStatus, Leaf, LeafKey};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::proof::{ENTRIES_MAX, Shown, VerifiedState};
use amanah_ledger::receipt_file::Receipt;
use amanah_ledger::time::UnixMs;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) async fn run(settings: &Settings) -> Fallible<Report> {
    let mut wallet = Wallet::open(settings).await?;
    refresh(&mut wallet, settings).await?;
    wallet.save()?;
    let now = duration::now();
    let consents: Vec<Value> = wallet.state.consents.iter().map(|consent| fields(consent, &wallet, now)).collect();
    let text = if consents.is_empty() {
        "No consents yet.  amanah grant WHO --what labs --why treatment --until 90d".to_owned()
    } else {
        consents.iter().map(line).collect()
    };
    Ok(Report::ok(json!({ "consents": consents }), text))
}

/// Asks each custodian about its own consents; one that does not answer leaves what was known.
pub(crate) async fn refresh(wallet: &mut Wallet, settings: &Settings) -> Fallible<()> {
    for relationship in wallet.state.relationships.as_slice().to_vec() {
        refresh_at(wallet, &relationship.custodian, Height(0), settings).await?;
    }
    Ok(())
}

/// Asks one custodian about its own consents, as of block `newest` or later.
pub(crate) async fn refresh_at(
    wallet: &mut Wallet,
    custodian: &MemberId,
    newest: Height,
    settings: &Settings,
) -> Fallible<()> {
    let is_open = |c: &&Consent| c.custodian == *custodian && !matches!(c.phase, Phase::Revoked { .. });
    let open: Vec<Consent> = wallet.state.consents.iter().filter(is_open).cloned().collect();
    for portion in open.chunks(ENTRIES_MAX - 1) {
        let Some(state) = ask(wallet, custodian, portion, newest, settings).await? else { break };
        for consent in portion {
            learn(wallet, consent, &state, settings).await?;
        }
    }
    Ok(())
}

async fn ask(
    wallet: &Wallet,
    custodian: &MemberId,
    portion: &[Consent],
    newest: Height,
    settings: &Settings,
) -> Fallible<Option<VerifiedState>> {
    let member = wallet.network.member_by_id(custodian)?;
    let keys: Vec<LeafKey> = std::iter::once(LeafKey::Member(*custodian))
        .chain(portion.iter().map(|consent| LeafKey::Consent(consent.consent)))
        .collect();
    let wait = if newest == Height(0) { Duration::ZERO } else { PATIENCE };
    let node = member.node()?;
    match finality::state(&node, &wallet.network.trust, &keys, newest, wait).await {
        Ok(None) if newest > Height(0) => Err(finality::behind(&node, newest)),
        Err(failure) if failure.exit == Exit::NotFinal => {
            settings.note(&format!("{} does not answer; showing what was known.", member.name()));
            Ok(None)
        }
        other => other,
    }
}

async fn learn(wallet: &mut Wallet, consent: &Consent, state: &VerifiedState, settings: &Settings) -> Fallible<()> {
    let Shown::Leaf(Leaf::Consent(leaf)) = state.shown(&LeafKey::Consent(consent.consent)) else { return Ok(()) };
    let phase = match leaf.status {
        ConsentStatus::Revoked { height, .. } => Phase::Revoked { height },
        ConsentStatus::Active => Phase::Granted { height: leaf.since },
    };
    if consent.phase == phase {
        return Ok(());
    }
    wallet.state.set_phase(&consent.consent, phase)?;
    // What became final after the command that sent it had given up gets its receipt now.
    let keys = Receipt::leaf_keys(&consent.consent, consent.custodian);
    let node = wallet.network.member_by_id(&consent.custodian)?.node()?;
    let shown = finality::state(&node, &wallet.network.trust, &keys, state.height(), Duration::ZERO).await?;
    if let Some(shown) = shown.filter(|_| leaf.commitment == consent.commitment) {
        receipts::write(wallet, &settings.home, &consent.consent, &shown)?;
    }
    Ok(())
}

pub(crate) fn fields(consent: &Consent, wallet: &Wallet, now: UnixMs) -> Value {
    let (state, is_final) = match consent.phase {
        Phase::Granted { .. } if consent.document.period.until < now => ("expired", true),
        Phase::Granted { .. } => ("active", true),
        Phase::Revoked { .. } => ("revoked", true),
        Phase::Refused { .. } => ("refused", false),
        // One hour beyond the last block time: clocks differ, and nothing is lost by waiting.
        Phase::Pending { submit_by } if submit_by.plus_ms(amanah_ledger::time::HOUR_MS) < now => ("lapsed", false),
        Phase::Pending { .. } => ("pending", false),
    };
    let mut fields = describe(&consent.document);
    fields["custodian"] = wallet.network.name_of(&consent.custodian).into();
    fields["state"] = state.into();
    fields["final"] = is_final.into();
    fields
}

fn line(fields: &Value) -> String {
    let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    let texts = |name: &str| -> Vec<String> {
        fields[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let acts: Vec<String> = texts("may").into_iter().map(|act| act.replace("access", "read")).collect();
    let may = match (fields["effect"].as_str(), acts.join(", ").replace("anything", "do anything with")) {
        (Some("deny"), acts) => format!("may not {acts}"),
        (_, acts) => format!("may {acts}"),
    };
    format!(
        "{}  {:<8} {} {may} {} at {} for {} until {}\n",
        text("consent"),
        text("state"),
        text("who"),
        texts("what").join(", "),
        text("custodian"),
        text("why"),
        text("until")
    )
}
