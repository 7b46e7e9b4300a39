//! Practitioners as their hospital vouches for them. They are never on the ledger.

use crate::codec;
use crate::crypto::{Check, Digest, Domain, Signer, Verifier};
use crate::document::party::{Display, Handle, is_display, is_handle};
use crate::document::{MemberRef, PractitionerRef};
use crate::member::MemberId;
use crate::time::UnixMs;
use crate::transaction::GatewaySignature;
use bincode::{Decode, Encode};

/// Longest encoded entry.
pub const DIRECTORY_ENTRY_BYTES_MAX: usize = 1024;

/// One practitioner of one member.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct DirectoryEntry {
    /// Who vouches.
    pub member: MemberId,
    /// Name at that member, for example `dr.haddad`.
    pub handle: Handle,
    /// Name for people, for example `Dr. Omar Haddad`.
    pub display: Display,
    /// For example `clinician`.
    pub role: Handle,
    /// When the entry was signed.
    pub issued: UnixMs,
}

/// A practitioner's entry with their hospital's signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct SignedDirectoryEntry {
    /// The entry.
    pub entry: DirectoryEntry,
    /// By the member's gateway key. Whether that key is current is a fact of the ledger.
    pub gateway: GatewaySignature,
}

/// Why an entry vouches for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// A name hides something or has another form.
    #[error("a name in the entry is not well formed")]
    Name,
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
}

impl DirectoryEntry {
    fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::DirectoryEntry.signing_bytes(chain, &codec::encode(self))
    }

    fn is_well_formed(&self) -> bool {
        is_handle(self.handle.as_str()) && is_display(self.display.as_str()) && is_handle(self.role.as_str())
    }

    /// Signs the entry with the member's gateway key.
    ///
    /// # Errors
    /// When a name is not well formed.
    pub fn sign(self, chain: &Digest, gateway: &dyn Signer) -> Result<SignedDirectoryEntry, DirectoryError> {
        if !self.is_well_formed() {
            return Err(DirectoryError::Name);
        }
        let signature = gateway.sign(&self.signing_bytes(chain));
        Ok(SignedDirectoryEntry { gateway: GatewaySignature { key: gateway.public_key(), signature }, entry: self })
    }
}

impl SignedDirectoryEntry {
    /// Checks names and signature. The caller checks that the key is the member's present gateway key.
    ///
    /// # Errors
    /// When a name is not well formed or the signature does not verify.
    pub fn verify(&self, chain: &Digest, verifier: &dyn Verifier) -> Result<&DirectoryEntry, DirectoryError> {
        if !self.entry.is_well_formed() {
            return Err(DirectoryError::Name);
        }
        let message = self.entry.signing_bytes(chain);
        let check = Check { key: &self.gateway.key, message: &message, signature: &self.gateway.signature };
        if verifier.verify(check) { Ok(&self.entry) } else { Err(DirectoryError::Signature) }
    }

    /// The practitioner as a consent document names them; `member` must be the entry's own.
    pub fn reference(&self, member: MemberRef) -> Option<PractitionerRef> {
        let (handle, display) = (self.entry.handle.clone(), self.entry.display.clone());
        (member.id == self.entry.member).then_some(PractitionerRef { member, handle, display })
    }
}

#[cfg(test)]
mod tests;
