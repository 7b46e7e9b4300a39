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

fn open_as(dir: &Path, identity: Identity, history: KeyHistory) -> Result<(VoteLog, Vec<Vec<u8>>), VoteLogError> {
    let (log, records) = VoteLog::open(dir, identity, history)?;
    Ok((log, records.collect::<Result<_, _>>()?))
}

fn open(dir: &Path) -> Result<(VoteLog, Vec<Vec<u8>>), VoteLogError> {
    open_as(dir, identity(), KeyHistory::HasVoted)
}

fn first_open(dir: &Path) -> VoteLog {
    let (log, records) = open_as(dir, identity(), KeyHistory::Unused).unwrap();
    assert!(records.is_empty());
    log
}

/// A place for a log: what says how far it reached lies beside it.
fn new_place() -> (TempDir, PathBuf) {
    let home = TempDir::new().unwrap();
    let dir = home.path().join("votes");
    fs::create_dir(&dir).unwrap();
    (home, dir)
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
    segment::path(dir, *survey::segment_numbers(dir).unwrap().last().unwrap())
}

/// Whether `records` are the first appends, whole ones only; how many.
fn whole_appends(records: &[Vec<u8>], appends: &[Vec<Vec<u8>>]) -> Option<usize> {
    (0..=appends.len()).find(|n| appends[..*n].concat() == records)
}

#[test]
fn what_was_appended_comes_back_in_order_and_more_can_follow() {
    let (_home, dir) = new_place();
    let mut expected = written(&dir).concat();
    for round in 0..3u8 {
        let (mut log, records) = open(&dir).unwrap();
        assert_eq!(records, expected);
        log.append(&[vec![round]], at(0, 2)).unwrap();
        expected.push(vec![round]);
    }
}

#[test]
fn every_truncation_recovers_the_whole_appends_before_it_and_takes_new_ones() {
    let (_home, source) = new_place();
    let appends = written(&source);
    let bytes = fs::read(newest_segment(&source)).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for len in 0..=bytes.len() {
        let (_home, dir) = new_place();
        fs::write(segment::path(&dir, 0), &bytes[..len]).unwrap();
        let (mut log, records) = open_as(&dir, identity(), KeyHistory::Unused).unwrap();
        let n = whole_appends(&records, &appends).expect("a prefix of whole appends");
        seen.insert(n);
        log.append(&[b"new".to_vec()], at(0, 9)).unwrap();
        drop(log);
        let mut expected = appends[..n].concat();
        expected.push(b"new".to_vec());
        assert_eq!(open(&dir).unwrap().1, expected, "cut at {len}");
    }
    assert_eq!(seen, (0..=appends.len()).collect());
}

#[test]
fn every_flipped_bit_is_cut_with_the_last_append_or_refused() {
    let (_home, source) = new_place();
    let appends = written(&source);
    let bytes = fs::read(newest_segment(&source)).unwrap();
    let last = bytes.len() - (8 + 4 + 4 + 1 + 4 + 3);
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            let (_home, dir) = new_place();
            fs::write(segment::path(&dir, 0), &flipped).unwrap();
            match open(&dir) {
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
        let (_home, dir) = new_place();
        let appends = written(&dir);
        let path = newest_segment(&dir);
        let mut bytes = fs::read(&path).unwrap();
        let whole = bytes.len() as u64;
        bytes.extend_from_slice(&tail);
        fs::write(&path, bytes).unwrap();
        assert_eq!(open(&dir).unwrap().1, appends.concat());
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
    }
}

#[test]
fn a_frame_is_not_read_in_another_place() {
    let (_home, dir) = new_place();
    let appends = written(&dir);
    let path = newest_segment(&dir);
    let mut bytes = fs::read(&path).unwrap();
    let first = bytes[HEADER_BYTES..].to_vec();
    bytes.extend_from_slice(&first);
    fs::write(&path, bytes).unwrap();
    assert_eq!(open(&dir).unwrap().1, appends.concat());
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
    let (_home, dir) = new_place();
    let mut log = fill(&dir, 18);
    assert_eq!(survey::segment_numbers(&dir).unwrap(), [0, 1, 2]);
    // Segment 0 was closed at height and view 8, segment 1 at 16.
    log.prune(at(8 + KEPT_BLOCKS - 1, 100)).unwrap();
    assert_eq!(survey::segment_numbers(&dir).unwrap(), [0, 1, 2]);
    log.prune(at(1000, 8)).unwrap();
    assert_eq!(survey::segment_numbers(&dir).unwrap(), [0, 1, 2], "its votes are not all below the final view");
    log.prune(at(8 + KEPT_BLOCKS, 9)).unwrap();
    assert_eq!(survey::segment_numbers(&dir).unwrap(), [1, 2]);
    drop(log);
    let (mut log, records) = open(&dir).unwrap();
    assert_eq!(records.iter().map(|r| u64::from(r[0])).collect::<Vec<_>>(), (8..18).collect::<Vec<_>>());
    // How far segment 1 reaches survives the restart, and the newest segment never goes.
    log.prune(at(u64::MAX, u64::MAX)).unwrap();
    assert_eq!(survey::segment_numbers(&dir).unwrap(), [2]);
}

