//! `amanah grant`: a consent is composed, read back, signed, and waited for until it is final.

mod from_fhir;
mod wish;

pub(crate) use wish::{read_purpose, read_what};

use crate::args::GrantArgs;
use crate::client::{Body, Method, PATIENCE};
use crate::consent_text::{describe, summary_lines};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::grant_request;
use crate::kept_fhir;
use crate::network::Member;
use crate::output::Report;
use crate::progress::Progress;
use crate::receipts;
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase, Relationship};
use amanah_ledger::codec;
use amanah_ledger::compose::{ComposeError, Place};
use amanah_ledger::crypto::Signer;
use amanah_ledger::document::{ConsentDocument, commitment};
use amanah_ledger::exchange::GrantRequest;
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, Leaf, LeafKey};
use amanah_ledger::proof::VerifiedState;
use amanah_ledger::transaction::GrantItem;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

/// Longest JSON answer to a grant.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is to be granted, as far as the command line alone says it.
enum Wanted {
    /// By flags.
    Wish(wish::Wanted),
    /// By a FHIR Consent.
    Fhir(Value),
}

/// A consent before it is signed.
struct Draft {
    member: Member,
    relationship: Relationship,
    /// Number of the consent in the relationship.
    index: u32,
    document: ConsentDocument,
    origin: Origin,
}

/// Where a draft comes from.
enum Origin {
    /// From flags, which say everything.
    Wish,
    /// From a FHIR Consent.
    Fhir {
        /// The resource, to be kept with the consent.
        kept: Map<String, Value>,
        /// What the file does not say: `who`, `until`.
        left_open: Vec<&'static str>,
    },
    /// From a consent that was exported: it was given before, and is compared only.
    Exported,
}

/// A signed consent on its way.
struct Sent {
    session: Session,
    request: GrantRequest,
}

/// How one consent ended up.
struct Landed {
    sent: Sent,
    elapsed_ms: u64,
    outcome: Fallible<VerifiedState>,
}

pub(crate) async fn run(arguments: GrantArgs, settings: &Settings) -> Fallible<Report> {
    let wanted = read(&arguments)?;
    if !settings.yes && !arguments.dry_run && !settings.may_ask() {
        let detail = "nobody is at the terminal to confirm what would be signed";
        return Err(Failure::new(Exit::Usage, 228, detail, "add --yes").state("nothing was signed"));
    }
    let mut wallet = Wallet::open(settings).await?;
    let nothing = |failure: Box<Failure>| match failure.state {
        Some(_) => failure,
        None => failure.state("nothing was signed and nothing was sent"),
    };
    let records_at = arguments.records_at.as_deref();
    let drafts = match &wanted {
        Wanted::Wish(wanted) => wish::drafts(wanted, records_at, &wallet, settings).await,
        Wanted::Fhir(resource) => from_fhir::drafts(resource, records_at, &wallet, settings).await,
    };
    let drafts = drafts.map_err(nothing)?;
    if arguments.dry_run {
        return Ok(dry_run(&drafts, &wallet));
    }
    drafts.iter().try_for_each(require_new)?;
    let mut sessions = Vec::new();
    for draft in &drafts {
        let session = Session::open(&wallet, &draft.member, draft.relationship.generation).await.map_err(nothing)?;
        session.require_linked().await.map_err(nothing)?;
        sessions.push(session);
    }
    confirm(&drafts, settings)?;
    let mut sent = Vec::new();
    for (draft, session) in drafts.into_iter().zip(sessions) {
        sent.push(sign(draft, session, &mut wallet, settings)?);
    }
    // On disk before anything leaves: no second item of this version is ever signed beside it.
    wallet.save()?;
    let progress = Progress::waiting(settings.reader, "sent; waiting until it is final");
    let landed = futures::future::join_all(sent.into_iter().map(|one| submit(one, &wallet, settings))).await;
    drop(progress);
    conclude(landed, &mut wallet, settings)
}

