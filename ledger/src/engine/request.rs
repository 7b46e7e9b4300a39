//! What is asked.

use super::ITEMS_MAX;
use crate::codec::{self, BoundedVec};
use crate::crypto::{Context, Digest, PublicKey};
use crate::document::Action;
use crate::document::party::Handle;
use crate::member::MemberId;
use crate::vocabulary::Code;
use bincode::{Decode, Encode};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Requester {
    /// The organisation.
    pub member: MemberId,
    /// The person there, if one is named.
    pub practitioner: Option<Handle>,
}

/// One piece or kind of data that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Item {
    /// Resource type.
    pub of: Code,
    /// Its categories.
    pub categories: BoundedVec<Code, 4>,
    /// Its confidentiality and sensitivity labels; without a confidentiality it counts as `N`.
    pub labels: BoundedVec<Code, 16>,
}

/// One access that is asked of a custodian: one purpose, one action.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Request {
    /// The network.
    pub chain: Digest,
    /// Who is asked.
    pub custodian: MemberId,
    /// Whose data: the key of the relationship.
    pub relationship: PublicKey,
    /// Who asks.
    pub requester: Requester,
    /// Why.
    pub purpose: Code,
    /// What will be done.
    pub action: Action,
    /// For what, at least one.
    pub items: BoundedVec<Item, ITEMS_MAX>,
}

impl Request {
    /// Hash that names the request in its decision receipt.
    pub fn digest(&self) -> Digest {
        Context::Request.hash(&[&codec::encode(self)])
    }
}
