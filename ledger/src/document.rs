//! What a patient agreed to: the consent document. It lives with patient and custodian, never on the ledger, which
//! holds a salted hash of it ([`commitment`]).
//!
//! The format has room for all of CE-1; [`ConsentDocument::check_enforceable`] refuses by name what the engine of
//! this version does not evaluate, and the sentence module refuses what cannot be said in full.

use crate::codec::{self, BoundedString, BoundedVec};
use crate::crypto::{Context, Digest, PublicKey};
use crate::member::MemberId;
use crate::time::UnixMs;
use crate::vocabulary::{Code, Kind, Vocabulary};
use bincode::{Decode, Encode};

mod enforceable;
pub mod party;
pub mod rule;

pub use enforceable::{NotEnforceable, TooLongForPurpose};
pub use party::{Actor, MemberRef, PractitionerRef};
pub use rule::{Action, DataScope, Effect, Rule, RuleBody, TypeScope};

/// Format that this program writes and reads.
pub const DOCUMENT_FORMAT: u16 = 1;
/// Longest encoded document.
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;
/// Most nested rules of one document.
pub const RULES_MAX: usize = 64;
/// Deepest nesting below the root.
pub const RULE_DEPTH_MAX: u8 = 4;
/// Longest sentence, in bytes.
pub const SENTENCE_BYTES_MAX: usize = 4096;

/// What a person reads before signing.
pub type Sentence = BoundedString<SENTENCE_BYTES_MAX>;

/// From one moment to another; both belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Period {
    /// First moment.
    pub from: UnixMs,
    /// Last moment.
    pub until: UnixMs,
}

impl Period {
    /// Whether `moment` lies in it.
    pub fn contains(&self, moment: UnixMs) -> bool {
        self.from <= moment && moment <= self.until
    }
}

/// What kind of requests the consent speaks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Class {
    /// Care and everything around it.
    PatientPrivacy,
    /// Research.
    Research,
}

impl Class {
    /// The class that a purpose belongs to.
    pub fn of(vocabulary: &Vocabulary, purpose: &Code) -> Self {
        if vocabulary.is_a(Kind::Purpose, purpose.as_str(), "HRESCH") { Self::Research } else { Self::PatientPrivacy }
    }
}

/// By what right the giver gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Giver {
    /// The patient, for themselves.
    Patient,
    /// Somebody with authority over the patient. Not active yet.
    Guardian {
        /// Who.
        display: BoundedString<128>,
        /// Why they may, for example a court order.
        authority: BoundedString<256>,
        /// Until when they may.
        until: UnixMs,
    },
    /// Filed by staff from paper, of lower assurance. Not active yet.
    Attested {
        /// Handle of the staff member.
        by: BoundedString<64>,
    },
}

/// How the decision tree is read.
#[expect(clippy::large_enum_variant, reason = "nearly every root is a rule, and a document has one root")]
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Root {
    /// R4 shape: the root rule has an effect, and actor, purpose, action and data of its own. An actor, purpose or
    /// action that does not fit makes the consent silent; data that does not fit is not covered.
    Rule(RuleBody),
    /// R5 shape: a base decision that the rules lift. For imported documents; not active yet.
    Decision(Effect),
}

/// What happens with released data at its recipient. Not active yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Retention {
    /// Deleted this many days after release.
    DeleteAfterDays(u32),
}

/// A consent document. Field order is the canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct ConsentDocument {
    /// [`DOCUMENT_FORMAT`].
    pub format: u16,
    /// The network.
    pub chain: Digest,
    /// Whose records it is about.
    pub custodian: MemberRef,
    /// Key of the relationship that certifies the document.
    pub relationship: PublicKey,
    /// The consent it is a version of.
    pub consent: PublicKey,
    /// Which version.
    pub version: u32,
    /// Who gives it.
    pub giver: Giver,
    /// What kind of requests it speaks about.
    pub class: Class,
    /// When it holds.
    pub period: Period,
    /// Root of the decision tree.
    pub root: Root,
    /// Rules below the root, each followed by its own exceptions: a tree in pre-order.
    pub rules: BoundedVec<Rule, RULES_MAX>,
    /// What the recipient must do with the data after a time.
    pub retention: Option<Retention>,
    /// What an enforcement point must do, by code.
    pub obligations: BoundedVec<Code, 16>,
    /// Consents of the same patient that this one replaces.
    pub supersedes: BoundedVec<PublicKey, 32>,
    /// Hash of the vocabulary the codes are from.
    pub vocabulary: Digest,
    /// Hash of the template the sentence is rendered with.
    pub template: Digest,
    /// Language of the sentence, for example `en`.
    pub locale: BoundedString<16>,
    /// What the person read.
    pub sentence: Sentence,
}

/// Salted hash of a document: what the ledger knows of it.
pub fn commitment(salt: &[u8; 32], document: &ConsentDocument) -> Digest {
    Context::Document.hash(&[salt, &codec::encode(document)])
}

impl ConsentDocument {
    /// The custodian's id.
    pub fn custodian_id(&self) -> MemberId {
        self.custodian.id
    }
}
