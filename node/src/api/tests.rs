use super::*;
use crate::block_run::BlockRun;
use crate::clock::Moment;
use crate::custodian::OUTBOX_MAX;
use crate::custodian::tests::{Cedar, GRID_MS, NAMES, Patient, TEN, TestLedger, gateway, member_ref};
use crate::http::{self, Bounds};
use crate::runtime::{ConsensusStatus, LedgerReads, LedgerView};
use amanah_consensus::{Standing, Voted};
use amanah_ledger::access::DayProof;
use amanah_ledger::block::OpenBlock;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Ed25519, PublicKey, Signer};
use amanah_ledger::directory::SignedDirectoryEntry;
use amanah_ledger::exchange::{
    DAYS_MAX, DayQueries, DayQuery, HeldConsents, LogPage, Login, RevocationAccepted, SignedAcceptance,
};
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::position::{Height, View};
use amanah_ledger::proof::{ENTRIES_MAX, StateProof, Trust};
use amanah_ledger::store::Store;
use amanah_ledger::time::{DAY_MS, UnixMs};
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature, SignedTransaction};
use axum::body::Body;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

mod accesses;
mod events;
mod fhir;
mod fhir_proposals;
mod fhir_provenance;
mod reference;
mod requests;

const KEY: &str = "the hospital's key";
const FOLLOWER_KEY: &str = "the follower's key";

/// Cedar's API over a custodian and a ledger whose blocks the test makes.
struct Server {
    app: Arc<App>,
    router: Router,
    genesis: Arc<Genesis>,
    ledger: TestLedger,
    store: Store,
    views: watch::Sender<Arc<LedgerView>>,
    status: watch::Sender<ConsensusStatus>,
    sent: mpsc::Receiver<SignedTransaction>,
    custodian: Custodian,
    clock: Arc<AtomicU64>,
    has_disk: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

fn standing(reported: [Option<Height>; 4]) -> ConsensusStatus {
    let standing = Standing {
        view: View(1),
        leader: ValidatorIndex(0),
        final_view: View(0),
        final_height: Height(0),
        final_block: Digest::ZERO,
        reported: reported.to_vec(),
        clocks: vec![None; 4],
        connected: vec![true, true, true, false],
        signing: true,
        blocks_held: 0,
        voted: vec![
            Voted { notarize: Some(Digest([7; 32])), ..Voted::default() },
            Voted::default(),
            Voted::default(),
            Voted::default(),
        ],
    };
    ConsensusStatus { standing, waiting: 0, waiting_bytes: 0, vote_log_bytes: 0 }
}

impl Server {
    fn start() -> Self {
        Self::limited(Limits { enrolments_per_minute: 5, unknown_revocations_per_minute: 2, ..Limits::default() })
    }

    fn limited(limits: Limits) -> Self {
        let Cedar { dir, genesis, ledger, desk, .. } = Cedar::new();
        let (views, view) = watch::channel(Arc::new(ledger.view()));
        let (status, status_reader) = watch::channel(standing([Some(Height(0)); 4]));
        let clock = Arc::new(AtomicU64::new(TEN.0));
        let now: Clock = {
            let clock = Arc::clone(&clock);
            Arc::new(move || Moment::Confirmed(UnixMs(clock.load(Ordering::Relaxed))))
        };
        let (outbox, sent) = mpsc::channel(OUTBOX_MAX);
        let newest = view.clone();
        let newest = Box::new(move || newest.borrow().tip.clone());
        let (custodian, _thread) = Custodian::start(desk, Arc::clone(&now), newest, outbox).unwrap();
        let (stop, stopping) = watch::channel(false);
        let setup = ApiSetup {
            name: NAMES[0].to_owned(),
            member: genesis.founders[0].id(),
            genesis: Arc::clone(&genesis),
            network: NetworkFile::new(&genesis, NAMES.iter().map(|name| format!("http://{name}"))),
            gateway: gateway(0),
            staff: vec![StaffConfig {
                handle: "clinician".to_owned(),
                display: "Dr. Omar Haddad".to_owned(),
                role: "clinician".to_owned(),
            }],
            clients: vec![ClientConfig {
                name: "ehr".to_owned(),
                key_hash: Digest(*blake3::hash(KEY.as_bytes()).as_bytes()),
            }],
            followers: vec![FollowerKeyConfig {
                name: "reader".to_owned(),
                key_hash: Digest(*blake3::hash(FOLLOWER_KEY.as_bytes()).as_bytes()),
            }],
            limits,
            stopping,
        };
        let has_disk = Arc::new(AtomicBool::new(true));
        let takes_writes = Arc::clone(&has_disk);
        let takes_writes: TakesWrites = Arc::new(move || takes_writes.load(Ordering::Relaxed));
        let store = Store::open(&dir.path().join("ledger"), &genesis).unwrap();
        let reads = LedgerReads::new(view, store.reader());
        let app = App::new(setup, custodian.clone(), LedgerReading::new(reads, status_reader), now, takes_writes);
        Self {
            router: router(Arc::clone(&app)),
            app,
            genesis,
            ledger,
            store,
            views,
            status,
            sent,
            custodian,
            clock,
            has_disk,
            stop,
            _dir: dir,
        }
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>, body: Vec<u8>) -> (u16, Vec<u8>) {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        reference::check_described(method, path, &response);
        let status = response.status().as_u16();
        (status, axum::body::to_bytes(response.into_body(), 8 << 20).await.unwrap().to_vec())
    }

