//! The custodian: what one hospital keeps about its patients' consents, and what it answers when asked "may I?".
//!
//! Reading order: what is kept and how (`sealing`, `key_file`, `vault`, `day_file`), how a relationship begins
//! (`open_enrolments`), where each access log stands and what is anchored (`log_book`, `anchoring`), the acts on all
//! of it (`desk`), and the thread that owns the desk and answers only for what is durable (`owner`).

mod anchoring;
mod courier;
mod day_file;
mod desk;
mod durable;
mod key_file;
mod log_book;
mod open_enrolments;
mod owner;
mod sealing;
mod survey;
mod vault;

pub use courier::{OUTBOX_MAX, carry};
pub use day_file::DayFileError;
pub use desk::{
    AcceptError, AnswerError, Ask, Became, ConsentNow, ConsentsPage, DecideError, Decided, Desk, EnrolError,
    GrantError, LinkError, LogError, Logs, Looked, Me, PatientName, Place, RequestError, RevokeError, Setup, Step,
    StepKind, StepName, Steps, StepsPage, StoreError,
};
pub use key_file::{KeyFileError, KeyFilePaths, MRN_BYTES_MAX, Mrn, NotAnMrn};
pub use open_enrolments::{Code, CodeError, OpenError};
pub use owner::{Clock, Custodian, Life, Newest, Unavailable};
pub(crate) use sealing::random;
pub use sealing::{DoesNotOpen, NoRandomness};
pub use survey::{PrivatePart, survey};
pub use vault::{ReadRecords, VaultError};

#[cfg(test)]
pub(crate) mod tests;
