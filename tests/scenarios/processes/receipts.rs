//! A receipt proves what it says, offline, and nothing else passes for one.

use crate::harness::{Network, bytes_of};
use std::fs;

fn verdict(network: &Network, file: &str) -> (i32, bool) {
    let answer = network.run(&["receipt", "verify", file]);
    (answer.code, answer.json["valid"].as_bool().unwrap_or_else(|| panic!("{answer:?}")))
}

#[test]
fn a_receipt_verifies_with_the_network_down_and_only_as_it_was_written() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let consent = ana.grant("clinician@qamar", "labs", "cedar");
    let receipt = consent["receipt"].as_str().unwrap();
    let other_network = Network::up();
    network.ok(&["demo", "down"]);

    assert_eq!(verdict(&network, receipt), (0, true));
    assert_eq!(verdict(&other_network, receipt), (8, false), "a receipt of another network");
    let bytes = bytes_of(receipt);
    let doubled = [bytes.as_slice(), &bytes].concat();
    let damaged: [(&str, &[u8]); 5] = [
        ("empty", &[]),
        ("cut", &bytes[..bytes.len() / 2]),
        ("cut by one", &bytes[..bytes.len() - 1]),
        ("doubled", &doubled),
        ("no text", &[0xff, 0xfe, 0, 1]),
    ];
    for (what, content) in damaged {
        let file = network.file("damaged.receipt", "");
        fs::write(&file, content).unwrap();
        assert_eq!(verdict(&network, &file), (8, false), "{what}");
    }
    // Every byte through the verifier itself is a test of the ledger; here a sample goes through the whole program.
    for at in (0..bytes.len()).step_by(bytes.len() / 40 + 1) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let file = network.file("changed.receipt", "");
        fs::write(&file, &changed).unwrap();
        assert_eq!(verdict(&network, &file), (8, false), "byte {at}");
    }
}