    async fn json(&self, method: &str, path: &str, token: Option<&str>, body: Vec<u8>) -> (u16, Value) {
        let (status, bytes) = self.send(method, path, token, body).await;
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{path} {status}: {e}: {bytes:?}")))
    }

    async fn value<T: bincode::Encode + bincode::Decode<()>>(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> T {
        let (status, bytes) = self.send(method, path, token, body).await;
        assert!(status < 300, "{path} {status}: {}", String::from_utf8_lossy(&bytes));
        codec::decode(&bytes, codec::BYTES_MAX).unwrap()
    }

    async fn post_json(&self, path: &str, token: &str, body: Value) -> (u16, Value) {
        self.json("POST", path, Some(token), body.to_string().into_bytes()).await
    }

    async fn enrol(&self, patient: &Patient) -> (u16, Value) {
        let signed = patient.enrolment().sign(&patient.chain, &patient.secret.key());
        self.json("POST", "/v1/enrolments", None, codec::encode(&signed)).await
    }

    async fn login(&self, patient: &Patient) -> (u16, Value) {
        let (_, nonce) = self.json("POST", "/v1/login/nonce", None, Vec::new()).await;
        let mut bytes = [0; 32];
        hex::decode_to_slice(nonce["nonce"].as_str().unwrap(), &mut bytes).unwrap();
        let login = Login {
            custodian: self.genesis.founders[0].id(),
            relationship: patient.key(),
            binding: [0; 32],
            nonce: bytes,
            time: UnixMs(self.clock.load(Ordering::Relaxed)),
        };
        let signed = login.sign(&patient.chain, &patient.secret.key());
        self.json("POST", "/v1/login", None, codec::encode(&signed)).await
    }

    /// A linked patient with a session.
    async fn patient(&self, n: u8) -> (Patient, String, String) {
        let patient = Patient::new(n, &self.genesis);
        let (_, enrolled) = self.enrol(&patient).await;
        let (status, linked) =
            self.post_json("/v1/patients", KEY, json!({"mrn": format!("MRN-{n}"), "code": enrolled["code"]})).await;
        assert_eq!((status, &linked["relationship"]), (200, &enrolled["relationship"]));
        let (_, session) = self.login(&patient).await;
        let label = linked["relationship"].as_str().unwrap().to_owned();
        (patient, session["token"].as_str().unwrap().to_owned(), label)
    }

    /// Waits for what the custodian sends next and makes it final.
    async fn make_final(&mut self) -> SignedTransaction {
        let sent = self.sent.recv().await.unwrap();
        let now = UnixMs(self.clock.load(Ordering::Relaxed));
        let before = self.ledger.blocks.len();
        self.ledger.block(now, std::slice::from_ref(&sent));
        self.store.commit(&self.ledger.blocks[before..]).unwrap();
        self.views.send_replace(Arc::new(self.ledger.view()));
        sent
    }

    /// Lets the clock run until the custodian sends a transaction of this kind, and makes it final.
    async fn until(&mut self, is_wanted: fn(&SignedTransaction) -> bool) -> SignedTransaction {
        loop {
            self.clock.fetch_add(GRID_MS, Ordering::Relaxed);
            let sent = self.make_final().await;
            if is_wanted(&sent) {
                return sent;
            }
        }
    }
}

fn is_grant(tx: &SignedTransaction) -> bool {
    matches!(tx, SignedTransaction::Grants { .. })
}

fn is_anchor(tx: &SignedTransaction) -> bool {
    matches!(tx, SignedTransaction::Anchor { .. })
}

fn question(patient: &str, member: &str) -> Value {
    json!({"patient": patient, "requester": {"member": member}, "items": ["labs"], "purpose": "TREAT"})
}

#[tokio::test]
async fn a_patient_grants_is_asked_about_and_checks_who_looked() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let request = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    let (status, granted) = server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&request)).await;
    assert_eq!((status, &granted["accepted"]), (200, &json!(true)), "{granted}");
    server.until(is_grant).await;

    let (status, answer) = server.post_json("/v1/decisions", KEY, question(&label, "qamar")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&answer["decision"], &answer["effect"]), (&json!("permit"), &json!("permit")));
    assert_eq!((&answer["code"], &answer["consents"]), (&json!("PERMITTED"), &json!([granted["consent"]])));
    assert_eq!(answer["height"], json!(server.ledger.tip.header().height));
    let (_, other) = server.post_json("/v1/decisions", KEY, question(&label, "rawda")).await;
    assert_eq!((&other["decision"], &other["effect"]), (&json!("no-consent"), &json!("deny")));

    let page: LogPage = server.value("GET", "/v1/me/log?from=2", Some(&token), Vec::new()).await;
    assert_eq!((page.total, page.entries.len()), (3, 2));
    let access = amanah_ledger::label::Label::access(&page.entries[0].digest(&patient.chain));
    assert_eq!(answer["access"], json!(access.to_string()));
    let held: HeldConsents = server.value("GET", "/v1/me/consents", Some(&token), Vec::new()).await;
    assert_eq!(held.as_slice(), [request.into_held()]);

    let SignedTransaction::Anchor { anchor, .. } = server.until(is_anchor).await else { panic!() };
    let queries = DayQueries::try_from(vec![DayQuery { day: anchor.day, root: anchor.root }]).unwrap();
    let proofs: BoundedVec<DayProof, DAYS_MAX> =
        server.value("POST", "/v1/me/days", Some(&token), codec::encode(&queries)).await;
    let state = proofs[0].verify(anchor.day, &anchor.root, &patient.secret.log_key()).unwrap().unwrap();
    assert!(state.after >= 1);
    let unknown = DayQueries::try_from(vec![DayQuery { day: anchor.day, root: Digest([9; 32]) }]).unwrap();
    let (status, problem) = server.json("POST", "/v1/me/days", Some(&token), codec::encode(&unknown)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("AMN-0412")));
}

