//! Members: organisations admitted by governance, and the keys they act with.

use crate::codec::BoundedString;
use crate::crypto::{Context, Digest, PublicKey};
use bincode::{Decode, Encode};

/// Longest name of a member, in bytes. Names are lower-case ASCII letters, digits and `-`.
pub const NAME_BYTES_MAX: usize = 32;
/// Longest display name of a member, in bytes.
pub const DISPLAY_BYTES_MAX: usize = 128;

/// A member's identity: hash of the root key it was admitted with. Stays when keys are replaced.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct MemberId(pub Digest);

impl MemberId {
    /// The id of a member admitted with this root key.
    pub fn of_root_key(root: &PublicKey) -> Self {
        Self(Context::Member.hash(&[&root.0]))
    }
}

impl std::fmt::Display for MemberId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Debug for MemberId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "member {:?}", self.0)
    }
}

/// A name such as `qamar`: 1 to 32 lower-case ASCII letters, digits or `-`, starting with a letter.
pub type MemberName = BoundedString<NAME_BYTES_MAX>;

/// Whether `name` may name a member.
pub fn is_member_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The keys a member acts with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MemberKeys {
    /// Governance; kept offline.
    pub root: PublicKey,
    /// Batches, anchors, receipts, directory.
    pub gateway: PublicKey,
    /// libp2p.
    pub node: PublicKey,
    /// Votes of the current epoch.
    pub consensus: PublicKey,
}

impl MemberKeys {
    /// All four, in declaration order.
    pub fn all(&self) -> [&PublicKey; 4] {
        [&self.root, &self.gateway, &self.node, &self.consensus]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lower_case_words() {
        let longest = "a".repeat(NAME_BYTES_MAX);
        for name in ["qamar", "a", "h-2", longest.as_str()] {
            assert!(is_member_name(name), "{name}");
        }
        for name in ["", "Qamar", "2h", "-h", "a b", "a_b", "قمر", "a".repeat(NAME_BYTES_MAX + 1).as_str()] {
            assert!(!is_member_name(name), "{name}");
        }
    }
}
