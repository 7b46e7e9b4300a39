//! What hospitals ask the wallet's owner for. A request is shown only if it is to this wallet, by this hospital, and
//! calls hospitals by the names that the network knows; its words are rendered here, from its rules.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::network::{Member, Network};
use crate::session::Session;
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::Relationship;
use crate::who::{self, short_name};
use amanah_ledger::consent_request::{ConsentRequest, HeldRequest, RequestState};
use amanah_ledger::crypto::Signer;
use amanah_ledger::document::{Actor, MemberRef};
use amanah_ledger::label::{FindError, Label, LabelPrefix};

/// A request and where it comes from.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) member: Member,
    pub(crate) relationship: Relationship,
    pub(crate) held: HeldRequest,
}

/// What was found at all hospitals of the wallet.
pub(crate) struct Inbox {
    pub(crate) asked: Vec<Asked>,
    /// Why a hospital's requests are missing here; of several reasons the first.
    pub(crate) missing: Option<Box<Failure>>,
}

impl Inbox {
    /// Asks every hospital where the wallet's owner is a patient.
    pub(crate) async fn read(wallet: &Wallet) -> Fallible<Self> {
        let mut inbox = Self { asked: Vec::new(), missing: None };
        for relationship in wallet.relationships()? {
            let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
            match at(wallet, &member, relationship).await {
                Ok(asked) => inbox.asked.extend(asked),
                // Nobody asks a patient for anything before staff have linked them.
                Err(failure) if failure.code == "AMN-0504" => {}
                Err(failure) => {
                    inbox.missing.get_or_insert(failure);
                }
            }
        }
        Ok(inbox)
    }

    /// The open request whose code begins so.
    pub(crate) fn open(self, prefix: &LabelPrefix) -> Fallible<Asked> {
        let labelled = self.asked.into_iter().map(|asked| (asked.held.request.label(), asked));
        let asked = match (prefix.find(labelled), self.missing) {
            (Ok(asked), _) => asked,
            (Err(FindError::None), Some(missing)) => return Err(missing),
            (Err(why), _) => return Err(crate::commands::revoke::not_found(prefix, &why, "amanah inbox")),
        };
        let label = asked.held.request.label();
        let how = match asked.held.state {
            RequestState::Open => return Ok(asked),
            RequestState::Approved { consent } => format!("you approved it: {}", Label::consent(&consent)),
            RequestState::Denied => "you said no to it".to_owned(),
            RequestState::Expired => "it was not answered in time".to_owned(),
            RequestState::Withdrawn => format!("{} took it back", asked.member.name()),
        };
        let fix = "amanah inbox   shows what can be answered";
        Err(Failure::new(Exit::Conflict, 263, format!("{label} has ended: {how}"), fix).state("nothing was sent"))
    }
}

async fn at(wallet: &Wallet, member: &Member, relationship: Relationship) -> Fallible<Vec<Asked>> {
    let session = Session::open(wallet, member, relationship.generation).await?;
    let requests = session.requests().await?;
    let mut asked = Vec::new();
    for held in &requests {
        check(&held.request, &session, &wallet.network)?;
        asked.push(Asked { member: member.clone(), relationship: relationship.clone(), held: held.clone() });
    }
    Ok(asked)
}

/// Whether it is to this wallet, by this hospital, under names that the network knows.
fn check(request: &ConsentRequest, session: &Session, network: &Network) -> Fallible<()> {
    let refuse = |why: &str| finality::not_verified(&session.node, format!("a request that {why}"));
    if request.chain != network.chain || request.relationship != session.key().public_key() {
        return Err(refuse("is to somebody else"));
    }
    if request.custodian != session.member.reference {
        return Err(refuse("is about other records"));
    }
    let known = |named: &MemberRef| network.members.iter().any(|member| member.reference == *named);
    if actors(request).all(|actor| known(actor.member())) {
        Ok(())
    } else {
        Err(refuse("names a hospital otherwise than the network does"))
    }
}

/// Checks the people whom a request names against what their own hospitals say, as [`who::resolve`] does for names that
/// are typed.
pub(crate) async fn check_people(request: &ConsentRequest, wallet: &Wallet, settings: &Settings) -> Fallible<()> {
    for actor in actors(request) {
        let Actor::Practitioner(_) = actor else { continue };
        let name = short_name(actor);
        if who::resolve(&name, &wallet.network, &settings.home).await?.actor() != *actor {
            let detail = format!("{name} is called otherwise in the request than by their own hospital");
            return Err(Failure::new(Exit::NotVerified, 803, detail, "do not approve it; tell the hospital that asks"));
        }
    }
    Ok(())
}

fn actors(request: &ConsentRequest) -> impl Iterator<Item = &Actor> {
    let bodies = std::iter::once(&request.root).chain(request.rules.iter().map(|rule| &rule.body));
    bodies.flat_map(|body| body.actors.iter())
}
