//! What holds for every command of one run: the home, whom it speaks for, how long it waits, whom it may ask.

use crate::args::Globals;
use crate::failure::Fallible;
use crate::home::Home;
use crate::output::Reader;
use crate::passphrase;
use crate::profile::{self, Role};
use crate::terminal;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of one run, from flags, then variables, then profiles, then defaults.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) home: Home,
    pub(crate) profile: Option<String>,
    pub(crate) passphrase_file: Option<PathBuf>,
    pub(crate) yes: bool,
    pub(crate) no_input: bool,
    pub(crate) timeout: Duration,
    pub(crate) reader: Reader,
}

impl Settings {
    /// Reads flags and environment.
    pub(crate) fn from_globals(globals: &Globals) -> Fallible<Self> {
        passphrase::refuse_environment(std::env::var_os("AMANAH_PASSPHRASE").is_some())?;
        Ok(Self {
            home: Home::find(|name| std::env::var_os(name))?,
            profile: globals.profile.clone(),
            passphrase_file: globals.passphrase_file.clone(),
            yes: globals.yes,
            no_input: globals.no_input,
            timeout: globals.timeout,
            reader: if globals.json { Reader::Script } else { Reader::Person },
        })
    }

    /// Whether a question may be asked: somebody is at the terminal and did not forbid it.
    pub(crate) fn may_ask(&self) -> bool {
        !self.no_input && terminal::attended()
    }

    /// The wallet this command speaks for.
    pub(crate) fn wallet_name(&self) -> Fallible<String> {
        let (name, role) = match &self.profile {
            Some(name) => (name.clone(), profile::read(&self.home, name)?),
            None => profile::only(&self.home, |role| *role == Role::Patient, "patient", "amanah wallet new NAME")?,
        };
        match role {
            Role::Patient => Ok(name),
            Role::Hospital { .. } => Err(profile::wrong_role(&name, "a hospital", "a wallet")),
        }
    }

    /// The hospital desk this command speaks for: member and API key.
    pub(crate) fn hospital(&self) -> Fallible<(String, zeroize::Zeroizing<String>)> {
        let (name, role) = match &self.profile {
            Some(name) => (name.clone(), profile::read(&self.home, name)?),
            None => profile::only(
                &self.home,
                |role| *role != Role::Patient,
                "hospital",
                "ask the hospital for its profile",
            )?,
        };
        match &role {
            Role::Hospital { member, api_key } => Ok((member.clone(), zeroize::Zeroizing::new(api_key.clone()))),
            Role::Patient => Err(profile::wrong_role(&name, "a wallet", "a hospital")),
        }
    }

    /// A note for the person at the terminal; scripts get none.
    pub(crate) fn note(&self, text: &str) {
        if self.reader == Reader::Person {
            crate::output::note(text);
        }
    }
}