#[tokio::test]
async fn a_practitioner_is_asked_for_by_an_entry_their_hospital_signed() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let request = patient.grant(0, member_ref(&server.genesis, 0), "labs");
    server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&request)).await;
    server.until(is_grant).await;
    let entry: SignedDirectoryEntry = server.value("GET", "/v1/directory/clinician", None, Vec::new()).await;
    let ask = |member: &str, entry: &SignedDirectoryEntry| {
        let mut question = question(&label, member);
        question["requester"]["entry"] = json!(hex::encode(codec::encode(entry)));
        question
    };
    let (_, answer) = server.post_json("/v1/decisions", KEY, ask("cedar", &entry)).await;
    assert_eq!(answer["decision"], "permit");
    let forged = entry.entry.clone().sign(&patient.chain, &*gateway(1)).unwrap();
    for (member, entry) in [("cedar", &forged), ("qamar", &entry), ("nobody", &entry)] {
        let (status, problem) = server.post_json("/v1/decisions", KEY, ask(member, entry)).await;
        assert_eq!((status, &problem["code"]), (404, &json!("AMN-0241")), "{member}");
    }
    server.clock.fetch_add(2 * DAY_MS, Ordering::Relaxed);
    let (status, _) = server.post_json("/v1/decisions", KEY, ask("cedar", &entry)).await;
    assert_eq!(status, 404, "an old entry vouches for nobody");
    assert_eq!(server.send("GET", "/v1/directory/nobody", None, Vec::new()).await.0, 404);
}

