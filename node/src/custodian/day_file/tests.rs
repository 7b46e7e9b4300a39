use super::*;

const DAY: Day = Day(20_779);

fn snapshot(seq: u64, changes: u64) -> Snapshot {
    let change = |n: u64| {
        let digest = |tag: u8| Digest(*blake3::hash(&[&[tag], n.to_le_bytes().as_slice()].concat()).as_bytes());
        Change { key: digest(1), value: digest(2), state: DayState { before: n, after: n + seq, head: digest(3) } }
    };
    let head = SnapshotHead {
        seq,
        day: DAY,
        root: Digest([seq as u8; 32]),
        parent: Digest([seq as u8 - 1; 32]),
        taken: UnixMs(seq),
    };
    Snapshot { head, changes: (0..changes).map(change).collect() }
}

fn files(dir: &Path) -> DayFiles {
    DayFiles::open(dir, SecretKey::from_bytes([7; 32])).unwrap()
}

#[test]
fn snapshots_read_back_in_order_also_when_they_need_several_frames() {
    let dir = tempfile::tempdir().unwrap();
    let written = [snapshot(1, 3), snapshot(2, 0), snapshot(3, CHANGES_PER_FRAME as u64 + 5)];
    for snapshot in &written {
        files(dir.path()).append(snapshot).unwrap();
    }
    assert_eq!(files(dir.path()).read(DAY).unwrap(), written);
    assert_eq!(files(dir.path()).days().unwrap(), [DAY]);
    assert_eq!(files(dir.path()).read(Day(1)).unwrap(), []);
}

#[test]
fn an_end_that_was_never_written_is_cut_wherever_the_write_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path());
    files.append(&snapshot(1, 3)).unwrap();
    let first = std::fs::metadata(files.path(DAY)).unwrap().len();
    files.append(&snapshot(2, 3)).unwrap();
    let bytes = std::fs::read(files.path(DAY)).unwrap();
    for end in first as usize..bytes.len() {
        std::fs::write(files.path(DAY), &bytes[..end]).unwrap();
        files.cut_torn_end(DAY).unwrap();
        assert_eq!(std::fs::metadata(files.path(DAY)).unwrap().len(), first);
        files.append(&snapshot(3, 1)).unwrap();
        assert_eq!(files.read(DAY).unwrap(), [snapshot(1, 3), snapshot(3, 1)], "cut at {end}");
    }
}

#[test]
fn damage_before_the_end_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path());
    files.append(&snapshot(1, 3)).unwrap();
    files.append(&snapshot(2, 3)).unwrap();
    let mut bytes = std::fs::read(files.path(DAY)).unwrap();
    bytes[40] ^= 1;
    std::fs::write(files.path(DAY), bytes).unwrap();
    assert!(matches!(files.read(DAY), Err(DayFileError::Damaged(DAY))));
}

#[test]
fn every_changed_byte_and_every_lost_end_of_what_was_synced_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    files(dir.path()).append(&snapshot(1, 2)).unwrap();
    files(dir.path()).append(&snapshot(2, 1)).unwrap();
    let path = files(dir.path()).path(DAY);
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(files(dir.path()).survey().unwrap(), 1);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x81;
        for damaged in [changed.as_slice(), &whole[..at]] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(files(dir.path()).cut_torn_end(DAY), Err(DayFileError::Damaged(DAY))), "byte {at}");
            assert_eq!(std::fs::read(&path).unwrap(), damaged, "evidence is not cut off");
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(files(dir.path()).days(), Err(DayFileError::Damaged(DAY))));
}

#[test]
fn only_the_newest_file_can_have_an_end_that_was_never_written() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path());
    files.append(&snapshot(1, 2)).unwrap();
    let mut later = snapshot(2, 1);
    later.head.day = DAY.next().unwrap();
    files.append(&later).unwrap();
    for (day, is_refused) in [(DAY, true), (later.head.day, false)] {
        let whole = std::fs::read(files.path(day)).unwrap();
        std::fs::write(files.path(day), [whole.as_slice(), &[9, 0, 0, 0, 1]].concat()).unwrap();
        assert_eq!(files.read(day).is_err(), is_refused);
        std::fs::write(files.path(day), whole).unwrap();
    }
}
