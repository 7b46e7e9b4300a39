//! The custodian: what one hospital keeps about its patients' consents, and what it answers when asked "may I?".

mod durable;
mod key_file;
mod open_enrolments;
mod sealing;
mod vault;

pub use key_file::{KeyFileError, KeyFilePaths, MRN_BYTES_MAX, Mrn, NotAnMrn};
pub use open_enrolments::{Code, CodeError, OpenError};
pub use sealing::{DoesNotOpen, NoRandomness};
pub use vault::VaultError;
