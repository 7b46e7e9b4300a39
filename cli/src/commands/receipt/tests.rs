use super::*;
use crate::home::Home;
use crate::output::Reader;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::{Keypair, PublicKey, Signer};
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use amanah_ledger::member::MemberKeys;
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::time::UnixMs;

fn key(byte: u8) -> PublicKey {
    Keypair::from_seed(&[byte; 32]).public_key()
}

fn home_with_network(dir: &Path) -> Home {
    let founder = Founder {
        name: "cedar".try_into().unwrap(),
        display: "Cedar General Hospital".try_into().unwrap(),
        keys: MemberKeys { root: key(1), gateway: key(2), node: key(3), consensus: key(4) },
    };
    let limit = PurposeLimit { purpose: "TREAT".try_into().unwrap(), days_max: 366 };
    let genesis = Genesis {
        version: 1,
        network: "test".try_into().unwrap(),
        time: UnixMs(1_795_339_800_000),
        founders: BoundedVec::try_from(vec![founder]).unwrap(),
        parameters: Parameters {
            anchor_grid_ms: 2000,
            cover: Cover::Off,
            new_leaves_per_day_max: 10,
            emergency_hours: 24,
            review_hours: 72,
            default_policy: DefaultPolicy::Deny,
            purpose_limits: BoundedVec::try_from(vec![limit]).unwrap(),
        },
    };
    let file = NetworkFile::new(&genesis, ["http://127.0.0.1:1".to_owned()]);
    std::fs::write(dir.join("network.json"), serde_json::to_vec(&file).unwrap()).unwrap();
    Home::find(|name| (name == "AMANAH_HOME").then(|| dir.as_os_str().to_owned())).unwrap()
}

fn settings(home: Home) -> Settings {
    Settings {
        home,
        profile: None,
        passphrase_file: None,
        yes: false,
        no_input: true,
        timeout: std::time::Duration::from_secs(1),
        reader: Reader::Script,
    }
}

#[test]
fn whatever_is_wrong_with_a_receipt_it_is_not_valid_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(home_with_network(dir.path()));
    let file = dir.path().join("r.receipt");
    let marks = "-----BEGIN AMANAH PROOF 1-----\n00\n-----END AMANAH PROOF 1-----\n";
    let too_long = vec![b'x'; RECEIPT_FILE_BYTES_MAX + 1];
    for content in [b"".as_slice(), b"\xff\xfe\x00", b"hello", marks.as_bytes(), &too_long] {
        std::fs::write(&file, content).unwrap();
        let failure = verify(&file, None, &settings).unwrap_err();
        assert_eq!(failure.exit, Exit::NotVerified);
        assert_eq!(failure.fields["valid"], false);
        assert!(failure.fields["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    assert_eq!(verify(dir.path(), None, &settings).unwrap_err().exit, Exit::NotVerified, "a directory");
    assert_eq!(verify(&dir.path().join("none"), None, &settings).unwrap_err().exit, Exit::NotVerified, "no file");
}