fn read(arguments: &GrantArgs) -> Fallible<Wanted> {
    match &arguments.from_fhir {
        Some(path) => from_fhir::read(path).map(Wanted::Fhir),
        None => wish::read(arguments).map(Wanted::Wish),
    }
}

/// Which consent comes next in a relationship.
fn next_place(member: &Member, relationship: &Relationship, wallet: &Wallet) -> Place {
    let secret = wallet.secret(relationship);
    Place {
        chain: wallet.network.chain,
        custodian: member.reference.clone(),
        relationship: secret.key().public_key(),
        consent: secret.consent_key(relationship.next_index).public_key(),
        version: 1,
    }
}

/// A document that this network takes.
fn allowed(
    document: Result<ConsentDocument, ComposeError>,
    wallet: &Wallet,
    sooner: &str,
) -> Fallible<ConsentDocument> {
    let nothing = "your consent was not signed; nothing changed";
    let document = document.map_err(|why| {
        Failure::new(Exit::Failed, 233, why.to_string(), "ask for something simpler, in several consents")
            .state(nothing)
    })?;
    document.check_duration(&wallet.network.genesis.parameters).map_err(|why| {
        let fix = sooner.replace("DAYS", &why.days_max.to_string());
        Failure::new(Exit::Failed, 231, why.to_string(), fix).state(nothing)
    })?;
    Ok(document)
}

/// A consent that was given before is not given again, also where this wallet does not remember it.
fn require_new(draft: &Draft) -> Fallible<()> {
    match draft.origin {
        Origin::Wish | Origin::Fhir { .. } => Ok(()),
        Origin::Exported => {
            let label = Label::consent(&draft.document.consent).to_string();
            let detail = format!("this file is {label}, which was given already");
            let fix = "amanah list; to give a new consent, take the file's extension urn:amanah:consent out";
            Err(Failure::new(Exit::Conflict, 258, detail, fix)
                .state("nothing was signed and nothing was sent")
                .field("consent", label))
        }
    }
}

fn dry_run(drafts: &[Draft], wallet: &Wallet) -> Report {
    let consents: Vec<Value> = drafts
        .iter()
        .map(|draft| {
            let salt = wallet.secret(&draft.relationship).salt(draft.index, draft.document.version);
            let mut fields = describe(&draft.document);
            fields["custodian"] = draft.member.name().into();
            fields["sentence"] = draft.document.sentence.as_str().into();
            fields["bytes"] = hex::encode(codec::encode(&draft.document)).into();
            fields["commitment"] = commitment(&salt, &draft.document).to_string().into();
            fields["final"] = false.into();
            if let Origin::Fhir { left_open, .. } = &draft.origin {
                fields["left_open"] = json!(left_open);
            }
            fields
        })
        .collect();
    let said: Vec<String> =
        drafts.iter().map(|draft| format!("{}\n{}", draft.document.sentence, from_fhir::notes(draft))).collect();
    let text = format!("Would sign (nothing is sent):\n  {}", said.join("  ").trim_end());
    Report::ok(json!({ "dry_run": true, "consents": consents }), text)
}

/// Reads the document back, rendered from its rules, and asks.
fn confirm(drafts: &[Draft], settings: &Settings) -> Fallible<()> {
    for draft in drafts {
        settings.note(&(summary_lines(&draft.document, &draft.member)? + &from_fhir::notes(draft)));
    }
    if settings.yes || terminal::confirm("Sign this?  [y] yes  [n] no: ")? { Ok(()) } else { Err(Failure::cancelled()) }
}

fn sign(draft: Draft, session: Session, wallet: &mut Wallet, settings: &Settings) -> Fallible<Sent> {
    let Draft { member, mut relationship, index, document, origin } = draft;
    let request = grant_request::sign(document, &session.secret, index, &wallet.network.chain, duration::now());
    if let Origin::Fhir { kept, .. } = &origin {
        kept_fhir::keep(wallet, &settings.home, &request.item.consent, kept)?;
    }
    relationship.next_index = index + 1;
    wallet.state.put_relationship(relationship)?;
    wallet.state.put_consent(Consent {
        consent: request.item.consent,
        custodian: member.id,
        index,
        commitment: request.item.commitment,
        document: request.document.clone(),
        phase: Phase::Pending { submit_by: request.item.submit_by },
    })?;
    Ok(Sent { session, request })
}

