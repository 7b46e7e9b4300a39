//! Every truncation and every flipped byte of a written log: a prefix comes back, or the log is refused.

use super::*;
use amanah_ledger::crypto::Digest;
use tempfile::TempDir;

fn identity() -> Identity {
    Identity { chain: Digest([1; 32]), epoch: Epoch(0), key: PublicKey([2; 32]) }
}

fn at(height: u64, view: u64) -> Position {
    Position { height: Height(height), view: View(view) }
}

fn open(dir: &Path) -> Result<(VoteLog, Vec<Vec<u8>>), VoteLogError> {
    VoteLog::open(dir, identity(), KeyHistory::HasVoted)
}

fn first_open(dir: &Path) -> VoteLog {
    let (log, records) = VoteLog::open(dir, identity(), KeyHistory::Unused).unwrap();
    assert!(records.is_empty());
    log
}

/// Appends of different shapes: one record, several, an empty one, one that contains a frame's marker.
fn appends() -> Vec<Vec<Vec<u8>>> {
    let mut marked = b"before ".to_vec();
    marked.extend_from_slice(b"\xA5amanah\xF7 after");
    vec![vec![vec![7; 40]], vec![b"vote".to_vec(), Vec::new(), vec![0; 19]], vec![marked], vec![vec![255; 3]]]
}

fn written(dir: &Path) -> Vec<Vec<Vec<u8>>> {
    let mut log = first_open(dir);
    for records in appends() {
        log.append(&records, at(0, 1)).unwrap();
    }
    appends()
}

fn newest_segment(dir: &Path) -> PathBuf {
    segment::path(dir, *segment_numbers(dir).unwrap().last().unwrap())
}

/// Whether `records` are the first appends, whole ones only; how many.
fn whole_appends(records: &[Vec<u8>], appends: &[Vec<Vec<u8>>]) -> Option<usize> {
    (0..=appends.len()).find(|n| appends[..*n].concat() == records)
}

#[test]
fn what_was_appended_comes_back_in_order_and_more_can_follow() {
    let dir = TempDir::new().unwrap();
    let mut expected = written(dir.path()).concat();
    for round in 0..3u8 {
        let (mut log, records) = open(dir.path()).unwrap();
        assert_eq!(records, expected);
        log.append(&[vec![round]], at(0, 2)).unwrap();
        expected.push(vec![round]);
    }
}

#[test]
fn every_truncation_recovers_the_whole_appends_before_it_and_takes_new_ones() {
    let source = TempDir::new().unwrap();
    let appends = written(source.path());
    let bytes = fs::read(newest_segment(source.path())).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for len in 0..=bytes.len() {
        let dir = TempDir::new().unwrap();
        fs::write(segment::path(dir.path(), 0), &bytes[..len]).unwrap();
        let (mut log, records) = VoteLog::open(dir.path(), identity(), KeyHistory::Unused).unwrap();
        let n = whole_appends(&records, &appends).expect("a prefix of whole appends");
        seen.insert(n);
        log.append(&[b"new".to_vec()], at(0, 9)).unwrap();
        drop(log);
        let mut expected = appends[..n].concat();
        expected.push(b"new".to_vec());
        assert_eq!(open(dir.path()).unwrap().1, expected, "cut at {len}");
    }
    assert_eq!(seen, (0..=appends.len()).collect());
}

#[test]
fn every_flipped_bit_is_cut_with_the_last_append_or_refused() {
    let source = TempDir::new().unwrap();
    let appends = written(source.path());
    let bytes = fs::read(newest_segment(source.path())).unwrap();
    let last = bytes.len() - (8 + 4 + 4 + 1 + 4 + 3);
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            let dir = TempDir::new().unwrap();
            fs::write(segment::path(dir.path(), 0), &flipped).unwrap();
            match open(dir.path()) {
                Ok((_, records)) => {
                    assert!(place >= last, "byte {place} lies before the last append and was accepted");
                    assert_eq!(records, appends[..appends.len() - 1].concat());
                }
                Err(VoteLogError::Damaged { segment: 0, offset }) => assert!(offset <= place && place < last),
                Err(other) => panic!("byte {place}: {other}"),
            }
        }
    }
}

#[test]
fn a_tail_of_zeros_or_of_an_older_file_is_cut() {
    for tail in [vec![0; 5000], vec![0xA5; 77], b"\xA5amanah\xF7".repeat(9)] {
        let dir = TempDir::new().unwrap();
        let appends = written(dir.path());
        let path = newest_segment(dir.path());
        let mut bytes = fs::read(&path).unwrap();
        let whole = bytes.len() as u64;
        bytes.extend_from_slice(&tail);
        fs::write(&path, bytes).unwrap();
        assert_eq!(open(dir.path()).unwrap().1, appends.concat());
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
    }
}

#[test]
fn a_frame_is_not_read_in_another_place() {
    let dir = TempDir::new().unwrap();
    let appends = written(dir.path());
    let path = newest_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    let first = bytes[HEADER_BYTES..].to_vec();
    bytes.extend_from_slice(&first);
    fs::write(&path, bytes).unwrap();
    assert_eq!(open(dir.path()).unwrap().1, appends.concat());
}

