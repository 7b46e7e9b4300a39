//! What is refused, and how: exit codes, codes of errors, usage, and that nothing but a terminal gets colours.

use super::answers::Script;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

pub(super) fn refusals(script: &Script<'_>, relationship: &str) {
    for unknown in ["nobody@cedar", "clinician@nowhere", "nowhere"] {
        script.json(5, "grant", &script.grant(unknown, "labs", &[]));
        script.json(5, "hospital.check", &script.check(relationship, unknown, "labs"));
    }
    let typo = script.stderr(5, &script.grant("clinician@ceder", "labs", &[]));
    assert!(typo.contains("did you mean: cedar"), "{typo}");
    script.json(5, "hospital.check", &script.check("P-0000-0000", "qamar", "labs"));
    script.json(5, "list", &["list", "--profile", "nobody"]);
    script.json(1, "grant", &script.grant_until("zaytun", "50y"));

    let wrong = script.network.file("wrong.passphrase", "a wrong one");
    let locked = script.json(4, "list", &["list", "--profile", "mira", "--passphrase-file", &wrong]);
    assert_eq!(locked["error"]["code"], "AMN-0133");
    script.json(4, "list", &["list", "--profile", "mira"]);
    script.plain(4, &["list", "--profile", "mira"]);
    let profile = script.network.home().join("profiles/cedar.json");
    let real = fs::read_to_string(&profile).unwrap();
    let key = serde_json::from_str::<Value>(&real).unwrap()["api_key"].as_str().unwrap().to_owned();
    script.keeps_secret(&key);
    for (other, code) in [(real.replace(&key, &"0".repeat(key.len())), 4), (real.replace(&key, ""), 4), (real, 3)] {
        fs::write(&profile, other).unwrap();
        script.json(code, "hospital.check", &script.check(relationship, "qamar", "labs"));
    }

    let api = script.json(0, "demo.status", &["demo", "status"])["hospitals"][0]["api"].as_str().unwrap().to_owned();
    assert!(without_key(&api, "/v1/patients").starts_with("HTTP/1.1 401 "), "a desk's question without a key");

    let keystore = script.network.home().join("wallets/mira/keystore.json");
    fs::set_permissions(&keystore, fs::Permissions::from_mode(0o644)).unwrap();
    script.json(9, "list", &script.mira(&["list"]));
    fs::set_permissions(&keystore, fs::Permissions::from_mode(0o600)).unwrap();
    script.json(0, "list", &script.mira(&["list"]));
}

pub(super) fn usage(script: &Script<'_>) {
    script.json(2, "list", &["list", "--unknown"]);
    script.json(2, "grant", &script.grant_until("zaytun", "6m"));
    script.json(2, "grant", &script.grant("zaytun", "horoscope", &[]));
    script.json(2, "usage", &["nonsense"]);
    script.json(2, "usage", &[]);
    script.json(2, "demo", &["demo"]);
    script.json(0, "help", &["grant", "--help"]);
    script.json(0, "help", &["--version"]);
    assert!(script.plain(0, &["--help"]).contains("Exit codes"));
    let said = script.stderr(2, &["list", "--unknown"]);
    assert!(said.starts_with("error[AMN-0201]: ") && said.contains("\n  fix: "), "{said}");
    let said = script.stderr(2, &["grnat", "zaytun"]);
    assert!(said.contains("'grant'"), "{said}");
}

/// `NO_COLOR` wins, also where colours are forced.
pub(super) fn colours(script: &Script<'_>) {
    for (args, no_color, coloured) in
        [(["list", "--profile", "nobody"], "", true), (["list", "--profile", "nobody"], "1", false)]
    {
        let mut command = script.network.command(&args);
        let output = command.env("NO_COLOR", no_color).env("CLICOLOR_FORCE", "1").output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr.contains('\u{1b}'), coloured, "NO_COLOR={no_color}: {stderr:?}");
    }
    let output = script.network.command(&["list", "--unknown"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!output.stderr.contains(&0x1b) && !output.stdout.contains(&0x1b));
}

/// The whole answer to a plain GET.
fn without_key(api: &str, path: &str) -> String {
    let address = api.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    std::io::read_to_string(stream).unwrap()
}
