//! `amanah revoke C-…`: a consent ends by its own key. Needs no hospital's leave.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use crate::progress::Progress;
use crate::receipts;
use crate::revocation;
use crate::settings::Settings;
use crate::terminal;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase};
use amanah_ledger::crypto::Signer;
use amanah_ledger::label::{FindError, Label, LabelKind, LabelPrefix};
use amanah_ledger::receipt_file::Receipt;
use amanah_ledger::transaction::{RevokeProof, revoke_signing_bytes};
use serde_json::json;
use tokio::time::Instant;

pub(crate) async fn run(typed: &str, settings: &Settings) -> Fallible<Report> {
    let prefix = read_label(typed, LabelKind::Consent)?;
    if !settings.yes && !settings.may_ask() {
        let detail = "nobody is at the terminal to confirm the revocation";
        return Err(Failure::new(Exit::Usage, 228, detail, "add --yes").state("nothing was sent"));
    }
    let mut wallet = Wallet::open(settings).await?;
    let consent = find(&wallet, &prefix)?;
    let label = Label::consent(&consent.consent).to_string();
    if !settings.yes {
        settings.note(&format!("This ends {label}: {}", consent.document.sentence));
        if !terminal::confirm("Stop it?  [y] yes  [n] no: ")? {
            return Err(Failure::cancelled());
        }
    }
    let progress = Progress::waiting(settings.reader, "ending it; waiting until that is final");
    let started = Instant::now();
    let relationship = wallet.enrolled_at(wallet.network.member_by_id(&consent.custodian)?)?.clone();
    let key = wallet.secret(&relationship).consent_key(consent.index);
    let proof = RevokeProof::Key(key.sign(&revoke_signing_bytes(&wallet.network.chain, &consent.consent)));
    let (first, others) = revocation::route(&wallet.network, &consent.custodian)?;
    let known = |failure: Box<Failure>| failure.field("consent", label.as_str()).field("final", false);
    let accepted = revocation::send(&wallet.network, consent.consent, proof, &first, &others).await.map_err(known)?;
    let deadline = started + settings.timeout;
    let keys = Receipt::leaf_keys(&consent.consent, consent.custodian);
    let ended = revocation::wait(&wallet.network, &accepted, consent.consent, &keys, deadline).await.map_err(known)?;
    let Some((state, height)) = ended else { return Err(known(revocation::not_in_time(settings.timeout))) };
    drop(progress);
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    wallet.state.set_phase(&consent.consent, Phase::Revoked { height })?;
    wallet.save()?;
    let receipt = receipts::write(&wallet, &settings.home, &consent.consent, &state)?;
    let seconds = started.elapsed().as_secs_f64();
    let text = format!("✓ {label} has ended: final (block {height}; {seconds:.1} s).  Receipt: {}", receipt.display());
    let fields =
        json!({ "consent": label, "height": height, "final": true, "elapsed_ms": elapsed_ms, "receipt": receipt });
    Ok(Report::ok(fields, text))
}

/// A code as typed, or its beginning.
pub(crate) fn read_label(typed: &str, kind: LabelKind) -> Fallible<LabelPrefix> {
    let letter = char::from(kind.letter());
    let fix = format!("a code looks like {letter}-7Q2M-…; four characters are enough where they are unique");
    let prefix: LabelPrefix =
        typed.parse().map_err(|why| Failure::new(Exit::Usage, 211, format!("{typed:?}: {why}"), fix.clone()))?;
    if prefix.kind() == kind {
        return Ok(prefix);
    }
    Err(Failure::new(Exit::Usage, 211, format!("{typed:?} is another kind of code"), fix))
}

/// A code that is typed whole. `fix` says where it can be read.
pub(crate) fn read_whole_label(typed: &str, kind: LabelKind, fix: &str) -> Fallible<Label> {
    read_label(typed, kind)?;
    typed.parse().map_err(|why| Failure::new(Exit::Usage, 211, format!("{typed:?} is not a whole code: {why}"), fix))
}

/// The wallet's consent whose code begins so.
pub(crate) fn find(wallet: &Wallet, prefix: &LabelPrefix) -> Fallible<Consent> {
    let labelled = wallet.state.consents.iter().map(|c| (Label::consent(&c.consent), c.clone()));
    prefix.find(labelled).map_err(|why| not_found(prefix, &why, "amanah list"))
}

/// No code, or several, begin so.
pub(crate) fn not_found(prefix: &LabelPrefix, why: &FindError, fix: &str) -> Box<Failure> {
    let exit = match why {
        FindError::None => Exit::NotFound,
        FindError::Several(_) => Exit::Usage,
    };
    let fix = match why {
        FindError::None => fix,
        FindError::Several(_) => "type more of the code",
    };
    Failure::new(exit, 212, format!("{prefix}: {why}"), fix)
}
