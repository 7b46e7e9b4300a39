use super::*;

fn paths(dir: &Path) -> KeyFilePaths {
    KeyFilePaths { table: dir.join("table/keys"), table_key_dir: dir.join("table-key") }
}

fn created(dir: &Path) -> KeyFile {
    std::fs::create_dir_all(dir.join("table")).unwrap();
    KeyFile::create(paths(dir)).unwrap()
}

fn relationship(n: u8) -> RelationshipKeys {
    RelationshipKeys {
        relationship: PublicKey([n; 32]),
        generation: 0,
        mrn: Mrn::parse(&format!("MRN-{n:04}-of-a-patient")).unwrap(),
        folder: FolderId::generate().unwrap(),
        documents: Some(SecretKey::generate().unwrap()),
        receipts: SecretKey::generate().unwrap(),
        log: SecretKey::generate().unwrap(),
    }
}

/// Every byte of every file under `dir`.
fn all_bytes(dir: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all_bytes(&path));
        } else {
            files.push(std::fs::read(path).unwrap());
        }
    }
    files
}

fn found(files: &[Vec<u8>], needle: &[u8]) -> bool {
    files.iter().any(|file| file.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = created(dir.path());
    let (one, two) = (relationship(1), relationship(2));
    file.insert(one.clone());
    file.insert(two.clone());
    assert!(file.remove_documents_key(&two.relationship));
    file.write().unwrap();
    let again = KeyFile::open(paths(dir.path())).unwrap();
    assert_eq!(again.house(), file.house());
    assert_eq!(again.get(&one.relationship), Some(&one));
    assert_eq!(again.of_mrn(&two.mrn), Some(&two.relationship));
    assert_eq!(again.get(&two.relationship).unwrap().documents, None);
    assert_eq!(again.len(), 2);
}

#[test]
fn after_erasure_no_file_holds_the_number_or_a_key_nor_opens_what_did() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = created(dir.path());
    let (gone, stays) = (relationship(1), relationship(2));
    file.insert(gone.clone());
    file.insert(stays.clone());
    file.write().unwrap();
    let old_table = std::fs::read(&file.paths.table).unwrap();
    let old_key = std::fs::read(table_key_path(&file.paths.table_key_dir, file.generation)).unwrap();
    assert!(found(&all_bytes(dir.path()), &old_key), "the search finds what is there");

    assert!(file.remove(&gone.relationship));
    file.write().unwrap();
    let files = all_bytes(dir.path());
    assert!(!found(&files, &old_key));
    assert!(!found(&files, &old_table[HEADER_BYTES..HEADER_BYTES + 32]));
    let again = KeyFile::open(paths(dir.path())).unwrap();
    assert_eq!(again.get(&gone.relationship), None);
    assert_eq!(again.of_mrn(&gone.mrn), None);
    assert_eq!(again.get(&stays.relationship), Some(&stays));
    // What the present key opens holds nothing of the erased relationship either.
    let table = std::fs::read(&again.paths.table).unwrap();
    let key = read_table_key(&table_key_path(&again.paths.table_key_dir, again.generation), 0).unwrap();
    let plain = key.open(&table[..HEADER_BYTES], &table[HEADER_BYTES..]).unwrap().to_vec();
    let opened = [plain];
    assert!(found(&opened, stays.receipts.as_bytes()));
    for secret in [gone.receipts.as_bytes(), gone.log.as_bytes(), gone.documents.as_ref().unwrap().as_bytes()] {
        assert!(!found(&opened, secret));
        assert!(!found(&files, secret));
    }
    assert!(!found(&opened, b"MRN-0001"));
}

#[test]
fn a_crash_at_any_step_of_a_write_leaves_the_old_or_the_new_table() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = created(dir.path());
    file.insert(relationship(1));
    file.write().unwrap();
    let key_dir = file.paths.table_key_dir.clone();
    // Crash after step 1: the next table key is there, the table is still the old one.
    std::fs::write(table_key_path(&key_dir, file.generation + 1), [7; 32]).unwrap();
    assert_eq!(KeyFile::open(paths(dir.path())).unwrap().len(), 1);
    assert!(!table_key_path(&key_dir, file.generation + 1).exists(), "the left-over key is destroyed");
    // Crash after step 2: the new table is there, and both keys.
    let old = table_key_path(&key_dir, file.generation);
    let old_bytes = std::fs::read(&old).unwrap();
    file.insert(relationship(2));
    file.write().unwrap();
    std::fs::write(&old, old_bytes).unwrap();
    assert_eq!(KeyFile::open(paths(dir.path())).unwrap().len(), 2);
    assert!(!old.exists());
}

#[test]
fn other_keys_in_the_same_directory_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = created(dir.path());
    let other = file.paths.table_key_dir.join("gateway.key");
    std::fs::write(&other, b"the node's own").unwrap();
    let old = table_key_path(&file.paths.table_key_dir, file.generation);
    file.insert(relationship(1));
    file.write().unwrap();
    assert_eq!(std::fs::read(&other).unwrap(), b"the node's own");
    assert!(!old.exists());
}

#[test]
fn a_damaged_table_and_a_missing_table_key_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = created(dir.path());
    file.insert(relationship(1));
    file.write().unwrap();
    let mut bytes = std::fs::read(&file.paths.table).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file.paths.table, bytes).unwrap();
    assert!(matches!(KeyFile::open(paths(dir.path())), Err(KeyFileError::Damaged)));
    std::fs::remove_file(table_key_path(&file.paths.table_key_dir, file.generation)).unwrap();
    assert!(matches!(KeyFile::open(paths(dir.path())), Err(KeyFileError::TableKeyMissing(2))));
}

#[test]
fn both_files_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = created(dir.path());
    for path in [file.paths.table.clone(), table_key_path(&file.paths.table_key_dir, 1)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn numbers_and_keys_print_nothing() {
    let printed = format!("{:?}", relationship(3));
    assert!(printed.contains("Mrn") && printed.contains("SecretKey"));
    assert!(!printed.contains("0003"));
    assert_eq!(Mrn::parse(" \t"), Err(NotAnMrn));
    assert_eq!(Mrn::parse(&"9".repeat(65)), Err(NotAnMrn));
}
