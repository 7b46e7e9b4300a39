use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<CommandLine, clap::Error> {
    CommandLine::try_parse_from(line.split(' '))
}

#[test]
fn the_definition_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn a_grant_reads_as_a_sentence() {
    let line = parse("amanah grant dr.haddad@cedar --what labs,meds --why treatment --until 90d --yes").unwrap();
    assert_eq!(line.command.name(), "grant");
    assert!(line.globals.yes && !line.globals.json);
    assert_eq!(line.globals.timeout, Duration::from_secs(15));
    let Command::Grant(grant) = line.command else { panic!("not a grant") };
    assert_eq!(grant.what, ["labs", "meds"]);
    let said = [&grant.who, &grant.why, &grant.until].map(|text| text.as_deref().unwrap());
    assert_eq!(said, ["dr.haddad@cedar", "treatment", "90d"]);
    assert_eq!((grant.records_at, grant.dry_run), (None, false));
}

#[test]
fn a_grant_says_everything_itself_or_takes_it_from_a_file() {
    let Command::Grant(grant) = parse("amanah grant --from-fhir f.json --records-at cedar -n").unwrap().command else {
        panic!("not a grant")
    };
    assert_eq!((grant.from_fhir, grant.who, grant.dry_run), (Some(PathBuf::from("f.json")), None, true));
    for line in [
        "grant",
        "grant cedar --what labs --why treatment",
        "grant cedar --from-fhir f",
        "grant --from-fhir f --until 90d",
    ] {
        assert!(parse(&format!("amanah {line}")).is_err(), "{line}");
    }
}

#[test]
fn words_people_will_try_are_understood() {
    let line = parse("amanah allow cedar --scope labs --purpose treatment --expires 2w").unwrap();
    assert_eq!(line.command.name(), "grant");
    assert_eq!(parse("amanah history --profile layla").unwrap().command.name(), "log");
}

#[test]
fn a_revocation_needs_a_consent_or_a_slip_but_not_both() {
    assert!(parse("amanah revoke").is_err());
    assert!(parse("amanah revoke C-7Q2M --slip f").is_err());
    assert!(parse("amanah revoke --slip f --node http://127.0.0.1:7400").is_ok());
    assert!(parse("amanah revoke C-7Q2M --node http://127.0.0.1:7400").is_err());
    assert!(parse("amanah revoke C-7Q2M").is_ok());
}

#[test]
fn flags_for_all_commands_stand_anywhere() {
    let line =
        parse("amanah --json hospital check P-3F8K --as clinician@cedar --what labs --why treatment --timeout 500ms")
            .unwrap();
    assert!(line.globals.json);
    assert_eq!(line.globals.timeout, Duration::from_millis(500));
    assert!(parse("amanah list --json").unwrap().globals.json);
    assert!(parse("amanah list --timeout soon").is_err());
}

#[test]
fn nothing_is_guessed_from_a_part_of_a_command() {
    assert!(parse("amanah rev C-7Q2M").is_err());
    assert!(parse("amanah").is_err());
}
