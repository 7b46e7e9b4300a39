//! A FHIR R4 Consent as terms that the ledger's own document says, or by name why it is not.
//!
//! Stricter than [`crate::consent`], which decides about what others have signed: here somebody is about to sign. Every
//! element of `provision` is understood and enforced, or the consent is refused with that element's path; what stands
//! outside of it is kept by the wallet as it came ([`Imported::kept`]) and never reaches a custodian or the ledger.
//! What the file leaves open stays open: no actor is whoever asks, no action is every act, no data is the whole record.
//! Errors name places, never what stands there.

mod frame;
mod people;
mod provision;

#[cfg(test)]
pub(crate) mod tests;

pub use people::{Custodians, MEMBER, Named, PRACTITIONER, people};

use crate::date;
use crate::fields::RequestError;
use crate::mark::{self, Mark};
use amanah_ledger::compose::Terms;
use amanah_ledger::document::{Actor, Class, ConsentDocument, Period, RULE_DEPTH_MAX, RULES_MAX, Root, Rule, RuleBody};
use amanah_ledger::engine::Span;
use amanah_ledger::genesis::Parameters;
use amanah_ledger::time::{DAY_MS, UnixMs};
use serde_json::{Map, Value};

/// Why a FHIR consent is not taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Not a Consent.
    #[error("it is no Consent")]
    NotConsent,
    /// Of a version of FHIR other than R4.
    #[error("{0} is no element of a Consent of FHIR R4")]
    NotR4(String),
    /// Not in force, or not what is asked for.
    #[error("status is not \"{0}\"")]
    Status(&'static str),
    /// Something in it changes the meaning of the rest.
    #[error("{0} changes what the rest means")]
    Modifier(String),
    /// Nothing where something must be.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An element that is not known there. It could narrow what the rest permits.
    #[error("{0} is not known there, and could change what may be seen")]
    Unknown(String),
    /// An element around the provision of a consent that is asked for: the request would not have it.
    #[error(
        "{0} would be lost: a request keeps what its provision says, and the patient's wallet says it in its own words"
    )]
    Lost(String),
    /// Not of the form that FHIR gives it.
    #[error("{0} has not the form that FHIR gives it")]
    Form(String),
    /// A code, or a code system, that the network's vocabulary does not have there.
    #[error("{0} is no code that this network knows there")]
    Code(String),
    /// Understood, and no hospital can enforce it yet.
    #[error("{place}: {what} cannot be enforced yet")]
    NotYet {
        /// Where.
        place: String,
        /// What.
        what: &'static str,
    },
    /// An actor that the network does not know.
    #[error("{0} names nobody of this network")]
    Nobody(String),
    /// A purpose of care in a consent about research, or the reverse.
    #[error("{0} does not belong into a consent of this scope")]
    Class(String),
    /// More of something than a document holds.
    #[error("{0} holds more than one consent can say")]
    TooMany(String),
    /// Nested deeper or wider than the ledger allows.
    #[error("provision has more than {RULES_MAX} rules, or more than {RULE_DEPTH_MAX} levels of them")]
    Nesting,
    /// It has ended, or begins after its end.
    #[error("provision.period is over, or ends before it begins")]
    Over,
    /// The mark of an exported consent is not as it was written.
    #[error("{0} is not as this program writes it")]
    Mark(String),
}

impl From<RequestError> for ImportError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Key { place, key } => Self::Unknown(format!("{place}.{key}")),
            RequestError::NotObject(place) | RequestError::Form { place, .. } => Self::Form(place),
            RequestError::Missing(what) => Self::Missing(what),
            RequestError::Purposes(_) | RequestError::ItemsAndQuery => Self::Form("provision".to_owned()),
        }
    }
}

/// A consent that was read to its end.
#[derive(Clone, PartialEq)]
pub struct Imported {
    class: Class,
    span: Span,
    root: RuleBody,
    rules: Vec<Rule>,
    /// Whose records it names.
    pub custodians: Custodians,
    /// Which consent of the ledger it is, if it was exported from one.
    pub mark: Option<Mark>,
    /// The resource as it came, without the mark.
    pub kept: Map<String, Value>,
}

