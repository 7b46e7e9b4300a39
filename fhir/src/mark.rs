//! The mark of a consent that was exported from the ledger: an extension at the root that says which one it is, and by
//! which tables its sentence was written. With it the same document comes out again; without it the file is a consent
//! like any other, and becomes a new one.

use crate::import::ImportError;
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::document::ConsentDocument;
use amanah_ledger::member::MemberId;
use amanah_ledger::sentence::Template;
use amanah_ledger::vocabulary::Vocabulary;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The extension's url.
pub const MARK: &str = "urn:amanah:consent";

/// Which consent of which ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The network.
    pub chain: Digest,
    /// Whose records it is about.
    pub custodian: MemberId,
    /// Key of the patient's relationship there.
    pub relationship: PublicKey,
    /// The consent.
    pub consent: PublicKey,
    /// Its version.
    pub version: u32,
    /// Hash of its vocabulary.
    pub vocabulary: Digest,
    /// Hash of the template of its sentence.
    pub template: Digest,
    /// Language of its sentence.
    pub locale: String,
}

impl Mark {
    /// The mark of a document.
    pub fn of(document: &ConsentDocument) -> Self {
        Self {
            chain: document.chain,
            custodian: document.custodian_id(),
            relationship: document.relationship,
            consent: document.consent,
            version: document.version,
            vocabulary: document.vocabulary,
            template: document.template,
            locale: document.locale.to_string(),
        }
    }

    /// Whether this program writes documents by the same vocabulary and template.
    pub fn is_of_these_tables(&self) -> bool {
        let template = Template::english();
        self.vocabulary == Vocabulary::v1().digest()
            && self.template == template.digest()
            && self.locale == template.locale()
    }

    /// As an extension.
    pub(crate) fn written(&self) -> Value {
        let text = |name: &str, value: String| json!({ "url": name, "valueString": value });
        let key = |key: &PublicKey| Digest(key.0).to_string();
        json!({ "url": MARK, "extension": [
            text("network", self.chain.to_string()),
            text("custodian", self.custodian.to_string()),
            text("relationship", key(&self.relationship)),
            text("consent", key(&self.consent)),
            json!({ "url": "version", "valuePositiveInt": self.version }),
            text("vocabulary", self.vocabulary.to_string()),
            text("template", self.template.to_string()),
            text("locale", self.locale.clone()),
        ] })
    }

    fn read(extension: &Value, place: &str) -> Result<Self, ImportError> {
        let wrong = || ImportError::Mark(place.to_owned());
        let parts = extension.get("extension").and_then(Value::as_array).ok_or_else(wrong)?;
        let named: BTreeMap<&str, &Value> =
            parts.iter().filter_map(|part| Some((part.get("url")?.as_str()?, part))).collect();
        let text = |name: &str| named.get(name)?.get("valueString")?.as_str();
        let digest = |name: &str| text(name)?.parse::<Digest>().ok();
        let read = || {
            Some(Self {
                chain: digest("network")?,
                custodian: MemberId(digest("custodian")?),
                relationship: PublicKey(digest("relationship")?.0),
                consent: PublicKey(digest("consent")?.0),
                version: u32::try_from(named.get("version")?.get("valuePositiveInt")?.as_u64()?).ok()?,
                vocabulary: digest("vocabulary")?,
                template: digest("template")?,
                locale: text("locale")?.to_owned(),
            })
        };
        // Byte for byte as it is written: nothing else hides in it.
        read().filter(|mark| mark.written() == *extension).ok_or_else(wrong)
    }
}

/// The mark of a resource, and the resource without it.
pub(crate) fn split(fields: &Map<String, Value>) -> Result<(Option<Mark>, Map<String, Value>), ImportError> {
    let mut kept = fields.clone();
    let Some(Value::Array(extensions)) = fields.get("extension") else { return Ok((None, kept)) };
    let is_mark = |extension: &&Value| extension.get("url").and_then(Value::as_str) == Some(MARK);
    let Some(number) = extensions.iter().position(|extension| is_mark(&extension)) else { return Ok((None, kept)) };
    let mut others = extensions.clone();
    let mark = Mark::read(&others.remove(number), &format!("extension[{number}]"))?;
    if others.iter().any(|other| is_mark(&other)) {
        return Err(ImportError::Mark("extension".to_owned()));
    }
    if others.is_empty() {
        kept.remove("extension");
    } else {
        kept.insert("extension".to_owned(), Value::Array(others));
    }
    Ok((Some(mark), kept))
}
