//! FHIR at the edge: foreign words become what the engine evaluates, and its answers become words that others read.
//! Pure: no clock, no i/o.
//!
//! In: a Consent, R4 or R5 ([`consent`]), with what its references lead to ([`resolve`]); a question ([`request`]), in
//! a format of its own or that of the hook `patient-consent-consult`. Out: an [`answer`].

pub mod answer;
pub mod consent;
mod datatype;
pub mod date;
mod fields;
mod provision;
mod record;
pub mod request;
pub mod resolve;

#[cfg(test)]
mod omissions;
#[cfg(test)]
mod scene;
