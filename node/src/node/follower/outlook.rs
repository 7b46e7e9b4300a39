//! The follower as operators and clients see it.

use super::super::disk;
use super::super::outlook::{bytes_in, contradictions, ledger_findings};
use super::witnesses::Witnesses;
use crate::config::Role;
use crate::health::{Chart, Component, Health, LIVE_MAX, Unready, unready_follower};
use crate::home::FollowerHome;
use crate::metrics::Metrics;
use crate::ops::{Status, ValidatorStatus};
use crate::runtime::LedgerReads;
use amanah_ledger::committee::faults;
use amanah_ledger::position::Height;
use amanah_ledger::time::UnixMs;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) struct Outlook {
    name: String,
    member: String,
    members: usize,
    /// Members that must be heard for one of them to be honest.
    needed: usize,
    ledger_dir: PathBuf,
    reads: LedgerReads,
    witnesses: Witnesses,
    metrics: Arc<Metrics>,
    disk: disk::Watch,
    chart: Chart,
}

impl Outlook {
    pub(super) fn new(
        home: &FollowerHome,
        reads: LedgerReads,
        witnesses: Witnesses,
        metrics: Arc<Metrics>,
        disk: disk::Watch,
    ) -> Self {
        let (config, members) = (home.config(), home.genesis().founders.len());
        Self {
            name: config.node.name.clone(),
            member: config.follow.member.clone(),
            members,
            needed: home.members().len().min(faults(members) + 1),
            ledger_dir: home.ledger_dir(),
            reads,
            witnesses,
            metrics,
            disk,
            chart: Chart::default(),
        }
    }

    /// Looks at every part and remembers since when it is as it is. A follower dates nothing: its clock is no part.
    pub(super) fn health(&self, now: UnixMs) -> Vec<Health> {
        let mut findings = ledger_findings(&self.status().unready, &self.reads, &self.metrics);
        findings.retain(|(component, _)| *component != Component::Clock);
        self.chart.note(now, findings)
    }

    pub(super) fn status(&self) -> Status {
        let view = self.reads.view();
        let seen = self.witnesses.all();
        let validators = seen.iter().map(|witness| ValidatorStatus {
            name: witness.name.clone(),
            connected: witness.is_heard(),
            height: witness.height.map(|height| height.0),
        });
        let validators: Vec<_> = validators.collect();
        let heard = validators.iter().filter(|member| member.connected).count();
        self.measure(view.height(), view.finalization.as_ref().map_or(0, |f| f.content.view().0), heard);
        Status {
            name: self.name.clone(),
            role: Role::Follower,
            follows: Some(self.member.clone()),
            chain: view.chain().to_string(),
            height: view.height().0,
            block: view.tip.digest().to_string(),
            state_root: view.tip.header().state_root.to_string(),
            view: view.finalization.as_ref().map_or(0, |finalization| finalization.content.view().0),
            loop_age_ms: u64::try_from(self.reads.pulse().age().as_millis()).unwrap_or(u64::MAX),
            unready: self.unready(view.height(), heard),
            validators,
            contradictions: contradictions(view.tip.state()),
        }
    }

    fn unready(&self, own: Height, heard: usize) -> Vec<Unready> {
        let hangs = (self.reads.pulse().age() >= LIVE_MAX).then_some(Unready::Hangs);
        let low = self.disk.is_low().then_some(Unready::DiskLow);
        let behind = unready_follower(own, self.witnesses.newest(), heard, self.needed);
        [hangs, behind, low].into_iter().flatten().collect()
    }

    fn measure(&self, height: Height, view: u64, heard: usize) {
        let (figures, int) = (&self.metrics.ledger, |count: u64| i64::try_from(count).unwrap_or(i64::MAX));
        figures.height.set(int(height.0));
        figures.view.set(int(view));
        figures.validators.set(int(self.members as u64));
        figures.store_bytes.set(int(bytes_in(&self.ledger_dir)));
        figures.disk_free.set(self.disk.free_ratio());
        self.metrics.network.peers.set(int(heard as u64));
    }
}
