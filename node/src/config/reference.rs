//! Every key of a configuration, with its default and what it means: the reference, and what an operator has changed.

use std::fmt::Write as _;

/// One key of `config.toml`.
#[derive(Debug)]
pub struct Key {
    /// Section and name, for example `api.listen`.
    pub name: &'static str,
    /// What holds when it is left out.
    pub default: Default,
    /// What it means.
    pub meaning: &'static str,
}

/// What holds when a key is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It must not be left out.
    None,
    /// A table with nothing in it.
    Empty,
    /// This value, as TOML.
    Is(&'static str),
}

/// A list of tables of `config.toml`.
struct List {
    name: &'static str,
    about: &'static str,
    use_of: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const fn key(name: &'static str, default: Default, meaning: &'static str) -> Key {
    Key { name, default, meaning }
}

/// Every key, in the order of the reference.
pub const KEYS: &[Key] = &[
    key(
        "node.name",
        Default::None,
        "The member's name in the genesis; of a follower, a name of its own. Lower-case letters, digits and \
     `-`, a letter first.",
    ),
    key(
        "node.role",
        Default::None,
        "`\"validator\"`, a member's own node, or `\"follower\"`, which replicates the ledger and serves \
     reads. A follower has `[follow]` and none of `[p2p]`, `[[staff]]`, `[[clients]]`, `[[followers]]`.",
    ),
    key("follow.member", Default::None, "The member that this follower belongs to: its node gives it the blocks."),
    key(
        "follow.members",
        Default::Empty,
        "Member name → URL of its API, as this machine reaches it, for those whose heads are asked for; \
     `follow.member` must be among them. Empty: all, as `network.json` says.",
    ),
    key(
        "follow.insecure_http",
        Default::Is("false"),
        "Allows plain HTTP to members beyond this machine, on a network that brings its own encryption.",
    ),
    key("p2p.listen", Default::None, "Where other validators call, as a multiaddress: `\"/ip4/0.0.0.0/tcp/7402\"`."),
    key(
        "p2p.peers",
        Default::Empty,
        "Member name → where it listens. A name that is not in the genesis is refused. A member without an \
     address here has to call us.",
    ),
    key("api.listen", Default::None, "Address and port of the HTTP API: `\"127.0.0.1:7400\"`."),
    key(
        "api.insecure_http",
        Default::Is("false"),
        "Allows `api.listen` beyond this machine. The API has no TLS of its own: put a proxy in front.",
    ),
    key(
        "api.address_connections",
        Default::Is("256"),
        "Connections that one address may hold at once, of 768 in all; further ones are closed. An IPv6 \
     network (/64) is one address, and so is a proxy for all who come through it.",
    ),
    key(
        "api.address_requests_per_minute",
        Default::Is("60000"),
        "Requests that one address may make in a minute; further ones are answered with AMN-0307.",
    ),
    key(
        "api.address_enrolments_per_minute",
        Default::Is("60"),
        "Enrolments that one address may begin in a minute; further ones are answered with AMN-0307.",
    ),
    key("ops.listen", Default::None, "Address and port of metrics and health."),
    key(
        "ops.insecure_http",
        Default::Is("false"),
        "Allows `ops.listen` beyond this machine, on a network that only monitors are on.",
    ),
    key(
        "storage.write_free_mib",
        Default::Is("2048"),
        "Below this much free disk, or below a tenth of the disk if that is less, the node says that it is \
     not ready and takes only revocations and requests for decisions; everything else that it would have \
     to keep is refused with AMN-0308. `0` switches it off.",
    ),
    key(
        "storage.vote_free_mib",
        Default::Is("512"),
        "Below this much, or below 3 % of the disk if that is less, the node stops with exit code 9 while it \
     still can. `0` switches it off.",
    ),
    key(
        "storage.scrub_mib_per_hour",
        Default::Is("1024"),
        "The node reads its stored blocks and its private records again and checks them at this rate, from \
     the start on and then hourly. `0` switches it off.",
    ),
    key(
        "log.level",
        Default::Is("\"\""),
        "`error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,amanah_node::network=debug`; \
     `info` if empty.",
    ),
    key(
        "log.format",
        Default::Is("\"auto\""),
        "`text`, `json`, or `auto`: text on a terminal, JSON otherwise. The log goes to stderr.",
    ),
];

const LISTS: &[List] = &[
    List {
        name: "staff",
        about: "practitioners that this hospital vouches for",
        use_of: "Zero or more. They are never on the ledger: the node signs an entry for each who is asked for.",
        fields: &[
            ("handle", "The name before the `@`, written like a member's name."),
            ("display", "The name for people. It appears in the sentence that patients sign."),
            ("role", "What they are, for example `clinician`."),
        ],
    },
    List {
        name: "clients",
        about: "systems of this hospital that may ask for decisions",
        use_of: "Zero or more. A system sends its key as `Authorization: Bearer KEY`.",
        fields: &[
            ("name", "Which system."),
            ("key_hash", "BLAKE3 of the API key's text, 64 hex digits. The key itself is not kept here."),
        ],
    },
    List {
        name: "followers",
        about: "followers of this hospital",
        use_of: "Zero or more. Each may fetch final blocks from this node.",
        fields: &[
            ("name", "Which follower."),
            ("key_hash", "BLAKE3 of its key's text, 64 hex digits, as `amanahd init --follow` prints it."),
        ],
    },
];

/// What both programs read besides.
const VARIABLES: &str = include_str!("variables.md");

impl Default {
    /// The value that holds, if there is one.
    ///
    /// # Panics
    /// Never: a test reads every default.
    pub fn value(self) -> Option<toml::Value> {
        match self {
            Self::None => None,
            Self::Empty => Some(toml::Value::Table(toml::Table::new())),
            Self::Is(text) => {
                let mut line: toml::Table = format!("it = {text}").parse().expect("defaults are TOML");
                line.remove("it")
            }
        }
    }
}

impl std::fmt::Display for Default {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Empty => f.write_str("empty"),
            Self::Is(value) => write!(f, "`{value}`"),
        }
    }
}

/// The page of the reference that `amanahd config reference` prints.
pub fn reference() -> String {
    let mut page = String::from(HEAD);
    page += "\n| key | default | meaning |\n|---|---|---|\n";
    for Key { name, default, meaning } in KEYS {
        writeln!(page, "| `{name}` | {default} | {meaning} |").expect("writing to a string does not fail");
    }
    for List { name, about, use_of, fields } in LISTS {
        write!(page, "\n## `[[{name}]]`: {about}\n{use_of}\n\n| key | meaning |\n|---|---|\n")
            .expect("writing to a string does not fail");
        for (field, meaning) in *fields {
            writeln!(page, "| `{field}` | {meaning} |").expect("writing to a string does not fail");
        }
    }
    page + "\n" + VARIABLES
}

const HEAD: &str = "\
# Configuration of a node

Every key of `config.toml` in a node's home, with its default and its meaning. It holds what one operator decides
alone; what the members agree on together stands in the genesis. The file is read once, at the start. A key that
nobody knows, a missing key without a default, and a wrong value end the start with [exit code](exit-codes.md) 10; the
error names the line. `amanahd init` writes a complete file and never changes one that exists. `amanahd config check`
says what a file changes and what is wrong with it, also while the node runs; `amanahd config reference` prints this
page, which is made from `node/src/config/reference.rs`; a test compares them.
";
