//! How other systems name a patient of a hospital: by the relationship's code, by its key as exported consents have it, or
//! by the hospital's own record number.

use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::engine::{Identifier, Identifiers};
use amanah_ledger::label::{LabelKind, LabelPrefix};
use serde_json::{Value, json};
use std::fmt;

/// System of the relationship's code, `P-…`.
pub const CODE: &str = "urn:amanah:patient";
/// System of the relationship's key, before the chain's id.
pub const KEY: &str = "urn:amanah:relationship:";
/// System of a hospital's own record numbers, before its name or id.
pub const RECORD_NUMBER: &str = "urn:amanah:mrn:";

/// A patient by one of their names.
#[derive(Clone, PartialEq, Eq)]
pub enum Patient {
    /// `P-…`, or its beginning.
    Code(LabelPrefix),
    /// The relationship's key.
    Key(PublicKey),
    /// The number that a member, by name or id, has given them.
    RecordNumber {
        /// The member.
        member: String,
        /// The number.
        number: String,
    },
}

/// A number names a person.
impl fmt::Debug for Patient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Patient(by code)",
            Self::Key(_) => "Patient(by key)",
            Self::RecordNumber { .. } => "Patient(by record number)",
        })
    }
}

impl Patient {
    /// `P-…` or `Patient/P-…`.
    pub fn of_reference(text: &str) -> Option<Self> {
        let code: LabelPrefix = text.strip_prefix("Patient/").unwrap_or(text).parse().ok()?;
        (code.kind() == LabelKind::Relationship).then_some(Self::Code(code))
    }

    /// An identifier of one of the three systems; a key is one of this network only.
    pub fn of_identifier(system: &str, value: &str, chain: &Digest) -> Option<Self> {
        if system == CODE {
            return Self::of_reference(value).filter(|_| !value.contains('/'));
        }
        if let Some(member) = system.strip_prefix(RECORD_NUMBER) {
            return Some(Self::RecordNumber { member: member.to_owned(), number: value.to_owned() });
        }
        let of_chain = system.strip_prefix(KEY)?;
        let key: Digest = value.parse().ok()?;
        (of_chain == chain.to_string()).then_some(Self::Key(PublicKey(key.0)))
    }

    /// The one patient that these names mean; `None` if none of them is known, or two do not say the same.
    pub fn of_names(names: &Identifiers, chain: &Digest) -> Option<Self> {
        let mut all = names.iter().filter_map(|name| match name {
            Identifier::Reference(to) => Self::of_reference(to),
            Identifier::Assigned { system, value } => Self::of_identifier(system, value, chain),
        });
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }
}

/// A reference to a patient, by the relationship's code; never a name or a number.
pub fn reference(code: &str) -> Value {
    json!({ "type": "Patient", "identifier": { "system": CODE, "value": code } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: Digest = Digest([7; 32]);
    const SHORT: &str = "P-WHDG";

    #[test]
    fn a_patient_is_known_by_code_key_and_record_number() {
        let code = Patient::Code(SHORT.parse().unwrap());
        assert_eq!(Patient::of_reference("Patient/P-WHDG"), Some(code.clone()));
        assert_eq!(Patient::of_identifier(CODE, SHORT, &CHAIN), Some(code));
        let key = Digest([3; 32]).to_string();
        let system = format!("{KEY}{CHAIN}");
        assert_eq!(Patient::of_identifier(&system, &key, &CHAIN), Some(Patient::Key(PublicKey([3; 32]))));
        let number = Patient::of_identifier("urn:amanah:mrn:cedar", "MRN-1001", &CHAIN).unwrap();
        assert_eq!(format!("{number:?}"), "Patient(by record number)", "and what is printed names nobody");
    }

    #[test]
    fn other_codes_networks_and_systems_name_nobody() {
        assert_eq!(Patient::of_reference("C-WHDG"), None);
        assert_eq!(Patient::of_reference("Person/P-WHDG"), None);
        assert_eq!(Patient::of_identifier(CODE, "Patient/P-WHDG", &CHAIN), None);
        let elsewhere = format!("{KEY}{}", Digest([8; 32]));
        assert_eq!(Patient::of_identifier(&elsewhere, &Digest([3; 32]).to_string(), &CHAIN), None);
        assert_eq!(Patient::of_identifier("http://example.org", "5", &CHAIN), None);
    }

    #[test]
    fn two_names_that_do_not_say_the_same_name_nobody() {
        let named = |values: &[&str]| -> Identifiers {
            values
                .iter()
                .map(|value| Identifier::assigned(CODE, value))
                .chain([Identifier::reference("Patient/7")])
                .collect()
        };
        assert!(Patient::of_names(&named(&["P-WHDG"]), &CHAIN).is_some());
        assert_eq!(Patient::of_names(&named(&["P-WHDG", "P-X3MB"]), &CHAIN), None);
        assert_eq!(Patient::of_names(&named(&[]), &CHAIN), None);
    }
}
