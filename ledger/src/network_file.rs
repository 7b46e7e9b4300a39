//! `network.json`: what a wallet is given once. Every name in it is checked against the genesis it carries.

use crate::codec::{self, DecodeError};
use crate::crypto::Digest;
use crate::document::MemberRef;
use crate::genesis::{GENESIS_BYTES_MAX, Genesis, GenesisError};
use crate::member::MemberId;
use serde::{Deserialize, Serialize};

/// The file's `schema`.
pub const NETWORK_SCHEMA: &str = "amanah.network/1";

/// The file as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkFile {
    /// [`NETWORK_SCHEMA`].
    pub schema: String,
    /// Name of the network.
    pub network: String,
    /// Chain id.
    pub chain_id: Digest,
    /// Canonical bytes of the genesis, in hexadecimal.
    pub genesis: String,
    /// The members.
    pub members: Vec<NetworkMember>,
}

/// One member in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkMember {
    /// For example `qamar`.
    pub name: String,
    /// For example `Qamar Hospital`.
    pub display: String,
    /// Its identity.
    pub id: MemberId,
    /// URL of its API.
    pub api: String,
}

/// Why a file describes no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFileError {
    /// Another schema.
    #[error("schema {0:?}, expected {NETWORK_SCHEMA:?}")]
    Schema(String),
    /// The genesis is not hexadecimal.
    #[error("the genesis is not hexadecimal")]
    Hex,
    /// The genesis bytes are none.
    #[error("the genesis cannot be read: {0}")]
    Decode(#[from] DecodeError),
    /// The genesis cannot be.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// Name or chain id are not the genesis' own.
    #[error("{0} is not what the genesis says")]
    Differs(&'static str),
}

/// A checked network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    genesis: Genesis,
    chain: Digest,
    members: Vec<KnownMember>,
}

/// A member of a checked network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMember {
    /// Identity and names.
    pub member: MemberRef,
    /// URL of its API, without a slash at the end.
    pub api: String,
}

impl NetworkFile {
    /// The file of a network whose members answer at these URLs, in the order of the founders.
    pub fn new(genesis: &Genesis, api: impl IntoIterator<Item = String>) -> Self {
        let members = genesis.founders.iter().zip(api).map(|(founder, api)| NetworkMember {
            name: founder.name.to_string(),
            display: founder.display.to_string(),
            id: founder.id(),
            api,
        });
        Self {
            schema: NETWORK_SCHEMA.to_owned(),
            network: genesis.network.to_string(),
            chain_id: genesis.chain(),
            genesis: hex::encode(codec::encode(genesis)),
            members: members.collect(),
        }
    }

    /// Checks the file: the genesis is good, and everything else is what it says.
    ///
    /// # Errors
    /// Names what differs.
    pub fn check(self) -> Result<Network, NetworkFileError> {
        if self.schema != NETWORK_SCHEMA {
            return Err(NetworkFileError::Schema(self.schema));
        }
        let bytes = hex::decode(&self.genesis).map_err(|_not_hex| NetworkFileError::Hex)?;
        let genesis: Genesis = codec::decode(&bytes, GENESIS_BYTES_MAX)?;
        genesis.check()?;
        let chain = genesis.chain();
        if chain != self.chain_id {
            return Err(NetworkFileError::Differs("the chain id"));
        }
        if genesis.network.as_str() != self.network {
            return Err(NetworkFileError::Differs("the network's name"));
        }
        if self.members.len() != genesis.founders.len() {
            return Err(NetworkFileError::Differs("the number of members"));
        }
        let mut members = Vec::new();
        for (founder, named) in genesis.founders.iter().zip(self.members) {
            let same = founder.name.as_str() == named.name
                && founder.display.as_str() == named.display
                && founder.id() == named.id;
            if !same {
                return Err(NetworkFileError::Differs("a member"));
            }
            let member = MemberRef { id: named.id, name: founder.name.clone(), display: founder.display.clone() };
            if !member.is_well_formed() {
                return Err(NetworkFileError::Differs("a member's name for people"));
            }
            members.push(KnownMember { member, api: named.api.trim_end_matches('/').to_owned() });
        }
        Ok(Network { genesis, chain, members })
    }
}

impl Network {
    /// Where the network began.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Its chain id.
    pub fn chain(&self) -> Digest {
        self.chain
    }

    /// Its members, in the order of the founders.
    pub fn members(&self) -> &[KnownMember] {
        &self.members
    }

    /// The member called `name`.
    pub fn member(&self, name: &str) -> Option<&KnownMember> {
        self.members.iter().find(|known| known.member.name.as_str() == name)
    }

    /// The member with this id.
    pub fn member_by_id(&self, id: &MemberId) -> Option<&KnownMember> {
        self.members.iter().find(|known| known.member.id == *id)
    }
}

#[cfg(test)]
mod tests;
