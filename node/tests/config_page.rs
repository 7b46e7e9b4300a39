//! `docs/reference/config.md` lists exactly the keys that a configuration has.

use amanah_node::config::{AnyConfig, Config, ConfigFile as _, FollowerConfig, KEYS, reference};
use std::collections::BTreeSet;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/reference/config.md");

/// Every optional part once, so that what is written has every key.
const FULL: &str = r#"
node = { name = "cedar", role = "validator" }
p2p = { listen = "/ip4/127.0.0.1/tcp/7402", peers = { qamar = "/ip4/127.0.0.1/tcp/7412" } }
api = { listen = "0.0.0.0:7400", insecure_http = true }
ops = { listen = "0.0.0.0:7401", insecure_http = true }
staff = [{ handle = "clinician", display = "Dr Noor", role = "clinician" }]
clients = [{ name = "ehr", key_hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" }]
followers = [{ name = "reader", key_hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" }]
"#;

/// The part that only a follower has.
const FOLLOWER: &str = r#"
node = { name = "reader", role = "follower" }
follow = { member = "cedar" }
api = { listen = "127.0.0.1:7400" }
ops = { listen = "127.0.0.1:7401" }
"#;

/// The first cells of the tables under `## heading`, or above the first such heading.
fn listed(heading: Option<&str>) -> BTreeSet<String> {
    let start = heading.map_or(0, |text| PAGE.find(&format!("## `[[{text}]]`")).expect("the heading is there") + 1);
    let section = PAGE[start..].split("\n## ").next().unwrap_or_default();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    cells.map(str::to_owned).collect()
}

fn keys(prefix: &str, table: &toml::Value) -> BTreeSet<String> {
    table.as_table().expect("a table").keys().map(|key| format!("{prefix}{key}")).collect()
}

#[test]
fn the_page_lists_every_key_and_no_other() {
    let config = Config::parse(FULL, Path::new("config.toml")).expect("good");
    let written: toml::Table = config.to_toml().parse().expect("what is written is TOML");
    let mut plain = BTreeSet::new();
    for (name, part) in &written {
        match part.as_array() {
            Some(list) => assert_eq!(listed(Some(name)), keys("", &list[0]), "[[{name}]]"),
            None => plain.extend(keys(&format!("{name}."), part)),
        }
    }
    assert_eq!(written.len(), 9, "every part is written: {written:?}");
    let follower = FollowerConfig::parse(FOLLOWER, Path::new("config.toml")).expect("good");
    let written: toml::Table = follower.to_toml().parse().expect("what is written is TOML");
    plain.extend(keys("follow.", &written["follow"]));
    assert_eq!(listed(None), plain);
}

#[test]
fn the_page_states_the_defaults_of_storage() {
    let config = Config::parse(FULL, Path::new("config.toml")).expect("good");
    let storage = config.storage;
    for (key, default) in [("write_free_mib", storage.write_free_mib), ("vote_free_mib", storage.vote_free_mib)] {
        assert!(PAGE.contains(&format!("| `storage.{key}` | `{default}` |")), "storage.{key} = {default}");
    }
}

#[test]
fn the_page_is_what_the_program_prints() {
    if std::env::var_os("AMANAH_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/config.md"), reference())
            .expect("written");
        return;
    }
    assert!(PAGE == reference(), "docs/reference/config.md is not what the code says; AMANAH_BLESS=1 writes it anew");
}

#[test]
fn a_key_that_is_left_out_has_the_default_of_the_page_and_one_without_a_default_cannot_be() {
    let least = r#"
        node = { name = "cedar", role = "validator" }
        p2p = { listen = "/ip4/127.0.0.1/tcp/7402" }
        api = { listen = "127.0.0.1:7400" }
        ops = { listen = "127.0.0.1:7401" }
    "#;
    let least_of_follower = FOLLOWER;
    let validator = Config::parse(least, Path::new("config.toml")).expect("good").to_toml();
    let follower = FollowerConfig::parse(least_of_follower, Path::new("config.toml")).expect("good").to_toml();
    for key in KEYS {
        let (section, name) = key.name.split_once('.').expect("every key is in a section");
        let (whole, written) = if section == "follow" { (least_of_follower, &follower) } else { (least, &validator) };
        let written: toml::Table = written.parse().expect("what is written is TOML");
        match key.default.value() {
            // False is not written.
            Some(default) => {
                let held = written[section].get(name).cloned().unwrap_or(toml::Value::Boolean(false));
                assert_eq!(held, default, "{}", key.name);
            }
            None => {
                let mut without: toml::Table = whole.parse().expect("TOML");
                without[section].as_table_mut().expect("a section").remove(name).expect("it is there");
                let text = without.to_string();
                assert!(AnyConfig::parse(&text, Path::new("config.toml")).is_err(), "{} was left out", key.name);
            }
        }
    }
}
