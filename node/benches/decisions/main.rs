//! What one decision costs at a hospital with many relationships, in time and in allocations; and one query before very many
//! rules.
//!
//! `cargo bench -p amanah-node --bench decisions`; `AMANAH_RELATIONSHIPS` says how many, 100,000 if it is not set.

mod hospital;
mod query;

use amanah_ledger::document::{Action, commitment};
use amanah_ledger::engine::{Candidate, Policy, Request, Requester, Standing, decide};
use amanah_ledger::position::Height;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use hospital::{Hospital, NOW, Patient, genesis, labs, treatment};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Counts what is allocated.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Relationships at the hospital, if nothing else is said; each has given one consent.
const RELATIONSHIPS: usize = 100_000;
/// Decisions that one sync makes durable when many ask at once.
const GROUP: u32 = 256;
/// Another relationship each time, far from the one before: none is warm because its neighbour was asked about. It is
/// prime, so all have their turn before the first has its second.
const STRIDE: usize = 38_197;

/// Filled by whichever benchmark comes first.
static HOSPITAL: LazyLock<Mutex<(Hospital, usize)>> =
    LazyLock::new(|| Mutex::new((Hospital::with(relationships()), 0)));

fn relationships() -> usize {
    std::env::var("AMANAH_RELATIONSHIPS")
        .map_or(RELATIONSHIPS, |count| count.parse().expect("AMANAH_RELATIONSHIPS is a number"))
}

fn main() {
    divan::main();
}

/// The rules alone: the patient's consents are at hand, nothing is read or written.
#[divan::bench(args = [1, 16])]
fn engine(bencher: Bencher<'_, '_>, consents: u32) {
    let genesis = genesis();
    let patient = Patient::new(0, &genesis);
    let candidates: Vec<Candidate> = (0..consents)
        .map(|index| {
            let (salt, document) = (patient.salt(index), patient.document(&genesis, index));
            let held = Some((&salt, &document));
            let commitment = commitment(&salt, &document);
            Candidate::new(patient.consent(index), 1, Height(1), commitment, Standing::InForce, held)
        })
        .collect();
    let request = Request {
        chain: genesis.chain(),
        custodian: genesis.founders[0].id(),
        relationship: patient.key(),
        requester: Requester { member: genesis.founders[1].id(), practitioner: None },
        purpose: treatment(),
        action: Action::Access,
        items: labs(),
    };
    let policy = Policy::of(&genesis.parameters);
    bencher.bench(|| decide(black_box(&candidates), black_box(&request), NOW, &policy));
}

/// All that the custodian does for an answer, but for the sync: looks the consents up, opens their documents, decides,
/// and writes the receipt into the patient's log.
#[divan::bench(sample_count = 2000, sample_size = 1)]
fn desk(bencher: Bencher<'_, '_>) {
    let mut turn = HOSPITAL.lock().unwrap_or_else(PoisonError::into_inner);
    let ((hospital, number), all) = (&mut *turn, relationships());
    bencher.bench_local(|| {
        *number = (*number + STRIDE) % all;
        hospital.decides(*number);
    });
    hospital.sync();
}

/// The same for as many as one sync makes durable, with that sync.
#[divan::bench(sample_count = 100, sample_size = 1)]
fn desk_256_with_sync(bencher: Bencher<'_, '_>) {
    let mut turn = HOSPITAL.lock().unwrap_or_else(PoisonError::into_inner);
    let ((hospital, number), all) = (&mut *turn, relationships());
    bencher.counter(ItemsCount::new(GROUP)).bench_local(|| {
        for _ in 0..GROUP {
            *number = (*number + STRIDE) % all;
            hospital.decides(*number);
        }
        hospital.sync();
    });
}
