use super::access_log::{check_log, start};
use super::*;
use amanah_ledger::access::{Event, Gap};

fn all_files(dir: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(all_files(&path)) } else { files.push(std::fs::read(path).unwrap()) }
    }
    files
}

fn holds(files: &[Vec<u8>], needle: &[u8]) -> bool {
    files.iter().any(|file| file.windows(needle.len()).any(|window| window == needle))
}

#[test]
fn a_vault_restored_from_an_older_backup_says_which_entries_it_lost() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    cedar.ask(&patient, who.clone(), "labs", "TREAT");
    cedar.pass(GRID_MS);
    cedar.pass(1);
    let backup = tempfile::tempdir().unwrap();
    copy_dir(&cedar.dir.path().join("vault"), backup.path());
    for _ in 0..3 {
        cedar.ask(&patient, who.clone(), "labs", "TREAT");
        cedar.pass(GRID_MS);
    }
    cedar.pass(1);
    let before = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((before.count, before.complete), (5, true));

    std::fs::remove_dir_all(cedar.dir.path().join("vault")).unwrap();
    copy_dir(backup.path(), &cedar.dir.path().join("vault"));
    cedar.power_cut();
    let page = cedar.desk.log(&patient.key(), 3).unwrap().unwrap();
    assert_eq!((page.total, page.entries.len()), (6, 1));
    let gap = &page.entries[0];
    assert_eq!(gap.body.event, Event::Gap(Gap { from: 3, to: 5, head: before.position.head() }));
    assert_eq!((gap.body.number, gap.body.previous), (6, before.position.head()));
    // A new wallet sees the loss and does not call the log complete; one that knew all five goes on from there.
    let newcomer = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((newcomer.count, newcomer.pending, newcomer.complete), (6, 1, false));
    cedar.ask(&patient, who, "labs", "TREAT");
    cedar.pass(GRID_MS);
    let later = check_log(&mut cedar, &patient, &before.position).unwrap();
    assert_eq!((later.count, later.pending, later.complete), (7, 0, false));
}

#[test]
fn an_ordinary_start_writes_no_gap() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    for _ in 0..3 {
        cedar.pass(GRID_MS);
        cedar.power_cut();
    }
    assert_eq!(cedar.desk.log(&patient.key(), 1).unwrap().unwrap().total, 1);
}

#[test]
fn anchoring_goes_on_when_a_ledger_that_was_empty_at_the_start_has_been_filled_again() {
    let mut cedar = Cedar::new();
    let patient = cedar.patient(1);
    let who = cedar.member(1);
    for _ in 0..3 {
        cedar.ask(&patient, who.clone(), "labs", "TREAT");
        cedar.pass(GRID_MS);
    }
    cedar.pass(1);
    let before = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((before.count, before.complete), (4, true));

    let full = std::mem::replace(&mut cedar.ledger, TestLedger::new(&cedar.genesis));
    cedar.power_cut();
    cedar.now = cedar.now.plus_ms(GRID_MS);
    assert_eq!(cedar.sends().len(), 1, "the first anchor seems to be missing");
    cedar.ledger = full;
    cedar.ask(&patient, who, "labs", "TREAT");
    cedar.pass(GRID_MS);
    cedar.pass(GRID_MS);
    cedar.pass(1);
    let after = check_log(&mut cedar, &patient, &before.position).unwrap();
    assert_eq!((after.count, after.pending, after.complete), (5, 0, true));
    let newcomer = check_log(&mut cedar, &patient, &start()).unwrap();
    assert_eq!((newcomer.count, newcomer.complete), (5, true));
    cedar.now = cedar.now.plus_ms(GRID_MS);
    assert_eq!(cedar.sends().len(), 0, "everything is covered");
}

#[test]
fn after_erasure_no_byte_of_any_file_holds_the_old_keys_or_the_number() {
    let mut cedar = Cedar::new();
    let (gone, stays) = (cedar.patient(1), cedar.patient(2));
    cedar.grant_final(gone.grant(0, member_ref(&cedar.genesis, 1), "labs"));
    let who = cedar.member(1);
    cedar.ask(&gone, who.clone(), "labs", "TREAT");
    cedar.pass(GRID_MS);
    let table_key = std::fs::read_dir(cedar.dir.path().join("table-key")).unwrap().next().unwrap().unwrap().path();
    let old_key = std::fs::read(table_key).unwrap();
    let old_table = std::fs::read(cedar.dir.path().join("keys")).unwrap();
    assert!(holds(&all_files(cedar.dir.path()), &old_key), "the search finds what is there");

    assert!(cedar.desk.erase(&gone.key()));
    cedar.desk.sync().unwrap();
    let files = all_files(cedar.dir.path());
    let table = &old_table[16..];
    let log_key = *gone.secret.log_key().expose();
    for (what, bytes) in [
        ("the table key", old_key.as_slice()),
        ("the old table", &table[..64]),
        ("the old table's end", &table[table.len() - 64..]),
        ("the number", b"MRN-00001"),
        ("the log key", &log_key),
        ("the relationship key", &gone.key().0),
    ] {
        assert!(!holds(&files, bytes), "{what} is still in a file");
    }
    cedar.power_cut();
    assert_eq!(cedar.desk.me(cedar.now, &gone.key()), None);
    assert_eq!(cedar.desk.log(&gone.key(), 1).unwrap(), Err(super::super::LogError::NotLinked));
    cedar.ask(&stays, who, "labs", "TREAT");
    cedar.pass(GRID_MS);
    assert!(check_log(&mut cedar, &stays, &start()).unwrap().complete, "what stays is still proved");
}

#[test]
fn records_without_their_key_file_are_not_taken_over() {
    let mut cedar = Cedar::new();
    cedar.patient(1);
    let copy = tempfile::tempdir().unwrap();
    copy_dir(cedar.dir.path(), copy.path());
    std::fs::remove_file(copy.path().join("keys")).unwrap();
    let opened = Desk::open(setup(copy.path(), &cedar.genesis), &cedar.ledger.tip, TEN);
    assert!(matches!(opened, Err(super::super::StoreError::KeyFileMissing)));
}
