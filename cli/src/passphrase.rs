//! Where a passphrase comes from: a file in scripts, a hidden prompt for people, never the environment or a flag.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::private_file;
use crate::settings::Settings;
use crate::terminal;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest file of a passphrase.
const FILE_BYTES_MAX: u64 = 1024;

/// A passphrase; zeroed when dropped.
pub(crate) type Passphrase = Zeroizing<String>;

/// The passphrase of an existing wallet.
pub(crate) fn of_wallet(settings: &Settings, wallet: &str) -> Fallible<Passphrase> {
    match &settings.passphrase_file {
        Some(path) => from_file(path),
        None if settings.may_ask() => terminal::ask_hidden(&format!("Passphrase of wallet {wallet}: ")),
        None => Err(locked()),
    }
}

/// A passphrase for a new wallet, typed twice.
pub(crate) fn for_new_wallet(settings: &Settings) -> Fallible<Passphrase> {
    let passphrase = match &settings.passphrase_file {
        Some(path) => from_file(path)?,
        None if settings.may_ask() => {
            let first = terminal::ask_hidden("A passphrase for the new wallet: ")?;
            if *first != *terminal::ask_hidden("The same again: ")? {
                return Err(Failure::new(Exit::Failed, 138, "the two passphrases differ", "run it again")
                    .state("nothing was written"));
            }
            first
        }
        None => return Err(locked()),
    };
    if passphrase.is_empty() {
        return Err(Failure::new(Exit::Usage, 139, "an empty passphrase protects nothing", "choose a longer one")
            .state("nothing was written"));
    }
    Ok(passphrase)
}

fn from_file(path: &Path) -> Fallible<Passphrase> {
    let bytes = Zeroizing::new(private_file::read(path, FILE_BYTES_MAX)?);
    let text = std::str::from_utf8(&bytes).map_err(|_not_text| {
        let detail = format!("{} holds no passphrase: it is no text", path.display());
        Failure::new(Exit::Failed, 141, detail, "name a file with the passphrase as text")
    })?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(Zeroizing::new(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

fn locked() -> Box<Failure> {
    let fix = "--passphrase-file FILE in scripts (AMANAH_PASSPHRASE is not read: other programs can see it)";
    Failure::new(Exit::Locked, 102, "your wallet is locked", fix)
}

/// Refuses to run where a passphrase stands in the environment.
pub(crate) fn refuse_environment(set: bool) -> Fallible<()> {
    if !set {
        return Ok(());
    }
    let detail =
        "AMANAH_PASSPHRASE is set, but passphrases are not read from the environment: other programs can see it";
    Err(Failure::new(Exit::Unsafe, 134, detail, "unset AMANAH_PASSPHRASE   and use --passphrase-file FILE")
        .state("nothing was done"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trailing_newline_of_the_file_is_not_part_of_the_passphrase() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        for (content, meant) in [("a b", "a b"), ("a b\n", "a b"), ("a b\n\n", "a b\n"), ("a b\r\n", "a b")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(*from_file(&path).unwrap(), meant);
        }
        assert_eq!(from_file(&dir.path().join("none")).unwrap_err().exit, Exit::NotFound);
    }

    #[test]
    fn a_passphrase_in_the_environment_is_refused_with_the_reason() {
        assert!(refuse_environment(false).is_ok());
        let failure = refuse_environment(true).unwrap_err();
        assert_eq!(failure.exit, Exit::Unsafe);
        assert!(failure.detail.contains("other programs can see it"));
    }
}
