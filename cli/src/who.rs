//! Who somebody is: a hospital by its name, a person as `name@hospital`, vouched for by that hospital.

use crate::client::{Body, Method, NodeError, PATIENCE};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::network::{Member, Network};
use crate::private_file::{self, Existing};
use amanah_ledger::codec;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::directory::{DIRECTORY_ENTRY_BYTES_MAX, SignedDirectoryEntry};
use amanah_ledger::document::Actor;
use amanah_ledger::document::party::is_handle;

/// Somebody who may be granted something, or who asks.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// A hospital with all its staff.
    Member(Member),
    /// One person there.
    Practitioner(Member, Box<SignedDirectoryEntry>),
}

impl Who {
    /// As a consent document names them.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Member(member) => Actor::Member(member.reference.clone()),
            Self::Practitioner(member, signed) => Actor::Practitioner(amanah_ledger::document::PractitionerRef {
                member: member.reference.clone(),
                handle: signed.entry.handle.clone(),
                display: signed.entry.display.clone(),
            }),
        }
    }
}

/// The short name of an actor: `cedar` or `dr.haddad@cedar`.
pub(crate) fn short_name(actor: &Actor) -> String {
    match actor {
        Actor::Practitioner(person) => format!("{}@{}", person.handle, person.member.name),
        Actor::Member(member)
        | Actor::Role(member, _)
        | Actor::Group(member, _)
        | Actor::Device(member, _)
        | Actor::Agent(member, _, _) => member.name.to_string(),
    }
}

/// Finds out who `text` is. A hospital's name is known also while its node is down; a person's is asked of their
/// hospital, or taken from what it said before.
pub(crate) async fn resolve(text: &str, network: &Network, home: &Home) -> Fallible<Who> {
    let Some((handle, member)) = text.rsplit_once('@') else {
        return network.member(text).map(|member| Who::Member(member.clone()));
    };
    let member = network.member(member)?;
    if !is_handle(handle) {
        return Err(unknown(handle, member));
    }
    let cache = home.directory_entry(member.name(), handle);
    let path = format!("/v1/directory/{handle}");
    let asked = member
        .node()?
        .canonical::<SignedDirectoryEntry>(Method::Get, &path, Body::Empty, DIRECTORY_ENTRY_BYTES_MAX, PATIENCE)
        .await;
    let entry = match asked {
        Ok(entry) => {
            check(&entry, handle, member, network)?;
            Home::make_parent(&cache)?;
            private_file::write(&cache, &codec::encode(&entry), Existing::Replace)?;
            entry
        }
        Err(NodeError::Problem(problem)) if problem.status == 404 => return Err(unknown(handle, member)),
        Err(error) if error.is_passing() => {
            let known = remembered(&cache).filter(|entry| check(entry, handle, member, network).is_ok());
            known.ok_or_else(|| <Box<Failure>>::from(error))?
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Who::Practitioner(member.clone(), Box::new(entry)))
}

fn remembered(cache: &std::path::Path) -> Option<SignedDirectoryEntry> {
    let bytes = private_file::read(cache, DIRECTORY_ENTRY_BYTES_MAX as u64).ok()?;
    codec::decode(&bytes, DIRECTORY_ENTRY_BYTES_MAX).ok()
}

fn check(signed: &SignedDirectoryEntry, handle: &str, member: &Member, network: &Network) -> Fallible<()> {
    let refuse = |why: &str| {
        let detail =
            format!("the directory of {} gives an entry for {handle} that does not hold: {why}", member.name());
        Failure::new(Exit::NotVerified, 803, detail, "do not rely on it; tell that hospital")
    };
    if signed.gateway.key != member.gateway {
        return Err(refuse("it is not signed by the hospital's key"));
    }
    let entry = signed.verify(&network.chain, &Ed25519).map_err(|e| refuse(&e.to_string()))?;
    if entry.member != member.id || entry.handle.as_str() != handle {
        return Err(refuse("it is about somebody else"));
    }
    Ok(())
}

fn unknown(handle: &str, member: &Member) -> Box<Failure> {
    let detail = format!("{} knows nobody called {handle:?}", member.reference.display);
    let fix = format!("ask {} for the name, or name the whole hospital: {}", member.name(), member.name());
    Failure::new(Exit::NotFound, 209, detail, fix)
}
