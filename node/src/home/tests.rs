use super::lock::Door;
use super::new_file::power;
use super::*;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;

fn plan(root: &Path, names: &[&str]) -> NetworkPlan {
    let hospital = |(i, name): (usize, &&str)| {
        let at = |port: usize| ([127, 0, 0, 1], u16::try_from(7400 + 10 * i + port).unwrap()).into();
        HospitalPlan::new(root.join(name), name, &format!("{name} Hospital"), [0, 1, 2].map(at))
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
    let again = home.again().expect("its own");
    drop(home);
    assert!(is_running(&dir), "still held");
    drop(again);
    Home::open(&dir).expect("free again");
}

#[test]
fn somebody_who_looks_is_no_running_process_and_keeps_none_from_starting() {
    let root = tempfile::tempdir().unwrap();
    create_network(&plan(root.path(), &["cedar"])).expect("made");
    let dir = root.path().join("cedar");
    let looking = Door::enter(&dir).unwrap();
    looking.lock.try_lock_shared().unwrap();
    let another = File::open(dir.join("FORMAT")).unwrap();
    assert!(another.try_lock().is_err(), "one passes at a time, so that nobody meets who looks");
    let opening = std::thread::spawn({
        let dir = dir.clone();
        move || Home::open(&dir)
    });
    drop(looking);
    let home = opening.join().unwrap().expect("waits for who looks");
    assert!(is_running(&dir));
    drop(home);
    assert!(!is_running(&dir));
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

/// Every file below `dir` with its content.
fn files(dir: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_network_that_is_founded_again_stays_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let (plan, public) = (plan(root.path(), &["cedar", "qamar"]), vec![root.path().to_owned()]);
    // The mount points of volumes are there before anything is in them.
    std::fs::create_dir(&plan.hospitals[0].dir).unwrap();
    let first = found(&plan, &[], &public).expect("made");
    assert!(first.is_new);
    let before = files(root.path());
    let later = NetworkPlan { time: amanah_ledger::time::UnixMs(2), ..plan.clone() };
    let second = found(&later, &[], &public).expect("there");
    assert!(!second.is_new);
    assert_eq!((second.genesis, files(root.path())), (first.genesis.clone(), before));
    let given = read_genesis(&root.path().join("genesis.bin")).expect("given away");
    assert_eq!(given, first.genesis);
    assert_eq!(Home::open(&plan.hospitals[1].dir).expect("opens").chain(), first.genesis.chain());
}

#[test]
fn founding_goes_on_wherever_it_was_cut_off() {
    let root = tempfile::tempdir().unwrap();
    let whole = plan(&root.path().join("whole"), &["cedar", "qamar"]);
    found(&whole, &[], &[]).expect("made");
    let count = files(&root.path().join("whole")).len();
    for cut in 0..=count {
        let dir = root.path().join(cut.to_string());
        let plan = plan(&dir, &["cedar", "qamar"]);
        power::fails_after(cut);
        assert_eq!(found(&plan, &[], &[]).is_err(), cut < count, "every file is written the one way");
        power::returns();
        let left = files(&dir);
        let again = found(&plan, &[], &[]).expect("finished");
        assert_eq!((again.is_new, files(&dir).len()), (cut < count, count), "cut off after {cut} files");
        assert!(left.iter().all(|(path, bytes)| std::fs::read(path).unwrap() == *bytes), "what was there stays");
        for hospital in &plan.hospitals {
            assert_eq!(Home::open(&hospital.dir).expect("opens").chain(), again.genesis.chain());
        }
    }
}

#[test]
fn a_registered_key_that_is_gone_is_never_made_anew() {
    let root = tempfile::tempdir().unwrap();
    let plan = plan(root.path(), &["cedar", "qamar"]);
    found(&plan, &[], &[]).expect("made");
    let key = plan.hospitals[0].dir.join("keys/consensus.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert_eq!(exit_of(found(&plan, &[], &[]).expect_err("lost")), Exit::Key);
    assert_eq!(exit_of(init(&plan.hospitals[0], None).expect_err("lost")), Exit::Key);
    assert_eq!(exit_of(Home::open(&plan.hospitals[0].dir).expect_err("lost")), Exit::Key);
    assert!(!key.exists());
    // A whole home that is gone, such as a removed volume, is the same loss.
    std::fs::remove_dir_all(&plan.hospitals[0].dir).unwrap();
    assert_eq!(exit_of(found(&plan, &[], &[]).expect_err("lost")), Exit::Key);
    assert!(files(root.path()).keys().all(|path| path.starts_with(&plan.hospitals[1].dir)));
    drop(kept);
}

#[test]
fn homes_of_another_network_are_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let plan = plan(root.path(), &["cedar", "qamar"]);
    found(&plan, &[], &[]).expect("made");
    let before = files(root.path());
    let changed: [&dyn Fn(&mut NetworkPlan); 4] = [
        &|plan| plan.network = "other".to_owned(),
        &|plan| plan.parameters.anchor_grid_ms += 1,
        &|plan| plan.hospitals[1].display = "Other Hospital".to_owned(),
        &|plan| plan.hospitals[0].keys = Some(read_genesis(&before_path(plan)).unwrap().founders[1].keys.clone()),
    ];
    for change in changed {
        let mut other = plan.clone();
        change(&mut other);
        assert_eq!(exit_of(found(&other, &[], &[]).expect_err("another network")), Exit::Refused);
    }
    let (one, two) = (self::plan(&root.path().join("a"), &["cedar"]), self::plan(&root.path().join("b"), &["cedar"]));
    found(&one, &[], &[]).expect("made");
    found(&two, &[], &[]).expect("made");
    let both = NetworkPlan { hospitals: [one.hospitals, two.hospitals].concat(), ..plan.clone() };
    assert_eq!(exit_of(found(&both, &[], &[]).expect_err("two chains")), Exit::Refused);
    assert!(before.iter().all(|(path, bytes)| std::fs::read(path).unwrap() == *bytes));
}

fn before_path(plan: &NetworkPlan) -> PathBuf {
    plan.hospitals[0].dir.join("genesis.bin")
}

#[test]
fn each_hospital_has_its_own_secrets_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let plan = plan(root.path(), &["cedar", "qamar"]);
    found(&plan, &[], &[]).expect("made");
    for (own, other) in [(0, 1), (1, 0)] {
        let secrets = files(&plan.hospitals[own].dir.join("keys"));
        assert_eq!(secrets.len(), 4);
        let elsewhere = files(&plan.hospitals[other].dir);
        for secret in secrets.values() {
            let secret = secret.trim_ascii();
            let found = elsewhere.values().filter(|bytes| bytes.windows(secret.len()).any(|part| part == secret));
            assert_eq!(found.count(), 0);
        }
    }
}

#[test]
fn hospitals_that_made_their_keys_themselves_are_founded_without_them() {
    let root = tempfile::tempdir().unwrap();
    let mut plan = plan(&root.path().join("given"), &["cedar", "qamar"]);
    for hospital in &mut plan.hospitals {
        let own = HospitalPlan { dir: root.path().join("own").join(&hospital.name), ..hospital.clone() };
        hospital.keys = Some(init(&own, None).expect("made").keys);
    }
    let founded = found(&plan, &[], &[]).expect("made");
    let given = &plan.hospitals[0].dir;
    assert!(!given.join("keys").exists() && !given.join("FORMAT").exists());
    // What everybody was given, put into the home that has the keys.
    let home = root.path().join("own/cedar");
    for file in ["config.toml", "network.json"] {
        std::fs::copy(given.join(file), home.join(file)).unwrap();
    }
    let own = HospitalPlan { dir: home.clone(), ..plan.hospitals[0].clone() };
    init(&own, Some(&given.join("genesis.bin"))).expect("finished");
    let home = Home::open(&home).expect("opens");
    assert_eq!((home.chain(), home.config().p2p.peers.len()), (founded.genesis.chain(), 1));
    // The same plan leads to the same chain, whoever founds it.
    let mut elsewhere = plan.clone();
    elsewhere.hospitals.iter_mut().for_each(|hospital| hospital.dir = root.path().join("check").join(&hospital.name));
    assert_eq!(found(&elsewhere, &[], &[]).expect("made").genesis.chain(), founded.genesis.chain());
}

#[test]
fn a_follower_founded_with_its_network_is_known_to_its_member_and_has_no_key_but_its_own() {
    let root = tempfile::tempdir().unwrap();
    let plan = plan(root.path(), &["cedar", "qamar"]);
    let at = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let follower = FollowerPlan {
        dir: root.path().join("reader"),
        name: "reader".to_owned(),
        member: "cedar".to_owned(),
        api: at(7440),
        ops: at(7441),
        members: std::collections::BTreeMap::new(),
    };
    let founded = found(&plan, std::slice::from_ref(&follower), &[]).expect("made");
    assert!(founded.is_new && !found(&plan, std::slice::from_ref(&follower), &[]).expect("there").is_new);
    let home = FollowerHome::open(&follower.dir).expect("opens");
    assert_eq!((home.genesis(), home.member()), (&founded.genesis, founded.genesis.founders[0].id()));
    let asked: Vec<_> = home.members().iter().map(|(name, url)| format!("{name} {url}")).collect();
    assert_eq!(asked, ["cedar http://127.0.0.1:7400/", "qamar http://127.0.0.1:7410/"], "as the network file says");
    let cedar = Home::open(&plan.hospitals[0].dir).expect("opens");
    assert_eq!(cedar.config().followers[0].key_hash, home.key().hash());
    assert!(Home::open(&plan.hospitals[1].dir).expect("opens").config().followers.is_empty());
    let keys: Vec<_> = files(&follower.dir.join("keys")).into_keys().collect();
    assert_eq!(keys, [follower.dir.join("keys/follower.key")]);
    drop(home);
    assert_eq!(exit_of(Home::open(&follower.dir).expect_err("no member's home")), Exit::Config);
    assert_eq!(exit_of(FollowerHome::open(&plan.hospitals[1].dir).expect_err("no follower's")), Exit::Config);
}

#[test]
fn a_follower_asks_over_plain_http_only_where_that_was_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let plan = plan(root.path(), &["cedar", "qamar"]);
    let at = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let (dir, name, member) = (root.path().join("reader"), "reader".to_owned(), "cedar".to_owned());
    let far = [("cedar".to_owned(), "http://cedar.example:7400".to_owned())].into();
    let follower = FollowerPlan { dir: dir.clone(), name, member, api: at(7440), ops: at(7441), members: far };
    found(&plan, &[follower], &[]).expect("made");
    drop(FollowerHome::open(&dir).expect("a plan with such an address asks for it"));
    let config = std::fs::read_to_string(dir.join("config.toml")).unwrap();
    for (from, to, word) in [
        ("insecure_http = true", "insecure_http = false", "plain HTTP"),
        ("http://cedar.example:7400", "https://cedar.example", "plain HTTP only"),
        ("http://cedar.example:7400", "cedar.example", "no URL"),
        ("cedar = \"http", "qamar = \"http", "no address"),
        ("cedar = \"http", "ceder = \"http", "no address"),
        ("member = \"cedar\"", "member = \"ceder\"", "ceder"),
    ] {
        assert!(config.contains(from), "{from}: {config}");
        std::fs::write(dir.join("config.toml"), config.replace(from, to)).unwrap();
        let refused = FollowerHome::open(&dir).expect_err(to);
        assert!(refused.to_string().contains(word), "{to}: {refused}");
        assert_eq!(exit_of(refused), Exit::Config);
    }
}
