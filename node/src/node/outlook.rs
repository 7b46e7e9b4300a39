//! The node as operators see it, gathered from its parts when somebody asks.

use super::disk;
use crate::clock::{Comparison, ConfirmedClock, Moment};
use crate::config::Role;
use crate::custodian::Life;
use crate::health::{Chart, Component, Finding, Health, LIVE_MAX, Pulse, Unready, unready};
use crate::home::Home;
use crate::metrics::{ByMember, Metrics};
use crate::ops::{Contradicted, Status, ValidatorStatus};
use crate::runtime::{ConsensusStatus, LedgerHandle, LedgerReads};
use amanah_ledger::position::Height;
use amanah_ledger::state::State;
use amanah_ledger::time::UnixMs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) struct Outlook {
    name: String,
    /// Names of all validators, by index.
    names: Vec<String>,
    me: usize,
    ledger_dir: PathBuf,
    ledger: LedgerHandle,
    pulse: Pulse,
    metrics: Arc<Metrics>,
    disk: disk::Watch,
    clock: ConfirmedClock,
    custodian: Life,
    chart: Chart,
}

impl Outlook {
    pub(super) fn new(
        home: &Home,
        ledger: LedgerHandle,
        metrics: Arc<Metrics>,
        disk: disk::Watch,
        clock: ConfirmedClock,
        custodian: Life,
    ) -> Self {
        let founders = &home.genesis().founders;
        Self {
            name: home.config().node.name.clone(),
            names: founders.iter().map(|founder| founder.name.to_string()).collect(),
            me: founders.iter().position(|founder| founder.id() == home.member()).unwrap_or(founders.len()),
            ledger_dir: home.ledger_dir(),
            pulse: ledger.pulse().clone(),
            ledger,
            metrics,
            disk,
            clock,
            custodian,
            chart: Chart::default(),
        }
    }

    /// Looks at every part and remembers since when it is as it is.
    pub(super) fn health(&self, now: UnixMs) -> Vec<Health> {
        let store = if self.custodian.is_over() { Err("it has failed, the log says why".to_owned()) } else { Ok(()) };
        let mut findings = ledger_findings(&self.status().unready, &self.ledger, &self.metrics);
        findings.push((Component::PrivateStore, store));
        self.chart.note(now, findings)
    }

    pub(super) fn status(&self) -> Status {
        let (view, consensus) = (self.ledger.view(), self.ledger.status());
        let contradictions = contradictions(view.tip.state());
        self.measure(view.height(), &consensus, &contradictions);
        let others = self.names.iter().enumerate().filter(|(index, _)| *index != self.me);
        let standing = &consensus.standing;
        let validators = others.map(|(index, name)| ValidatorStatus {
            name: name.clone(),
            connected: standing.connected.get(index).copied().unwrap_or(false),
            height: standing.reported.get(index).copied().flatten().map(|height| height.0),
        });
        let validators: Vec<_> = validators.collect();
        Status {
            name: self.name.clone(),
            role: Role::Validator,
            follows: None,
            chain: view.chain().to_string(),
            height: view.height().0,
            block: view.tip.digest().to_string(),
            state_root: view.tip.header().state_root.to_string(),
            view: standing.view.0,
            loop_age_ms: u64::try_from(self.pulse.age().as_millis()).unwrap_or(u64::MAX),
            unready: self.unready(view.height(), &validators),
            validators,
            contradictions,
        }
    }

    /// A link is given up after ten silent seconds, so whoever is connected was heard within fifteen.
    fn unready(&self, own: Height, validators: &[ValidatorStatus]) -> Vec<Unready> {
        let connected = validators.iter().filter(|other| other.connected);
        let heard: Vec<Height> = connected.filter_map(|other| other.height.map(Height)).collect();
        let hangs = (self.pulse.age() >= LIVE_MAX).then_some(Unready::Hangs);
        let low = self.disk.is_low().then_some(Unready::DiskLow);
        [hangs, unready(own, &heard, self.names.len()), low, self.undated()].into_iter().flatten().collect()
    }

