use super::*;
use std::os::unix::fs::PermissionsExt;

fn plan(root: &Path, names: &[&str]) -> NetworkPlan {
    let hospital = |(i, name): (usize, &&str)| {
        let at = |port: usize| ([127, 0, 0, 1], u16::try_from(7400 + 10 * i + port).unwrap()).into();
        HospitalPlan {
            dir: root.join(name),
            name: (*name).to_owned(),
            display: format!("{name} Hospital"),
            api: at(0),
            ops: at(1),
            p2p: at(2),
            staff: Vec::new(),
            clients: Vec::new(),
        }
    };
    NetworkPlan {
        network: "test".to_owned(),
        time: amanah_ledger::time::UnixMs(1),
        parameters: demo_parameters(),
        hospitals: names.iter().enumerate().map(hospital).collect(),
    }
}

fn exit_of(error: HomeError) -> Exit {
    Failure::from(error).exit
}

#[test]
fn a_new_network_opens_at_every_hospital_and_is_one_chain() {
    let root = tempfile::tempdir().unwrap();
    let genesis = create_network(&plan(root.path(), &["cedar", "qamar"])).expect("made");
    for name in ["cedar", "qamar"] {
        let home = Home::open(&root.path().join(name)).expect("opens");
        assert_eq!((home.chain(), home.founder().name.as_str()), (genesis.chain(), name));
        assert_eq!(home.keys().consensus.keypair().public_key(), home.founder().keys.consensus);
        assert_eq!(home.config().p2p.peers.len(), 1);
        let api: Vec<_> = home.network_file().expect("there").members.into_iter().map(|member| member.api).collect();
        assert_eq!(api, ["http://127.0.0.1:7400", "http://127.0.0.1:7410"]);
        let mode = std::fs::metadata(home.dir().join("keys/consensus.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let other = create_network(&plan(&root.path().join("other"), &["cedar", "qamar"])).expect("made");
    assert_ne!(other.chain(), genesis.chain(), "fresh keys make another chain");
}

#[test]
fn nothing_is_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let plan = plan(root.path(), &["cedar"]);
    create_network(&plan).expect("made");
    let key = root.path().join("cedar/keys/consensus.key");
    let before = std::fs::read(&key).unwrap();
    assert!(matches!(create_network(&plan), Err(HomeError::Exists(_))));
    let genesis = root.path().join("cedar/genesis.bin");
    let again = init(&plan.hospitals[0], Some(&genesis)).expect("the same genesis is no change");
    assert_eq!(std::fs::read(&key).unwrap(), before);
    assert_eq!(again.genesis.expect("there").founders[0].keys, again.keys);
    let other = self::plan(&root.path().join("other"), &["cedar"]);
    create_network(&other).expect("made");
    let refused = init(&plan.hospitals[0], Some(&root.path().join("other/cedar/genesis.bin"))).expect_err("another");
    assert_eq!(exit_of(refused), Exit::Refused);
}

#[test]
fn one_home_has_one_process() {
    let root = tempfile::tempdir().unwrap();
    create_network(&plan(root.path(), &["cedar"])).expect("made");
    let dir = root.path().join("cedar");
    assert!(!is_running(&dir));
    let home = Home::open(&dir).expect("first");
    assert!(is_running(&dir));
    assert_eq!(exit_of(Home::open(&dir).expect_err("second")), Exit::Refused);
    drop(home);
    Home::open(&dir).expect("free again");
}

#[test]
fn somebody_who_looks_is_no_running_process_and_keeps_none_from_starting() {
    let root = tempfile::tempdir().unwrap();
    create_network(&plan(root.path(), &["cedar"])).expect("made");
    let dir = root.path().join("cedar");
    let looking = lock_file(&dir).unwrap();
    looking.try_lock_shared().unwrap();
    assert!(!is_running(&dir), "two who look do not see each other");
    let done = std::thread::spawn(move || drop(looking));
    let home = Home::open(&dir).expect("they are gone in a moment");
    assert!(is_running(&dir));
    done.join().unwrap();
    drop(home);
}

#[test]
fn a_home_that_does_not_belong_together_is_refused_with_its_own_exit_code() {
    let root = tempfile::tempdir().unwrap();
    create_network(&plan(root.path(), &["cedar", "qamar"])).expect("made");
    let dir = root.path().join("cedar");
    let spoil = |file: &str, bytes: &[u8], expected: Exit| {
        let path = dir.join(file);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(exit_of(Home::open(&dir).expect_err(file)), expected, "{file}");
        std::fs::write(&path, good).unwrap();
    };
    let other_key = std::fs::read(root.path().join("qamar/keys/consensus.key")).unwrap();
    spoil("keys/consensus.key", &other_key, Exit::Key);
    spoil("keys/node.key", b"no key", Exit::Key);
    spoil("FORMAT", b"2\n", Exit::DataNewer);
    spoil("config.toml", b"[node]\n", Exit::Config);
    spoil("genesis.bin", b"\x01\0", Exit::Config);
    std::fs::set_permissions(dir.join("keys/node.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(exit_of(Home::open(&dir).expect_err("exposed")), Exit::Refused);
    std::fs::set_permissions(dir.join("keys/node.key"), std::fs::Permissions::from_mode(0o600)).unwrap();
    Home::open(&dir).expect("whole again");
    assert_eq!(exit_of(Home::open(root.path()).expect_err("no home")), Exit::Config);
}

#[test]
fn a_seed_shows_nothing_of_itself() {
    let seed = Seed::random().unwrap();
    assert_eq!(format!("{seed:?}"), "Seed(…)");
    assert_ne!(*seed.bytes(), *Seed::random().unwrap().bytes());
}
