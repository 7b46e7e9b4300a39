//! The parts of a node, each with whether it is well, why not, and since when.

use amanah_ledger::time::UnixMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A part of a node that can be well or not by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The loop that votes, or of a follower the one that follows, turns.
    Loop,
    /// Enough validators are heard.
    Quorum,
    /// A quorum agrees with this clock.
    Clock,
    /// The ledger is as new as the others', and its database whole.
    Ledger,
    /// What patients entrusted to this hospital can be read and written.
    PrivateStore,
    /// The disk has room.
    Disk,
    /// Reading everything again has found no damage.
    StoredData,
}

/// One part as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Which.
    pub component: Component,
    /// Whether it is well.
    pub ok: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When that was first seen to be so, milliseconds since 1970.
    pub since: UnixMs,
}

/// What is known of one part: well, or not for this reason.
pub type Finding = (Component, Result<(), String>);

/// Remembers since when each part is as it is.
#[derive(Debug, Default)]
pub struct Chart(Mutex<BTreeMap<Component, (bool, UnixMs)>>);

impl Chart {
    /// Writes down what was found at `now`.
    pub fn note(&self, now: UnixMs, findings: Vec<Finding>) -> Vec<Health> {
        // A poisoned lock only means that another reader died while writing; the times are still usable.
        let mut chart = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut one = |(component, found): Finding| {
            let ok = found.is_ok();
            let known = chart.entry(component).or_insert((ok, now));
            if known.0 != ok {
                *known = (ok, now);
            }
            Health { component, ok, reason: found.err(), since: known.1 }
        };
        findings.into_iter().map(&mut one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_as_it_is_since_it_last_changed() {
        let chart = Chart::default();
        let look = |now, disk: Result<(), &str>| {
            let disk = disk.map_err(str::to_owned);
            chart.note(UnixMs(now), vec![(Component::Quorum, Ok(())), (Component::Disk, disk)])
        };
        let told = |health: &[Health]| health.iter().map(|one| (one.ok, one.since.0)).collect::<Vec<_>>();
        assert_eq!(told(&look(10, Ok(()))), [(true, 10), (true, 10)]);
        assert_eq!(told(&look(20, Err("nearly full"))), [(true, 10), (false, 20)]);
        let later = look(30, Err("nearly full"));
        assert_eq!(told(&later), [(true, 10), (false, 20)]);
        assert_eq!(later[1].reason.as_deref(), Some("nearly full"));
        assert_eq!(told(&look(40, Ok(()))), [(true, 10), (true, 40)]);
    }
}
