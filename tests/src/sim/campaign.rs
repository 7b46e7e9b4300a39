//! Many worlds on all cores, told in the order of their seeds.

use super::plan::Plan;
use super::run::{Report, run};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

/// Whether to go on after a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next one.
    GoOn,
    /// No further.
    Stop,
}

/// Runs the plan of each seed, as many at once as there are cores, and tells `told` of each in the order of the seeds.
pub fn campaign(
    seeds: Range<u64>,
    plan_of: impl Fn(u64) -> Plan + Sync,
    mut told: impl FnMut(u64, Plan, Report) -> Next,
) {
    let (next, is_over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..cores {
            let (sender, next, is_over, plan_of) = (sender.clone(), &next, &is_over, &plan_of);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let plan = plan_of(seed);
                    let report = run(&plan);
                    if sender.send((seed, plan, report)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut early, mut due) = (BTreeMap::new(), seeds.start);
        for (seed, plan, report) in receiver {
            early.insert(seed, (plan, report));
            while let Some((plan, report)) = early.remove(&due) {
                if told(due, plan, report) == Next::Stop {
                    is_over.store(true, Ordering::Relaxed);
                }
                due += 1;
            }
        }
    });
}
