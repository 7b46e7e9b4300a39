//! FHIR at the edge: foreign words become what the engine evaluates, and its answers become words that others read.
//! Pure: no clock, no i/o.
//!
//! In: a Consent, R4 or R5 ([`consent`]), with what its references lead to ([`resolve`]); a question ([`request`]), in
//! the format of `amanah policy eval` or of the hook `patient-consent-consult`; uses of research data ([`data_use`]) and
//! research consents by date ([`windows`]). Out: an [`answer`].
//!
//! What a hospital's node says to the hospital's own systems is R4 too: [`capability`], [`bundle`] and [`outcome`] frame
//! it, [`patient`] and [`organization`] are how they name whom, [`consult`] what they ask and are answered, [`audit_event`]
//! an access, [`provenance`] where a consent comes from.
//!
//! Between a wallet and other systems: an R4 Consent becomes terms that can be signed ([`import`]), and a consent of the
//! ledger an R4 Consent that comes in again as the same bytes ([`export`]); its [`mark`] says which consent it is. What a
//! hospital asks a patient for is a [`proposal`].

pub mod answer;
pub mod audit_event;
pub mod bundle;
pub mod capability;
pub mod consent;
pub mod consult;
pub mod data_use;
mod datatype;
pub mod date;
pub mod export;
mod fields;
pub mod import;
pub mod mark;
pub mod organization;
pub mod outcome;
pub mod patient;
pub mod proposal;
pub mod provenance;
mod provision;
mod record;
pub mod request;
pub mod resolve;
pub mod search_date;
pub mod windows;

#[cfg(test)]
mod model_page;
#[cfg(test)]
mod omissions;
#[cfg(test)]
mod scene;
