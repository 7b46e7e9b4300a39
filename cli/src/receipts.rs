//! Receipts of grants and revocations: written next to the wallet, readable by people, checked offline.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::private_file::{self, Existing};
use crate::wallet::Wallet;
use crate::wallet_state::Consent;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::exchange::{Certify, HeldConsent};
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{Leaf, LeafKey};
use amanah_ledger::proof::VerifiedState;
use amanah_ledger::receipt_file::{self, Receipt};
use std::path::PathBuf;

/// Writes the receipt of what `state` says about one of the wallet's consents, and tells where. `state` must show
/// exactly [`Receipt::leaf_keys`].
pub(crate) fn write(wallet: &Wallet, home: &Home, consent: &PublicKey, state: &VerifiedState) -> Fallible<PathBuf> {
    let known = wallet.state.consents.iter().find(|known| known.consent == *consent);
    let held = known.map(|known| held(wallet, known)).transpose()?;
    let is_active = matches!(state.get(&LeafKey::Consent(*consent)), Some(Leaf::Consent(leaf)) if leaf.is_active());
    let receipt = Receipt { held, proof: state.proof().clone() };
    let text = receipt_file::write(&receipt).map_err(|why| {
        Failure::new(
            Exit::Failed,
            805,
            format!("no receipt can be written: {why}"),
            "amanah list   shows what is final",
        )
    })?;
    let path = path(home, &wallet.name, consent, is_active);
    Home::make_parent(&path)?;
    private_file::write(&path, text.as_bytes(), Existing::Replace)?;
    Ok(path)
}

/// Where the receipt of a grant, or of its end, lies.
pub(crate) fn path(home: &Home, wallet: &str, consent: &PublicKey, is_active: bool) -> PathBuf {
    let ending = if is_active { "receipt" } else { "revoked.receipt" };
    home.receipts(wallet).join(format!("{}.{ending}", Label::consent(consent)))
}

/// The consent as it was certified. Salt and signature come from the seed again, the same each time.
fn held(wallet: &Wallet, consent: &Consent) -> Fallible<HeldConsent> {
    let member = wallet.network.member_by_id(&consent.custodian)?;
    let secret = wallet.secret(wallet.enrolled_at(member)?);
    let salt = secret.salt(consent.index, consent.document.version);
    let certificate = Certify::of(&consent.document, &salt).sign(&wallet.network.chain, &secret.key());
    Ok(HeldConsent { document: consent.document.clone(), salt, certificate })
}