#[tokio::test]
async fn decisions_wait_until_the_node_has_caught_up_and_then_never_again() {
    let server = Server::start();
    let (_, _, label) = server.patient(1).await;
    let ask = || server.post_json("/v1/decisions", KEY, question(&label, "qamar"));
    server.status.send_replace(standing([Some(Height(0)), Some(Height(0)), None, None]));
    let (status, problem) = ask().await;
    assert_eq!((status, &problem["code"]), (503, &json!("AMN-0304")));
    server.status.send_replace(standing([Some(Height(0)), Some(Height(1)), Some(Height(0)), None]));
    assert_eq!(ask().await.0, 503);
    server.status.send_replace(standing([Some(Height(0)), Some(Height(0)), Some(Height(0)), None]));
    assert_eq!(ask().await.0, 200);
    server.status.send_replace(standing([Some(Height(9)); 4]));
    assert_eq!(ask().await.0, 200);
}

#[tokio::test]
async fn who_is_not_signed_in_gets_nothing() {
    let server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    for (method, path) in [
        ("GET", "/v1/me"),
        ("POST", "/v1/me/accept"),
        ("GET", "/v1/me/consents"),
        ("POST", "/v1/me/consents"),
        ("GET", "/v1/me/log"),
        ("POST", "/v1/me/days"),
    ] {
        for bad in [None, Some("00"), Some(KEY)] {
            let (status, problem) = server.json(method, path, bad, Vec::new()).await;
            assert_eq!((status, &problem["code"]), (401, &json!("AMN-0401")), "{method} {path}");
        }
    }
    for (method, path) in [("GET", "/v1/patients"), ("POST", "/v1/patients"), ("POST", "/v1/decisions")] {
        for bad in [None, Some("wrong"), Some(token.as_str())] {
            let (status, problem) = server.json(method, path, bad, Vec::new()).await;
            assert_eq!((status, &problem["code"]), (401, &json!("AMN-0402")), "{method} {path}");
        }
    }
    let (_, me) = server.json("GET", "/v1/me", Some(&token), Vec::new()).await;
    assert_eq!(me, json!({"relationship": label, "linked": true}));
    let (status, problem) = server.login(&Patient::new(9, &server.genesis)).await;
    assert_eq!((status, &problem["code"]), (401, &json!("AMN-0403")));
    let login = Login {
        custodian: server.genesis.founders[0].id(),
        relationship: patient.key(),
        binding: [0; 32],
        nonce: [3; 32],
        time: TEN,
    };
    let signed = login.sign(&patient.chain, &patient.secret.key());
    assert_eq!(server.json("POST", "/v1/login", None, codec::encode(&signed)).await.0, 401, "no nonce of ours");
    server.clock.fetch_add(sessions::SESSION_MS, Ordering::Relaxed);
    assert_eq!(server.json("GET", "/v1/me", Some(&token), Vec::new()).await.0, 401, "a session ends");
}

#[tokio::test]
async fn before_linking_a_wallet_knows_its_label_and_cannot_grant() {
    let server = Server::start();
    let patient = Patient::new(1, &server.genesis);
    let (status, enrolled) = server.enrol(&patient).await;
    assert_eq!((status, enrolled["code"].as_str().unwrap().len()), (200, 9));
    let (_, session) = server.login(&patient).await;
    let token = session["token"].as_str().unwrap();
    let (_, me) = server.json("GET", "/v1/me", Some(token), Vec::new()).await;
    assert_eq!(me, json!({"relationship": enrolled["relationship"], "linked": false}));
    let request = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    let (status, problem) = server.json("POST", "/v1/me/consents", Some(token), codec::encode(&request)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("AMN-0504")));
    assert!(problem["fix"].as_str().unwrap().contains("nine-digit code"));
    let link = json!({"mrn": "MRN-1", "code": enrolled["code"]});
    assert_eq!(server.post_json("/v1/patients", KEY, link.clone()).await.0, 200);
    let (status, problem) = server.post_json("/v1/patients", KEY, link).await;
    assert_eq!((status, &problem["code"]), (409, &json!("AMN-0503")));
    let (_, patients) = server.json("GET", "/v1/patients", Some(KEY), Vec::new()).await;
    assert_eq!(patients, json!({"relationships": [enrolled["relationship"]], "next": null}));
}

