//! The homes that a check refuses before it reads a block; what it finds in one is in the scenarios of damage.

use super::*;

#[test]
fn a_home_on_which_a_process_runs_is_refused_and_what_is_no_home_not_found() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(verify(dir.path(), Reader::Script).unwrap_err().exit, Exit::NotFound);
    std::fs::write(dir.path().join("FORMAT"), "1\n").unwrap();
    let held = lock(dir.path()).unwrap();
    let refused = verify(dir.path(), Reader::Script).unwrap_err();
    assert_eq!((refused.exit, refused.code.as_str()), (Exit::Unsafe, "AMN-0901"));
    drop(held);
    std::fs::write(dir.path().join("genesis.bin"), b"none").unwrap();
    let refused = verify(dir.path(), Reader::Script).unwrap_err();
    assert_eq!((refused.exit, refused.fields["verified"].as_bool()), (Exit::NotVerified, Some(false)));
    assert!(!dir.path().join("ledger.checked").exists());
}