async fn submit(sent: Sent, wallet: &Wallet, settings: &Settings) -> Landed {
    let started = Instant::now();
    let outcome = send_and_wait(&sent, wallet, settings, started + settings.timeout).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Landed { sent, elapsed_ms, outcome }
}

async fn send_and_wait(
    sent: &Sent,
    wallet: &Wallet,
    settings: &Settings,
    deadline: Instant,
) -> Fallible<VerifiedState> {
    let node = &sent.session.node;
    let body = Body::Canonical(codec::encode(&sent.request));
    node.exchange(Method::Post, "/v1/me/consents", body, ANSWER_BYTES_MAX, PATIENCE).await?;
    let keys = [LeafKey::Consent(sent.request.item.consent), LeafKey::Member(sent.request.item.custodian)];
    let stands = |state: &VerifiedState| leaf_of(state, &sent.request.item).is_some();
    let nodes = std::slice::from_ref(node);
    let state = finality::wait_until(nodes, &wallet.network.trust, &keys, deadline, stands).await?;
    state.ok_or_else(|| finality::not_in_time(settings.timeout))
}

/// The leaf that this item made.
fn leaf_of<'a>(state: &'a VerifiedState, item: &GrantItem) -> Option<&'a ConsentLeaf> {
    let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(item.consent)) else { return None };
    let same = leaf.version == item.version
        && leaf.commitment == item.commitment
        && leaf.custodian == item.custodian
        && leaf.lock == item.lock;
    same.then_some(leaf)
}

fn conclude(landed: Vec<Landed>, wallet: &mut Wallet, settings: &Settings) -> Fallible<Report> {
    let (mut consents, mut lines, mut failed) = (Vec::new(), Vec::new(), None);
    for Landed { sent, elapsed_ms, outcome } in landed {
        let item = &sent.request.item;
        let label = Label::consent(&item.consent).to_string();
        let custodian = sent.session.member.name().to_owned();
        let seconds = std::time::Duration::from_millis(elapsed_ms).as_secs_f64();
        let leaf = outcome.as_ref().ok().and_then(|state| leaf_of(state, item)).copied();
        let receipt = match (&outcome, leaf) {
            (Ok(state), Some(leaf)) => {
                wallet.state.set_phase(&item.consent, Phase::Granted { height: leaf.since })?;
                let path = receipts::write(wallet, &settings.home, &item.consent, state)?;
                lines.push(format!(
                    "✓ {label} at {custodian}: signed and final (block {}; {seconds:.1} s).  Receipt: {}",
                    leaf.since,
                    path.display()
                ));
                Some(path)
            }
            (Ok(_) | Err(_), _) => None,
        };
        let height = leaf.map(|leaf| leaf.since);
        consents.push(json!({ "consent": label, "custodian": custodian, "height": height, "final": leaf.is_some(),
            "elapsed_ms": elapsed_ms, "receipt": receipt, "commitment": item.commitment.to_string() }));
        if let Err(failure) = outcome {
            if failure.exit != Exit::NotFinal && failure.exit != Exit::NotVerified {
                wallet.state.set_phase(&item.consent, Phase::Refused { submit_by: item.submit_by })?;
            }
            failed.get_or_insert(failure);
        }
    }
    wallet.save()?;
    match failed {
        None => Ok(Report::ok(json!({ "consents": consents }), lines.join("\n"))),
        Some(failure) => {
            lines.iter().for_each(|line| settings.note(line));
            let failure = failure.field("consents", consents);
            Err(if failure.exit == Exit::NotFinal { failure.field("final", false) } else { failure })
        }
    }
}
