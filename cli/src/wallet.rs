//! An open wallet: its seed, what it remembers, and the lock that keeps a second process from signing beside it.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::keystore::{self, Seed};
use crate::network::{Member, Network};
use crate::passphrase;
use crate::sealed_file::Seal;
use crate::settings::Settings;
use crate::wallet_state::{Relationship, WalletState};
use amanah_ledger::crypto::Signer;
use amanah_ledger::derive::{RelationshipSecret, WalletSeed};
use amanah_ledger::label::Label;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// An open wallet. The lock is held until it is dropped.
pub(crate) struct Wallet {
    pub(crate) name: String,
    pub(crate) network: Network,
    pub(crate) state: WalletState,
    seed: Seed,
    path: PathBuf,
    _lock: File,
}

impl Wallet {
    /// Opens the wallet that `settings` speak for, on the network of the home.
    pub(crate) async fn open(settings: &Settings) -> Fallible<Self> {
        let name = settings.wallet_name()?;
        let network = Network::of_home(&settings.home)?;
        let passphrase = passphrase::of_wallet(settings, &name)?;
        let seed = keystore::open(&settings.home.wallet_keystore(&name), &passphrase)?;
        Self::with_seed(name, seed, network, settings).await
    }

    /// The wallet whose seed is at hand.
    pub(crate) async fn with_seed(name: String, seed: Seed, network: Network, settings: &Settings) -> Fallible<Self> {
        let lock = lock(&settings.home, &name, settings.timeout).await?;
        let path = settings.home.wallet_state(&name, &network.chain);
        let state = WalletState::read(&path, &seed)?.unwrap_or_else(|| WalletState::new(network.chain));
        Ok(Self { name, network, state, seed, path, _lock: lock })
    }

    /// Writes down what the wallet remembers.
    pub(crate) fn save(&self) -> Fallible<()> {
        self.state.write(&self.path, &self.seed)
    }

    /// The seal for files of this wallet beside its state.
    pub(crate) fn seal<'a>(&self, context: &str, bound_to: &'a [u8]) -> Seal<'a> {
        Seal::new(&self.seed, context, bound_to)
    }

    /// The secret shared with nobody from which everything at this custodian grows.
    pub(crate) fn secret(&self, relationship: &Relationship) -> RelationshipSecret {
        self.secret_of(&relationship.custodian, relationship.generation)
    }

    /// The secret of a relationship that may not exist yet.
    pub(crate) fn secret_of(&self, custodian: &amanah_ledger::member::MemberId, generation: u32) -> RelationshipSecret {
        WalletSeed::new(*self.seed).relationship(&self.network.chain, custodian, generation)
    }

    /// The relationship with this member.
    pub(crate) fn enrolled_at(&self, member: &Member) -> Fallible<&Relationship> {
        self.state.relationship(&member.id).ok_or_else(|| {
            let detail = format!("you are not enrolled at {}", member.reference.display);
            Failure::new(Exit::Conflict, 210, detail, format!("amanah enrol {} --profile {}", member.name(), self.name))
                .state("nothing was sent")
        })
    }

    /// The code `P-…` of the relationship with this member.
    pub(crate) fn label_at(&self, member: &Member) -> Fallible<Label> {
        let secret = self.secret(self.enrolled_at(member)?);
        Ok(Label::relationship(&secret.key().public_key()))
    }

    /// All relationships; at least one.
    pub(crate) fn relationships(&self) -> Fallible<Vec<Relationship>> {
        if self.state.relationships.is_empty() {
            let fix = format!("amanah enrol HOSPITAL --profile {}", self.name);
            return Err(Failure::new(Exit::Conflict, 210, "you are not enrolled at any hospital", fix));
        }
        // In the network's order, so that answers look the same each time.
        let place = |relationship: &Relationship| {
            self.network.members.iter().position(|member| member.id == relationship.custodian)
        };
        let mut all = self.state.relationships.as_slice().to_vec();
        all.sort_by_key(place);
        Ok(all)
    }
}

/// One process at a time signs with a wallet; another waits its turn. One that nobody uses opens, however short the
/// command's time is.
async fn lock(home: &Home, name: &str, timeout: Duration) -> Fallible<File> {
    let path = home.wallet(name).join("lock");
    let open = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = open.map_err(|e| Failure::io("open", &path, &e))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    let locking = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    match tokio::time::timeout(timeout, locking).await {
        Ok(Ok(Ok(file))) => Ok(file),
        Ok(Ok(Err(error))) => Err(Failure::io("lock", &path, &error)),
        Ok(Err(_)) | Err(_) => {
            let detail = format!("another command is using wallet {name}");
            Err(Failure::new(Exit::Conflict, 116, detail, "wait until it has ended, then try again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wallet_that_nobody_uses_opens_however_short_the_time_is_and_one_in_use_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::find(|name| (name == "AMANAH_HOME").then(|| dir.path().as_os_str().to_owned())).unwrap();
        std::fs::create_dir_all(home.wallet("ana")).unwrap();
        for _ in 0..1000 {
            assert!(lock(&home, "ana", Duration::ZERO).await.is_ok());
        }
        let _used = lock(&home, "ana", Duration::ZERO).await.unwrap();
        assert_eq!(lock(&home, "ana", Duration::ZERO).await.unwrap_err().exit, Exit::Conflict);
    }
}
