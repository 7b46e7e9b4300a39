//! Execution is total and deterministic on whatever decodes, and what is built is always accepted.

use crate::block::{Block, Entry, OpenBlock, tx_root};
use crate::chain::Tip;
use crate::codec::BoundedVec;
use crate::crypto::{Check, Digest, Verifier};
use crate::evidence::EvidenceKind;
use crate::execute::Proposal;
use crate::fixture::{Network, START, digest, judge, network_with, parameters, patient};
use crate::leaf::Leaf;
use crate::position::View;
use crate::time::{DAY_MS, Day, HOUR_MS, UnixMs};
use crate::transaction::{Anchor, AnchorKind, GrantItem, Outcome, SignedTransaction};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Believes every signature, so that the rules are reached whatever the bytes.
struct Credulous;

impl Verifier for Credulous {
    fn verify_all(&self, _checks: &[Check<'_>]) -> bool {
        true
    }
}

static NETWORK: LazyLock<Network> =
    LazyLock::new(|| network_with(crate::genesis::Parameters { new_leaves_per_day_max: 6, ..parameters() }));

/// One act of few members on few consents, right or wrong in some way.
#[derive(Debug, Clone)]
enum Act {
    Grant { custodian: usize, patients: Vec<u32>, step: u32, right_prev: bool, hours: u64 },
    Revoke { patient: u32, way: u8 },
    Anchor { member: usize, by: usize, seq: u64, day: i64, kind: u8 },
    Evidence { by: usize, kind: usize, view: u64 },
    Opaque(u8),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0usize..3, vec(0u32..8, 1..4), 0u32..3, any::<bool>(), 0u64..60).prop_map(
            |(custodian, patients, step, right_prev, hours)| Act::Grant { custodian, patients, step, right_prev, hours }
        ),
        3 => (0u32..8, 0u8..5).prop_map(|(patient, way)| Act::Revoke { patient, way }),
        2 => (0usize..3, 0usize..3, 0u64..4, -2i64..3, 0u8..2).prop_map(
            |(member, by, seq, day, kind)| Act::Anchor { member, by, seq, day, kind }
        ),
        1 => (0usize..4, 0usize..3, 1u64..3).prop_map(|(by, kind, view)| Act::Evidence { by, kind, view }),
        1 => (0u8..8).prop_map(Act::Opaque),
    ]
}

fn sign(network: &Network, tip: &Tip, act: &Act) -> SignedTransaction {
    match act {
        Act::Grant { custodian, patients, step, right_prev, hours } => {
            let patients: Vec<_> = patients.iter().map(|n| patient(*n)).collect();
            let item = |patient: &crate::fixture::Patient| {
                let present = tip.state().consent(&patient.id());
                let prev = if *right_prev { present.map_or(Digest::ZERO, |leaf| leaf.hash()) } else { digest("no") };
                let version = present.map_or(0, |leaf| leaf.version) + step;
                let submit_by = UnixMs((tip.header().time.0 / HOUR_MS + hours) * HOUR_MS);
                GrantItem { version, prev, submit_by, ..network.item(*custodian, patient) }
            };
            network.grants(*custodian, &patients.iter().map(|patient| (item(patient), patient)).collect::<Vec<_>>())
        }
        Act::Revoke { patient: n, way } => match way {
            0 => network.revoke(&patient(*n)),
            1 => network.revoke_by_slip(&patient(*n)),
            2 => network.revoke_by_custodian(0, &patient(*n)),
            member => network.revoke_unknown(usize::from(*member) - 3, &patient(*n)),
        },
        Act::Anchor { member, by, seq, day, kind } => {
            let kind = if *kind == 0 { AnchorKind::Access } else { AnchorKind::Roster };
            let id = network.members[*member].id;
            let last = tip.state().anchor_head(&id, kind).map_or(0, |head| head.seq);
            let day = Day(u32::try_from(i64::from(tip.header().time.day().0) + day).unwrap());
            let anchor = Anchor { member: id, kind, seq: last + seq, day, root: digest("root"), figures: None };
            network.signed_anchor(*by, anchor)
        }
        Act::Evidence { by, kind, view } => network.evidence(*by, EvidenceKind::ALL[*kind], *view),
        Act::Opaque(n) => {
            let body = BoundedVec::try_from(vec![*n; 3]).unwrap();
            [
                SignedTransaction::Publish,
                SignedTransaction::Withdraw,
                SignedTransaction::Propose,
                SignedTransaction::Vote,
                SignedTransaction::RotateKey,
                SignedTransaction::SetChange,
                SignedTransaction::Ready,
                SignedTransaction::Custody,
            ][usize::from(*n)](body)
        }
    }
}

/// What must hold between any block and the next.
fn check_step(before: &Tip, after: &Tip) {
    assert!(after.state().len() >= before.state().len(), "leaves are never removed");
    for leaf in before.state().leaves() {
        let Leaf::Consent(consent) = leaf else { continue };
        let now = after.state().consent(&consent.consent).unwrap();
        if consent.is_active() {
            assert!(now.version == consent.version || now.prev == consent.hash() || now.version > consent.version + 1);
            assert!(now.version >= consent.version && now.lock == consent.lock && now.custodian == consent.custodian);
        } else {
            assert_eq!(now, consent, "what is revoked stays as it is");
        }
    }
}

