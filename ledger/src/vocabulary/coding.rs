//! A code together with the system it is from: what tells `N` the confidentiality from every other `N`.

use super::{Kind, Vocabulary};

/// Addresses of the code systems that the tables take their codes from.
pub mod system {
    /// Purposes (v3-ActReason).
    pub const PURPOSE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    /// Sensitivities, obligations and refrains (v3-ActCode).
    pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    /// Confidentialities.
    pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    /// What is done with data.
    pub const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
    /// What a consent is about.
    pub const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
    /// Kinds of FHIR resources.
    pub const RESOURCE_TYPE: &str = "http://hl7.org/fhir/resource-types";
    /// Categories of observations.
    pub const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
    /// Departments of diagnostic reports.
    pub const DIAGNOSTIC_SERVICE: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";
    /// The Data Use Ontology.
    pub const DATA_USE: &str = "http://purl.obolibrary.org/obo/";
}

/// A code of a system. Two are the same if both parts are, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coding {
    /// Address of the system.
    pub system: String,
    /// The code.
    pub code: String,
}

impl Coding {
    /// This code of this system.
    pub fn new(system: &str, code: &str) -> Self {
        Self { system: system.to_owned(), code: code.to_owned() }
    }

    /// A kind of FHIR resource.
    pub fn resource_type(of: &str) -> Self {
        Self::new(system::RESOURCE_TYPE, of)
    }
}

impl Kind {
    /// The system of `code`, a code of this kind.
    pub fn system(self, code: &str) -> &'static str {
        match self {
            Self::Purpose => system::PURPOSE,
            Self::Action => system::ACTION,
            Self::Scope => system::SCOPE,
            Self::Type => system::RESOURCE_TYPE,
            Self::Category if matches!(code, "LAB" | "RAD") => system::DIAGNOSTIC_SERVICE,
            Self::Category => system::OBSERVATION_CATEGORY,
            Self::Confidentiality => system::CONFIDENTIALITY,
            Self::Sensitivity | Self::Obligation | Self::Refrain => system::ACT_CODE,
            Self::Permission | Self::Modifier => system::DATA_USE,
        }
    }

    /// A code of this kind with its system.
    pub fn coding(self, code: &str) -> Coding {
        Coding::new(self.system(code), code)
    }
}

impl Vocabulary {
    /// The kind of label that `code` is; whatever is no confidentiality counts as a sensitivity.
    pub fn label_kind(&self, code: &str) -> Kind {
        if self.knows(Kind::Confidentiality, code) { Kind::Confidentiality } else { Kind::Sensitivity }
    }
}
