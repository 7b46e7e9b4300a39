//! The few FHIR data types that consents and requests are made of, and the addresses that code systems go by.

use amanah_ledger::engine::{Moment, Span};
use amanah_ledger::mutant::{Mutant, lacks};
use amanah_ledger::vocabulary::{self, system};
use serde::Deserialize;
use serde_json::{Value, json};

/// `Coding`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Coding {
    pub(crate) system: Option<String>,
    pub(crate) code: Option<String>,
}

/// A `Coding` as it goes out.
pub(crate) fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

/// `CodeableConcept`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CodeableConcept {
    pub(crate) coding: Vec<Coding>,
}

/// `Identifier`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Identifier {
    pub(crate) system: Option<String>,
    pub(crate) value: Option<String>,
}

/// `Reference`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    pub(crate) reference: Option<String>,
    #[serde(rename = "type")]
    pub(crate) of: Option<String>,
    pub(crate) identifier: Option<Identifier>,
}

/// `Period`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Period {
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
}

/// Addresses under which code systems occur in real files, and their own.
const ALIASES: [(&str, &str); 27] = [
    ("http://hl7.org/fhir/v3/ActReason", system::PURPOSE),
    ("http://terminology.hl7.org/ValueSet/v3-PurposeOfUse", system::PURPOSE),
    ("http://hl7.org/fhir/ValueSet/v3-PurposeOfUse", system::PURPOSE),
    ("http://hl7.org/fhir/v3/PurposeOfUse", system::PURPOSE),
    ("urn:oid:2.16.840.1.113883.5.8", system::PURPOSE),
    ("http://hl7.org/fhir/v3/ActCode", system::ACT_CODE),
    ("http://terminology.hl7.org/ValueSet/v3-InformationSensitivityPolicy", system::ACT_CODE),
    ("http://hl7.org/fhir/ValueSet/v3-InformationSensitivityPolicy", system::ACT_CODE),
    ("http://hl7.org/fhir/v3/InformationSensitivityPolicy", system::ACT_CODE),
    ("http://terminology.hl7.org/ValueSet/v3-ActInformationSensitivityPolicy", system::ACT_CODE),
    ("urn:oid:2.16.840.1.113883.5.4", system::ACT_CODE),
    ("http://hl7.org/fhir/v3/Confidentiality", system::CONFIDENTIALITY),
    ("http://terminology.hl7.org/ValueSet/v3-ConfidentialityClassification", system::CONFIDENTIALITY),
    ("http://hl7.org/fhir/ValueSet/v3-ConfidentialityClassification", system::CONFIDENTIALITY),
    ("urn:oid:2.16.840.1.113883.5.25", system::CONFIDENTIALITY),
    ("http://hl7.org/fhir/v3/ParticipationType", PARTICIPATION_TYPE),
    ("http://terminology.hl7.org/ValueSet/v3-ParticipationType", PARTICIPATION_TYPE),
    ("urn:oid:2.16.840.1.113883.5.90", PARTICIPATION_TYPE),
    ("http://hl7.org/fhir/consentaction", system::ACTION),
    ("http://hl7.org/fhir/ValueSet/consent-action", system::ACTION),
    ("http://hl7.org/fhir/consentscope", system::SCOPE),
    ("http://hl7.org/fhir/ValueSet/consent-scope", system::SCOPE),
    ("http://hl7.org/fhir/ValueSet/resource-types", system::RESOURCE_TYPE),
    ("http://hl7.org/fhir/fhir-types", system::RESOURCE_TYPE),
    ("http://hl7.org/fhir/observation-category", system::OBSERVATION_CATEGORY),
    ("http://hl7.org/fhir/v2/0074", system::DIAGNOSTIC_SERVICE),
    ("urn:oid:2.16.840.1.113883.6.1", "http://loinc.org"),
];

/// Codes of what an actor does in an exchange.
pub(crate) const PARTICIPATION_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

/// A system's own address: without version, slash at the end or `https`, and for another name of it.
pub(crate) fn system_of(written: &str) -> String {
    let bare = written.split('|').next().unwrap_or_default().trim();
    if lacks(Mutant::AliasesUnknown) {
        return bare.to_owned();
    }
    let bare = bare.trim_end_matches('/');
    let plain = bare.strip_prefix("https://").map_or_else(|| bare.to_owned(), |rest| format!("http://{rest}"));
    let own = ALIASES.iter().find(|(alias, _)| *alias == plain).map(|(_, own)| (*own).to_owned());
    own.unwrap_or(plain)
}

impl Coding {
    /// As the engine reads it; `None` without code or system.
    pub(crate) fn known(&self) -> Option<vocabulary::Coding> {
        let code = self.code.as_deref().filter(|code| !code.is_empty())?;
        let system = self.system.as_deref().filter(|system| !system.is_empty())?;
        Some(vocabulary::Coding::new(&system_of(system), code))
    }

    /// The same, of this system if it names none.
    pub(crate) fn or_of(&self, system: &str) -> Option<vocabulary::Coding> {
        let code = self.code.as_deref().filter(|code| !code.is_empty())?;
        self.known().or_else(|| Some(vocabulary::Coding::new(system, code)))
    }
}

impl Period {
    /// As the engine reads it; `None` if an end of it is no date.
    pub(crate) fn span(&self) -> Option<Span> {
        let part = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => crate::date::span(text).map(Some),
        };
        let from: Option<Moment> = part(&self.start)?.and_then(|start| start.from);
        let until = part(&self.end)?.and_then(|end| end.until);
        Some(Span { from, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_system_is_known_by_the_addresses_it_goes_by() {
        for (written, own) in [
            ("http://hl7.org/fhir/v3/ActReason", system::PURPOSE),
            ("http://terminology.hl7.org/ValueSet/v3-PurposeOfUse", system::PURPOSE),
            ("https://terminology.hl7.org/CodeSystem/v3-ActReason/", system::PURPOSE),
            ("http://terminology.hl7.org/ValueSet/v3-InformationSensitivityPolicy", system::ACT_CODE),
            ("http://terminology.hl7.org/CodeSystem/v3-ActCode|2.0.0", system::ACT_CODE),
            ("http://loinc.org/", "http://loinc.org"),
            ("http://example.org/purposes", "http://example.org/purposes"),
        ] {
            assert_eq!(system_of(written), own);
        }
    }

    #[test]
    fn a_code_without_system_or_code_is_not_known() {
        let coding = |system: Option<&str>, code: Option<&str>| Coding {
            system: system.map(str::to_owned),
            code: code.map(str::to_owned),
        };
        assert_eq!(coding(None, Some("TREAT")).known(), None);
        assert_eq!(coding(Some(system::PURPOSE), None).known(), None);
        let treat = Some(vocabulary::Coding::new(system::PURPOSE, "TREAT"));
        assert_eq!(coding(None, Some("TREAT")).or_of(system::PURPOSE), treat);
    }
}
