//! What a consent from FHIR came with: the resource as it was, identifiers, texts and attachments included. It stays with
//! the wallet, sealed, one file for each consent, and goes out again with the consent; custodians and the ledger never
//! see it. The 24 words do not bring it back.

use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::json_file::FILE_BYTES_MAX;
use crate::wallet::Wallet;
use amanah_ledger::crypto::PublicKey;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

const KEY_CONTEXT: &str = "amanah wallet fhir resource file v1";

/// Keeps the resource of a consent.
pub(crate) fn keep(wallet: &Wallet, home: &Home, consent: &PublicKey, resource: &Map<String, Value>) -> Fallible<()> {
    let path = home.kept_fhir(&wallet.name, &wallet.network.chain, consent);
    Home::make_parent(&path)?;
    let content = serde_json::to_vec(resource).map_err(|why| Failure::damaged(&path, why))?;
    wallet.seal(KEY_CONTEXT, &consent.0).write(&path, &Zeroizing::new(content))
}

/// The resource of a consent, if this wallet has kept one.
pub(crate) fn find(wallet: &Wallet, home: &Home, consent: &PublicKey) -> Fallible<Option<Map<String, Value>>> {
    let path = home.kept_fhir(&wallet.name, &wallet.network.chain, consent);
    // What JSON escapes may be longer than it was in the file that came.
    let content = wallet.seal(KEY_CONTEXT, &consent.0).read(&path, 2 * FILE_BYTES_MAX)?;
    content.map(|content| serde_json::from_slice(&content).map_err(|why| Failure::damaged(&path, why))).transpose()
}

#[cfg(test)]
mod tests {
    use crate::sealed_file::Seal;
    use zeroize::Zeroizing;

    #[test]
    fn what_is_kept_for_one_consent_opens_for_no_other_and_for_no_other_wallet() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept");
        let (mine, other) = (Zeroizing::new([1; 32]), Zeroizing::new([2; 32]));
        let seal = |seed, consent: &'static [u8]| Seal::new(seed, super::KEY_CONTEXT, consent);
        assert!(seal(&mine, &[7; 32]).read(&path, 100).unwrap().is_none());
        seal(&mine, &[7; 32]).write(&path, b"Patient/88").unwrap();
        assert_eq!(seal(&mine, &[7; 32]).read(&path, 100).unwrap().unwrap().as_slice(), b"Patient/88");
        assert!(seal(&mine, &[8; 32]).read(&path, 100).is_err());
        assert!(seal(&other, &[7; 32]).read(&path, 100).is_err());
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"Patient"), "it says nothing to whoever finds it");
    }
}