#[tokio::test]
async fn a_document_that_is_not_what_it_says_is_refused_by_name() {
    let server = Server::start();
    let (patient, token, _) = server.patient(1).await;
    let qamar = member_ref(&server.genesis, 1);
    let refused = async |request: amanah_ledger::exchange::GrantRequest| {
        let (status, problem) = server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&request)).await;
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    };
    let code = |status, code: &str| (status, code.to_owned());
    let month = UnixMs(TEN.0 + 30 * DAY_MS);
    let good = patient.document(0, qamar.clone(), "labs", month);
    let mut lying = good.clone();
    lying.sentence = "Nothing at all.".try_into().unwrap();
    assert_eq!(refused(patient.request(0, lying)).await, code(422, "AMN-0234"));
    let long = patient.document(0, qamar.clone(), "labs", UnixMs(TEN.0 + 400 * DAY_MS));
    assert_eq!(refused(patient.request(0, long)).await, code(422, "AMN-0231"));
    let over = patient.document(0, qamar.clone(), "labs", TEN);
    assert_eq!(refused(patient.request(0, over)).await, code(422, "AMN-0232"));
    let mut renamed = qamar;
    renamed.display = "Rawda Hospital".try_into().unwrap();
    assert_eq!(refused(patient.request(0, patient.document(0, renamed, "labs", month))).await, code(422, "AMN-0233"));
    let mut swapped = patient.request(0, good.clone());
    swapped.salt = [0; 32];
    assert_eq!(refused(swapped).await, code(422, "AMN-0235"));
    let mut forged = patient.request(0, good.clone());
    forged.item_signature.0[0] ^= 1;
    assert_eq!(refused(forged).await, code(422, "AMN-0409"));
    let stranger = Patient::new(2, &server.genesis);
    let theirs = stranger.grant(0, member_ref(&server.genesis, 1), "labs");
    assert_eq!(refused(theirs).await, code(422, "AMN-0235"));
    let (status, _) =
        server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&patient.request(0, good))).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn anybody_may_bring_a_revocation_and_gets_a_signed_word() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let request = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&request)).await;
    server.until(is_grant).await;
    let prefix = &request.item.lock.to_string()[..3];
    let locks: BoundedVec<(PublicKey, Digest), 65_536> =
        server.value("GET", &format!("/v1/locks/{prefix}"), None, Vec::new()).await;
    assert_eq!(locks.as_slice(), [(request.item.consent, request.item.lock)]);

    let revoke = patient.revoke_by_slip(0);
    let (status, bytes) = server.send("POST", "/v1/tx", None, codec::encode(&revoke)).await;
    assert_eq!(status, 202);
    let accepted: RevocationAccepted = codec::decode(&bytes, 4096).unwrap();
    accepted.verify(&patient.chain, &Ed25519).unwrap();
    assert_eq!((accepted.wire_id, accepted.gateway.key), (revoke.wire_id(), gateway(0).public_key()));
    let (_, answer) = server.post_json("/v1/decisions", KEY, question(&label, "qamar")).await;
    assert_eq!((&answer["effect"], &answer["code"]), (&json!("deny"), &json!("REVOKED")));

    let mut forged = patient.revoke_by_key(0);
    let SignedTransaction::Revoke { consent, .. } = &mut forged else { panic!() };
    consent.0[0] ^= 1;
    let (status, problem) = server.json("POST", "/v1/tx", None, codec::encode(&forged)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("AMN-0409")));
    let grant = SignedTransaction::Publish(BoundedVec::new());
    let (status, problem) = server.json("POST", "/v1/tx", None, codec::encode(&grant)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("AMN-0410")));
    let stranger = |n| codec::encode(&Patient::new(n, &server.genesis).revoke_by_key(0));
    let mut last = 0;
    for n in 20..24 {
        last = server.send("POST", "/v1/tx", None, stranger(n)).await.0;
    }
    assert_eq!(last, 429, "consents nobody knows cost the hospital something");
}

