use super::*;
use amanah_ledger::crypto::{Keypair, Signer};

const PLAN: &str = r#"
network = "gulf"
time = "2026-11-28T00:00:00Z"

[parameters]
anchor_grid_ms = 2000
cover = false

[[members]]
name = "cedar"
display = "Cedar General Hospital"
api = "http://127.0.0.1:7400"
p2p = "/dns4/cedar.ledger/tcp/7402"
listen = { api = "0.0.0.0:7400", ops = "127.0.0.1:7401", p2p = "0.0.0.0:7402" }
clients = ["desk"]
staff = [{ handle = "clinician", display = "Dr Noor", role = "clinician" }]

[[members]]
name = "qamar"
display = "Qamar Hospital"
api = "https://qamar.example"
p2p = "/dns4/qamar.example/tcp/7402"
"#;

fn parse(text: &str) -> Result<NetworkPlan, String> {
    parse_all(text).map(|(network, _)| network)
}

fn parse_all(text: &str) -> Result<(NetworkPlan, Vec<FollowerPlan>), String> {
    parse_plan(text, Path::new("network.toml"), Path::new("/net"), UnixMs(7)).map_err(|error| error.to_string())
}

#[test]
fn a_plan_says_who_is_in_and_how_each_is_reached() {
    let plan = parse(PLAN).expect("good");
    assert_eq!((plan.network.as_str(), plan.time), ("gulf", UnixMs(1_795_824_000_000)));
    assert_eq!((plan.parameters.anchor_grid_ms, plan.parameters.cover), (2000, Cover::Off));
    assert_eq!(plan.parameters.review_hours, default_parameters().review_hours, "what is not said is as usual");
    let [cedar, qamar] = &plan.hospitals[..] else { panic!("two") };
    assert_eq!((cedar.dir.as_path(), cedar.api_url()), (Path::new("/net/cedar"), "http://127.0.0.1:7400".to_owned()));
    assert_eq!((cedar.api.to_string(), cedar.staff.len()), ("0.0.0.0:7400".to_owned(), 1));
    assert_eq!(cedar.new_clients, ["desk"]);
    assert_eq!(qamar.p2p.to_string(), "0.0.0.0:7402", "it listens as init has it");
    let timeless = parse(&PLAN.replace("time = ", "# ")).expect("good");
    assert_eq!(timeless.time, UnixMs(7));
}

/// The plan that `docs/operations.md` shows, with its follower, with keys for those that it only hints at.
fn shown() -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let blocks = page.split("\n```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let key = |seed: u8| Keypair::from_seed(&[seed; 32]).public_key().to_string();
    (1..5).fold(blocks.fold(String::new(), |all, block| all + block + "\n"), |text, seed| {
        text.replacen("\"…\"", &format!("{:?}", key(seed)), 1)
    })
}

#[test]
fn the_page_shows_a_plan_that_can_be_taken_as_it_stands() {
    let (plan, followers) = parse_all(&shown()).expect("good");
    assert_eq!(plan.parameters, default_parameters(), "the page says that these are the defaults");
    let [cedar, qamar] = &plan.hospitals[..] else { panic!("two") };
    assert_eq!((cedar.api, cedar.ops, cedar.p2p), (qamar.api, qamar.ops, qamar.p2p), "and these");
    assert_eq!((cedar.keys.is_some(), qamar.keys.is_some(), followers.len()), (false, true, 1));
}

#[test]
fn what_cannot_be_is_named() {
    for (from, to, word) in [
        ("network = \"gulf\"", "network = \"gulf\"\ncolour = 1", "colour"),
        ("name = \"qamar\"", "name = \"Qamar\"", "Qamar"),
        ("name = \"qamar\"", "name = \"cedar\"", "cedar stands twice"),
        ("https://qamar.example", "qamar.example", "qamar: api"),
        ("https://qamar.example", "http://127.0.0.1:7400", "stands twice"),
        ("/dns4/qamar.example/tcp/7402", "/dns4/cedar.ledger/tcp/7402", "stands twice"),
        ("/dns4/qamar.example/tcp/7402", "7402", "p2p"),
        ("[\"desk\"]", "[\"../desk\"]", "../desk"),
        ("clients = [\"desk\"]", "clients = [\"desk\"]\nkeys = { root = \"00\" }", "keys"),
    ] {
        let error = parse(&PLAN.replace(from, to)).expect_err(to);
        assert!(error.contains(word), "{to}: {error}");
    }
}

#[test]
fn a_follower_belongs_to_a_member_and_has_a_name_of_its_own() {
    let with = |follower: &str| parse_all(&format!("{PLAN}\n[[followers]]\n{follower}\n"));
    let (_, followers) =
        with("name = \"reader\"\nmember = \"cedar\"\nmembers = { cedar = \"http://cedar:7400\" }").expect("good");
    let [reader] = &followers[..] else { panic!("one") };
    assert_eq!((reader.dir.as_path(), reader.member.as_str()), (Path::new("/net/reader"), "cedar"));
    assert_eq!(reader.members["cedar"], "http://cedar:7400");
    for (follower, word) in [
        ("name = \"cedar\"\nmember = \"cedar\"", "stands twice"),
        ("name = \"reader\"\nmember = \"ceder\"", "no member"),
        ("name = \"reader\"\nmember = \"cedar\"\nmembers = { ceder = \"http://cedar:7400\" }", "no member"),
        ("name = \"../reader\"\nmember = \"cedar\"", "a name has"),
    ] {
        let error = with(follower).expect_err(follower);
        assert!(error.contains(word), "{follower}: {error}");
    }
}
