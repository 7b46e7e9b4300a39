//! `amanah officer`: an old decision of a hospital, worked out again by whoever answers for it there.

mod account;

use crate::args::{OfficerCommand, ReplayArgs};
use crate::client::{Body, Method, Node};
use crate::commands::revoke::{read_label, read_whole_label};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::network::{Member, Network};
use crate::output::Report;
use crate::progress::Progress;
use crate::settings::Settings;
use account::Account;
use amanah_ledger::access::Event;
use amanah_ledger::access::replay::{Ground, leaf_keys, replay};
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::exchange::{ACCESS_SEARCH_BYTES_MAX, AccessRecord, AccessSearch};
use amanah_ledger::label::{Label, LabelKind, LabelPrefix};
use amanah_ledger::position::Height;
use amanah_ledger::proof::{ENTRIES_MAX, VerifiedState};
use std::time::Duration;

/// How long a node may look through a part of its logs.
const SEARCH_PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(command: OfficerCommand, settings: &Settings) -> Fallible<Report> {
    let OfficerCommand::Replay(arguments) = command;
    let (member, key) = settings.hospital()?;
    let network = Network::of_home(&settings.home)?;
    let member = network.member(&member)?;
    let node = member.node()?.with_bearer(key);
    work_out(&arguments, &network, member, &node, settings).await
}

async fn work_out(
    arguments: &ReplayArgs,
    network: &Network,
    member: &Member,
    node: &Node,
    settings: &Settings,
) -> Fallible<Report> {
    let fix = "a code stands in a patient's log, in an AuditEvent, and in the answer of amanah hospital check";
    let access = read_whole_label(&arguments.access, LabelKind::Access, fix)?;
    let patient = arguments.patient.as_ref().map(|typed| read_label(typed, LabelKind::Relationship)).transpose()?;
    let progress = Progress::waiting(settings.reader, format!("looking for {access} at {}", member.name()));
    let record = find(&access, patient.as_ref(), node).await?;
    let states = proven(&record, network, member, node, settings.timeout).await?;
    drop(progress);
    let ground = Ground { chain: &network.chain, custodian: member.id, states: &states };
    let replayed = replay(&record, &access, &ground, &Ed25519).map_err(|why| finality::not_verified(node, why))?;
    Account { network, access: &access, record: &record, replayed: &replayed }.report()
}

/// The record of this access. A hospital with many logs looks through a part of them at a time.
async fn find(access: &Label, patient: Option<&LabelPrefix>, node: &Node) -> Fallible<AccessRecord> {
    let mut behind: Option<(Label, u64)> = None;
    loop {
        let patient = patient.map(|patient| format!("patient={patient}"));
        let after = behind.map(|(log, number)| format!("after={log}.{number}"));
        let query: Vec<String> = patient.into_iter().chain(after).collect();
        let path = format!("/v1/accesses/{access}?{}", query.join("&"));
        let answer = node
            .canonical::<AccessSearch>(Method::Get, &path, Body::Empty, ACCESS_SEARCH_BYTES_MAX, SEARCH_PATIENCE)
            .await?;
        match answer {
            AccessSearch::Found(record) => return Ok(*record),
            AccessSearch::NotUpTo { relationship, number } => {
                let next = Some((Label::relationship(&relationship), number));
                if next <= behind {
                    let detail = format!("{} looks for the access in circles", node.name());
                    return Err(Failure::new(Exit::NotVerified, 801, detail, "tell the operator of the node"));
                }
                behind = next;
            }
        }
    }
}

/// What the ledger proves of everything that the record names, no earlier than it was decided.
async fn proven(
    record: &AccessRecord,
    network: &Network,
    member: &Member,
    node: &Node,
    timeout: Duration,
) -> Fallible<Vec<VerifiedState>> {
    let decided = match &record.entry.body.event {
        Event::Decision(receipt) => receipt.height,
        Event::Enrolment(_) | Event::Gap(_) => Height(0),
    };
    let mut states = Vec::new();
    for keys in leaf_keys(record, member.id).chunks(ENTRIES_MAX) {
        let state = finality::state(node, &network.trust, keys, decided, timeout).await?;
        states.push(state.ok_or_else(|| finality::behind(node, decided))?);
    }
    Ok(states)
}
