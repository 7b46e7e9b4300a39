//! Removing what the demo made, and nothing else.

use super::{plan, seed};
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use std::io::ErrorKind;
use std::path::Path;

/// Removes hospitals, their profiles, the demo's patients and the network file.
pub(super) fn run(home: &Home) -> Fallible<()> {
    let ours = std::fs::read(home.demo().join("cedar").join("network.json")).ok();
    if ours.is_some() && ours == std::fs::read(home.network_file()).ok() {
        remove_file(&home.network_file())?;
    }
    plan::names().try_for_each(|name| remove_file(&home.profile(name)))?;
    for name in seed::patients() {
        remove_file(&home.profile(name))?;
        for dir in [home.wallet(name), home.receipts(name), home.slips(name)] {
            remove_dir(&dir)?;
        }
    }
    plan::names().try_for_each(|member| remove_dir(&home.directory(member)))?;
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
