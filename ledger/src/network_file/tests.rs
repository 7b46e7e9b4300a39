use super::*;
use crate::scene::{HOSPITALS, chain, genesis, hospital};

fn file() -> NetworkFile {
    NetworkFile::new(&genesis(), HOSPITALS.map(|(name, _)| format!("http://127.0.0.1/{name}/")))
}

#[test]
fn a_network_file_survives_the_disk_and_names_its_members() {
    let json = serde_json::to_string_pretty(&file()).unwrap();
    let network = serde_json::from_str::<NetworkFile>(&json).unwrap().check().unwrap();
    assert_eq!((network.chain(), network.genesis()), (chain(), &genesis()));
    assert_eq!(network.members().len(), 4);
    let qamar = network.member("qamar").unwrap();
    assert_eq!((&qamar.member, qamar.api.as_str()), (&hospital("qamar"), "http://127.0.0.1/qamar"));
    assert_eq!(network.member_by_id(&qamar.member.id), Some(qamar));
    assert_eq!(network.member("nowhere"), None);
}

#[test]
fn whatever_is_not_what_the_genesis_says_is_refused() {
    let refused = |change: fn(&mut NetworkFile)| {
        let mut other = file();
        change(&mut other);
        other.check().unwrap_err()
    };
    let differs = NetworkFileError::Differs;
    assert_eq!(refused(|f| f.schema = "amanah.network/2".into()), NetworkFileError::Schema("amanah.network/2".into()));
    assert_eq!(refused(|f| f.network = "other".into()), differs("the network's name"));
    assert_eq!(refused(|f| f.chain_id = Digest::ZERO), differs("the chain id"));
    assert_eq!(refused(|f| f.genesis = "zz".into()), NetworkFileError::Hex);
    assert_eq!(refused(|f| f.genesis = "00".into()), NetworkFileError::Decode(DecodeError::Malformed));
    assert_eq!(refused(|f| drop(f.members.pop())), differs("the number of members"));
    assert_eq!(refused(|f| f.members.swap(0, 1)), differs("a member"));
    assert_eq!(refused(|f| f.members[0].display = "Other".into()), differs("a member"));
    assert_eq!(refused(|f| f.members[0].id = f.members[1].id), differs("a member"));
}
