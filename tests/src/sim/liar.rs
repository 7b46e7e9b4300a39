//! Members that lie. Each runs an honest [`amanah_node::validator::Validator`] inside; what it sends passes through its
//! lies, once for each receiver, and what it receives is shown to them first. Liars share their keys and all they have
//! seen, and sign with their real keys: nobody can forge the signature of an honest member.

mod amnesiac;
mod cert_stripper;
mod coalition;
mod conflicter;
mod deeds;
mod desk;
mod equivocator;
mod flooder;
mod idle_teaser;
mod impersonator;
mod late_leader;
mod lazy;
mod letter;
mod library;
mod nuller;
mod nullify_only;
mod outdated;
mod reconfigurer;
mod selective_forwarder;
mod skip_liar;
mod sync_poisoner;
mod time_skewer;
mod withholder;

pub(super) use coalition::{Coalition, Seat, TICK_MS};
pub use deeds::Deeds;
pub(super) use letter::Letter;

use super::random::Random;
use amanah_ledger::committee::faults;
use desk::Lie;

/// A way to break the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Adversary {
    /// Votes for what it hears and, in the same view, for a block that does not exist.
    Conflicter,
    /// As leader proposes one block to some and another valid one to the others.
    Equivocator,
    /// Votes under others' names, repeats their votes as its own, sends bad signatures and forged certificates.
    Impersonator,
    /// Nullifies and finalizes the same view.
    Nuller,
    /// Gives every view up and says nothing else.
    NullifyOnly,
    /// Repeats what it said in old views, and votes anew in them.
    Outdated,
    /// Says everything for the next epoch too.
    Reconfigurer,
    /// Runs two copies of itself with one key, each connected to a part of the others.
    Twins,
    /// Shows its block to no more honest members than its notarization needs.
    Withholder,
    /// Proposes at the moment when the others' patience ends.
    LateLeader,
    /// Shows its votes and certificates to a part of the others.
    SelectiveForwarder,
    /// Proposes blocks whose time is at the edge of what is accepted, or just beyond.
    TimeSkewer,
    /// Proposes without the certificates that a voter needs, and passes none on.
    CertStripper,
    /// As leader builds below a notarized block, with a forged proof that its view was given up.
    SkipLiar,
    /// Answers questions wrongly and lies about where it stands.
    SyncPoisoner,
    /// Loses its vote log again and again, and goes on voting.
    Amnesiac,
    /// Sends many votes, proposals, questions and transactions that lead nowhere.
    Flooder,
    /// Never finalizes.
    Lazy,
    /// Claims to have work, gives views up while nothing is to be done, and announces blocks that never come.
    IdleTeaser,
}

/// A member and its lies; each of them changes what the one before it lets out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liar {
    /// Which member.
    pub member: usize,
    /// What it does.
    pub lies: Vec<Adversary>,
}

impl Adversary {
    /// All of them.
    pub fn all() -> &'static [Self] {
        <Self as clap::ValueEnum>::value_variants()
    }

    /// The command line's word.
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// How it is done; `None` if by a second process.
    fn lie(self) -> Option<Box<dyn Lie>> {
        Some(match self {
            Self::Twins => return None,
            Self::Conflicter => Box::new(conflicter::Conflicter::default()),
            Self::Equivocator => Box::new(equivocator::Equivocator::default()),
            Self::Impersonator => Box::new(impersonator::Impersonator::default()),
            Self::Nuller => Box::new(nuller::Nuller::default()),
            Self::NullifyOnly => Box::new(nullify_only::NullifyOnly::default()),
            Self::Outdated => Box::new(outdated::Outdated::default()),
            Self::Reconfigurer => Box::new(reconfigurer::Reconfigurer::default()),
            Self::Withholder => Box::new(withholder::Withholder::default()),
            Self::LateLeader => Box::new(late_leader::LateLeader::default()),
            Self::SelectiveForwarder => Box::new(selective_forwarder::SelectiveForwarder::default()),
            Self::TimeSkewer => Box::new(time_skewer::TimeSkewer::default()),
            Self::CertStripper => Box::new(cert_stripper::CertStripper),
            Self::SkipLiar => Box::new(skip_liar::SkipLiar::default()),
            Self::SyncPoisoner => Box::new(sync_poisoner::SyncPoisoner),
            Self::Amnesiac => Box::new(amnesiac::Amnesiac::default()),
            Self::Flooder => Box::new(flooder::Flooder),
            Self::Lazy => Box::new(lazy::Lazy),
            Self::IdleTeaser => Box::new(idle_teaser::IdleTeaser::default()),
        })
    }
}

impl Liar {
    /// Who lies among `members` under `seed`: in three runs of ten nobody, else at most f, one way or two.
    pub(super) fn draw(seed: u64, members: usize) -> Vec<Self> {
        let mut random = Random::new(seed, "adversaries");
        if random.chance(300) {
            return Vec::new();
        }
        let count = if random.chance(500) { 1 } else { 2 };
        let lies: Vec<Adversary> = (0..count).filter_map(|_| random.pick(Adversary::all()).copied()).collect();
        Self::spread(&lies, seed, members)
    }

    /// These lies, each told by another member; with more lies than f, one member tells several.
    pub(super) fn spread(lies: &[Adversary], seed: u64, members: usize) -> Vec<Self> {
        let (mut random, liars_max) = (Random::new(seed, "liars"), faults(members));
        let mut honest: Vec<usize> = (0..members).collect();
        let mut liars: Vec<Self> = Vec::new();
        for (at, lie) in lies.iter().enumerate() {
            if at < liars_max {
                let drawn = usize::try_from(random.below(honest.len() as u64)).unwrap_or(0);
                liars.push(Self { member: honest.swap_remove(drawn), lies: vec![*lie] });
            } else if let Some(liar) = liars.get_mut(at % liars_max).filter(|liar| !liar.lies.contains(lie)) {
                liar.lies.push(*lie);
            }
        }
        liars
    }

    /// So many members with a second copy of themselves.
    pub(super) fn traitors(seed: u64, members: usize, count: usize) -> Vec<Self> {
        let mut random = Random::new(seed, "traitors' names");
        let mut honest: Vec<usize> = (0..members).collect();
        let drawn = (0..count.min(members)).map(|_| {
            let at = usize::try_from(random.below(honest.len() as u64)).unwrap_or(0);
            Self { member: honest.swap_remove(at), lies: vec![Adversary::Twins] }
        });
        drawn.collect()
    }

    /// The lies for the command line, in the order that [`Liar::spread`] takes.
    pub fn names(liars: &[Self]) -> String {
        let rounds = liars.iter().map(|liar| liar.lies.len()).max().unwrap_or(0);
        let names = (0..rounds).flat_map(|round| liars.iter().filter_map(move |liar| liar.lies.get(round)));
        names.map(|lie| lie.name()).collect::<Vec<_>>().join(",")
    }
}
