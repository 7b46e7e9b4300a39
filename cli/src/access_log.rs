//! Checking one relationship's log: entries from the custodian, anchors from every hospital that answers, proofs for
//! exactly those anchors, and what was remembered. Anchors come on the network's grid; the wallet waits for them.

use crate::client::{Body, Method, PATIENCE};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::session::Session;
use crate::wallet::Wallet;
use crate::wallet_state::{HELD_MAX, Relationship};
use amanah_ledger::access::{self, AnchoredDays, Checked, DayProof, Gap, LogEntry, LogError, Shown, Subject};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Ed25519, Signer};
use amanah_ledger::exchange::{DAYS_MAX, DayQueries};
use amanah_ledger::leaf::AnchorLeaf;
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::time::{Day, UnixMs};
use std::time::Duration;
use tokio::time::Instant;

/// Longest answer with day proofs.
const DAYS_BYTES_MAX: usize = codec::BYTES_MAX;
/// Most entries that are read of one log.
const ENTRIES_MAX: u64 = access::position::LOG_ENTRIES_MAX as u64;
/// After a state without a newer anchor, the next is asked for no sooner.
const PAUSE: Duration = Duration::from_millis(200);

type DayProofs = BoundedVec<DayProof, DAYS_MAX>;

/// A checked log.
pub(crate) struct Log {
    pub(crate) custodian: MemberId,
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) count: u64,
    pub(crate) pending: u64,
    pub(crate) complete: bool,
    pub(crate) entered_late: Vec<u64>,
    /// First and last number of what the hospital says it lost.
    pub(crate) lost: Vec<(u64, u64)>,
    pub(crate) anchor: Option<SeenAnchor>,
    /// Height of the newest state it was checked against.
    pub(crate) height: Height,
}

/// The newest anchor, and the time of the certified block under which it was seen to be the newest.
pub(crate) struct SeenAnchor {
    pub(crate) leaf: AnchorLeaf,
    pub(crate) time: UnixMs,
}

/// What is known of the ledger in one round.
struct Round {
    days: AnchoredDays,
    proofs: Vec<DayProof>,
}

/// Fetches and checks the log of `relationship`, waiting until `deadline` for an anchor over all entries given at the
/// start. The new position is put into the wallet only if the check holds.
pub(crate) async fn check(wallet: &mut Wallet, relationship: Relationship, deadline: Instant) -> Fallible<Log> {
    let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
    let session = Session::open(wallet, &member, relationship.generation).await?;
    let mut entries = Vec::new();
    fetch(&session, &mut entries).await?;
    let given = last_number(&entries);
    let relationship = accept(&session, relationship, &entries, wallet).await?;
    loop {
        let round = round(wallet, &session, &relationship, &mut entries).await?;
        let Some(round) = round else {
            if Instant::now() >= deadline {
                return Err(nothing_anchored(&member));
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + PAUSE)).await;
            continue;
        };
        let checked = judge(wallet, &session, &relationship, &round, &entries)?;
        let anchored = checked.count - checked.pending;
        if anchored >= given || Instant::now() >= deadline {
            return finish(wallet, &session, relationship, round, entries, anchored >= given);
        }
        wait_for_next(wallet, &session, round.days.height(), deadline).await?;
    }
}

/// Number of the last entry. Behind a loss it is more than how many there are.
fn last_number(entries: &[LogEntry]) -> u64 {
    entries.last().map_or(0, |entry| entry.body.number)
}

/// All entries behind the last one. Whether they follow from each other is checked later.
async fn fetch(session: &Session, entries: &mut Vec<LogEntry>) -> Fallible<()> {
    loop {
        let last = last_number(entries);
        let page = session.log_page(last.saturating_add(1)).await?;
        entries.extend(page.entries.into_vec());
        let is_stuck = last_number(entries) <= last || entries.len() as u64 >= ENTRIES_MAX;
        if is_stuck || last_number(entries) >= page.total {
            return Ok(());
        }
    }
}

/// Accepts entry 1, once it is there.
async fn accept(
    session: &Session,
    known: Relationship,
    entries: &[LogEntry],
    wallet: &mut Wallet,
) -> Fallible<Relationship> {
    let Some(first) = entries.first().filter(|_| !known.accepted) else { return Ok(known) };
    session.accept(first).await?;
    let known = Relationship { accepted: true, ..known };
    wallet.state.put_relationship(known.clone())?;
    Ok(known)
}

