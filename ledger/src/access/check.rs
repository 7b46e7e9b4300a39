//! The wallet's check of its log: given what it remembers, every entry since, and for every day since what the ledger
//! says was anchored, either the log extends what was known without a hole, or the lie has a name.
//!
//! What holds after a check, exactly: no entry that stood when its day closed was left out, altered or renumbered, up
//! to the last closed day; entries of open days are as of their last anchor; younger ones are pending.

use super::anchored::{AnchoredDays, proof_of};
use super::chain_of_entries::Chain;
use super::day_tree::{DayProof, DayState};
use super::entry::{Gap, LogEntry};
use super::position::{OpenDay, Position};
use crate::codec::BoundedVec;
use crate::crypto::{Digest, PublicKey, Verifier};
use crate::derive::LogKey;
use crate::leaf::{AnchorLeaf, KeyRole, MemberLeaf};
use crate::member::MemberId;
use crate::position::Height;
use crate::time::Day;

/// Whose log is checked.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The network.
    pub chain: &'a Digest,
    /// Who keeps the log.
    pub custodian: &'a MemberId,
    /// Whose log it is.
    pub relationship: &'a PublicKey,
    /// Finds its leaves in the day trees.
    pub log_key: &'a LogKey,
}

/// What the custodian shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Every entry behind those remembered, in order.
    pub entries: &'a [LogEntry],
    /// Proofs for [`AnchoredDays::queries`].
    pub days: &'a [DayProof],
    /// Signed entries the wallet was given earlier and has not seen anchored yet.
    pub held: &'a [LogEntry],
}

/// A log that checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// To remember, instead of the old one.
    pub position: Position,
    /// All entries shown or remembered.
    pub count: u64,
    /// How many of them are younger than the last anchor. Keep them as held: they are promises.
    pub pending: u64,
    /// Everything is anchored, and nothing was ever lost.
    pub complete: bool,
    /// Entries whose own time lies in another day than the tree that holds them.
    pub entered_late: Vec<u64>,
    /// The newest anchor it was checked against.
    pub anchor: Option<AnchorLeaf>,
}

/// A lie, or something that cannot be told from one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The state shown is older than one seen before.
    #[error("the ledger is shown at height {shown}, and was seen at {known}")]
    OlderState {
        /// Remembered.
        known: Height,
        /// Shown.
        shown: Height,
    },
    /// No state shows the custodian's keys.
    #[error("the custodian's own entry on the ledger is not shown")]
    CustodianNotShown,
    /// No state shows what was anchored on a day, or none new enough.
    #[error("what was anchored on day {} is not shown", .0.0)]
    DayNotShown(Day),
    /// An anchor of an open day is older than one seen before.
    #[error("day {} is shown with anchor {shown}, and was seen with anchor {known}", .day.0)]
    OlderAnchor {
        /// The day.
        day: Day,
        /// Remembered.
        known: u64,
        /// Shown; 0 for none.
        shown: u64,
    },
    /// The custodian does not prove what its anchored tree says.
    #[error("the hospital does not prove what its tree of day {} says", .0.0)]
    DayUnproven(Day),
    /// A proof does not lead to the anchored root: the day was rewritten.
    #[error("the proof for day {} does not lead to the root that was anchored", .0.0)]
    DayRewritten(Day),
    /// A day begins with another count than the day before ended with.
    #[error("day {} begins with {shown} entries before it; there were {known}", .day.0)]
    DayDoesNotFollow {
        /// The day.
        day: Day,
        /// Entries before it.
        known: u64,
        /// What its tree says.
        shown: u64,
    },
    /// A day has fewer entries than it had when it was open.
    #[error("day {} ends with {shown} entries, and had {known} when it was open", .day.0)]
    DayShrank {
        /// The day.
        day: Day,
        /// Remembered.
        known: u64,
        /// Shown.
        shown: u64,
    },
    /// Anchored entries are not shown.
    #[error("{anchored} entries were anchored, {shown} are shown")]
    EntriesMissing {
        /// Anchored.
        anchored: u64,
        /// Shown.
        shown: u64,
    },
    /// The head of a day is not the entry shown.
    #[error("entry {number} is not the one that was anchored on day {}", .day.0)]
    EntryNotAnchored {
        /// Which entry.
        number: u64,
        /// The day.
        day: Day,
    },
    /// A number is left out, or stands twice.
    #[error("entry {shown} stands where entry {expected} belongs")]
    Number {
        /// The next number.
        expected: u64,
        /// The number shown.
        shown: u64,
    },
    /// An entry does not name the one before it.
    #[error("entry {0} does not follow from the one before it")]
    Previous(u64),
    /// An entry of another log.
    #[error("entry {0} belongs to another log")]
    OtherLog(u64),
    /// An entry is not signed by the custodian.
    #[error("entry {0} is not signed by the hospital")]
    Signature(u64),
    /// Time or ledger height falls along the log.
    #[error("entry {0} is older than the one before it")]
    GoesBack(u64),
    /// The first entry is no enrolment with this log key, or a later one is an enrolment.
    #[error("entry {0} is not the enrolment that the wallet asked for")]
    Enrolment(u64),
    /// A loss is claimed that contradicts what is known.
    #[error("entries {} to {} are said to be lost, which contradicts what was anchored", .0.from, .0.to)]
    Loss(Gap),
    /// A signed entry that the wallet holds is not in the log.
    #[error("entry {0} was signed and given to the wallet, and is not in the log")]
    HeldMissing(u64),
    /// Two signed entries have one number.
    #[error("two signed entries have the number {0}")]
    Twice(u64),
    /// More entries than a wallet can remember.
    #[error("more entries than a wallet can remember")]
    TooMany,
}

