//! `amanah grant`: a consent is composed, read back, signed, and waited for until it is final.

use crate::args::GrantArgs;
use crate::client::{Body, Method, PATIENCE};
use crate::consent_text::{describe, summary_lines};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::grant_request;
use crate::network::Member;
use crate::output::Report;
use crate::progress::Progress;
use crate::receipts;
use crate::session::Session;
use crate::settings::Settings;
use crate::terminal;
use crate::wallet::Wallet;
use crate::wallet_state::{Consent, Phase, Relationship};
use crate::who::{self, Who};
use amanah_ledger::codec;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::Signer;
use amanah_ledger::document::{Action, ConsentDocument};
use amanah_ledger::exchange::GrantRequest;
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, Leaf, LeafKey};
use amanah_ledger::preset::Selection;
use amanah_ledger::proof::VerifiedState;
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::GrantItem;
use amanah_ledger::vocabulary::{Code, Kind, Vocabulary};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Longest JSON answer to a grant.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is asked for, as far as the command line alone says it.
struct Wanted {
    what: Selection,
    purpose: Code,
    from: UnixMs,
    until: UnixMs,
}

/// A consent before it is signed.
struct Draft {
    member: Member,
    relationship: Relationship,
    document: ConsentDocument,
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
    let nothing = |failure: Box<Failure>| failure.state("nothing was signed and nothing was sent");
    let who = who::resolve(&arguments.who, &wallet.network, &settings.home).await.map_err(nothing)?;
    let drafts = drafts(&wanted, &who, arguments.records_at.as_deref(), &wallet)?;
    if arguments.dry_run {
        return Ok(dry_run(&drafts));
    }
    let mut sessions = Vec::new();
    for draft in &drafts {
        let session = Session::open(&wallet, &draft.member, draft.relationship.generation).await.map_err(nothing)?;
        session.require_linked().await.map_err(nothing)?;
        sessions.push(session);
    }
    confirm(&drafts, settings)?;
    let mut sent = Vec::new();
    for (draft, session) in drafts.into_iter().zip(sessions) {
        sent.push(sign(draft, session, &mut wallet)?);
    }
    // On disk before anything leaves: no second item of this version is ever signed beside it.
    wallet.save()?;
    let progress = Progress::waiting(settings.reader, "sent; waiting until it is final");
    let landed = futures::future::join_all(sent.into_iter().map(|one| submit(one, &wallet, settings))).await;
    drop(progress);
    conclude(landed, &mut wallet, settings)
}

fn read(arguments: &GrantArgs) -> Fallible<Wanted> {
    let (what, purpose) = (read_what(&arguments.what)?, read_purpose(&arguments.why)?);
    let from = duration::now();
    let until = duration::until(&arguments.until, from, &jiff::tz::TimeZone::system())?;
    Ok(Wanted { what, purpose, from, until })
}

/// Kinds of data as typed.
pub(crate) fn read_what(names: &[String]) -> Fallible<Selection> {
    names.join(",").parse().map_err(|why: amanah_ledger::preset::SelectionError| {
        Failure::new(Exit::Usage, 227, why.to_string(), "--what labs   or several: --what labs,meds")
    })
}

/// A purpose as typed.
pub(crate) fn read_purpose(typed: &str) -> Fallible<Code> {
    Vocabulary::v1().code_of(Kind::Purpose, typed).ok_or_else(|| {
        let detail = format!("{typed:?} is not a purpose");
        let fix = "--why treatment, emergency, payment, operations, research or public-health";
        Failure::new(Exit::Usage, 230, detail, fix)
    })
}

fn drafts(wanted: &Wanted, who: &Who, records_at: Option<&str>, wallet: &Wallet) -> Fallible<Vec<Draft>> {
    let relationships = match records_at {
        Some(name) => vec![wallet.enrolled_at(wallet.network.member(name)?)?.clone()],
        None => wallet.relationships()?,
    };
    relationships.into_iter().map(|relationship| draft(wanted, who, relationship, wallet)).collect()
}

fn draft(wanted: &Wanted, who: &Who, relationship: Relationship, wallet: &Wallet) -> Fallible<Draft> {
    let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
    let secret = wallet.secret(&relationship);
    let wish = Wish {
        chain: wallet.network.chain,
        custodian: member.reference.clone(),
        relationship: secret.key().public_key(),
        consent: secret.consent_key(relationship.next_index).public_key(),
        version: 1,
        who: vec![who.actor()],
        what: wanted.what.clone(),
        actions: vec![Action::Access],
        purpose: wanted.purpose.clone(),
        from: wanted.from,
        until: wanted.until,
        supersedes: Vec::new(),
    };
    let nothing = "your consent was not signed; nothing changed";
    let document = compose(wish).map_err(|why| {
        Failure::new(Exit::Failed, 233, why.to_string(), "ask for something simpler, in several consents")
            .state(nothing)
    })?;
    document.check_duration(&wallet.network.genesis.parameters).map_err(|why| {
        let fix = format!("--until {}d", why.days_max);
        Failure::new(Exit::Failed, 231, why.to_string(), fix).state(nothing)
    })?;
    Ok(Draft { member, relationship, document })
}

fn dry_run(drafts: &[Draft]) -> Report {
    let consents: Vec<Value> = drafts
        .iter()
        .map(|draft| {
            let mut fields = describe(&draft.document);
            fields["custodian"] = draft.member.name().into();
            fields["sentence"] = draft.document.sentence.as_str().into();
            fields["bytes"] = hex::encode(codec::encode(&draft.document)).into();
            fields["final"] = false.into();
            fields
        })
        .collect();
    let said: Vec<&str> = drafts.iter().map(|draft| draft.document.sentence.as_str()).collect();
    let text = format!("Would sign (nothing is sent):\n  {}", said.join("\n  "));
    Report::ok(json!({ "dry_run": true, "consents": consents }), text)
}

/// Reads the document back, rendered from its rules, and asks.
fn confirm(drafts: &[Draft], settings: &Settings) -> Fallible<()> {
    for draft in drafts {
        settings.note(&summary_lines(&draft.document, &draft.member)?);
    }
    if settings.yes || terminal::confirm("Sign this?  [y] yes  [n] no: ")? { Ok(()) } else { Err(Failure::cancelled()) }
}

fn sign(draft: Draft, session: Session, wallet: &mut Wallet) -> Fallible<Sent> {
    let Draft { member, mut relationship, document } = draft;
    let index = relationship.next_index;
    let request = grant_request::sign(document, &session.secret, index, &wallet.network.chain, duration::now());
    relationship.next_index += 1;
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
            "elapsed_ms": elapsed_ms, "receipt": receipt }));
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
