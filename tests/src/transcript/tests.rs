use super::*;

fn compare(names: &mut Names, shown: &str, printed: &str) -> Result<(), NotAsShown> {
    let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
    names.compare(&shown, printed)
}

#[test]
fn a_page_is_read_step_by_step_with_its_exit_codes() {
    let page = "text\n```console\n$ amanah a \\\n    --b\nfirst\n…\n$ amanah check   # exit 3\nDENY\n\n```\n$ not this\n```text\n$ nor this\n```\n";
    let read = steps(page);
    assert_eq!(read.len(), 2);
    assert_eq!((read[0].command.as_str(), read[0].exit, read[0].line), ("amanah a --b", 0, 3));
    assert_eq!(read[0].shown, ["first", "…"]);
    assert_eq!((read[1].command.as_str(), read[1].exit), ("amanah check", 3));
    assert_eq!(read[1].shown, ["DENY"]);
}

#[test]
fn a_file_of_a_page_is_there_for_the_commands_after_it() {
    let page = "```toml title=plan.toml\nname = \"$HOME\"\n\n[more]\n```\n```toml\nno = 1\n```\n```console\n$ cat plan.toml\n```\n";
    let dir = tempfile::tempdir().unwrap();
    let mut session = Session::open(dir.path(), dir.path(), &[]).unwrap();
    let read = steps(page);
    assert_eq!(read.len(), 2);
    assert_eq!(session.run(&read[0].command).unwrap().1, 0);
    let (printed, _) = session.run(&read[1].command).unwrap();
    assert_eq!(printed.trim_end(), "name = \"$HOME\"\n\n[more]");
}

#[test]
fn what_is_not_as_shown_is_told() {
    let mut names = Names::default();
    assert!(compare(&mut names, "PERMIT: PERMITTED", "DENY: NO_CONSENT").is_err());
    assert!(compare(&mut names, "one\ntwo", "one").is_err(), "a line is missing");
    assert!(compare(&mut names, "one", "one\ntwo").is_err(), "a line more");
    assert!(compare(&mut names, "6 entries", "5 entries").is_err(), "a count is not any number");
}

#[test]
fn gaps_stand_for_lines_and_for_parts_of_lines() {
    let mut names = Names::default();
    compare(&mut names, "one\n…\nlast", "one\ntwo\nthree\nlast").unwrap();
    compare(&mut names, "one\n…", "one").unwrap();
    compare(&mut names, "final (block 10; … s).", "final (block 7; 0.3 s).").unwrap();
    assert!(compare(&mut names, "one\n…\nlast", "one\ntwo").is_err());
}

#[test]
fn a_name_of_the_page_stands_for_one_of_the_run_and_for_no_other() {
    let mut names = Names::default();
    compare(&mut names, "you are P-CKZN-0000 there", "you are P-7777-1111 there").unwrap();
    compare(&mut names, "P-CKZN-0000 at 2026-11-22T16:23:42.932Z", "P-7777-1111 at 2027-01-01T00:00:00.000Z").unwrap();
    assert!(compare(&mut names, "P-CKZN-0000", "P-8888-2222").is_err(), "another patient");
    assert!(compare(&mut names, "P-0TH3-R000", "P-7777-1111").is_err(), "two names for one patient");
    assert!(compare(&mut names, "C-AAAA-0000", "A-BBBB-0000").is_err(), "a consent is no access");
    assert_eq!(names.in_this_run("amanah show P-CKZN-0000.receipt"), "amanah show P-7777-1111.receipt");
    compare(&mut names, "code 418-220-937", "code 000-111-222").unwrap();
    assert_eq!(names.in_this_run("--code 418-220-937"), "--code 000-111-222");
}

#[test]
fn a_shell_keeps_its_variables_and_tells_how_commands_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = Session::open(dir.path(), dir.path(), &[("GIVEN", "this")]).unwrap();
    assert_eq!(session.run("export MORE=$GIVEN").unwrap().1, 0);
    let (printed, exit) = session.run("echo $MORE; ls /nowhere-at-all; false").unwrap();
    assert!(printed.starts_with("this\n") && printed.contains("nowhere-at-all"), "{printed}");
    assert_eq!(exit, 1);
}
