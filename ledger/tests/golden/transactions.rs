//! Every payload and every outcome.

use crate::Golden;
use crate::sample::{anchor, genesis, transactions};
use amanah_ledger::transaction::{Anchor, AnchorKind, Figures, Outcome};

#[test]
fn transactions_and_their_names() {
    let mut golden = Golden::new("transactions, with the names of act and bytes");
    let chain = genesis().chain();
    for (name, transaction) in transactions(&chain) {
        golden.value(name, &transaction);
        golden.line(&format!("{name}: tx id"), &transaction.tx_id(&chain).0.0);
        golden.line(&format!("{name}: wire id"), &transaction.wire_id().0.0);
    }
    let figures = Some(Figures { accesses_log2: 3, emergencies_open_log2: 1, reviews_overdue: 2 });
    for kind in [AnchorKind::Access, AnchorKind::Records, AnchorKind::Devices, AnchorKind::Roster] {
        golden.value(&format!("anchor of {kind:?} with figures"), &Anchor { kind, figures, ..anchor() });
    }
    let outcomes = [
        Outcome::Applied,
        Outcome::Unchanged,
        Outcome::NotActive,
        Outcome::UnknownMember,
        Outcome::MemberNotActive,
        Outcome::GatewayKeyNotCurrent,
        Outcome::TooLate,
        Outcome::SubmitByNotAllowed,
        Outcome::ConsentRevoked,
        Outcome::OtherCustodian,
        Outcome::VersionNotNext,
        Outcome::PrevNotCurrent,
        Outcome::LockChanged,
        Outcome::UnknownConsent,
        Outcome::SecretDoesNotOpen,
        Outcome::SeqNotNext,
        Outcome::DayNotOpen,
        Outcome::OnePerBlock,
        Outcome::LeavesUsedUp,
        Outcome::WeakKey,
        Outcome::UnknownValidator,
    ];
    for outcome in outcomes {
        golden.value(&format!("outcome {outcome:?}"), &outcome);
    }
    golden.compare("transactions.txt");
}
