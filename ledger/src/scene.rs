//! A small network for tests: four hospitals with keys from their names, and states they have certified.

use crate::block::Header;
use crate::certificate::{BlockVote, Certificate, VoteContent};
use crate::codec::BoundedVec;
use crate::committee::ValidatorIndex;
use crate::compose::Wish;
use crate::crypto::{Context, Digest, Keypair, PublicKey, Signer};
use crate::derive::{RelationshipSecret, WalletSeed};
use crate::document::{Action, Actor, MemberRef, PractitionerRef};
use crate::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use crate::member::{MemberId, MemberKeys};
use crate::position::{Epoch, Height, View};
use crate::proof::{CertifiedHeader, Trust};
use crate::state::State;
use crate::time::{Day, UnixMs};
use std::sync::LazyLock;

pub(crate) const HOSPITALS: [(&str, &str); 4] = [
    ("cedar", "Cedar General Hospital"),
    ("qamar", "Qamar Hospital"),
    ("rawda", "Rawda Children's Hospital"),
    ("zaytun", "Zaytun Clinic"),
];

/// 2026-11-22.
pub(crate) const TODAY: Day = Day(20_779);

pub(crate) fn key(name: &str, role: &str) -> Keypair {
    Keypair::from_seed(&Context::Label.hash(&[format!("{name} {role}").as_bytes()]).0)
}

pub(crate) fn text<const MAX: usize>(text: &str) -> crate::codec::BoundedString<MAX> {
    text.try_into().unwrap()
}

pub(crate) fn list<T, const MAX: usize>(items: impl IntoIterator<Item = T>) -> BoundedVec<T, MAX> {
    BoundedVec::try_from(items.into_iter().collect::<Vec<_>>()).unwrap()
}

fn founder((name, display): (&str, &str)) -> Founder {
    let public = |role| key(name, role).public_key();
    let keys = MemberKeys {
        root: public("root"),
        gateway: public("gateway"),
        node: public("node"),
        consensus: public("consensus"),
    };
    Founder { name: text(name), display: text(display), keys }
}

static GENESIS: LazyLock<(Genesis, Digest)> = LazyLock::new(|| {
    let genesis = first_page();
    let chain = genesis.chain();
    (genesis, chain)
});

static LAYLA: LazyLock<(PublicKey, PublicKey)> = LazyLock::new(|| {
    let layla = layla("qamar");
    (layla.key().public_key(), layla.consent_key(0).public_key())
});

static MEMBERS: LazyLock<Vec<MemberRef>> = LazyLock::new(|| {
    let member = |(name, display)| {
        let id = MemberId::of_root_key(&key(name, "root").public_key());
        MemberRef { id, name: text(name), display: text(display) }
    };
    HOSPITALS.into_iter().map(member).collect()
});

pub(crate) fn genesis() -> Genesis {
    GENESIS.0.clone()
}

fn first_page() -> Genesis {
    Genesis {
        version: 1,
        network: text("test"),
        time: Day(20_700).start(),
        founders: list(HOSPITALS.map(founder)),
        parameters: Parameters {
            anchor_grid_ms: 60_000,
            cover: Cover::Off,
            new_leaves_per_day_max: 1000,
            emergency_hours: 24,
            review_hours: 72,
            default_policy: DefaultPolicy::Deny,
            purpose_limits: list([PurposeLimit { purpose: text("TREAT"), days_max: 366 }]),
        },
    }
}

pub(crate) fn chain() -> Digest {
    GENESIS.1
}

pub(crate) fn trust() -> Trust {
    Trust::from_genesis(&genesis()).unwrap()
}

pub(crate) fn hospital(name: &str) -> MemberRef {
    MEMBERS.iter().find(|member| member.name.as_str() == name).unwrap().clone()
}

/// `cedar`, or `dr.haddad@cedar`.
pub(crate) fn actor(who: &str) -> Actor {
    match who.split_once('@') {
        None => Actor::Member(hospital(who)),
        Some((handle, member)) => {
            let name = handle.rsplit('.').next().unwrap();
            let display = format!("Dr. {}{}", name[..1].to_uppercase(), &name[1..]);
            Actor::Practitioner(PractitionerRef {
                member: hospital(member),
                handle: text(handle),
                display: text(&display),
            })
        }
    }
}

/// Layla's secret at a hospital.
pub(crate) fn layla(custodian: &str) -> RelationshipSecret {
    WalletSeed::new([0x1a; 32]).relationship(&chain(), &hospital(custodian).id, 0)
}

/// Layla's wish about her records at Qamar: who, what, why, for 90 days from today.
pub(crate) fn wish(who: &str, what: &str, purpose: &str) -> Wish {
    Wish {
        chain: chain(),
        custodian: hospital("qamar"),
        relationship: LAYLA.0,
        consent: LAYLA.1,
        version: 1,
        who: vec![actor(who)],
        what: what.parse().unwrap(),
        actions: vec![Action::Access],
        purpose: text(purpose),
        from: TODAY.start(),
        until: UnixMs(Day(TODAY.0 + 90).start().0 - 1000),
        supersedes: Vec::new(),
    }
}

/// A header over `state` that the first three hospitals have made final.
pub(crate) fn certified(state: &State, height: u64, time: UnixMs) -> CertifiedHeader {
    let (_, first) = State::genesis(&genesis()).unwrap();
    let header = Header { height: Height(height), time, state_root: state.root(), ..first };
    let view = View(height);
    let vote = BlockVote { epoch: Epoch(0), view, parent_view: View(height - 1), block: header.digest() };
    let content = VoteContent::Finalize(vote);
    let message = content.signing_bytes(&header.chain);
    let signatures = HOSPITALS[..3]
        .iter()
        .zip(0u8..)
        .map(|((name, _), index)| (ValidatorIndex(index), key(name, "consensus").sign(&message)))
        .collect();
    CertifiedHeader { header, finalization: Certificate::assemble(content, 4, &signatures) }
}

/// A key that nobody holds.
pub(crate) fn public_key(n: u8) -> PublicKey {
    key("nobody", &n.to_string()).public_key()
}