#[test]
fn a_closed_segment_that_is_cut_short_is_damage_and_a_missing_one_is_named() {
    let (_home, dir) = new_place();
    drop(fill(&dir, 18));
    let path = segment::path(&dir, 1);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(open(&dir), Err(VoteLogError::Damaged { segment: 1, .. })));
    fs::write(&path, &whole[..10]).unwrap();
    assert!(matches!(open(&dir), Err(VoteLogError::Damaged { segment: 1, offset: 0 })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(&dir), Err(VoteLogError::SegmentMissing { segment: 1 })));
    fs::write(&path, whole).unwrap();
    assert_eq!(open(&dir).unwrap().1.len(), 18);
}

#[test]
fn a_crash_between_two_segments_loses_nothing() {
    for unfinished in [0, 1, HEADER_BYTES - 1] {
        let (_home, dir) = new_place();
        let appends = written(&dir);
        let header = Header::new(identity(), 1, at(3, 3)).encode();
        fs::write(segment::path(&dir, 1), &header[..unfinished]).unwrap();
        let (mut log, records) = open(&dir).unwrap();
        assert_eq!(records, appends.concat());
        log.append(&[vec![1]], at(3, 3)).unwrap();
        drop(log);
        assert_eq!(open(&dir).unwrap().1.len(), records.len() + 1);
    }
}

#[test]
fn a_log_that_should_be_there_and_is_not_is_refused() {
    let (_home, dir) = new_place();
    assert!(matches!(open(&dir), Err(VoteLogError::Missing)));
    drop(first_open(&dir));
    assert!(open(&dir).is_ok());
}

#[test]
fn a_log_of_another_chain_epoch_or_key_is_refused() {
    let (_home, dir) = new_place();
    written(&dir);
    let others = [
        Identity { chain: Digest([9; 32]), ..identity() },
        Identity { epoch: Epoch(1), ..identity() },
        Identity { key: PublicKey([9; 32]), ..identity() },
    ];
    for other in others {
        let refused = open_as(&dir, other, KeyHistory::HasVoted);
        assert!(matches!(refused, Err(VoteLogError::OtherIdentity { segment: 0 })));
    }
}

#[test]
fn one_process_at_a_time() {
    let (_home, dir) = new_place();
    let log = first_open(&dir);
    assert!(matches!(open(&dir), Err(VoteLogError::InUse)));
    drop(log);
    assert!(open(&dir).is_ok());
}

#[test]
fn after_a_failed_append_nothing_more_is_written() {
    let (_home, dir) = new_place();
    let mut log = first_open(&dir);
    let too_long = vec![0; frame::RECORD_BYTES_MAX + 1];
    assert!(matches!(log.append(&[too_long], at(0, 1)), Err(VoteLogError::RecordTooLong(_))));
    assert!(matches!(log.append(&[vec![1]], at(0, 1)), Err(VoteLogError::Poisoned)));
    drop(log);
    assert!(open(&dir).unwrap().1.is_empty());
}

#[test]
fn a_long_append_becomes_several_frames_and_comes_back_whole() {
    let (_home, dir) = new_place();
    let records: Vec<Vec<u8>> = (0..5).map(|i| vec![i; 1 << 20]).chain([vec![9; frame::RECORD_BYTES_MAX]]).collect();
    first_open(&dir).append(&records, at(0, 1)).unwrap();
    assert_eq!(open(&dir).unwrap().1, records);
}

