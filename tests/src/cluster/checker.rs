//! Holds what stands at the end, on every hospital, against what was promised. Reads public interfaces only.

use super::Cluster;
use super::api::{Api, Trouble};
use super::journal::{ConsentPromises, DecisionPromise, Promise};
use super::load::Rested;
use super::patient::leaf_of;
use super::surroundings::Surroundings;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, ConsentStatus, LeafKey};
use amanah_ledger::proof::ENTRIES_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// A hospital that answers everything else within seconds is asked again until then.
const PATIENCE: Duration = Duration::from_secs(5);
/// Prefixes of locks: every consent of the ledger stands under one.
const PREFIXES: u16 = 1 << 12;
/// Longest answer to one prefix.
const LOCKS_MAX: usize = 65_536;

/// What the check found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Acts acknowledged as final, and decisions.
    pub acknowledged: u64,
    /// Of these, how many do not stand as they were acknowledged.
    pub lost: u64,
    /// Acts that a hospital had taken and that became final after the load.
    pub settled_later: u64,
    /// Everything that must not be, in words.
    pub complaints: Vec<String>,
    /// The height all agree on.
    pub height: u64,
}

/// What cannot be held against a hospital any more.
#[derive(Debug, Clone, Default)]
pub struct Excused {
    /// Hospitals that are out for good: nothing is asked of them.
    pub lost: Vec<usize>,
    /// Hospitals whose private records were damaged: their logs must not look complete, or must be.
    pub records: Vec<usize>,
}

type Leaves = BTreeMap<PublicKey, ConsentLeaf>;

/// Checks everything; what takes time may take until `limit` has passed.
///
/// # Panics
/// Never: failures are complaints.
pub fn check(cluster: &Cluster, rested: &mut Rested, excused: &Excused, limit: Duration) -> Verdict {
    let deadline = Instant::now() + limit;
    let around = rested.around.clone();
    let mut verdict = Verdict::default();
    let (consents, decisions, violations) = {
        let journal = around.journal.look();
        verdict.acknowledged = journal.acknowledged();
        (journal.consents.clone(), journal.decisions.clone(), journal.violations.clone())
    };
    verdict.complaints.extend(violations);
    let well: Vec<usize> = (0..cluster.hospitals.len()).filter(|i| !excused.lost.contains(i)).collect();
    verdict.settle(rested, &consents, &well, deadline);
    match cluster.agree_within(deadline.saturating_duration_since(Instant::now()), &excused.lost) {
        Ok(status) => verdict.height = status.height,
        Err(why) => verdict.complaints.push(why),
    }
    for hospital in &well {
        let name = cluster.hospitals[*hospital].name;
        match rested.runtime.block_on(leaves(&around, *hospital, &consents)) {
            Ok(leaves) => verdict.compare(name, &consents, &leaves),
            Err(why) => verdict.complaints.push(format!("{name} does not show the consents: {why:?}")),
        }
    }
    // Agreed states are equal: one hospital speaks for all.
    if let Some(hospital) = well.first() {
        match rested.runtime.block_on(all_consents(&around.apis[*hospital])) {
            Ok(all) => verdict.nothing_else(&consents, &cluster.prebuilt, &all),
            Err(why) => verdict.complaints.push(format!("the list of all consents: {why:?}")),
        }
    }
    verdict.logs(rested, &decisions, excused, deadline);
    verdict
}

