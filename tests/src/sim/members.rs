//! The members of every run and their keys, made once per process.

use amanah_ledger::chain::Tip;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::{Keypair, PublicKey, Signer as _};
use amanah_ledger::genesis::{Founder, Genesis};
use amanah_ledger::member::{MemberId, MemberKeys};
use amanah_ledger::time::UnixMs;
use std::sync::LazyLock;

/// The most members a run can have.
pub(super) const MEMBERS_MAX: usize = NAMES.len();
/// Consents that clients can make in one run.
pub(super) const CONSENTS_MAX: usize = 4096;
/// When every run begins: a whole hour.
pub(super) const BEGIN_MS: u64 = 1_790_000_000_000 / 3_600_000 * 3_600_000;

const NAMES: [&str; 10] = ["cedar", "qamar", "rawda", "zaytun", "anbar", "barada", "dalia", "fajr", "hamra", "jabal"];

/// A key and its seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) seed: [u8; 32],
    pub(super) public: PublicKey,
}

/// Purposes of keys, one byte of their seeds.
#[derive(Clone, Copy)]
enum Use {
    Root = 1,
    Gateway = 2,
    Node = 3,
    Consensus = 4,
    Consent = 5,
}

fn key(purpose: Use, number: usize) -> Key {
    let mut seed = [purpose as u8; 32];
    seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
    Key { seed, public: Keypair::from_seed(&seed).public_key() }
}

static CONSENTS: LazyLock<Vec<Key>> = LazyLock::new(|| (0..CONSENTS_MAX).map(|n| key(Use::Consent, n)).collect());
static MEMBERS_KEYS: LazyLock<Vec<(Founder, Key, Key)>> = LazyLock::new(|| (0..MEMBERS_MAX).map(member).collect());

fn member(number: usize) -> (Founder, Key, Key) {
    let (gateway, consensus) = (key(Use::Gateway, number), key(Use::Consensus, number));
    let keys = MemberKeys {
        root: key(Use::Root, number).public,
        gateway: gateway.public,
        node: key(Use::Node, number).public,
        consensus: consensus.public,
    };
    let name = NAMES[number].try_into().expect("short names");
    let display = "Hospital".try_into().expect("a short name");
    (Founder { name, display, keys }, gateway, consensus)
}

static GENESES: LazyLock<Vec<Tip>> = LazyLock::new(|| (0..=MEMBERS_MAX).filter_map(make_genesis).collect());

fn make_genesis(members: usize) -> Option<Tip> {
    let founders = MEMBERS_KEYS.iter().take(members).map(|(founder, _, _)| founder.clone()).collect::<Vec<_>>();
    let genesis = Genesis {
        version: 1,
        network: "simulation".try_into().expect("a short name"),
        time: UnixMs(BEGIN_MS),
        founders: BoundedVec::try_from(founders).expect("ten of 31"),
        parameters: amanah_node::home::demo_parameters(),
    };
    Tip::genesis(&genesis).ok()
}

/// Block 0 of every run with this many members, made once per process.
pub(super) fn genesis(members: usize) -> Tip {
    let of_size = |tip: &&Tip| tip.committee().n() == members;
    GENESES.iter().find(of_size).expect("one to ten members make a committee").clone()
}

/// The id of a member.
pub(super) fn member_id(number: usize) -> MemberId {
    MEMBERS_KEYS[number].0.id()
}

/// A member's gateway key.
pub(super) fn gateway(number: usize) -> Key {
    MEMBERS_KEYS[number].1
}

/// A member's consensus key.
pub(super) fn consensus(number: usize) -> Key {
    MEMBERS_KEYS[number].2
}

/// The key of consent `number`, `None` when they are used up.
pub(super) fn consent(number: usize) -> Option<Key> {
    CONSENTS.get(number).copied()
}
