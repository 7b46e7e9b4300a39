//! FHIR at the edge: foreign words become what the engine evaluates, and its answers become words that others read.
//! Pure: no clock, no i/o.
//!
//! In: a Consent, R4 or R5 ([`consent`]), with what its references lead to ([`resolve`]); a question ([`request`]), in
//! the format of `amanah policy eval` or of the hook `patient-consent-consult`; uses of research data ([`data_use`]) and
//! research consents by date ([`windows`]). Out: an [`answer`].
//!
//! Between a wallet and other systems: an R4 Consent becomes terms that can be signed ([`import`]), and a consent of the
//! ledger an R4 Consent that comes in again as the same bytes ([`export`]); its [`mark`] says which consent it is.

pub mod answer;
pub mod consent;
pub mod data_use;
mod datatype;
pub mod date;
pub mod export;
mod fields;
pub mod import;
pub mod mark;
mod provision;
mod record;
pub mod request;
pub mod resolve;
pub mod windows;

#[cfg(test)]
mod model_page;
#[cfg(test)]
mod omissions;
#[cfg(test)]
mod scene;
