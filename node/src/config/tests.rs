use super::*;
use std::path::Path;

const GOOD: &str = r#"
[node]
name = "cedar"
role = "validator"

[p2p]
listen = "/ip4/127.0.0.1/tcp/7402"
peers = { qamar = "/ip4/127.0.0.1/tcp/7412" }

[api]
listen = "127.0.0.1:7400"

[ops]
listen = "127.0.0.1:7401"

[[staff]]
handle = "clinician"
display = "Dr Noor"
role = "clinician"

[[clients]]
name = "ehr"
key_hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
"#;

fn error(text: &str) -> String {
    Config::parse(text, Path::new("config.toml")).expect_err("must be refused").to_string()
}

#[test]
fn a_configuration_survives_being_written_and_read() {
    let config = Config::parse(GOOD, Path::new("config.toml")).expect("good");
    assert_eq!(config.node.name, "cedar");
    assert_eq!(config.p2p.peers["qamar"].to_string(), "/ip4/127.0.0.1/tcp/7412");
    assert_eq!(config.clients[0].key_hash, Digest(*blake3::hash(b"").as_bytes()));
    assert_eq!(config.storage.vote_free_mib, 512);
    let again = Config::parse(&config.to_toml(), Path::new("config.toml")).expect("what we write we read");
    assert_eq!(again.to_toml(), config.to_toml());
    assert_eq!(again.staff, config.staff);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = error(&GOOD.replace("role = \"validator\"", "role = \"validator\"\ncolour = \"red\""));
    assert!(error.contains("line 5") && error.contains("colour"), "{error}");
}

#[test]
fn a_bad_value_is_named_with_its_line() {
    for (from, to, line, word) in [
        ("127.0.0.1:7401", "127.0.0.1", "line 14", "listen"),
        ("/ip4/127.0.0.1/tcp/7402", "7402", "line 7", "listen"),
        ("name = \"cedar\"", "name = \"Cedar\"", "line 3", "name"),
        ("\"validator\"", "\"king\"", "line 4", "king"),
        ("af13", "zz13", "line 23", "key_hash"),
    ] {
        let error = error(&GOOD.replace(from, to));
        assert!(error.contains(line) && error.contains(word), "{to}: {error}");
    }
}

#[test]
fn plain_http_beyond_this_machine_must_be_asked_for() {
    let open = GOOD.replace("127.0.0.1:7400", "0.0.0.0:7400");
    let refused = error(&open);
    assert!(refused.contains("line 11: api.listen"), "{refused}");
    let asked = open.replace("listen = \"0.0.0.0:7400\"", "listen = \"0.0.0.0:7400\"\ninsecure_http = true");
    assert!(Config::parse(&asked, Path::new("config.toml")).expect("asked for").api.insecure_http);
}

#[test]
fn metrics_are_for_this_machine_only() {
    let refused = error(&GOOD.replace("127.0.0.1:7401", "0.0.0.0:7401"));
    assert!(refused.contains("ops.listen"), "{refused}");
}

#[test]
fn what_one_address_may_ask_is_the_operators_to_say() {
    let said = GOOD.replace("[ops]", "address_requests_per_minute = 7\naddress_enrolments_per_minute = 5\n[ops]");
    let said = Config::parse(&said, Path::new("config.toml")).expect("good").api;
    assert_eq!((said.address_requests_per_minute, said.address_enrolments_per_minute), (7, 5));
    let unsaid = Config::parse(GOOD, Path::new("config.toml")).expect("good").api;
    assert_eq!((unsaid.address_requests_per_minute, unsaid.address_enrolments_per_minute), (60_000, 60));
}