#[tokio::test]
async fn proofs_wait_for_their_height_and_verify() {
    let mut server = Server::start();
    let keys: BoundedVec<LeafKey, ENTRIES_MAX> =
        vec![LeafKey::AnchorHead(server.genesis.founders[0].id(), AnchorKind::Access)].try_into().unwrap();
    let body = codec::encode(&keys);
    let (status, problem) = server.json("POST", "/v1/proofs", None, body.clone()).await;
    assert_eq!((status, &problem["code"]), (425, &json!("AMN-0303")));
    let (_, _, _) = server.patient(1).await;
    let router = server.router.clone();
    let waiting = tokio::spawn({
        let request = axum::http::Request::post("/v1/proofs?min_height=1&wait_ms=30000");
        router.oneshot(request.body(Body::from(body.clone())).unwrap())
    });
    server.until(is_anchor).await;
    let response = waiting.await.unwrap().unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let proof: StateProof = codec::decode(&bytes, codec::BYTES_MAX).unwrap();
    let verified = proof.verify(&Trust::from_genesis(&server.genesis).unwrap(), &Ed25519).unwrap();
    assert_eq!(verified.height(), Height(1));
    assert!(verified.get(&keys[0]).is_some());
    let (status, problem) = server.json("POST", "/v1/proofs?min_height=99&wait_ms=1", None, body).await;
    assert_eq!((status, &problem["code"]), (425, &json!("AMN-0301")));
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_in_is_a_problem_too() {
    let server = Server::start();
    for (method, path, body, status, code) in [
        ("GET", "/v1/nothing", 0, 404, "AMN-0404"),
        ("GET", "/v1/locks/xyz", 0, 404, "AMN-0404"),
        ("DELETE", "/v1/network", 0, 405, "AMN-0405"),
        ("POST", "/v1/enrolments", 10, 400, "AMN-0406"),
        ("POST", "/v1/tx", GRANT_REQUEST_BYTES_MAX + 1, 413, "AMN-0407"),
        ("POST", "/v1/enrolments", 5000, 413, "AMN-0407"),
    ] {
        let (answered, problem) = server.json(method, path, None, vec![0; body]).await;
        assert_eq!((answered, problem["code"].as_str()), (status, Some(code)), "{method} {path}");
        assert!(!problem["fix"].as_str().unwrap().is_empty());
    }
    let (status, problem) = server.json("POST", "/v1/decisions", Some(KEY), b"{}".to_vec()).await;
    assert_eq!((status, &problem["code"]), (400, &json!("AMN-0406")));
    for field in ["purpose", "items"] {
        let mut odd = question("P-0000", "qamar");
        odd[field] = if field == "items" { json!(["gossip"]) } else { json!("GOSSIP") };
        let (status, problem) = server.post_json("/v1/decisions", KEY, odd).await;
        assert_eq!((status, &problem["code"]), (422, &json!("AMN-0242")), "{field}");
    }
}

#[tokio::test]
async fn enrolments_of_one_address_are_limited_and_a_bad_one_opens_nothing() {
    let server = Server::start();
    let patient = Patient::new(1, &server.genesis);
    let mut forged = patient.enrolment().sign(&patient.chain, &patient.secret.key());
    forged.signature.0[5] ^= 1;
    let (status, problem) = server.json("POST", "/v1/enrolments", None, codec::encode(&forged)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("AMN-0409")));
    let mut elsewhere = patient.enrolment();
    elsewhere.custodian = server.genesis.founders[1].id();
    let signed = elsewhere.sign(&patient.chain, &patient.secret.key());
    let (status, problem) = server.json("POST", "/v1/enrolments", None, codec::encode(&signed)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("AMN-0506")));
    for _ in 0..3 {
        assert_eq!(server.enrol(&patient).await.0, 200);
    }
    let (status, problem) = server.enrol(&patient).await;
    assert_eq!((status, &problem["code"]), (429, &json!("AMN-0307")));
}

#[tokio::test]
async fn the_public_part_says_which_network_this_is_and_where_it_stands() {
    let server = Server::start();
    let (_, network) = server.json("GET", "/v1/network", None, Vec::new()).await;
    let network: NetworkFile = serde_json::from_value(network).unwrap();
    assert_eq!(network.check().unwrap().genesis(), &*server.genesis);
    let (_, status) = server.json("GET", "/v1/status", None, Vec::new()).await;
    assert_eq!((&status["name"], &status["height"]), (&json!("cedar"), &json!(0)));
    assert_eq!(status["state_root"], json!(server.ledger.tip.state().root()));
    assert_eq!(status["peers"], json!(["qamar", "rawda"]));
}

#[tokio::test]
async fn a_wallet_accepts_its_own_enrolment_only() {
    let server = Server::start();
    let (patient, token, _) = server.patient(1).await;
    let (other, _, _) = server.patient(2).await;
    let page: LogPage = server.value("GET", "/v1/me/log", Some(&token), Vec::new()).await;
    let theirs = SignedAcceptance::sign(&patient.chain, &page.entries[0], &other.secret.key());
    let (status, problem) = server.json("POST", "/v1/me/accept", Some(&token), codec::encode(&theirs)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("AMN-0507")));
    let own = SignedAcceptance::sign(&patient.chain, &page.entries[0], &patient.secret.key());
    let (status, answer) = server.json("POST", "/v1/me/accept", Some(&token), codec::encode(&own)).await;
    assert_eq!((status, answer), (200, json!({"accepted": true})));
}

