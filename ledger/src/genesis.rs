//! Where a network begins: its members, its parameters, and the chain id that names it.

use crate::codec::{self, BoundedString, BoundedVec};
use crate::committee::{Committee, CommitteeError, VALIDATORS_MAX, Validator};
use crate::crypto::{Context, Digest, WeakKeyError};
use crate::member::{DISPLAY_BYTES_MAX, MemberId, MemberKeys, MemberName, is_member_name};
use crate::time::UnixMs;
use crate::vocabulary::Code;
use bincode::{Decode, Encode};

/// Longest encoded genesis.
pub const GENESIS_BYTES_MAX: usize = 64 * 1024;

/// Whether quiet and busy custodians look alike on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Cover {
    /// An anchor at every grid point, with a random dummy leaf.
    On,
    /// An anchor only when there is something new: an idle ledger is silent.
    Off,
}

/// What a custodian does with a request that no consent speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum DefaultPolicy {
    /// Refuse.
    Deny,
    /// Permit treatment with data that is not more confidential than normal.
    BasicNormal,
    /// Permit every purpose but breaking the glass with data that is not more confidential than normal.
    AllNormal,
    /// Refuse all but a declared emergency.
    BreakGlassOnly,
}

/// Longest consent that the network allows for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PurposeLimit {
    /// Purpose code, for example `TREAT`.
    pub purpose: BoundedString<16>,
    /// Longest duration in days.
    pub days_max: u32,
}

/// What the members have agreed on. Hashed into every decision receipt.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Parameters {
    /// Distance of the clock points at which custodians anchor.
    pub anchor_grid_ms: u64,
    /// Whether anchors are covered.
    pub cover: Cover,
    /// New leaves a member may make on one day.
    pub new_leaves_per_day_max: u32,
    /// Emergency access lasts this long.
    pub emergency_hours: u32,
    /// An emergency is reviewed within this time.
    pub review_hours: u32,
    /// Answer where no consent speaks.
    pub default_policy: DefaultPolicy,
    /// Longest consents, by purpose; a purpose not named here has the limit of the first entry.
    pub purpose_limits: BoundedVec<PurposeLimit, 32>,
}

impl Parameters {
    /// Most days that a consent for this purpose may hold.
    pub fn days_max(&self, purpose: &Code) -> Option<u32> {
        let named = self.purpose_limits.iter().find(|limit| limit.purpose.as_str() == purpose.as_str());
        named.or(self.purpose_limits.first()).map(|limit| limit.days_max)
    }
}

/// A founding member, which is also a validator of epoch 0.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Founder {
    /// Name, for example `qamar`.
    pub name: MemberName,
    /// Name for people, for example `Qamar Hospital`.
    pub display: BoundedString<DISPLAY_BYTES_MAX>,
    /// Its keys.
    pub keys: MemberKeys,
}

/// The first page of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Genesis {
    /// Format, 1.
    pub version: u16,
    /// Name of the network.
    pub network: BoundedString<64>,
    /// When it begins; the time of block 0.
    pub time: UnixMs,
    /// The founders, in the order of the first committee.
    pub founders: BoundedVec<Founder, VALIDATORS_MAX>,
    /// The first parameters.
    pub parameters: Parameters,
}

/// A genesis that no network can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Another format version.
    #[error("genesis format {0} is not known")]
    Version(u16),
    /// A name is taken twice or not a member name.
    #[error("a member's name is not allowed or stands twice")]
    Name,
    /// A key is weak.
    #[error(transparent)]
    Key(#[from] WeakKeyError),
    /// A key stands twice, in whatever role.
    #[error("a key stands twice")]
    KeyRepeated,
    /// The founders make no committee.
    #[error(transparent)]
    Committee(#[from] CommitteeError),
    /// A parameter is out of range.
    #[error("a parameter is out of range")]
    Parameters,
}

impl Founder {
    /// Identity of this founder.
    pub fn id(&self) -> MemberId {
        MemberId::of_root_key(&self.keys.root)
    }
}

impl Genesis {
    /// The network's name everywhere.
    pub fn chain(&self) -> Digest {
        Context::Chain.hash(&[&codec::encode(self)])
    }

    /// The validators of epoch 0, in the order of the founders.
    ///
    /// # Errors
    /// When the founders make no committee.
    pub fn committee(&self) -> Result<Committee, CommitteeError> {
        let validators = self.founders.iter().map(|f| Validator { member: f.id(), key: f.keys.consensus }).collect();
        Committee::new(validators)
    }

    /// Checks everything a network relies on.
    ///
    /// # Errors
    /// Names what cannot be.
    pub fn check(&self) -> Result<(), GenesisError> {
        if self.version != 1 {
            return Err(GenesisError::Version(self.version));
        }
        let mut names = std::collections::BTreeSet::new();
        let mut keys = std::collections::BTreeSet::new();
        for founder in &self.founders {
            if !is_member_name(founder.name.as_str()) || !names.insert(founder.name.as_str()) {
                return Err(GenesisError::Name);
            }
            for key in founder.keys.all() {
                key.check_strength()?;
                if !keys.insert(key) {
                    return Err(GenesisError::KeyRepeated);
                }
            }
        }
        let p = &self.parameters;
        if p.anchor_grid_ms < 100 || p.new_leaves_per_day_max == 0 || p.purpose_limits.is_empty() {
            return Err(GenesisError::Parameters);
        }
        self.committee()?;
        Ok(())
    }
}