/// Anchors from all hospitals, then the entries that have come meanwhile, so that no anchor covers more than is known,
/// then the custodian's proofs. `None` where the custodian no longer has a tree that was shown: a newer one exists.
async fn round(
    wallet: &Wallet,
    session: &Session,
    relationship: &Relationship,
    entries: &mut Vec<LogEntry>,
) -> Fallible<Option<Round>> {
    let Some(days) = anchored_days(wallet, relationship, Height(0)).await? else { return Ok(None) };
    fetch(session, entries).await?;
    let mut proofs = Vec::new();
    for queries in days.queries(relationship.position.first_open).chunks(DAYS_MAX) {
        let queries = DayQueries::try_from(queries.to_vec()).unwrap_or_default();
        let body = Body::Canonical(codec::encode(&queries));
        let answer =
            session.node.canonical::<DayProofs>(Method::Post, "/v1/me/days", body, DAYS_BYTES_MAX, PATIENCE).await;
        match answer {
            Ok(shown) => proofs.extend(shown.into_vec()),
            Err(error) if error.is_code("AMN-0412") => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(Round { days, proofs }))
}

/// What all hospitals that answer show of the custodian's anchors. A hospital whose proofs do not hold is passed over
/// if another's do: it harms only itself.
async fn anchored_days(
    wallet: &Wallet,
    relationship: &Relationship,
    min_height: Height,
) -> Fallible<Option<AnchoredDays>> {
    let custodian = relationship.custodian;
    let today = crate::duration::now().day();
    let last = Day(today.0.saturating_add(1)).max(relationship.position.first_open);
    let portions = AnchoredDays::leaf_keys(custodian, relationship.position.first_open, last);
    let nodes = wallet.network.nodes()?;
    let asking = nodes.iter().map(async |node| {
        let mut states = Vec::new();
        for keys in &portions {
            match finality::state(node, &wallet.network.trust, keys, min_height, Duration::ZERO).await? {
                Some(state) => states.push(state),
                None => return Ok(Vec::new()),
            }
        }
        Fallible::Ok(states)
    });
    let (mut days, mut shown, mut failure) = (AnchoredDays::new(custodian), false, None);
    for answer in futures::future::join_all(asking).await {
        match answer {
            Ok(states) => {
                shown |= !states.is_empty();
                states.iter().for_each(|state| days.learn(state));
            }
            Err(why) => failure = Some(why),
        }
    }
    match failure {
        Some(why) if !shown => Err(why),
        Some(_) | None => Ok(shown.then_some(days)),
    }
}

fn judge(
    wallet: &Wallet,
    session: &Session,
    relationship: &Relationship,
    round: &Round,
    entries: &[LogEntry],
) -> Fallible<Checked> {
    let known = &relationship.position;
    let behind = entries.partition_point(|entry| entry.body.number <= known.count());
    let (old, new) = entries.split_at(behind);
    known.check_remembered(&wallet.network.chain, old, &losses(entries)).map_err(|why| lie(session, &why))?;
    let log_key = session.secret.log_key();
    let subject = Subject {
        chain: &wallet.network.chain,
        custodian: &relationship.custodian,
        relationship: &session.key().public_key(),
        log_key: &log_key,
    };
    let shown = Shown { entries: new, days: &round.proofs, held: &relationship.held };
    access::check(&subject, known, &round.days, &shown, &Ed25519).map_err(|why| lie(session, &why))
}

/// Judges once more what will be shown, and remembers it. If all that was given at the start is anchored, entries that
/// came later and are not are left for the next time, held as promises.
fn finish(
    wallet: &mut Wallet,
    session: &Session,
    relationship: Relationship,
    round: Round,
    mut entries: Vec<LogEntry>,
    covered: bool,
) -> Fallible<Log> {
    let all = judge(wallet, session, &relationship, &round, &entries)?;
    let anchored = entries.partition_point(|entry| entry.body.number <= all.count - all.pending);
    let held: Vec<LogEntry> = entries.iter().skip(anchored).take(HELD_MAX).cloned().collect();
    let (mut count, mut pending, mut complete) = (all.count, all.pending, all.complete);
    let lost = losses(&entries);
    if covered {
        entries.truncate(anchored);
        (count, pending, complete) = (all.count - all.pending, 0, lost.is_empty());
    }
    let custodian = relationship.custodian;
    let held = BoundedVec::try_from(held).unwrap_or_default();
    wallet.state.put_relationship(Relationship { position: all.position, held, ..relationship })?;
    let time = round.days.time();
    Ok(Log {
        custodian,
        count,
        pending,
        complete,
        entered_late: all.entered_late,
        lost: lost.iter().map(|gap| (gap.from, gap.to)).collect(),
        anchor: all.anchor.map(|leaf| SeenAnchor { leaf, time }),
        height: round.days.height(),
        entries,
    })
}

/// What the log says was lost.
fn losses(entries: &[LogEntry]) -> Vec<Gap> {
    let gap = |entry: &LogEntry| match &entry.body.event {
        access::Event::Gap(gap) => Some(*gap),
        access::Event::Enrolment(_) | access::Event::Decision(_) => None,
    };
    entries.iter().filter_map(gap).collect()
}

/// Waits until some hospital shows a later block than `height`.
async fn wait_for_next(wallet: &Wallet, session: &Session, height: Height, deadline: Instant) -> Fallible<()> {
    let keys = [amanah_ledger::leaf::LeafKey::Member(session.member.id)];
    let mut nodes = vec![session.member.node()?];
    nodes.extend(wallet.network.nodes()?.into_iter().filter(|node| node.name() != session.member.name()));
    let later = |state: &amanah_ledger::proof::VerifiedState| state.height() > height;
    finality::wait_until(&nodes, &wallet.network.trust, &keys, deadline, later).await.map(drop)
}

fn lie(session: &Session, why: &LogError) -> Box<Failure> {
    let detail = format!("the access log at {} contradicts what was anchored: {why}", session.member.name());
    let fix = "do not rely on this log; take this message to the hospital's compliance officer";
    Failure::new(Exit::NotVerified, 811, detail, fix).state("the last verified position is kept")
}

fn nothing_anchored(member: &crate::network::Member) -> Box<Failure> {
    let detail = format!("{} has anchored nothing that can be shown yet", member.name());
    Failure::new(Exit::NotFinal, 310, detail, "amanah log   in a few seconds")
}