/// A tip after these blocks, whose state lacks some of the leaves it should have.
fn odd_tip(network: &Network, blocks: &[Vec<Act>], missing: &[u8]) -> Tip {
    let mut tip = network.tip.clone();
    for acts in blocks {
        let signed: Vec<_> = acts.iter().map(|act| network.verified(&sign(network, &tip, act))).collect();
        let proposal = Proposal { view: View(1), time: tip.header().time.plus_ms(HOUR_MS) };
        tip = tip.build(proposal, &signed).tip().clone();
    }
    let kept = tip.state().leaves().zip(missing.iter().cycle()).filter(|(_, missing)| **missing != 0);
    let state = crate::state::State::from_leaves(kept.map(|(leaf, _)| leaf.clone()));
    crate::chain::tests::with_state(&tip, state)
}

/// A block of these with the outcomes they have, and here and there a lie; and whether there was none.
fn claimed_block(
    network: &Network,
    tip: &Tip,
    time: UnixMs,
    transactions: Vec<SignedTransaction>,
    lies: &[u8],
) -> (OpenBlock, bool) {
    let mut pending = crate::execute::pending::Pending::new(tip, time);
    let honest: Vec<_> = transactions
        .into_iter()
        .map(|transaction| Entry { outcomes: pending.apply(&transaction), transaction })
        .collect();
    let mut entries = honest.clone();
    for (entry, _) in entries.iter_mut().zip(lies).filter(|(_, lie)| **lie == 0) {
        entry.outcomes = BoundedVec::try_from(vec![Outcome::TooLate; 2]).unwrap();
    }
    let is_true = honest == entries;
    let mut header = network.build(tip, time, &[]).header().clone();
    let body = BoundedVec::try_from(entries).unwrap();
    let name = |entry: &Entry| (entry.transaction.tx_id(&network.chain), entry.transaction.wire_id());
    let names: Vec<_> = body.iter().map(name).collect();
    (header.tx_root, header.tx_count) = (tx_root(&names, &body), u32::try_from(names.len()).unwrap());
    header.state_root = tip.state().with(pending.into_changes()).root();
    (OpenBlock::of(Block { header, body }).unwrap(), is_true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_built_is_accepted_with_the_same_root(
        blocks in vec((vec(act(), 0..14), 0u64..(DAY_MS / 3)), 1..8)
    ) {
        let network = &*NETWORK;
        let mut tip = network.tip.clone();
        for (acts, step) in blocks {
            let signed: Vec<_> = acts.iter().map(|act| network.verified(&sign(network, &tip, act))).collect();
            let proposal = Proposal { view: View(tip.header().height.0 + 1), time: tip.header().time.plus_ms(step) };
            let built = tip.build(proposal, &signed);
            let judged = judge(&tip, &built).unwrap();
            prop_assert_eq!(judged.digest(), built.digest());
            prop_assert_eq!(judged.state().root(), built.state().root());
            prop_assert_eq!(judged.changes(), built.changes());
            let rebuilt = crate::state::State::from_leaves(built.state().leaves().cloned());
            prop_assert_eq!(rebuilt.root(), built.header().state_root);
            for candidate in &signed {
                let alone = tip.build(proposal, [candidate]);
                prop_assert_eq!(tip.would_include(candidate, proposal.time), !alone.block().body.is_empty());
            }
            check_step(&tip, &built);
            tip = built.tip().clone();
        }
    }

    #[test]
    fn any_block_on_any_state_gets_one_verdict_and_a_true_one_is_accepted(
        before in vec(vec(act(), 0..8), 0..3), missing in vec(0u8..12, 40), acts in vec(act(), 0..10),
        lies in vec(0u8..40, 0..10), step in 1u64..DAY_MS, sorted in any::<bool>()
    ) {
        let network = &*NETWORK;
        let tip = odd_tip(network, &before, &missing);
        let mut transactions: Vec<_> = acts.iter().map(|act| sign(network, &tip, act)).collect();
        if sorted {
            transactions.sort_by_key(SignedTransaction::lane);
        }
        let time = tip.header().time.plus_ms(step);
        let (opened, is_true) = claimed_block(network, &tip, time, transactions, &lies);
        let verdicts: Vec<_> = (0..2)
            .map(|_| tip.execute(opened.clone(), &Credulous, &|_| false).map(|block| block.state().root()))
            .collect();
        prop_assert_eq!(&verdicts[0], &verdicts[1]);
        let distinct: std::collections::BTreeSet<_> = opened.names().iter().map(|(_, wire)| *wire).collect();
        let lanes: Vec<_> = opened.block().body.iter().map(|entry| entry.transaction.lane()).collect();
        let valid = is_true && lanes.is_sorted() && distinct.len() == lanes.len();
        prop_assert_eq!(verdicts[0].is_ok(), valid, "{:?}", verdicts[0]);
    }

    #[test]
    fn bytes_that_are_nearly_a_block_never_panic(flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let network = &*NETWORK;
        let acts = [
            network.revoke_unknown(0, &patient(1)),
            network.evidence(3, EvidenceKind::NullifyAndFinalize, 1),
            network.grant(1, &patient(2)),
            network.anchor(0, 1, START),
        ];
        let mut bytes = crate::codec::encode(network.next(&network.tip, &acts).block());
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(opened) = OpenBlock::decode(&bytes) {
            let one = network.tip.execute(opened.clone(), &Credulous, &|_| true).map(|block| *block.digest());
            let two = network.tip.execute(opened, &Credulous, &|_| true).map(|block| *block.digest());
            prop_assert_eq!(one, two);
        }
    }
}
