//! Proof that a validator contradicted itself: two statements under one key that no honest validator makes together.
//!
//! It needs nobody's word. Whoever knows the chain id and the committee of the epoch can check it, on the ledger or off
//! it. Only content counts: two signatures under one content contradict nothing.

use crate::certificate::VoteContent;
use crate::crypto::{Check, Digest, PublicKey, Signature, Verifier};
use crate::position::{Epoch, View};
use bincode::de::{BorrowDecode, BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};

/// How a validator contradicted itself. The number of a variant never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum EvidenceKind {
    /// Two Notarize votes of one view with different content.
    DoubleNotarize,
    /// Two Finalize votes of one view with different content.
    DoubleFinalize,
    /// Nullify and Finalize of one view.
    NullifyAndFinalize,
}

impl EvidenceKind {
    /// Every kind: a validator has at most this many proofs per epoch on the ledger.
    pub const ALL: [Self; 3] = [Self::DoubleNotarize, Self::DoubleFinalize, Self::NullifyAndFinalize];

    /// How these two contents, under one key, exclude each other; `None` if an honest validator may sign both.
    pub fn of(one: &VoteContent, other: &VoteContent) -> Option<Self> {
        if one.epoch() != other.epoch() || one.view() != other.view() || one == other {
            return None;
        }
        match (one, other) {
            (VoteContent::Notarize(_), VoteContent::Notarize(_)) => Some(Self::DoubleNotarize),
            (VoteContent::Finalize(_), VoteContent::Finalize(_)) => Some(Self::DoubleFinalize),
            (VoteContent::Nullify { .. }, VoteContent::Finalize(_))
            | (VoteContent::Finalize(_), VoteContent::Nullify { .. }) => Some(Self::NullifyAndFinalize),
            // Notarize beside another block's Finalize is what an equivocating leader causes (refinement 12).
            (VoteContent::Notarize(_), VoteContent::Nullify { .. } | VoteContent::Finalize(_))
            | (VoteContent::Nullify { .. }, VoteContent::Notarize(_) | VoteContent::Nullify { .. })
            | (VoteContent::Finalize(_), VoteContent::Notarize(_)) => None,
        }
    }

    /// The word for it in logs, status pages and listings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DoubleNotarize => "double-notarize",
            Self::DoubleFinalize => "double-finalize",
            Self::NullifyAndFinalize => "nullify-and-finalize",
        }
    }
}

/// What a validator signed, and its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Statement {
    /// The vote's content.
    pub content: VoteContent,
    /// The signature under it.
    pub signature: Signature,
}

/// Two statements under one key that exclude each other, the smaller content first, so that one pair has one encoding.
/// Nothing else decodes. Whose key it is, and whether the signatures hold, is checked where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Contradiction {
    key: PublicKey,
    kind: EvidenceKind,
    statements: [Statement; 2],
}

impl Contradiction {
    /// The contradiction between these two statements, if there is one.
    pub fn between(key: PublicKey, one: Statement, other: Statement) -> Option<Self> {
        let kind = EvidenceKind::of(&one.content, &other.content)?;
        let statements = if one.content < other.content { [one, other] } else { [other, one] };
        Some(Self { key, kind, statements })
    }

    /// The key that signed both.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// How they exclude each other.
    pub fn kind(&self) -> EvidenceKind {
        self.kind
    }

    /// Epoch of both.
    pub fn epoch(&self) -> Epoch {
        self.statements[0].content.epoch()
    }

    /// View of both.
    pub fn view(&self) -> View {
        self.statements[0].content.view()
    }

    /// The statements, smaller content first.
    pub fn statements(&self) -> &[Statement; 2] {
        &self.statements
    }

    /// Whether the key signed both on `chain`.
    pub fn holds(&self, chain: &Digest, verifier: &dyn Verifier) -> bool {
        self.statements.iter().all(|statement| {
            let message = statement.content.signing_bytes(chain);
            verifier.verify(Check { key: &self.key, message: &message, signature: &statement.signature })
        })
    }
}

impl Encode for Contradiction {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.key.encode(encoder)?;
        self.statements.encode(encoder)
    }
}

impl<C> Decode<C> for Contradiction {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let key = PublicKey::decode(decoder)?;
        let statements = <[Statement; 2]>::decode(decoder)?;
        let [one, other] = statements;
        match Self::between(key, one, other) {
            Some(contradiction) if contradiction.statements == statements => Ok(contradiction),
            Some(_) | None => Err(DecodeError::Other("two statements that do not exclude each other, in order")),
        }
    }
}

impl<'de, C> BorrowDecode<'de, C> for Contradiction {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests;
