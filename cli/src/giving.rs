//! Giving consents: drafts are read back, signed, sent to their custodians, and waited for until they are final.

mod draft;

pub(crate) use draft::{Draft, Origin, allowed, dry_run, next_place};

use crate::client::{Body, Method, PATIENCE};
use crate::consent_text::summary_lines;
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::grant_request;
use crate::kept_fhir;
use crate::output::Report;
use crate::progress::Progress;
use crate::receipts;
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase};
use amanah_ledger::codec;
use amanah_ledger::exchange::GrantRequest;
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, Leaf, LeafKey};
use amanah_ledger::proof::VerifiedState;
use amanah_ledger::transaction::GrantItem;
use serde_json::json;
use tokio::time::Instant;

/// Longest JSON answer to a grant.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A signed consent on its way.
struct Sent {
    session: Session,
    request: GrantRequest,
    /// The hospital's request that it answers.
    answers: Option<Label>,
}

/// How one consent ended up.
struct Landed {
    sent: Sent,
    elapsed_ms: u64,
    outcome: Fallible<VerifiedState>,
}

/// Somebody has to say yes: at the terminal, or by `--yes`.
pub(crate) fn require_somebody(settings: &Settings) -> Fallible<()> {
    if settings.yes || settings.may_ask() {
        return Ok(());
    }
    let detail = "nobody is at the terminal to confirm what would be signed";
    Err(Failure::new(Exit::Usage, 228, detail, "add --yes").state("nothing was signed"))
}

/// A failure before anything was signed says so.
pub(crate) fn nothing_signed(failure: Box<Failure>) -> Box<Failure> {
    match failure.state {
        Some(_) => failure,
        None => failure.state("nothing was signed and nothing was sent"),
    }
}

/// Reads the drafts back, asks, signs them, and waits until they are final.
pub(crate) async fn give(drafts: Vec<Draft>, wallet: &mut Wallet, settings: &Settings) -> Fallible<Report> {
    let mut sessions = Vec::new();
    for draft in &drafts {
        let generation = draft.relationship.generation;
        let session = Session::open(wallet, &draft.member, generation).await.map_err(nothing_signed)?;
        session.require_linked().await.map_err(nothing_signed)?;
        sessions.push(session);
    }
    confirm(&drafts, settings)?;
    let mut sent = Vec::new();
    for (draft, session) in drafts.into_iter().zip(sessions) {
        sent.push(sign(draft, session, wallet, settings)?);
    }
    // On disk before anything leaves: no second item of this version is ever signed beside it.
    wallet.save()?;
    let progress = Progress::waiting(settings.reader, "sent; waiting until it is final");
    let landed = futures::future::join_all(sent.into_iter().map(|one| submit(one, wallet, settings))).await;
    drop(progress);
    conclude(landed, wallet, settings)
}

/// Reads the document back, rendered from its rules, and asks.
fn confirm(drafts: &[Draft], settings: &Settings) -> Fallible<()> {
    for draft in drafts {
        settings.note(&(summary_lines(&draft.document, &draft.member)? + &draft.notes()));
    }
    if settings.yes || terminal::confirm("Sign this?  [y] yes  [n] no: ")? { Ok(()) } else { Err(Failure::cancelled()) }
}

fn sign(draft: Draft, session: Session, wallet: &mut Wallet, settings: &Settings) -> Fallible<Sent> {
    let Draft { member, mut relationship, index, document, origin } = draft;
    let request = grant_request::sign(document, &session.secret, index, &wallet.network.chain, duration::now());
    let answers = match origin {
        Origin::Fhir { kept, .. } => {
            kept_fhir::keep(wallet, &settings.home, &request.item.consent, &kept)?;
            None
        }
        Origin::Request(label) => Some(label),
        Origin::Wish | Origin::Exported => None,
    };
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
    Ok(Sent { session, request, answers })
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
    let path = match &sent.answers {
        Some(label) => format!("/v1/me/consents?answers={label}"),
        None => "/v1/me/consents".to_owned(),
    };
    node.exchange(Method::Post, &path, body, ANSWER_BYTES_MAX, PATIENCE).await?;
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
