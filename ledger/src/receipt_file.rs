//! The receipt of a grant or a revocation: one text file that a person reads and a program checks offline.
//!
//! Above stand lines for people, below the proof: the consent's leaf and its custodian's under a certified header, and
//! the document with its salt and certificate. The lines follow from the proof alone, so [`verify`] rebuilds the whole
//! file and compares byte for byte: nothing above can say more than what is proved below.

use crate::codec::{self, DecodeError};
use crate::crypto::{PublicKey, Verifier};
use crate::document::ConsentDocument;
use crate::exchange::{ExchangeError, GRANT_REQUEST_BYTES_MAX, HeldConsent};
use crate::label::Label;
use crate::leaf::{ConsentLeaf, ConsentStatus, LEAF_BYTES_MAX, Leaf, LeafKey, MemberLeaf, RevokedBy};
use crate::member::MemberId;
use crate::position::Height;
use crate::proof::{ProofError, StateEntry, StateProof, Trust};
use crate::sentence::{SentenceError, verify_sentence, write_moment};
use crate::time::UnixMs;
use bincode::{Decode, Encode};

/// Longest receipt file, in bytes.
pub const RECEIPT_FILE_BYTES_MAX: usize = 3 * RECEIPT_BYTES_MAX;
/// Longest encoded receipt: a consent, two leaves with their ways, a certified header.
const RECEIPT_BYTES_MAX: usize = GRANT_REQUEST_BYTES_MAX + 2 * LEAF_BYTES_MAX + 32 * 1024;
const BEGIN: &str = "-----BEGIN AMANAH PROOF 1-----";
const END: &str = "-----END AMANAH PROOF 1-----";
const HEX_PER_LINE: usize = 80;

/// What a receipt proves its lines with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// The consent as patient and custodian hold it; `None` where only a slip was at hand.
    pub held: Option<HeldConsent>,
    /// Shows exactly [`Receipt::leaf_keys`].
    pub proof: StateProof,
}

/// A receipt that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedReceipt {
    /// The consent's leaf.
    pub leaf: ConsentLeaf,
    /// The custodian's leaf.
    pub custodian: MemberLeaf,
    /// What the patient agreed to, if the receipt carries it.
    pub document: Option<ConsentDocument>,
    /// Height of the certified header.
    pub height: Height,
    /// Time of that header.
    pub time: UnixMs,
}

