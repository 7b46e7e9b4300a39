//! The network this home belongs to: its chain, its members, where their nodes answer. Given once, and trusted.

use crate::client::Node;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::nearest::nearest;
use crate::private_file::{self, Existing};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::document::MemberRef;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::proof::Trust;
use std::path::Path;

/// Longest network file.
pub(crate) const FILE_BYTES_MAX: u64 = 512 * 1024;

/// A member and its node.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) id: MemberId,
    /// As a document names it.
    pub(crate) reference: MemberRef,
    /// Where its node answers.
    pub(crate) api: String,
    /// Signs its receipts, directory entries and acceptances.
    pub(crate) gateway: PublicKey,
}

/// A network that is trusted: everything shown is checked against its genesis.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(crate) chain: Digest,
    pub(crate) genesis: Genesis,
    pub(crate) trust: Trust,
    pub(crate) members: Vec<Member>,
}

impl Network {
    /// The network of this home.
    pub(crate) fn of_home(home: &Home) -> Fallible<Self> {
        let path = home.network_file();
        if !path.exists() {
            let detail = format!("no network is known: {} is missing", path.display());
            let fix = "amanah enrol HOSPITAL --network FILE   or, to try it out: amanah demo up";
            return Err(Failure::new(Exit::NotFound, 205, detail, fix));
        }
        Self::read(&path)
    }

    /// The network in this file.
    pub(crate) fn read(path: &Path) -> Fallible<Self> {
        let bytes = private_file::read(path, FILE_BYTES_MAX)?;
        Self::parse(&bytes).map_err(|why| {
            let detail = format!("{} is no network file: {why}", path.display());
            Failure::new(Exit::Failed, 214, detail, "get the network file again from your hospital")
                .state("nothing was changed")
        })
    }

    /// Makes the network in this file the one of `home`. Another network's file never replaces it.
    pub(crate) fn take(given: &Path, home: &Home) -> Fallible<Self> {
        let network = Self::read(given)?;
        let path = home.network_file();
        if path.exists() && Self::read(&path)?.chain != network.chain {
            let detail = format!("{} is of another network than this home", given.display());
            return Err(Failure::new(Exit::Unsafe, 913, detail, "keep one home per network: export AMANAH_HOME=DIR")
                .state("nothing was changed"));
        }
        Home::make_parent(&path)?;
        private_file::write(&path, &private_file::read(given, FILE_BYTES_MAX)?, Existing::Replace)?;
        Ok(network)
    }

    /// The network that these bytes describe.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: NetworkFile = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        let checked = file.check().map_err(|e| e.to_string())?;
        let genesis = checked.genesis().clone();
        let trust = Trust::from_genesis(&genesis).map_err(|e| e.to_string())?;
        let named = checked.members().iter().zip(&genesis.founders);
        let members = named.map(|(known, founder)| Member {
            id: known.member.id,
            reference: known.member.clone(),
            api: known.api.clone(),
            gateway: founder.keys.gateway,
        });
        let members = members.collect();
        Ok(Self { chain: checked.chain(), genesis, trust, members })
    }

    /// The member of this name.
    pub(crate) fn member(&self, name: &str) -> Fallible<&Member> {
        if let Some(member) = self.members.iter().find(|member| member.name() == name) {
            return Ok(member);
        }
        let names = self.members.iter().map(Member::name);
        let fix = match nearest(name, names).and_then(|close| self.members.iter().find(|m| m.name() == close)) {
            Some(close) => format!("did you mean: {} ({})", close.name(), close.reference.display),
            None => {
                format!("the hospitals are: {}", self.members.iter().map(Member::name).collect::<Vec<_>>().join(", "))
            }
        };
        Err(Failure::new(Exit::NotFound, 207, format!("{name:?} is not in the hospital directory"), fix))
    }

    /// The member with this id.
    pub(crate) fn member_by_id(&self, id: &MemberId) -> Fallible<&Member> {
        self.members.iter().find(|member| member.id == *id).ok_or_else(|| {
            let detail = format!("hospital {id} is not in the network this home knows");
            Failure::new(Exit::NotFound, 208, detail, "get the newest network file from your hospital")
        })
    }

    /// A name for an id, also for one that is not known.
    pub(crate) fn name_of(&self, id: &MemberId) -> String {
        self.members.iter().find(|member| member.id == *id).map_or_else(|| id.to_string(), |m| m.name().to_owned())
    }

    /// All members' nodes.
    pub(crate) fn nodes(&self) -> Fallible<Vec<Node>> {
        self.members.iter().map(Member::node).collect()
    }
}

impl Member {
    /// Its name, for example `qamar`.
    pub(crate) fn name(&self) -> &str {
        self.reference.name.as_str()
    }

    /// Its node.
    pub(crate) fn node(&self) -> Fallible<Node> {
        Node::new(self.name(), &self.api)
    }
}
