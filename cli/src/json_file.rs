//! Files of JSON that others wrote: read whole, up to a limit.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// Longest file that is read.
pub(crate) const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The JSON in a file. `fix` says where to look for how it is written.
pub(crate) fn read(path: &Path, fix: &str) -> Fallible<Value> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| Failure::io("read", path, &error))?;
    let read = file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    let length = read.map_err(|error| Failure::io("read", path, &error))?;
    if length as u64 > FILE_BYTES_MAX {
        return Err(unreadable(path, "it is longer than 16 MiB", fix));
    }
    serde_json::from_str(&text).map_err(|error| unreadable(path, &format!("it is no JSON: {error}"), fix))
}

/// A file that is not what it should be.
pub(crate) fn unreadable(path: &Path, why: &str, fix: &str) -> Box<Failure> {
    Failure::new(Exit::Usage, 251, format!("cannot read {}: {why}", path.display()), fix)
}