#[tokio::test]
async fn the_server_answers_over_a_socket_and_ends_when_told() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving =
        tokio::spawn(http::serve(listener, server.router.clone(), Bounds::new(8, 8), async { drop(stopped.await) }));
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"cedar\""), "{answer}");
    stop.send(()).unwrap();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_takes_revocations_and_decisions_and_nothing_else_that_is_written() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let granted = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&granted)).await;
    server.until(is_grant).await;
    server.has_disk.store(false, Ordering::Relaxed);
    let another = patient.grant(1, member_ref(&server.genesis, 2), "labs");
    let another = codec::encode(&another);
    for (path, token, body) in [
        ("/v1/me/consents", token.as_str(), another.clone()),
        ("/v1/enrolments", token.as_str(), Vec::new()),
        ("/v1/me/accept", token.as_str(), Vec::new()),
        ("/v1/patients", KEY, Vec::new()),
    ] {
        let (status, problem) = server.json("POST", path, Some(token), body).await;
        assert_eq!((status, &problem["code"]), (503, &json!("AMN-0308")), "{path}");
    }
    let (status, _) = server.post_json("/v1/decisions", KEY, question(&label, "qamar")).await;
    assert_eq!(status, 200, "care goes on");
    assert_eq!(server.send("POST", "/v1/tx", None, codec::encode(&patient.revoke_by_slip(0))).await.0, 202);
    server.has_disk.store(true, Ordering::Relaxed);
    let (status, answer) = server.json("POST", "/v1/me/consents", Some(&token), another).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn requests_of_one_address_are_limited_whatever_they_ask() {
    let server = Server::limited(Limits { requests_per_minute: 3, ..Limits::default() });
    let mut answers = Vec::new();
    for path in ["/v1/status", "/v1/network", "/v1/nothing", "/v1/status", "/v1/me"] {
        answers.push(server.send("GET", path, None, Vec::new()).await.0);
    }
    assert_eq!(answers, [200, 200, 404, 429, 429]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let server = Server::start();
    let never = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = axum::http::Request::post("/v1/tx").body(never).unwrap();
    let answer = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 408);
}

#[tokio::test]
async fn final_blocks_are_for_followers_of_this_hospital_alone() {
    let mut server = Server::start();
    for seq in 1..=3 {
        let (member, root) = (server.genesis.founders[0].id(), Digest([7; 32]));
        let anchor = Anchor { member, kind: AnchorKind::Access, seq, day: TEN.day(), root, figures: None };
        let signature = gateway(0).sign(&anchor.signing_bytes(&server.genesis.chain()));
        let gateway = GatewaySignature { key: gateway(0).public_key(), signature };
        let made = server.ledger.block(UnixMs(TEN.0 + seq), &[SignedTransaction::Anchor { anchor, gateway }]);
        assert_eq!(made, 1);
    }
    server.store.commit(&server.ledger.blocks).unwrap();
    for key in [None, Some(KEY), Some("a guess")] {
        let (status, refused) = server.json("GET", "/v1/blocks?from=1", key, Vec::new()).await;
        assert_eq!((status, &refused["code"]), (401, &"AMN-0402".into()));
    }
    let wanted: [(u64, &[u64]); 5] = [(0, &[1, 2, 3]), (1, &[1, 2, 3]), (3, &[3]), (4, &[]), (request::WHOLE_MAX, &[])];
    for (from, heights) in wanted {
        let path = format!("/v1/blocks?from={from}");
        let run: BlockRun = server.value("GET", &path, Some(FOLLOWER_KEY), Vec::new()).await;
        let got = run.blocks.iter().map(|entry| OpenBlock::decode(&entry.block).unwrap().header().height.0);
        assert_eq!(got.collect::<Vec<_>>(), heights, "from {from}");
        assert!(run.blocks.iter().all(|entry| entry.finalization.is_some()), "each with its certificate");
    }
    let (status, refused) = server.json("GET", "/v1/patients", Some(FOLLOWER_KEY), Vec::new()).await;
    assert_eq!((status, &refused["code"]), (401, &"AMN-0402".into()), "a follower's key opens nothing else");
}
