//! A vote log under somebody else's hands: whatever stands in its directory, it is refused, or what it gives back was
//! written to it, from the first record on. The first byte says whether the rest is a whole segment file or a list of
//! changes to a real log.

use super::Verdict;
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_node::vote_log::{Identity, KeyHistory, Position, Records, VoteLog};
use std::fs;
use std::path::{Path, PathBuf};

const IDENTITY: Identity = Identity { chain: Digest([7; 32]), epoch: Epoch(0), key: PublicKey([1; 32]) };
const HERE: Position = Position { height: Height(3), view: View(4) };

/// A directory in memory where there is one: a log syncs often.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_absent| tempfile::tempdir()).expect("a temporary directory")
}

fn segment(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:020}.votes"))
}

fn record(number: u8) -> Vec<u8> {
    vec![number; usize::from(number) * 7 + 1]
}

pub(super) fn run(bytes: &[u8]) -> Verdict {
    let Some((first, rest)) = bytes.split_first() else { return Verdict::Refused };
    let home = directory();
    // How far a log reached stands beside its directory.
    let dir = home.path().join("votes");
    fs::create_dir(&dir).expect("a directory in a temporary directory");
    if first % 4 == 0 {
        fs::write(segment(&dir, 0), rest).expect("a file in a temporary directory");
        return Verdict::of(VoteLog::open(&dir, IDENTITY, KeyHistory::HasVoted).is_ok());
    }
    let written: Vec<Vec<u8>> = (0..first % 8).map(record).collect();
    write(&dir, &written);
    for change in rest.chunks_exact(4).take(16) {
        apply(&dir, [change[0], change[1], change[2], change[3]]);
    }
    let Ok((mut log, found)) = VoteLog::open(&dir, IDENTITY, KeyHistory::HasVoted) else {
        return Verdict::Refused;
    };
    let found = read(found);
    assert!(written.starts_with(&found), "records that nobody wrote, or not in their order");
    // It goes on from where it was cut.
    log.append(&[record(9)], HERE).expect("a log that opened");
    drop(log);
    let (_log, again) = VoteLog::open(&dir, IDENTITY, KeyHistory::HasVoted).expect("a log that was just written");
    assert_eq!(read(again).split_last(), Some((&record(9), found.as_slice())), "what was there, and the new record");
    Verdict::Accepted
}

fn read(records: Records) -> Vec<Vec<u8>> {
    records.collect::<Result<_, _>>().expect("a log that opened is whole")
}

fn write(dir: &Path, records: &[Vec<u8>]) {
    let (mut log, found) = VoteLog::open(dir, IDENTITY, KeyHistory::Unused).expect("an empty directory");
    assert!(read(found).is_empty());
    for pair in records.chunks(2) {
        log.append(pair, HERE).expect("a fresh log");
    }
}

/// One change: what, where (two bytes), with what.
fn apply(dir: &Path, [what, low, high, value]: [u8; 4]) {
    let path = segment(dir, 0);
    let Ok(mut bytes) = fs::read(&path) else { return };
    let at = usize::from(u16::from_le_bytes([low, high]));
    match what % 6 {
        0 => {
            let len = bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at % len) {
                *byte ^= value;
            }
        }
        1 => bytes.truncate(at),
        2 => bytes.extend(std::iter::repeat_n(value, at % 128)),
        3 => fs::write(segment(dir, u64::from(value % 3)), &bytes).expect("a file in a temporary directory"),
        4 => {
            let piece = bytes.get(at..).unwrap_or_default().to_vec();
            bytes.extend(piece);
        }
        _ => fs::write(dir.join(format!("{value}.votes")), b"stray").expect("a file in a temporary directory"),
    }
    fs::write(&path, bytes).expect("a file in a temporary directory");
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let dir = directory();
    write(dir.path(), &[record(1), record(2), record(3)]);
    let file = fs::read(segment(dir.path(), 0)).expect("a log that was just written");
    vec![
        [&[0][..], &file].concat(),
        vec![1],
        vec![5, 1, 200, 0, 0],
        vec![6, 5, 0, 0, 1],
        vec![7, 2, 3, 0, 0, 0, 100, 0, 0],
    ]
}
