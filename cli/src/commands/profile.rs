//! `amanah profile`: whom this home can speak for.

use crate::args::ProfileArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Network;
use crate::output::Report;
use crate::private_file::{self, Existing};
use crate::profile::{self, Role};
use crate::settings::Settings;
use serde_json::json;

/// Longest API key.
const API_KEY_BYTES_MAX: u64 = 1024;

pub(crate) fn add(arguments: &ProfileArgs, settings: &Settings) -> Fallible<Report> {
    let ProfileArgs { name, hospital, api_key_file, network } = arguments;
    // The key first: what cannot be read is said before anything is kept.
    let key = private_file::read_secret(api_key_file, API_KEY_BYTES_MAX)?;
    let api_key = std::str::from_utf8(key.trim_ascii()).ok().filter(|key| key.bytes().all(|b| b.is_ascii_graphic()));
    let Some(api_key) = api_key.filter(|key| !key.is_empty()) else {
        let detail = format!("{} holds no API key", api_key_file.display());
        return Err(
            Failure::new(Exit::Failed, 142, detail, "ask the hospital for its key file").state("nothing was kept")
        );
    };
    let network = match network {
        Some(given) => Network::take(given, &settings.home)?,
        None => Network::of_home(&settings.home)?,
    };
    let member = network.member(hospital.as_ref().unwrap_or(name))?;
    let role = Role::Hospital { member: member.name().to_owned(), api_key: api_key.to_owned() };
    profile::create(&settings.home, name, role, Existing::Keep)?;
    let text = format!("Profile \"{name}\" speaks for {}.\nNext: amanah hospital --help", member.reference.display);
    Ok(Report::ok(json!({ "profile": name, "role": "hospital", "hospital": member.name() }), text))
}
