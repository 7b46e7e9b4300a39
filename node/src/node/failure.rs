//! What goes wrong when a node starts or runs, in the words and exit codes that operators and scripts know.

use crate::custodian;
use crate::exit::{Exit, Failure};
use crate::network::NetworkError;
use crate::runtime::RecoveryError;
use crate::vote_log::VoteLogError;
use amanah_consensus::StartError;
use amanah_ledger::genesis::GenesisError;
use amanah_ledger::store::StoreError;
use std::path::Path;

pub(super) fn network(error: NetworkError) -> Failure {
    let (exit, code, fix) = match &error {
        NetworkError::Listen { .. } => (Exit::Config, "AMN-1007", "choose a free address for p2p.listen"),
        NetworkError::Key(_) => (Exit::Key, "AMN-1103", "check the genesis"),
        NetworkError::Noise(_) | NetworkError::Gossip(_) => (Exit::Failed, "AMN-0107", "report this"),
    };
    Failure::new(exit, code, error, fix)
}

pub(super) fn recovery(error: RecoveryError) -> Failure {
    match &error {
        RecoveryError::VoteLog(reason) => vote_log(reason),
        RecoveryError::Store(reason) => store(reason),
        RecoveryError::UnknownRecord(_) => {
            Failure::new(Exit::DataNewer, "AMN-1202", error, "start the program that wrote the vote log")
        }
        RecoveryError::Start(reason) => start(reason),
        RecoveryError::Genesis(reason) => genesis(reason),
        RecoveryError::Stopped { mark, .. } => {
            let fix = format!(
                "keep the home as it is and compare height and block with the other hospitals (amanah network status); \
                 once it is known who was wrong, remove {} and start again",
                mark.display()
            );
            Failure::new(Exit::Diverged, "AMN-1502", error, fix)
        }
        RecoveryError::StopMark { .. } => {
            Failure::new(Exit::Failed, "AMN-0111", error, "check the path, its owner and the disk")
        }
        RecoveryError::NotAValidator => {
            Failure::new(Exit::Config, "AMN-1004", error, "use a name in the genesis' committee")
        }
    }
}

pub(super) fn genesis(error: &GenesisError) -> Failure {
    Failure::new(Exit::Config, "AMN-1003", error, "get genesis.bin from another member")
}

fn vote_log(error: &VoteLogError) -> Failure {
    let new_key = "restore votes/ as it was when the node stopped; if it is lost, this key must not vote again: \
                   register a new consensus key";
    match error {
        VoteLogError::Missing => Failure::new(Exit::VoteLogMissing, "AMN-1401", error, new_key),
        VoteLogError::Damaged { .. } | VoteLogError::SegmentMissing { .. } => {
            Failure::new(Exit::Damaged, "AMN-1301", error, new_key)
        }
        VoteLogError::OtherIdentity { .. } => {
            Failure::new(Exit::Key, "AMN-1104", error, "restore the key that the vote log belongs to")
        }
        VoteLogError::Format { .. } => Failure::new(Exit::DataNewer, "AMN-1203", error, "start the newer program"),
        VoteLogError::InUse => Failure::new(Exit::Refused, "AMN-0901", error, "stop the other process first"),
        VoteLogError::RecordTooLong(_) | VoteLogError::Full | VoteLogError::Poisoned | VoteLogError::Io { .. } => {
            Failure::new(Exit::Failed, "AMN-0108", error, "check the disk, then start again")
        }
    }
}

pub(super) fn store(error: &StoreError) -> Failure {
    match error {
        StoreError::InUse => Failure::new(Exit::Refused, "AMN-0901", error, "stop the other process first"),
        StoreError::Damaged(_) => {
            Failure::new(Exit::Damaged, "AMN-1302", error, "move ledger/ aside; the node refills it from its peers")
        }
        StoreError::OtherNetwork(_) => Failure::new(Exit::Config, "AMN-1008", error, "each network needs its own home"),
        StoreError::Format(_) => Failure::new(Exit::DataNewer, "AMN-1204", error, "start the newer program"),
        StoreError::Genesis(_) => Failure::new(Exit::Config, "AMN-1003", error, "get genesis.bin from another member"),
        StoreError::NotNext { .. } | StoreError::NotCertified(_) | StoreError::Failed | StoreError::Io(_) => {
            Failure::new(Exit::Failed, "AMN-0109", error, "check the disk, then start again")
        }
    }
}

fn start(error: &StartError) -> Failure {
    match error {
        StartError::NotInCommittee(_) | StartError::KeyNotRegistered | StartError::ForeignVote(_) => {
            Failure::new(Exit::Key, "AMN-1101", error, "restore the registered key from its backup")
        }
        StartError::ConflictingVotes(_) | StartError::Evidence(_) => {
            Failure::new(Exit::Damaged, "AMN-1303", error, "this key must not vote again: register a new consensus key")
        }
        StartError::Certificate(_) | StartError::NotTheHead => {
            Failure::new(Exit::Diverged, "AMN-1501", error, "move ledger/ aside; the node refills it from its peers")
        }
    }
}

pub(super) fn private(error: &custodian::StoreError) -> Failure {
    use custodian::{DayFileError, KeyFileError, StoreError, VaultError};
    let is_disk = match error {
        StoreError::Vault(VaultError::Io(_))
        | StoreError::KeyFile(KeyFileError::Io(_))
        | StoreError::DayFile(DayFileError::Io(_))
        | StoreError::NoRandomness(_) => true,
        StoreError::Vault(_)
        | StoreError::KeyFile(_)
        | StoreError::DayFile(_)
        | StoreError::KeyFileMissing
        | StoreError::VaultMissing
        | StoreError::Damaged => false,
    };
    if is_disk {
        return Failure::new(Exit::Failed, "AMN-0111", error, "check the disk, then start again");
    }
    let fix = "restore private/ and keys/private/ from one backup; consents on the ledger are not touched";
    Failure::new(Exit::Damaged, "AMN-1304", format!("private store: {error}"), fix)
}

pub(super) fn damaged_again(why: &str) -> Failure {
    let detail = format!("the ledger's database is damaged again and again: {why}");
    Failure::new(Exit::Damaged, "AMN-1305", detail, "replace the disk; the ledger fills itself again from the peers")
}

pub(super) fn no_thread(error: std::io::Error) -> Failure {
    Failure::new(Exit::Failed, "AMN-0106", format!("no thread: {error}"), "check the limits of this process")
}

pub(super) fn no_randomness(error: &getrandom::Error) -> Failure {
    Failure::new(Exit::Failed, "AMN-0103", format!("no randomness: {error}"), "check the system's random source")
}

pub(super) fn ended(part: &str) -> Failure {
    Failure::new(Exit::Failed, "AMN-0110", format!("the {part} thread ended"), "see the log above, then start again")
}

pub(super) fn disk_full(home: &Path) -> Failure {
    let detail = format!("the disk of {} is nearly full; the node no longer votes", home.display());
    Failure::new(Exit::Refused, "AMN-0904", detail, "free disk space, then start again")
}