/// Why a file is no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Longer than [`RECEIPT_FILE_BYTES_MAX`].
    #[error("{0} bytes are no receipt")]
    TooLong(usize),
    /// Not text, or without a proof between its two marks.
    #[error("the file holds no proof")]
    NoProof,
    /// The proof's lines are not hexadecimal.
    #[error("the proof is damaged")]
    Hex,
    /// The proof's bytes are none.
    #[error("the proof cannot be read: {0}")]
    Decode(#[from] DecodeError),
    /// It does not hold, or is of another network.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// It shows other leaves than a consent's and its custodian's.
    #[error("the proof does not show one consent and its custodian")]
    Leaves,
    /// The document is not the one on the ledger.
    #[error("the document is not the one on the ledger")]
    OtherDocument,
    /// The patient has not certified the document.
    #[error("the patient has not certified the document: {0}")]
    Certificate(#[from] ExchangeError),
    /// The sentence is not what the rules say.
    #[error(transparent)]
    Sentence(#[from] SentenceError),
    /// The file says something else than its proof.
    #[error("the file says something else than its proof")]
    Differs,
}

impl Receipt {
    /// Which leaves the proof must show, in this order.
    pub fn leaf_keys(consent: &PublicKey, custodian: MemberId) -> [LeafKey; 2] {
        [LeafKey::Consent(*consent), LeafKey::Member(custodian)]
    }

    fn leaves(&self) -> Result<(&ConsentLeaf, &MemberLeaf), ReceiptError> {
        let [consent, member] = self.proof.entries.as_slice() else { return Err(ReceiptError::Leaves) };
        match (leaf_of(consent), leaf_of(member)) {
            (Some(Leaf::Consent(consent)), Some(Leaf::Member(member))) if consent.custodian == member.member => {
                Ok((consent, member))
            }
            (_, _) => Err(ReceiptError::Leaves),
        }
    }

    /// Checks everything but the lines.
    fn check(&self, trust: &Trust, verifier: &dyn Verifier) -> Result<VerifiedReceipt, ReceiptError> {
        let (leaf, custodian) = self.leaves()?;
        if let Some(held) = &self.held {
            let same = held.document.consent == leaf.consent
                && held.document.custodian_id() == leaf.custodian
                && held.document.version == leaf.version
                && held.certificate.certify.commitment == leaf.commitment;
            if !same {
                return Err(ReceiptError::OtherDocument);
            }
            held.verify(trust.chain(), verifier)?;
            verify_sentence(&held.document)?;
        }
        let state = self.proof.clone().verify(trust, verifier)?;
        Ok(VerifiedReceipt {
            leaf: *leaf,
            custodian: custodian.clone(),
            document: self.held.as_ref().map(|held| held.document.clone()),
            height: state.height(),
            time: state.time(),
        })
    }
}

fn leaf_of(entry: &StateEntry) -> Option<&Leaf> {
    entry.leaf.as_ref()
}

/// The file of this receipt.
///
/// # Errors
/// When the proof does not show one consent and its custodian, or a time in it cannot be written.
pub fn write(receipt: &Receipt) -> Result<String, ReceiptError> {
    let mut file = lines(receipt)?.join("\n");
    file.push_str("\n\n");
    file.push_str(BEGIN);
    let proof = hex::encode(codec::encode(receipt));
    for line in proof.as_bytes().chunks(HEX_PER_LINE) {
        file.push('\n');
        file.extend(line.iter().map(|digit| char::from(*digit)));
    }
    file.push('\n');
    file.push_str(END);
    file.push('\n');
    Ok(file)
}

fn lines(receipt: &Receipt) -> Result<Vec<String>, ReceiptError> {
    let (leaf, custodian) = receipt.leaves()?;
    let header = &receipt.proof.certified.header;
    let signers = receipt.proof.certified.finalization.signatures.len();
    let second = header.time.0 - header.time.0 % 1000;
    let time = write_moment(second).ok_or(SentenceError::NotSayable("a year beyond 9999"))?;
    let title = match leaf.status {
        ConsentStatus::Active => "AMANAH RECEIPT: a consent",
        ConsentStatus::Revoked { .. } => "AMANAH RECEIPT: the end of a consent",
    };
    let mut lines = vec![title.to_owned(), String::new()];
    if let Some(held) = &receipt.held {
        lines.extend([held.document.sentence.to_string(), String::new()]);
    }
    let mut line = |name: &str, value: String| lines.push(format!("{name:<12}{value}"));
    line("Consent", format!("{}, version {}", Label::consent(&leaf.consent), leaf.version));
    if let Some(held) = &receipt.held {
        line("Patient", Label::relationship(&held.document.relationship).to_string());
    }
    line("Records of", format!("{} ({})", custodian.display, custodian.name));
    line("In force", format!("since block {}", leaf.since));
    if let ConsentStatus::Revoked { height, by } = leaf.status {
        line("Revoked", format!("in block {height}, {}", ended_by(by)));
    }
    line("As of", format!("block {}, {time}, final by {signers} signatures", header.height));
    line("Network", header.chain.to_string());
    lines.push(String::new());
    lines.push("It proves what the ledger said at that block, not that it is still so.".to_owned());
    lines.push("Check this file: amanah receipt verify FILE".to_owned());
    Ok(lines)
}

const fn ended_by(by: RevokedBy) -> &'static str {
    match by {
        RevokedBy::Key => "by the patient's key",
        RevokedBy::Slip => "with the revocation slip",
        RevokedBy::Custodian => "closed by the custodian",
    }
}

/// Checks a file against what the verifier trusts; nothing inside the file is trusted.
///
/// # Errors
/// Says what does not hold.
pub fn verify(file: &[u8], trust: &Trust, verifier: &dyn Verifier) -> Result<VerifiedReceipt, ReceiptError> {
    if file.len() > RECEIPT_FILE_BYTES_MAX {
        return Err(ReceiptError::TooLong(file.len()));
    }
    let text = str::from_utf8(file).map_err(|_no_text| ReceiptError::NoProof)?;
    let (_, behind) = text.split_once(BEGIN).ok_or(ReceiptError::NoProof)?;
    let (proof, _) = behind.split_once(END).ok_or(ReceiptError::NoProof)?;
    let digits: String = proof.split('\n').collect();
    let bytes = hex::decode(digits).map_err(|_damaged| ReceiptError::Hex)?;
    let receipt: Receipt = codec::decode(&bytes, RECEIPT_BYTES_MAX)?;
    let verified = receipt.check(trust, verifier)?;
    if write(&receipt)?.as_bytes() == file { Ok(verified) } else { Err(ReceiptError::Differs) }
}

#[cfg(test)]
mod tests;
