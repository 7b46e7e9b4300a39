use super::*;

fn at(folder: FolderId, number: u64) -> Address {
    Address { folder, kind: Kind::Entry, number }
}

/// The files as a power cut would leave them: what sled still holds in memory is not copied.
fn after_power_cut(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    copy
}

#[test]
fn synced_records_survive_a_power_cut_and_unsynced_ones_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let (folder, key) = (FolderId::generate().unwrap(), SecretKey::generate().unwrap());
    let mut writes = Writes::default();
    writes.put(at(folder, 1), &key, b"one").unwrap();
    vault.write(writes).unwrap();
    vault.sync().unwrap();
    let mut writes = Writes::default();
    writes.put(at(folder, 2), &key, b"two").unwrap();
    vault.write(writes).unwrap();
    let cut = after_power_cut(dir.path());
    let again = Vault::open(cut.path()).unwrap();
    assert_eq!(again.get(at(folder, 1), &key).unwrap().unwrap().as_slice(), b"one");
    assert_eq!(again.get(at(folder, 2), &key).unwrap(), None, "the cut really loses what was not synced");
}

#[test]
fn a_half_written_snapshot_does_not_keep_the_vault_closed() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, key) = (FolderId::generate().unwrap(), SecretKey::generate().unwrap());
    let vault = Vault::open(dir.path()).unwrap();
    let mut writes = Writes::default();
    writes.put(at(folder, 1), &key, b"one").unwrap();
    vault.write(writes).unwrap();
    vault.sync().unwrap();
    drop(vault);
    let half = dir.path().join("snap.00000000000000FF.generating");
    std::fs::write(&half, [0; 7]).unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    assert!(!half.exists());
    assert_eq!(vault.get(at(folder, 1), &key).unwrap().unwrap().as_slice(), b"one");
}

#[test]
fn records_list_in_number_order_within_their_folder_and_kind() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let key = SecretKey::generate().unwrap();
    let (mine, other) = (FolderId::generate().unwrap(), FolderId::generate().unwrap());
    let mut writes = Writes::default();
    for number in [300, 1, 2, 256] {
        writes.put(at(mine, number), &key, &number.to_le_bytes()).unwrap();
        writes.put(at(other, number + 1000), &key, b"other").unwrap();
    }
    writes.put(Address { folder: mine, kind: Kind::Consent, number: 999 }, &key, b"consent").unwrap();
    vault.write(writes).unwrap();
    assert_eq!(vault.numbers(mine, Kind::Entry, 2, 2).unwrap(), [2, 256]);
    assert_eq!(vault.last(mine, Kind::Entry).unwrap(), Some(300));
    assert_eq!(vault.last(mine, Kind::Document).unwrap(), None);
}

#[test]
fn a_record_moved_to_another_address_does_not_open() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let (folder, key) = (FolderId::generate().unwrap(), SecretKey::generate().unwrap());
    let mut writes = Writes::default();
    writes.put(at(folder, 1), &key, b"one").unwrap();
    vault.write(writes).unwrap();
    let sealed = vault.db.get(at(folder, 1).piece(0)).unwrap().unwrap();
    vault.db.insert(at(folder, 2).piece(0), sealed).unwrap();
    assert!(matches!(vault.get(at(folder, 2), &key), Err(VaultError::DoesNotOpen(_))));
}

#[test]
fn a_long_record_is_kept_in_pieces_that_sled_syncs_and_one_too_long_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let (folder, key) = (FolderId::generate().unwrap(), SecretKey::generate().unwrap());
    let lengths = [0, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, RECORD_BYTES_MAX];
    let plain = |len: usize| (0..len).map(|i| (i / 251) as u8).collect::<Vec<u8>>();
    let mut writes = Writes::default();
    for len in lengths {
        writes.put(at(folder, len as u64), &key, &plain(len)).unwrap();
    }
    vault.write(writes).unwrap();
    for len in lengths {
        assert_eq!(vault.get(at(folder, len as u64), &key).unwrap().unwrap().as_slice(), plain(len));
    }
    assert!(vault.db.iter().values().all(|value| value.unwrap().len() <= 32 * 1024));
    let mut writes = Writes::default();
    writes.remove(at(folder, RECORD_BYTES_MAX as u64));
    vault.write(writes).unwrap();
    assert_eq!(
        vault.numbers(folder, Kind::Entry, 0, 9).unwrap(),
        lengths[..3].iter().map(|l| *l as u64).collect::<Vec<_>>()
    );
    assert!(matches!(
        Writes::default().put(at(folder, 1), &key, &plain(RECORD_BYTES_MAX + 1)),
        Err(VaultError::RecordTooLong { bytes }) if bytes == RECORD_BYTES_MAX + 1
    ));
}

#[test]
fn a_vault_that_comes_back_with_fewer_writes_than_were_recorded_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, key) = (FolderId::generate().unwrap(), SecretKey::generate().unwrap());
    let write = |vault: &Vault, number: u64| {
        let mut writes = Writes::default();
        writes.put(at(folder, number), &key, b"entry").unwrap();
        vault.write(writes).unwrap();
        vault.sync().unwrap();
    };
    let vault = Vault::open(dir.path()).unwrap();
    write(&vault, 1);
    let older = after_power_cut(dir.path());
    write(&vault, 2);
    vault.record_reach().unwrap();
    drop(vault);
    assert!(Vault::open(dir.path()).is_ok());
    // sled at an earlier moment, as after damage in its tail.
    std::fs::copy(dir.path().join(REACHED), older.path().join(REACHED)).unwrap();
    assert!(matches!(Vault::open(older.path()), Err(VaultError::LostWrites { known: 2, found: 1 })));
    // The operator's way out, when there is no backup.
    std::fs::remove_file(older.path().join(REACHED)).unwrap();
    let left = Vault::open(older.path()).unwrap();
    assert!(left.get(at(folder, 1), &key).unwrap().is_some() && left.get(at(folder, 2), &key).unwrap().is_none());
}

#[test]
fn everything_in_a_vault_can_be_read_through() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let (folder, key) = (FolderId::generate().unwrap(), SecretKey::generate().unwrap());
    let mut writes = Writes::default();
    (1..=9).for_each(|number| writes.put(at(folder, number), &key, b"entry").unwrap());
    vault.write(writes).unwrap();
    let (mut after, mut records) = (None, 0);
    while let Some(read) = vault.read_behind(after.as_deref(), 4).unwrap() {
        assert!(read.records <= 4 && read.bytes > 0);
        (after, records) = (Some(read.last), records + read.records);
    }
    assert_eq!(records, 9 + 1, "nine records and the count of writes");
}