    /// Why nothing may be dated.
    fn undated(&self) -> Option<Unready> {
        match (self.clock.now(), self.clock.comparison()) {
            (Moment::Confirmed(_), _) => None,
            (Moment::Unconfirmed(_), Comparison::FewHeard) => Some(Unready::ClockUnconfirmed { offset_ms: None }),
            (Moment::Unconfirmed(_), Comparison::Agrees { offset_ms } | Comparison::Apart { offset_ms }) => {
                Some(Unready::ClockUnconfirmed { offset_ms: Some(offset_ms) })
            }
        }
    }

    fn measure(&self, height: Height, consensus: &ConsensusStatus, contradictions: &[Contradicted]) {
        let figures = &self.metrics.ledger;
        figures.height.set(i64::try_from(height.0).unwrap_or(i64::MAX));
        figures.view.set(i64::try_from(consensus.standing.view.0).unwrap_or(i64::MAX));
        figures.validators.set(i64::try_from(self.names.len()).unwrap_or(i64::MAX));
        figures.waiting.set(i64::try_from(consensus.waiting).unwrap_or(i64::MAX));
        figures.waiting_bytes.set(i64::try_from(consensus.waiting_bytes).unwrap_or(i64::MAX));
        figures.vote_log_bytes.set(i64::try_from(consensus.vote_log_bytes).unwrap_or(i64::MAX));
        figures.store_bytes.set(i64::try_from(bytes_in(&self.ledger_dir)).unwrap_or(i64::MAX));
        figures.disk_free.set(self.disk.free_ratio());
        if let Comparison::Agrees { offset_ms } | Comparison::Apart { offset_ms } = self.clock.comparison() {
            figures.clock_offset_ms.set(offset_ms);
        }
        for (member, reported) in self.names.iter().zip(&consensus.standing.reported) {
            if let Some(height) = reported {
                let label = ByMember { member: member.clone() };
                figures.reported.get_or_create(&label).set(i64::try_from(height.0).unwrap_or(i64::MAX));
            }
        }
        for member in &self.names {
            let ways = contradictions.iter().filter(|contradicted| contradicted.member == *member).count();
            let label = ByMember { member: member.clone() };
            figures.contradictions.get_or_create(&label).set(i64::try_from(ways).unwrap_or(i64::MAX));
        }
    }
}

/// What is known of the parts that every node has, from what speaks against serving and from what is counted.
pub(super) fn ledger_findings(unready: &[Unready], reads: &LedgerReads, metrics: &Metrics) -> Vec<Finding> {
    let (mut running, mut quorum, mut behind, mut disk, mut clock) = (Ok(()), Ok(()), Ok(()), Ok(()), Ok(()));
    for reason in unready {
        let part = match reason {
            Unready::Hangs => &mut running,
            Unready::FewHeard { .. } => &mut quorum,
            Unready::Behind { .. } => &mut behind,
            Unready::DiskLow => &mut disk,
            Unready::ClockUnconfirmed { .. } => &mut clock,
        };
        *part = Err(reason.to_string());
    }
    let database = reads.damage().found().map_or(Ok(()), |why| Err(format!("the database is damaged: {why}")));
    let errors = metrics.ledger.scrub_errors.get();
    let stored = if errors == 0 { Ok(()) } else { Err(format!("{errors} records are damaged")) };
    vec![
        (Component::Loop, running),
        (Component::Quorum, quorum),
        (Component::Clock, clock),
        (Component::Ledger, database.and(behind)),
        (Component::Disk, disk),
        (Component::StoredData, stored),
    ]
}

/// What the ledger proves against validators.
pub(super) fn contradictions(state: &State) -> Vec<Contradicted> {
    let told = state.contradictions().map(|leaf| Contradicted {
        member: state.member(&leaf.member).map_or_else(|| leaf.member.to_string(), |member| member.name.to_string()),
        kind: leaf.proof.kind().name().to_owned(),
        epoch: leaf.proof.epoch().0,
        view: leaf.proof.view().0,
        height: leaf.height.0,
    });
    told.collect()
}

/// Bytes of the files in `dir`, as far as they can be read.
pub(super) fn bytes_in(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let files = entries.filter_map(|entry| entry.ok()?.metadata().ok());
    files.filter(std::fs::Metadata::is_file).map(|file| file.len()).sum()
}