/// Fills segments with 1 MiB records, one height and view per record.
fn fill(dir: &Path, records: u64) -> VoteLog {
    let mut log = first_open(dir);
    for i in 0..records {
        log.append(&[vec![u8::try_from(i).unwrap(); 1 << 20]], at(i, i)).unwrap();
    }
    log
}

#[test]
fn segments_follow_one_another_and_go_when_they_lie_behind() {
    let dir = TempDir::new().unwrap();
    let mut log = fill(dir.path(), 18);
    assert_eq!(segment_numbers(dir.path()).unwrap(), [0, 1, 2]);
    // Segment 0 was closed at height and view 8, segment 1 at 16.
    log.prune(at(8 + KEPT_BLOCKS - 1, 100)).unwrap();
    assert_eq!(segment_numbers(dir.path()).unwrap(), [0, 1, 2]);
    log.prune(at(1000, 8)).unwrap();
    assert_eq!(segment_numbers(dir.path()).unwrap(), [0, 1, 2], "its votes are not all below the final view");
    log.prune(at(8 + KEPT_BLOCKS, 9)).unwrap();
    assert_eq!(segment_numbers(dir.path()).unwrap(), [1, 2]);
    drop(log);
    let (mut log, records) = open(dir.path()).unwrap();
    assert_eq!(records.iter().map(|r| u64::from(r[0])).collect::<Vec<_>>(), (8..18).collect::<Vec<_>>());
    // How far segment 1 reaches survives the restart, and the newest segment never goes.
    log.prune(at(u64::MAX, u64::MAX)).unwrap();
    assert_eq!(segment_numbers(dir.path()).unwrap(), [2]);
}

#[test]
fn a_closed_segment_that_is_cut_short_is_damage_and_a_missing_one_is_named() {
    let dir = TempDir::new().unwrap();
    drop(fill(dir.path(), 18));
    let path = segment::path(dir.path(), 1);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(open(dir.path()), Err(VoteLogError::Damaged { segment: 1, .. })));
    fs::write(&path, &whole[..10]).unwrap();
    assert!(matches!(open(dir.path()), Err(VoteLogError::Damaged { segment: 1, offset: 0 })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(dir.path()), Err(VoteLogError::SegmentMissing { segment: 1 })));
    fs::write(&path, whole).unwrap();
    assert_eq!(open(dir.path()).unwrap().1.len(), 18);
}

#[test]
fn a_crash_between_two_segments_loses_nothing() {
    for unfinished in [0, 1, HEADER_BYTES - 1] {
        let dir = TempDir::new().unwrap();
        let appends = written(dir.path());
        let header = Header::new(identity(), 1, at(3, 3)).encode();
        fs::write(segment::path(dir.path(), 1), &header[..unfinished]).unwrap();
        let (mut log, records) = open(dir.path()).unwrap();
        assert_eq!(records, appends.concat());
        log.append(&[vec![1]], at(3, 3)).unwrap();
        drop(log);
        assert_eq!(open(dir.path()).unwrap().1.len(), records.len() + 1);
    }
}

#[test]
fn a_log_that_should_be_there_and_is_not_is_refused() {
    let dir = TempDir::new().unwrap();
    assert!(matches!(open(dir.path()), Err(VoteLogError::Missing)));
    drop(first_open(dir.path()));
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_log_of_another_chain_epoch_or_key_is_refused() {
    let dir = TempDir::new().unwrap();
    written(dir.path());
    let others = [
        Identity { chain: Digest([9; 32]), ..identity() },
        Identity { epoch: Epoch(1), ..identity() },
        Identity { key: PublicKey([9; 32]), ..identity() },
    ];
    for other in others {
        let refused = VoteLog::open(dir.path(), other, KeyHistory::HasVoted);
        assert!(matches!(refused, Err(VoteLogError::OtherIdentity { segment: 0 })));
    }
}

#[test]
fn one_process_at_a_time() {
    let dir = TempDir::new().unwrap();
    let log = first_open(dir.path());
    assert!(matches!(open(dir.path()), Err(VoteLogError::InUse)));
    drop(log);
    assert!(open(dir.path()).is_ok());
}

#[test]
fn after_a_failed_append_nothing_more_is_written() {
    let dir = TempDir::new().unwrap();
    let mut log = first_open(dir.path());
    let too_long = vec![0; frame::RECORD_BYTES_MAX + 1];
    assert!(matches!(log.append(&[too_long], at(0, 1)), Err(VoteLogError::RecordTooLong(_))));
    assert!(matches!(log.append(&[vec![1]], at(0, 1)), Err(VoteLogError::Poisoned)));
    drop(log);
    assert!(open(dir.path()).unwrap().1.is_empty());
}

#[test]
fn a_long_append_becomes_several_frames_and_comes_back_whole() {
    let dir = TempDir::new().unwrap();
    let records: Vec<Vec<u8>> = (0..5).map(|i| vec![i; 1 << 20]).chain([vec![9; frame::RECORD_BYTES_MAX]]).collect();
    first_open(dir.path()).append(&records, at(0, 1)).unwrap();
    assert_eq!(open(dir.path()).unwrap().1, records);
}