impl Verdict {
    /// Waits until everything that a hospital had taken is final.
    fn settle(
        &mut self,
        rested: &Rested,
        consents: &BTreeMap<PublicKey, ConsentPromises>,
        well: &[usize],
        deadline: Instant,
    ) {
        let is_open = |promise: Promise| matches!(promise, Promise::Accepted(by) if well.contains(&by));
        let mut open: BTreeMap<PublicKey, ConsentPromises> = consents.clone();
        open.retain(|_, promises| is_open(promises.granted) || is_open(promises.revoked));
        let count = open.len() as u64;
        let Some(hospital) = well.first() else { return };
        loop {
            if let Ok(leaves) = rested.runtime.block_on(leaves(&rested.around, *hospital, &open)) {
                open.retain(|consent, promises| {
                    let leaf = leaves.get(consent);
                    let ended = leaf.is_some_and(|leaf| matches!(leaf.status, ConsentStatus::Revoked { .. }));
                    (is_open(promises.granted) && leaf.is_none()) || (is_open(promises.revoked) && !ended)
                });
            }
            if open.is_empty() || Instant::now() >= deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        self.settled_later = count - open.len() as u64;
        for (consent, promises) in open {
            self.complaints.push(format!("{} was taken and is not final: {promises:?}", Label::consent(&consent)));
        }
    }

    /// Every acknowledged act stands on this hospital as it was acknowledged.
    fn compare(&mut self, name: &str, consents: &BTreeMap<PublicKey, ConsentPromises>, leaves: &Leaves) {
        for (consent, promises) in consents {
            let label = Label::consent(consent);
            let leaf = leaves.get(consent);
            if let Promise::Final(height) = promises.granted
                && leaf.is_none_or(|leaf| (leaf.version, leaf.since) != (1, height))
            {
                self.lost += 1;
                self.complaints.push(format!("{name}: {label} was final at {height}, and is {leaf:?}"));
            }
            if let Promise::Final(height) = promises.revoked
                && !leaf.is_some_and(
                    |leaf| matches!(leaf.status, ConsentStatus::Revoked { height: at, .. } if at == height),
                )
            {
                self.lost += 1;
                self.complaints.push(format!("{name}: {label} was revoked at {height}, and is {leaf:?}"));
            }
            let ended = leaf.is_some_and(|leaf| matches!(leaf.status, ConsentStatus::Revoked { .. }));
            if promises.revoked == Promise::None && ended {
                self.complaints.push(format!("{name}: {label} has ended and nobody revoked it"));
            }
        }
    }

    /// The ledger holds each consent once, those from before too, and none that no patient gave.
    fn nothing_else(
        &mut self,
        consents: &BTreeMap<PublicKey, ConsentPromises>,
        before: &BTreeSet<PublicKey>,
        all: &[(PublicKey, Digest)],
    ) {
        let mut seen = BTreeSet::new();
        for (consent, _) in all {
            if !seen.insert(*consent) {
                self.complaints.push(format!("{} stands twice", Label::consent(consent)));
            }
            if !consents.contains_key(consent) && !before.contains(consent) {
                self.complaints.push(format!("{} stands there, and nobody gave it", Label::consent(consent)));
            }
        }
        let final_ones = consents.iter().filter(|(_, promises)| matches!(promises.granted, Promise::Final(_)));
        let missing = final_ones.map(|(consent, _)| consent).chain(before).filter(|consent| !seen.contains(*consent));
        for consent in missing {
            self.lost += 1;
            self.complaints.push(format!("{} is not in the list of all consents", Label::consent(consent)));
        }
    }

    /// Every answered decision is in its patient's log, once, and the log is complete.
    fn logs(&mut self, rested: &mut Rested, decisions: &[DecisionPromise], excused: &Excused, deadline: Instant) {
        let Rested { patients, runtime, around } = rested;
        for patient in patients.iter_mut().filter(|patient| !excused.lost.contains(&patient.custodian)) {
            let custodian = patient.custodian;
            let witness = (1..around.apis.len())
                .map(|step| (custodian + step) % around.apis.len())
                .find(|other| !excused.lost.contains(other))
                .unwrap_or(custodian);
            let log = match runtime.block_on(patient.read_log(witness, deadline)) {
                Ok(log) => log,
                // Said aloud, as it must be.
                Err(_lost) if excused.records.contains(&custodian) => continue,
                Err(why) => {
                    self.complaints.push(format!(
                        "the log of {} at {}: {why}",
                        patient.label(),
                        around.members[custodian].name
                    ));
                    continue;
                }
            };
            let relationship = patient.relationship();
            let mut times: BTreeMap<&str, u32> = BTreeMap::new();
            log.iter().for_each(|access| *times.entry(access).or_default() += 1);
            for decision in decisions.iter().filter(|decision| decision.relationship == relationship) {
                if times.get(decision.access.as_str()) != Some(&1) {
                    self.lost += 1;
                    let found = times.get(decision.access.as_str());
                    self.complaints.push(format!("{} is in its log {found:?} times", decision.access));
                }
            }
        }
    }
}

/// What this hospital proves about these consents.
async fn leaves(
    around: &Surroundings,
    hospital: usize,
    consents: &BTreeMap<PublicKey, ConsentPromises>,
) -> Result<Leaves, Trouble> {
    let mut leaves = Leaves::new();
    let all: Vec<PublicKey> = consents.keys().copied().collect();
    for portion in all.chunks(ENTRIES_MAX) {
        let keys: Vec<LeafKey> = portion.iter().copied().map(LeafKey::Consent).collect();
        let state = around.apis[hospital].state(&around.trust, &keys, 1, Duration::ZERO).await?;
        leaves.extend(portion.iter().filter_map(|consent| Some((*consent, leaf_of(&state, consent)?))));
    }
    Ok(leaves)
}

/// Every consent on the ledger, as the hospital lists them for holders of slips.
async fn all_consents(api: &Api) -> Result<Vec<(PublicKey, Digest)>, Trouble> {
    let mut all = Vec::new();
    for prefix in 0..PREFIXES {
        let bytes = api.get(&format!("/v1/locks/{prefix:03x}"), None, PATIENCE).await?;
        let found: BoundedVec<(PublicKey, Digest), LOCKS_MAX> =
            codec::decode(&bytes, codec::BYTES_MAX).map_err(|error| Trouble::Wrong(error.to_string()))?;
        all.extend(found.into_vec());
    }
    Ok(all)
}
