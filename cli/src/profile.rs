//! Profiles: which wallet or which hospital a command speaks for.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::{Home, check_name};
use crate::nearest::nearest;
use crate::private_file::{self, Existing};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const SCHEMA: &str = "amanah.profile/1";
const FILE_BYTES_MAX: u64 = 16 * 1024;
/// Most profiles that are listed.
const PROFILES_MAX: usize = 10_000;

/// Whom a command speaks for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Role {
    /// A person with a wallet of the same name.
    Patient,
    /// The desk of a hospital, with its key to that hospital's node.
    Hospital {
        /// Name of the member.
        member: String,
        /// Registered at the member's node.
        api_key: String,
    },
}

impl Role {
    /// The word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Hospital { .. } => "hospital",
        }
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if let Self::Hospital { api_key, .. } = self {
            zeroize::Zeroize::zeroize(api_key);
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ProfileFile {
    schema: String,
    #[serde(flatten)]
    role: Role,
}

/// Writes a new profile.
pub(crate) fn create(home: &Home, name: &str, role: Role, existing: Existing) -> Fallible<()> {
    check_name(name)?;
    let path = home.profile(name);
    Home::make_parent(&path)?;
    let file = ProfileFile { schema: SCHEMA.to_owned(), role };
    let text = serde_json::to_vec_pretty(&file).map(Zeroizing::new).map_err(|e| Failure::damaged(&path, e))?;
    private_file::write(&path, &text, existing)
}

/// Reads one profile.
pub(crate) fn read(home: &Home, name: &str) -> Fallible<Role> {
    check_name(name)?;
    let path = home.profile(name);
    if !path.exists() {
        return Err(unknown(home, name)?);
    }
    let bytes = private_file::read_secret(&path, FILE_BYTES_MAX)?;
    let file: ProfileFile = serde_json::from_slice(&bytes).map_err(|e| Failure::damaged(&path, e))?;
    if file.schema != SCHEMA {
        return Err(Failure::damaged(&path, "another format than this program writes"));
    }
    Ok(file.role)
}

/// All profiles, by name.
pub(crate) fn list(home: &Home) -> Fallible<Vec<(String, Role)>> {
    names(home)?.into_iter().map(|name| read(home, &name).map(|role| (name, role))).collect()
}

/// The only profile for which `wanted` holds: what a command without `--profile` speaks for. `word` is what people call
/// such a profile, `how_to_get` says how to come by one.
pub(crate) fn only(
    home: &Home,
    wanted: impl Fn(&Role) -> bool,
    word: &str,
    how_to_get: &str,
) -> Fallible<(String, Role)> {
    let mut found: Vec<_> = list(home)?.into_iter().filter(|(_, role)| wanted(role)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            let names: Vec<&str> = found.iter().chain([&last]).map(|(name, _)| name.as_str()).collect();
            let fix = format!("say which: --profile NAME   with one of {}", names.join(", "));
            Err(Failure::new(Exit::Usage, 203, format!("there are several {word} profiles"), fix))
        }
        (None, _) => {
            let detail = format!("there is no {word} profile in {}", home.root().display());
            let fix = format!("{how_to_get}   or, to try it out: amanah demo up");
            Err(Failure::new(Exit::NotFound, 135, detail, fix))
        }
    }
}

fn names(home: &Home) -> Fallible<Vec<String>> {
    let dir = home.profiles();
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::io("list", &dir, &error)),
    };
    let mut names = Vec::new();
    for entry in entries.take(PROFILES_MAX) {
        let name = entry.map_err(|e| Failure::io("list", &dir, &e))?.file_name();
        let name = name.to_str().and_then(|n| n.strip_suffix(".json")).filter(|n| check_name(n).is_ok());
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The profile exists but speaks for somebody else.
pub(crate) fn wrong_role(name: &str, is: &str, wanted: &str) -> Box<Failure> {
    Failure::new(Exit::Usage, 204, format!("profile {name} is {is}, not {wanted}"), "name another one: --profile NAME")
}

fn unknown(home: &Home, name: &str) -> Fallible<Box<Failure>> {
    let names = names(home)?;
    let fix = match nearest(name, names.iter().map(String::as_str)) {
        Some(close) => format!("did you mean --profile {close} ?"),
        None => "amanah wallet list   shows the wallets here".to_owned(),
    };
    Ok(Failure::new(Exit::NotFound, 135, format!("there is no profile {name:?} in {}", home.root().display()), fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_private_kept_and_found_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::find(|name| (name == "AMANAH_HOME").then(|| dir.path().as_os_str().to_owned())).unwrap();
        assert_eq!(only(&home, |_| true, "patient", "make one").unwrap_err().exit, Exit::NotFound);
        let desk = Role::Hospital { member: "cedar".to_owned(), api_key: "k3y".to_owned() };
        create(&home, "cedar", desk.clone(), Existing::Keep).unwrap();
        create(&home, "layla", Role::Patient, Existing::Keep).unwrap();
        assert!(read(&home, "cedar").unwrap() == desk);
        assert_eq!(only(&home, |role| *role == Role::Patient, "patient", "make one").unwrap().0, "layla");
        let several = only(&home, |_| true, "any", "make one").unwrap_err();
        assert_eq!(several.exit, Exit::Usage);
        assert!(several.fix.ends_with("cedar, layla"), "{}", several.fix);
        assert_eq!(create(&home, "layla", Role::Patient, Existing::Keep).unwrap_err().exit, Exit::Conflict);
        let unknown = read(&home, "laila").unwrap_err();
        assert_eq!(unknown.exit, Exit::NotFound);
        assert!(unknown.fix.contains("layla"));
        assert!(!format!("{desk:?}").contains("k3y"), "a key never reaches a log");
    }
}
