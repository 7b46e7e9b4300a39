//! The phrases of one language, as data with a hash.

use super::SentenceError;
use crate::crypto::{Context, Digest};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One template: a language in one version.
#[derive(Debug)]
pub struct Template {
    digest: Digest,
    locale: &'static str,
    phrases: BTreeMap<&'static str, &'static str>,
    groups: Vec<(Vec<&'static str>, &'static str)>,
}

static ENGLISH: LazyLock<Template> = LazyLock::new(|| Template::parse("en", include_str!("en-1.txt")));

impl Template {
    /// English, version 1.
    pub fn english() -> &'static Self {
        &ENGLISH
    }

    /// The template with this hash in this language, if this program has it.
    pub fn of(digest: &Digest, locale: &str) -> Option<&'static Self> {
        Some(Self::english()).filter(|template| template.digest == *digest && template.locale == locale)
    }

    fn parse(locale: &'static str, text: &'static str) -> Self {
        let rows = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" | "));
        let phrases: BTreeMap<_, _> = rows.collect();
        let groups = phrases
            .iter()
            .filter_map(|(key, words)| Some((key.strip_prefix("group.")?.split(' ').collect(), *words)))
            .collect();
        Self { digest: Context::Template.hash(&[text.as_bytes()]), locale, phrases, groups }
    }

    /// Hash of the template.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Its language.
    pub const fn locale(&self) -> &'static str {
        self.locale
    }

    pub(super) fn words(&self, key: &str) -> Result<&'static str, SentenceError> {
        self.phrases.get(key).copied().ok_or_else(|| SentenceError::NoWords(key.to_owned()))
    }

    /// Kinds of data that have a name together.
    pub(super) fn groups(&self) -> &[(Vec<&'static str>, &'static str)] {
        &self.groups
    }

    /// The phrase with its `{places}` filled, in one pass: what is filled in is never read as a place.
    pub(super) fn fill(&self, key: &str, parts: &[(&str, &str)]) -> Result<String, SentenceError> {
        let mut said = String::new();
        let mut rest = self.words(key)?;
        while let Some((before, behind)) = rest.split_once('{') {
            let (place, after) = behind.split_once('}').ok_or_else(|| SentenceError::NoWords(key.to_owned()))?;
            let (_, words) = parts
                .iter()
                .find(|(name, _)| *name == place)
                .ok_or_else(|| SentenceError::NoWords(place.to_owned()))?;
            said.push_str(before);
            said.push_str(words);
            rest = after;
        }
        said.push_str(rest);
        Ok(said)
    }
}