/// Checks a log.
///
/// # Errors
/// Names the lie.
pub fn check(
    subject: &Subject<'_>,
    known: &Position,
    ledger: &AnchoredDays,
    shown: &Shown<'_>,
    verifier: &dyn Verifier,
) -> Result<Checked, LogError> {
    if ledger.height() < known.height {
        return Err(LogError::OlderState { known: known.height, shown: ledger.height() });
    }
    let member = ledger.member().ok_or(LogError::CustodianNotShown)?;
    let chain = Chain::extend(subject, known, shown.entries, verifier)?;
    let days = Days::walk(subject, known, ledger, shown.days, &chain)?;
    check_losses(&chain, known, &days)?;
    check_signers(&chain, &days, member)?;
    check_held(subject, &chain, shown.held, verifier)?;
    let pending = chain.count() - days.count;
    let position = days.position(ledger.height(), known, &chain)?;
    Ok(Checked {
        count: chain.count(),
        pending,
        complete: pending == 0 && chain.losses().is_empty(),
        entered_late: days.entered_late,
        anchor: ledger.newest().copied(),
        position,
    })
}

/// What the walk over the days has found.
struct Days {
    first_open: Day,
    before: u64,
    count: u64,
    open: Vec<OpenDay>,
    heads: Vec<(DayState, AnchorLeaf)>,
    entered_late: Vec<u64>,
}

impl Days {
    fn walk(
        subject: &Subject<'_>,
        known: &Position,
        ledger: &AnchoredDays,
        proofs: &[DayProof],
        chain: &Chain<'_>,
    ) -> Result<Self, LogError> {
        let mut days = Self {
            first_open: known.first_open,
            before: known.before,
            count: known.before,
            open: Vec::new(),
            heads: Vec::new(),
            entered_late: Vec::new(),
        };
        let last = ledger.time().day();
        for day in (known.first_open.0..=last.0).map(Day) {
            let anchored = ledger.day(day)?;
            days.no_older_anchor(day, anchored.anchor.as_ref(), known)?;
            if let Some(anchor) = &anchored.anchor {
                let proof = proof_of(proofs, anchor)?;
                let state = proof
                    .verify(day, &anchor.root, subject.log_key)
                    .map_err(|_leads_elsewhere| LogError::DayRewritten(day))?;
                if let Some(state) = state {
                    days.take(anchor, state, chain)?;
                }
                days.open.push(OpenDay { day, seq: anchor.seq, after: days.count });
            }
            days.no_shorter_day(day, known)?;
            if anchored.closed && days.first_open == day {
                days.first_open = day.next().unwrap_or(day);
                days.before = days.count;
            }
        }
        if days.count < known.count() {
            return Err(LogError::EntriesMissing { anchored: known.count(), shown: days.count });
        }
        Ok(days)
    }

    fn no_older_anchor(&self, day: Day, anchor: Option<&AnchorLeaf>, known: &Position) -> Result<(), LogError> {
        let Some(seen) = known.open.iter().find(|open| open.day == day) else { return Ok(()) };
        let shown = anchor.map_or(0, |anchor| anchor.seq);
        if shown < seen.seq {
            return Err(LogError::OlderAnchor { day, known: seen.seq, shown });
        }
        Ok(())
    }

