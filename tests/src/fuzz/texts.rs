//! Whatever is read as text: files that people hand around, names that they type, a node's configuration.

use super::Verdict;
use super::truth::TRUTH;
use amanah_ledger::crypto::Digest;
use amanah_ledger::label::{Label, LabelPrefix};
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::preset::Selection;
use amanah_node::config::{Config, ConfigFile as _};
use amanah_node::custodian::{Code, Mrn};
use std::path::Path;

/// A reader of text: whether it accepts.
type Reader = fn(&str) -> bool;

/// What is written again reads as the same.
fn is_label(text: &str) -> bool {
    text.parse::<Label>().is_ok_and(|label| {
        assert_eq!(label.to_string().parse::<Label>().as_ref(), Ok(&label));
        true
    })
}

fn is_digest(text: &str) -> bool {
    text.parse::<Digest>().is_ok_and(|digest| {
        assert_eq!(digest.to_string().parse::<Digest>().ok(), Some(digest));
        true
    })
}

fn is_network(text: &str) -> bool {
    let checked = serde_json::from_str::<NetworkFile>(text).ok().and_then(|file| file.check().ok());
    checked.is_some_and(|network| {
        assert_eq!(network.chain(), network.genesis().chain(), "a network under another one's name");
        true
    })
}

const READERS: [Reader; 8] = [
    is_network,
    is_label,
    |text| text.parse::<LabelPrefix>().is_ok(),
    is_digest,
    |text| text.parse::<Selection>().is_ok(),
    |text| Mrn::parse(text).is_ok(),
    |text| Code::parse(text).is_some(),
    |text| Config::parse(text, Path::new("node.toml")).is_ok(),
];

pub(super) fn run(bytes: &[u8]) -> Verdict {
    let Some((first, bytes)) = bytes.split_first() else { return Verdict::Refused };
    let Ok(text) = str::from_utf8(bytes) else { return Verdict::Refused };
    Verdict::of(READERS[usize::from(*first) % READERS.len()](text))
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let truth = &*TRUTH;
    let api = truth.genesis.founders.iter().map(|founder| format!("http://{}.example:8443", founder.name));
    let file = serde_json::to_string(&NetworkFile::new(&truth.genesis, api)).expect("plain data");
    let label = "C-293A-8NFD-BC8F-0Y7J-BX";
    [
        (0, file.as_str()),
        (1, label),
        (1, "P-5PH8-JE3J-A3XY-QDNK-YK"),
        (2, "C-293A"),
        (3, "7395080e9186cf108f97269561e6deea785489d788aca1e41f937d8776062ea2"),
        (4, "labs,notes,PSY"),
        (5, "MRN-0012345"),
    ]
    .into_iter()
    .map(|(reader, text): (u8, &str)| [&[reader][..], text.as_bytes()].concat())
    .collect()
}
