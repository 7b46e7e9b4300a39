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
