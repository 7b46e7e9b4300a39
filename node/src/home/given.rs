//! What a network gives to a home: its first page, and the file with the members' addresses.

use super::follower::make_home;
use super::new_file::{Readers, write_new};
use super::{HomeError, io};
use amanah_ledger::codec;
use amanah_ledger::network_file::NetworkFile;
use std::fs;
use std::path::Path;

/// Puts the network of the file at `from` into the home at `dir`, which need not exist yet.
///
/// # Errors
/// When the file is none, another network is there already, or something cannot be written.
pub fn take_network(dir: &Path, from: &Path) -> Result<(), HomeError> {
    let wrong = |error: &dyn ToString| HomeError::NetworkFile { path: from.to_owned(), reason: error.to_string() };
    let text = fs::read(from).map_err(|e| io(from, e))?;
    let file: NetworkFile = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    file.clone().check().map_err(|error| wrong(&error))?;
    make_home(dir)?;
    put_network(dir, &file).map(drop)
}

/// Puts a checked network file and the first page in it into `dir`; whether there was anything to write. Addresses in a
/// file that is there already are the operator's, and stay.
///
/// # Errors
/// When another network is there already, or something cannot be written.
pub(super) fn put_network(dir: &Path, file: &NetworkFile) -> Result<bool, HomeError> {
    let wrong =
        |error: &dyn ToString| HomeError::NetworkFile { path: dir.join("network.json"), reason: error.to_string() };
    let network = file.clone().check().map_err(|error| wrong(&error))?;
    let text = serde_json::to_vec_pretty(file).map_err(|error| wrong(&error))?;
    let (path, genesis) = (dir.join("genesis.bin"), codec::encode(network.genesis()));
    let is_new = complete(&path, &genesis)?;
    // Somebody who founds the same network at the same time may have come first: then theirs is the one.
    if !is_new && fs::read(&path).map_err(|e| io(&path, e))? != genesis {
        return Err(HomeError::OtherNetwork { path, what: "another chain id" });
    }
    Ok(complete(&dir.join("network.json"), &text)? || is_new)
}

/// Writes the file unless it is there; whether it was written.
pub(super) fn complete(path: &Path, bytes: &[u8]) -> Result<bool, HomeError> {
    match write_new(path, bytes, Readers::All) {
        Ok(()) => Ok(true),
        Err(HomeError::Exists(_)) => Ok(false),
        Err(other) => Err(other),
    }
}
