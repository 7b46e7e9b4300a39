//! Where everything lies: one directory, `AMANAH_HOME`, that holds wallets, profiles, receipts and the demo.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::private_file;
use amanah_ledger::crypto::{Digest, PublicKey};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Longest name of a profile or wallet.
const NAME_BYTES_MAX: usize = 32;

/// The directory and the places in it. Nothing is made before it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// `AMANAH_HOME`, else `amanah` in the user's data directory.
    ///
    /// # Errors
    /// When neither is known.
    pub(crate) fn find(variable: impl Fn(&str) -> Option<OsString>) -> Fallible<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = set("AMANAH_HOME")
            .or_else(|| set("XDG_DATA_HOME").map(|data| data.join("amanah")))
            .or_else(|| set("HOME").map(|user| user.join(".local/share/amanah")))
            .and_then(|path| std::path::absolute(path).ok());
        root.map(Self).ok_or_else(|| {
            Failure::new(Exit::Failed, 16, "no place for wallets and profiles is known", "export AMANAH_HOME=DIR")
        })
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }
    /// The network this home belongs to: the trust anchor.
    pub(crate) fn network_file(&self) -> PathBuf {
        self.0.join("network.json")
    }
    /// All profiles.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.0.join("profiles")
    }
    /// One profile.
    pub(crate) fn profile(&self, name: &str) -> PathBuf {
        self.profiles().join(format!("{name}.json"))
    }
    /// All wallets.
    pub(crate) fn wallets(&self) -> PathBuf {
        self.0.join("wallets")
    }
    /// One wallet's directory.
    pub(crate) fn wallet(&self, name: &str) -> PathBuf {
        self.wallets().join(name)
    }
    /// A wallet's sealed seed.
    pub(crate) fn wallet_keystore(&self, name: &str) -> PathBuf {
        self.wallet(name).join("keystore.json")
    }
    /// What a wallet remembers about one network.
    pub(crate) fn wallet_state(&self, name: &str, chain: &Digest) -> PathBuf {
        self.wallet(name).join(format!("{chain}.state"))
    }
    /// What one of a wallet's consents came with.
    pub(crate) fn kept_fhir(&self, name: &str, chain: &Digest, consent: &PublicKey) -> PathBuf {
        self.wallet(name).join(format!("{chain}.fhir")).join(Digest(consent.0).to_string())
    }
    /// A wallet's receipts.
    pub(crate) fn receipts(&self, wallet: &str) -> PathBuf {
        self.0.join("receipts").join(wallet)
    }
    /// A wallet's slips.
    pub(crate) fn slips(&self, wallet: &str) -> PathBuf {
        self.0.join("slips").join(wallet)
    }
    /// The printable revocation slip of a wallet's relationship with a hospital.
    pub(crate) fn slip(&self, wallet: &str, member: &str, chain: &Digest) -> PathBuf {
        let network = &chain.to_string()[..8];
        self.slips(wallet).join(format!("{member}-{network}.slip"))
    }
    /// Directory entries of a hospital seen so far.
    pub(crate) fn directory(&self, member: &str) -> PathBuf {
        self.0.join("directory").join(member)
    }
    /// One of them.
    pub(crate) fn directory_entry(&self, member: &str, handle: &str) -> PathBuf {
        self.directory(member).join(handle)
    }
    /// The demo's four hospitals.
    #[cfg(feature = "demo")]
    pub(crate) fn demo(&self) -> PathBuf {
        self.0.join("demo")
    }

    /// Makes the directory that `file` lies in.
    pub(crate) fn make_parent(file: &Path) -> Fallible<()> {
        file.parent().map_or(Ok(()), private_file::make_dir)
    }
}

/// Refuses names that would be unreadable or lead out of the directory.
pub(crate) fn check_name(name: &str) -> Fallible<()> {
    let good = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    if good {
        return Ok(());
    }
    let detail = format!("{name:?} cannot be a name here");
    let fix = "use 1 to 32 lower-case letters, digits, '-', '_' or '.', starting with a letter or digit";
    Err(Failure::new(Exit::Usage, 202, detail, fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &'static [(&str, &str)]) -> Home {
        Home::find(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v))).unwrap()
    }

    #[test]
    fn amanah_home_overrides_every_default_place() {
        assert_eq!(with(&[("AMANAH_HOME", "/a"), ("HOME", "/h")]).network_file(), Path::new("/a/network.json"));
        assert_eq!(with(&[("AMANAH_HOME", ""), ("XDG_DATA_HOME", "/x")]).root(), Path::new("/x/amanah"));
        assert_eq!(with(&[("HOME", "/h")]).root(), Path::new("/h/.local/share/amanah"));
        assert!(Home::find(|_| None).is_err());
        assert!(with(&[("AMANAH_HOME", "relative")]).root().is_absolute());
    }

    #[test]
    fn a_name_never_leads_out_of_the_home() {
        for good in ["layla", "umm-ali.2", "7"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "../x", "a/b", "Layla", ".hidden", "-n", "a\0b", "ليلى", &"x".repeat(33)] {
            assert_eq!(check_name(bad).unwrap_err().exit, Exit::Usage, "{bad:?}");
        }
    }
}
