//! Names for kinds of data that people think in: `labs`, `meds`, `summary`.
//!
//! What a preset leaves out is an exclusion in the root's data scope, never a deny rule, so consents add up. Sensitive
//! and restricted data is left out unless it is named.

use crate::codec::BoundedVec;
use crate::document::{DataScope, TypeScope};
use crate::engine::Item;
use crate::vocabulary::Code;
use std::collections::BTreeSet;
use std::str::FromStr;

/// One name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// Laboratory results and reports.
    Labs,
    /// Medicines prescribed and taken.
    Meds,
    /// Allergies.
    Allergies,
    /// Immunizations.
    Immunizations,
    /// Images, findings and reports.
    Imaging,
    /// Diagnoses and problems.
    Conditions,
    /// Vital signs.
    Vitals,
    /// Notes and letters.
    Notes,
    /// Allergies, medicines, conditions and immunizations.
    Summary,
    /// Every type that some preset names, all categories.
    Everything,
}

/// Left out unless named.
pub const LEFT_OUT: [&str; 10] = ["PSY", "SUD", "ETH", "SEX", "HIV", "STD", "SDV", "GDIS", "R", "V"];

/// A name that is neither preset nor label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// Not known.
    #[error(
        "{0:?} is no kind of data; known are labs, meds, allergies, immunizations, imaging, conditions, vitals, notes, summary, everything"
    )]
    Unknown(String),
    /// No kind of data is named.
    #[error("name at least one kind of data")]
    Empty,
}

/// Which data: kinds, and what of the sensitive is wanted too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Kinds.
    pub presets: BTreeSet<Preset>,
    /// Of [`LEFT_OUT`], what is not left out.
    pub named: BTreeSet<Code>,
}

impl Preset {
    /// Every name.
    pub const ALL: [Self; 10] = [
        Self::Labs,
        Self::Meds,
        Self::Allergies,
        Self::Immunizations,
        Self::Imaging,
        Self::Conditions,
        Self::Vitals,
        Self::Notes,
        Self::Summary,
        Self::Everything,
    ];

    /// The name as typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Labs => "labs",
            Self::Meds => "meds",
            Self::Allergies => "allergies",
            Self::Immunizations => "immunizations",
            Self::Imaging => "imaging",
            Self::Conditions => "conditions",
            Self::Vitals => "vitals",
            Self::Notes => "notes",
            Self::Summary => "summary",
            Self::Everything => "everything",
        }
    }

    /// Types, each with the category meant.
    const fn kinds(self) -> &'static [(&'static str, Option<&'static str>)] {
        match self {
            Self::Labs => &[("DiagnosticReport", Some("LAB")), ("Observation", Some("laboratory"))],
            Self::Meds => &[("MedicationRequest", None), ("MedicationStatement", None)],
            Self::Allergies => &[("AllergyIntolerance", None)],
            Self::Immunizations => &[("Immunization", None)],
            Self::Imaging => {
                &[("DiagnosticReport", Some("RAD")), ("ImagingStudy", None), ("Observation", Some("imaging"))]
            }
            Self::Conditions => &[("Condition", None)],
            Self::Vitals => &[("Observation", Some("vital-signs"))],
            Self::Notes => &[("Composition", None), ("DocumentReference", None)],
            Self::Summary => &[
                ("AllergyIntolerance", None),
                ("Condition", None),
                ("Immunization", None),
                ("MedicationRequest", None),
                ("MedicationStatement", None),
            ],
            Self::Everything => &[
                ("AllergyIntolerance", None),
                ("Composition", None),
                ("Condition", None),
                ("DiagnosticReport", None),
                ("DocumentReference", None),
                ("ImagingStudy", None),
                ("Immunization", None),
                ("MedicationRequest", None),
                ("MedicationStatement", None),
                ("Observation", None),
            ],
        }
    }

    /// What a consent to this covers.
    pub fn types(self) -> Vec<TypeScope> {
        let code = |text: &str| Code::try_from(text).unwrap_or_default();
        let scope = |(of, category): &(&str, Option<&str>)| TypeScope { of: code(of), category: category.map(code) };
        self.kinds().iter().map(scope).collect()
    }
}

impl FromStr for Preset {
    type Err = SelectionError;
    fn from_str(name: &str) -> Result<Self, SelectionError> {
        let known = Self::ALL.into_iter().find(|preset| preset.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| SelectionError::Unknown(name.to_owned()))
    }
}

impl FromStr for Selection {
    type Err = SelectionError;

    /// Reads `labs,meds` or `notes,PSY`. Who names `V` means `R` too.
    fn from_str(list: &str) -> Result<Self, SelectionError> {
        let mut selection = Self::default();
        for name in list.split(',').map(str::trim) {
            match LEFT_OUT.into_iter().find(|label| label.eq_ignore_ascii_case(name)) {
                Some(label) => selection.name(label),
                None => {
                    selection.presets.insert(name.parse()?);
                }
            }
        }
        if selection.presets.is_empty() { Err(SelectionError::Empty) } else { Ok(selection) }
    }
}

impl Selection {
    fn name(&mut self, label: &str) {
        let with = if label == "V" { ["V", "R"] } else { [label, label] };
        self.named.extend(with.into_iter().filter_map(|code| Code::try_from(code).ok()));
    }

    fn types(&self) -> BTreeSet<TypeScope> {
        let all: BTreeSet<TypeScope> = self.presets.iter().flat_map(|preset| preset.types()).collect();
        let whole = |one: &TypeScope| all.contains(&TypeScope { of: one.of.clone(), category: None });
        all.iter().filter(|one| one.category.is_none() || !whole(one)).cloned().collect()
    }

    /// What a consent to the selection covers, in canonical order. A whole type swallows its categories.
    pub fn scope(&self) -> DataScope {
        let left_out: BTreeSet<Code> = LEFT_OUT
            .into_iter()
            .filter_map(|label| Code::try_from(label).ok())
            .filter(|label| !self.named.contains(label))
            .collect();
        DataScope {
            types: BoundedVec::try_from(self.types().into_iter().collect::<Vec<_>>()).unwrap_or_default(),
            except_labels: BoundedVec::try_from(left_out.into_iter().collect::<Vec<_>>()).unwrap_or_default(),
            ..DataScope::default()
        }
    }

    /// What a request for the selection asks for: one item per type and category, unlabelled.
    pub fn items(&self) -> Vec<Item> {
        let item = |scope: TypeScope| Item {
            of: scope.of,
            categories: BoundedVec::try_from(scope.category.into_iter().collect::<Vec<_>>()).unwrap_or_default(),
            labels: BoundedVec::new(),
        };
        self.types().into_iter().map(item).collect()
    }
}

#[cfg(test)]
mod tests;
