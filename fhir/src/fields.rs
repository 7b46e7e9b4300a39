//! Reading a JSON object key by key, so that a key nobody asked for is noticed: a misspelt `labels` must not be taken for
//! none.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Why a request is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The file is not an object.
    #[error("{0} is no JSON object")]
    NotObject(String),
    /// A key that does not belong there.
    #[error("{place} has {key:?}, which is not known there")]
    Key {
        /// Where.
        place: String,
        /// The key.
        key: String,
    },
    /// A value of another form.
    #[error("{place} is not {expected}")]
    Form {
        /// Where.
        place: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Nothing where something must be.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Several purposes at once.
    #[error("it names {0} purposes; a decision is about one")]
    Purposes(usize),
    /// Records and a query at once.
    #[error("it asks for items and makes a query; a request does one of them")]
    ItemsAndQuery,
}

/// An object whose keys are read one by one.
pub(crate) struct Fields<'a> {
    place: String,
    fields: &'a Map<String, Value>,
    read: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value, place: &str) -> Result<Self, RequestError> {
        let fields = value.as_object().ok_or_else(|| RequestError::NotObject(place.to_owned()))?;
        Ok(Self { place: place.to_owned(), fields, read: BTreeSet::new() })
    }

    /// Where a key stands.
    pub(crate) fn place(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// The value of a key; null counts as nothing.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Value> {
        self.read.insert(key);
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// The value of a key in a form.
    pub(crate) fn read<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, RequestError> {
        let place = self.place(key);
        let Some(value) = self.take(key) else { return Ok(None) };
        T::deserialize(value).map(Some).map_err(|_form| RequestError::Form { place, expected })
    }

    /// The entries of a list; a single entry stands for a list of one.
    pub(crate) fn list(&mut self, key: &'static str) -> Option<Vec<(String, &'a Value)>> {
        let place = self.place(key);
        let value = self.take(key)?;
        let Value::Array(list) = value else { return Some(vec![(place, value)]) };
        Some(list.iter().enumerate().map(|(number, one)| (format!("{place}[{number}]"), one)).collect())
    }

    /// Keys that nobody read.
    pub(crate) fn others(&self) -> Vec<String> {
        self.fields.keys().filter(|key| !self.read.contains(key.as_str())).cloned().collect()
    }

    /// That every key was read.
    pub(crate) fn finish(self) -> Result<(), RequestError> {
        match self.others().into_iter().next() {
            None => Ok(()),
            Some(key) => {
                Err(RequestError::Key { place: if self.place.is_empty() { "it".to_owned() } else { self.place }, key })
            }
        }
    }
}
