//! Removing what the demo made, and nothing else: somebody's own wallet of the same name stays.

use super::{plan, seed};
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::profile::{self, Role};
use std::io::ErrorKind;
use std::path::Path;

/// Removes hospitals, their profiles, the demo's patients and the network file.
pub(super) fn run(home: &Home) -> Fallible<()> {
    let ours = std::fs::read(home.demo().join("cedar").join("network.json")).ok();
    if ours.is_some() && ours == std::fs::read(home.network_file()).ok() {
        remove_file(&home.network_file())?;
    }
    for name in plan::names().filter(|name| home.demo().join(name).exists()) {
        if matches!(profile::read(home, name), Ok(Role::Hospital { .. })) {
            remove_file(&home.profile(name))?;
        }
        remove_dir(&home.directory(name))?;
    }
    // The demo keeps its patients' passphrases; a wallet without one is not its own.
    for name in seed::patients().filter(|name| seed::passphrase_file(name, home).exists()) {
        remove_file(&home.profile(name))?;
        for dir in [home.wallet(name), home.receipts(name), home.slips(name)] {
            remove_dir(&dir)?;
        }
    }
    remove_dir(&home.demo())
}

fn remove_file(path: &Path) -> Fallible<()> {
    gone(path, std::fs::remove_file(path))
}

fn remove_dir(path: &Path) -> Fallible<()> {
    gone(path, std::fs::remove_dir_all(path))
}

fn gone(path: &Path, removed: std::io::Result<()>) -> Fallible<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::io("remove", path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