/// The resource names a person: nothing of it belongs into a log.
impl std::fmt::Debug for Imported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Imported({} rules)", self.rules.len() + 1)
    }
}

/// Reads a Consent. `who` finds those whom it names as the network knows them.
///
/// # Errors
/// Says by name what keeps it from being taken over.
pub fn read(resource: &Value, who: &dyn Fn(&Named) -> Option<Actor>) -> Result<Imported, ImportError> {
    read_as("active", resource, who)
}

/// Reads a Consent of this status.
pub(crate) fn read_as(
    status: &'static str,
    resource: &Value,
    who: &dyn Fn(&Named) -> Option<Actor>,
) -> Result<Imported, ImportError> {
    let fields = resource.as_object().ok_or(ImportError::NotConsent)?;
    let class = frame::check(fields, status)?;
    let (mark, kept) = mark::split(fields)?;
    let provision = fields.get("provision").ok_or(ImportError::Missing("provision"))?;
    let (span, root, rules) = provision::Reader { resource, who, class }.tree(provision)?;
    let custodians = people::custodians(resource)?;
    Ok(Imported { class, span, root, rules, custodians, mark, kept })
}

impl Imported {
    /// Whether it says nothing about who may: then whoever asks may.
    pub fn names_nobody(&self) -> bool {
        self.root.actors.is_empty()
    }

    /// Whether it says nothing about its end: then it holds as long as the network allows.
    pub fn names_no_end(&self) -> bool {
        self.span.until.is_none()
    }

    /// Whether it says when it begins.
    pub(crate) fn names_a_beginning(&self) -> bool {
        self.span.from.is_some()
    }

    /// Whether it has the rules and the end of this document.
    pub(crate) fn says(&self, document: &ConsentDocument) -> bool {
        let until = self.span.until.map(|until| UnixMs(unix_ms(until.0) / 1000 * 1000));
        self.class == document.class
            && document.root == Root::Rule(self.root.clone())
            && document.rules.as_slice() == self.rules
            && until == Some(document.period.until)
    }

    /// What it says, given from `now` on. A start that is over is now; without an end it holds as long as the network
    /// allows for each of its purposes.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn given(&self, now: UnixMs, parameters: &Parameters) -> Result<Terms, ImportError> {
        // A start within a second is rounded up: nothing is permitted before it.
        let start = self.span.from.map_or(0, |from| unix_ms(from.0).div_ceil(1000) * 1000);
        let from = UnixMs(now.0.max(start));
        let longest = || {
            let days = self.root.purposes.iter().filter_map(|purpose| parameters.days_max(purpose)).min();
            from.plus_ms(u64::from(days.unwrap_or_default()) * DAY_MS)
        };
        let until = self.span.until.map_or_else(longest, |until| UnixMs(unix_ms(until.0)));
        self.during(Period { from, until }).filter(|_| until > now).ok_or(ImportError::Over)
    }

    /// What it says in the time that it names itself: of a consent that was given before.
    ///
    /// # Errors
    /// When it does not name both ends.
    pub fn as_given(&self) -> Result<Terms, ImportError> {
        let from = self.span.from.ok_or(ImportError::Missing("provision.period.start"))?;
        let until = self.span.until.ok_or(ImportError::Missing("provision.period.end"))?;
        let period = Period { from: UnixMs(unix_ms(from.0)), until: UnixMs(unix_ms(until.0)) };
        self.during(period).ok_or(ImportError::Over)
    }

    fn during(&self, period: Period) -> Option<Terms> {
        let Self { class, root, rules, .. } = self;
        let terms = Terms { class: *class, period, root: root.clone(), rules: rules.clone(), supersedes: Vec::new() };
        (period.from <= period.until).then_some(terms)
    }
}

/// Milliseconds since 1970; what was before is 1970.
fn unix_ms(moment: i64) -> u64 {
    u64::try_from(moment).unwrap_or_default()
}

/// A moment of a document as FHIR writes it, to the second.
pub(crate) fn written(moment: UnixMs) -> String {
    date::written(amanah_ledger::engine::Moment(i64::try_from(moment.0).unwrap_or(i64::MAX)))
}
