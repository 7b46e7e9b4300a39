//! What the operator of a node has said that would not hold by itself.

use super::AnyConfig;
use super::reference::{Default, KEYS};

/// One key and its value.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    /// Section and name.
    pub(crate) key: &'static str,
    /// What it is.
    pub(crate) value: toml::Value,
    /// What it would be.
    pub(crate) default: Option<toml::Value>,
}

/// A configuration, held against its defaults.
#[derive(Debug)]
pub(crate) struct Changes {
    /// In the order of the reference.
    pub(crate) keys: Vec<Change>,
    /// How many entries each list has, those of systems and practitioners: who they are is not for a terminal.
    pub(crate) lists: Vec<(String, usize)>,
}

impl Changes {
    /// What `config` says that would not hold by itself.
    ///
    /// # Panics
    /// Never: what a configuration writes is TOML.
    pub(crate) fn of(config: &AnyConfig) -> Self {
        let written: toml::Table = config.to_toml().parse().expect("what is written is TOML");
        let value = |name: &str| {
            let (section, key) = name.split_once('.')?;
            written.get(section)?.get(key).cloned()
        };
        let changed = KEYS.iter().filter_map(|key| {
            let (value, default) = (value(key.name)?, key.default.value());
            (default.as_ref() != Some(&value) || key.default == Default::None).then_some(Change {
                key: key.name,
                value,
                default,
            })
        });
        let lists = written.iter().filter_map(|(name, part)| Some((name.clone(), part.as_array()?.len())));
        Self { keys: changed.collect(), lists: lists.collect() }
    }
}