    fn no_shorter_day(&self, day: Day, known: &Position) -> Result<(), LogError> {
        match known.open.iter().find(|open| open.day == day) {
            Some(seen) if self.count < seen.after => {
                Err(LogError::DayShrank { day, known: seen.after, shown: self.count })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn take(&mut self, anchor: &AnchorLeaf, state: DayState, chain: &Chain<'_>) -> Result<(), LogError> {
        let day = anchor.day;
        if state.before != self.count || state.after <= state.before {
            return Err(LogError::DayDoesNotFollow { day, known: self.count, shown: state.before });
        }
        if state.after > chain.count() {
            return Err(LogError::EntriesMissing { anchored: state.after, shown: chain.count() });
        }
        if chain.hash(state.after).is_some_and(|hash| hash != state.head) {
            return Err(LogError::EntryNotAnchored { number: state.after, day });
        }
        let of_day =
            chain.entries().filter(|entry| state.before < entry.body.number && entry.body.number <= state.after);
        self.entered_late.extend(of_day.filter(|entry| entry.body.time.day() != day).map(|entry| entry.body.number));
        self.count = state.after;
        self.heads.push((state, *anchor));
        Ok(())
    }

    /// The anchor under which entry `number` lies, if this walk came by it.
    fn anchor_of(&self, number: u64) -> Option<&AnchorLeaf> {
        let holds = |state: &DayState| state.before < number && number <= state.after;
        self.heads.iter().find(|(state, _)| holds(state)).map(|(_, anchor)| anchor)
    }

    fn position(&self, height: Height, known: &Position, chain: &Chain<'_>) -> Result<Position, LogError> {
        let heads =
            |number: u64| self.heads.iter().find(|(state, _)| state.after == number).map(|(state, _)| state.head);
        let hash = |number: u64| chain.hash(number).or_else(|| heads(number)).unwrap_or_default();
        let hashes: Vec<Digest> = (1..=self.count).map(hash).collect();
        let last = chain.entries().take_while(|entry| entry.body.number <= self.count);
        let (time, decided) = last.fold((known.time, known.decided), |(_, decided), entry| {
            (entry.body.time, entry.decided_at().unwrap_or(decided))
        });
        let open: Vec<OpenDay> = self.open.iter().filter(|open| open.day >= self.first_open).copied().collect();
        let anchored_losses: Vec<Gap> = chain.losses().iter().filter(|gap| gap.to < self.count).copied().collect();
        Ok(Position {
            height,
            first_open: self.first_open,
            before: self.before,
            open: BoundedVec::try_from(open).map_err(|_more_open_days_than_two| LogError::TooMany)?,
            hashes: BoundedVec::try_from(hashes).map_err(|_full| LogError::TooMany)?,
            lost: BoundedVec::try_from(anchored_losses).map_err(|_full| LogError::TooMany)?,
            time,
            decided,
        })
    }
}

/// A loss ends at a head that was anchored: entries that were never anchored cannot be lost, only taken back. Once a
/// later anchor of the same day has taken the place of that one, the ledger shows its root no more; the loss stands
/// then if the day's last anchor covers it whole, and whoever remembers more holds the hospital to that.
fn check_losses(chain: &Chain<'_>, known: &Position, days: &Days) -> Result<(), LogError> {
    let new = chain.losses().iter().skip(known.lost.len());
    for gap in new {
        let remembered = gap.to == known.count() && gap.head == known.head();
        let anchored = days.heads.iter().any(|(state, _)| state.after == gap.to && state.head == gap.head);
        let overtaken = days.heads.iter().any(|(state, _)| state.before < gap.to && gap.to < state.after);
        if !remembered && !anchored && !overtaken {
            return Err(LogError::Loss(*gap));
        }
    }
    Ok(())
}

/// An anchored entry counts under a gateway key registered by then; a pending one only under the present key.
fn check_signers(chain: &Chain<'_>, days: &Days, member: &MemberLeaf) -> Result<(), LogError> {
    for entry in chain.entries() {
        let (number, key) = (entry.body.number, &entry.gateway.key);
        let counts = match days.anchor_of(number) {
            Some(anchor) => {
                let mut terms = member.keys.iter().filter(|term| term.role == KeyRole::Gateway && term.key == *key);
                terms.any(|term| term.since <= anchor.height)
            }
            None => member.key(KeyRole::Gateway) == Some(key),
        };
        if !counts {
            return Err(LogError::Signature(number));
        }
    }
    Ok(())
}

fn check_held(
    subject: &Subject<'_>,
    chain: &Chain<'_>,
    held: &[LogEntry],
    verifier: &dyn Verifier,
) -> Result<(), LogError> {
    for entry in held {
        let number = entry.body.number;
        entry.verify(subject.chain, verifier).map_err(|_unsigned| LogError::Signature(number))?;
        if number > chain.count() {
            return Err(LogError::HeldMissing(number));
        }
        if chain.hash(number).is_some_and(|hash| hash != entry.digest(subject.chain)) {
            return Err(LogError::Twice(number));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