#[test]
fn every_change_to_the_last_append_is_refused_once_the_log_has_recorded_how_far_it_reaches() {
    let (_home, source) = new_place();
    let mut log = first_open(&source);
    appends().iter().for_each(|records| log.append(records, at(0, 1)).unwrap());
    assert!(log.outgrew_record());
    log.record_reach().unwrap();
    assert!(!log.outgrew_record());
    drop(log);
    let (segment, recorded) = (newest_segment(&source), reach::path(&source));
    let bytes = fs::read(&segment).unwrap();
    let last = bytes.len() - (8 + 4 + 4 + 1 + 4 + 3);
    let with = |changed: &[u8]| {
        let (home, dir) = new_place();
        fs::write(segment::path(&dir, 0), changed).unwrap();
        fs::copy(&recorded, reach::path(&dir)).unwrap();
        let opened = open(&dir).map(|(_, records)| records);
        assert_eq!(fs::read(newest_segment(&dir)).unwrap(), changed, "evidence is not changed");
        drop(home);
        opened
    };
    assert_eq!(with(&bytes).unwrap(), appends().concat());
    for place in last..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            assert!(matches!(with(&flipped), Err(VoteLogError::Damaged { segment: 0, offset }) if offset == last));
        }
        assert!(matches!(with(&bytes[..place]), Err(VoteLogError::Damaged { segment: 0, offset }) if offset == last));
    }
    assert!(matches!(with(&bytes[..HEADER_BYTES - 1]), Err(VoteLogError::Damaged { segment: 0, offset: 0 })));
}

#[test]
fn lost_segments_at_either_end_are_named() {
    let (_home, dir) = new_place();
    drop(fill(&dir, 26));
    assert_eq!(open(&dir).unwrap().1.len(), 26);
    for (lost, named) in [(0, 0), (3, 3)] {
        let path = segment::path(&dir, lost);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let refused = open(&dir).map(|(_, records)| records.len());
        assert!(matches!(refused, Err(VoteLogError::SegmentMissing { segment }) if segment == named), "{refused:?}");
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(open(&dir).unwrap().1.len(), 26);
    // Pruning is no loss, also when it was cut off after some removals.
    let (mut log, _) = open(&dir).unwrap();
    let oldest = fs::read(segment::path(&dir, 1)).unwrap();
    log.prune(at(16 + KEPT_BLOCKS, 100)).unwrap();
    drop(log);
    assert_eq!(survey::segment_numbers(&dir).unwrap(), [2, 3]);
    assert!(open(&dir).is_ok());
    fs::write(segment::path(&dir, 1), oldest).unwrap();
    assert!(open(&dir).is_ok());
    // Everything gone: no first start, whatever else was lost.
    fs::remove_dir_all(&dir).unwrap();
    assert!(matches!(open_as(&dir, identity(), KeyHistory::Unused), Err(VoteLogError::Missing)));
}

#[test]
fn a_damaged_or_missing_record_of_the_reach_harms_nothing() {
    let (_home, dir) = new_place();
    let appends = written(&dir);
    drop(open(&dir).unwrap());
    let path = reach::path(&dir);
    let whole = fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x5a;
        fs::write(&path, &flipped).unwrap();
        assert_eq!(open(&dir).unwrap().1, appends.concat(), "byte {place}");
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(open(&dir).unwrap().1, appends.concat());
    // And it is a witness again.
    fs::remove_file(newest_segment(&dir)).unwrap();
    assert!(matches!(open(&dir), Err(VoteLogError::Missing)));
}

#[test]
fn one_segment_at_a_time_is_in_memory() {
    let (_home, dir) = new_place();
    drop(fill(&dir, 26));
    let (_log, mut records) = VoteLog::open(&dir, identity(), KeyHistory::HasVoted).unwrap();
    assert_eq!(records.held_bytes(), 0, "nothing is read before it is asked for");
    let (mut read, mut most) = (0, 0);
    while let Some(record) = records.next() {
        read += record.unwrap().len();
        most = most.max(records.held_bytes());
    }
    assert_eq!(read, 26 << 20);
    assert!(most > 1 << 20 && most <= SEGMENT_BYTES_MAX, "{most}");
}

#[test]
fn a_survey_finds_what_a_start_would_refuse_and_changes_nothing() {
    let (_home, dir) = new_place();
    assert!(matches!(survey(&dir, &identity()), Err(VoteLogError::Missing)));
    written(&dir);
    drop(open(&dir).unwrap());
    let path = newest_segment(&dir);
    let whole = fs::read(&path).unwrap();
    let found = survey(&dir, &identity()).unwrap();
    assert_eq!(found, Surveyed { segments: 1, bytes: whole.len() as u64 });
    let torn = [whole.as_slice(), &[0xA5; 7]].concat();
    fs::write(&path, &torn).unwrap();
    assert_eq!(survey(&dir, &identity()).unwrap(), found, "a torn end is in order");
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(survey(&dir, &identity()), Err(VoteLogError::Damaged { .. })));
    assert_eq!(fs::read(&path).unwrap(), &whole[..whole.len() - 1]);
}
