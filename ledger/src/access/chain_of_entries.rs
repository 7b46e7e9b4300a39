//! The entries themselves: each signed, each following from the one before, numbers without a hole but for losses the
//! custodian admits.

use super::check::{LogError, Subject};
use super::entry::{Event, Gap, LogEntry};
use super::position::Position;
use crate::crypto::{Digest, Verifier};
use crate::position::Height;
use crate::time::UnixMs;
use std::collections::BTreeMap;

/// What is remembered, and the entries behind it.
pub(super) struct Chain<'a> {
    known: &'a Position,
    entries: &'a [LogEntry],
    hashes: BTreeMap<u64, Digest>,
    losses: Vec<Gap>,
    count: u64,
    head: Option<Digest>,
    time: UnixMs,
    decided: Height,
}

impl<'a> Chain<'a> {
    /// Extends what is known by `entries`.
    pub(super) fn extend(
        subject: &Subject<'_>,
        known: &'a Position,
        entries: &'a [LogEntry],
        verifier: &dyn Verifier,
    ) -> Result<Self, LogError> {
        let mut chain = Self {
            known,
            entries,
            hashes: BTreeMap::new(),
            losses: known.lost.to_vec(),
            count: known.count(),
            head: Some(known.head()),
            time: known.time,
            decided: known.decided,
        };
        for entry in entries {
            chain.push(subject, entry, verifier)?;
        }
        Ok(chain)
    }

    fn push(&mut self, subject: &Subject<'_>, entry: &LogEntry, verifier: &dyn Verifier) -> Result<(), LogError> {
        let body = &entry.body;
        let number = body.number;
        if body.custodian != *subject.custodian || body.relationship != *subject.relationship {
            return Err(LogError::OtherLog(number));
        }
        match &body.event {
            Event::Gap(gap) => self.lose(*gap, number)?,
            Event::Enrolment(enrolment) if number == 1 && enrolment.log_key == subject.log_key.digest() => {}
            Event::Decision(_) if number != 1 => {}
            Event::Enrolment(_) | Event::Decision(_) => return Err(self.wrong_start(number)),
        }
        let expected = self.count + 1;
        if number != expected {
            return Err(LogError::Number { expected, shown: number });
        }
        if self.head.is_some_and(|head| head != body.previous) {
            return Err(LogError::Previous(number));
        }
        let decided = entry.decided_at().unwrap_or(self.decided);
        if body.time < self.time || decided < self.decided {
            return Err(LogError::GoesBack(number));
        }
        entry.verify(subject.chain, verifier).map_err(|_unsigned| LogError::Signature(number))?;
        let digest = entry.digest(subject.chain);
        self.hashes.insert(number, digest);
        (self.count, self.head, self.time, self.decided) = (number, Some(digest), body.time, decided);
        Ok(())
    }

    /// A log that does not begin with its enrolment has lost its beginning, or begins with somebody else's.
    fn wrong_start(&self, number: u64) -> LogError {
        let expected = self.count + 1;
        if number == expected { LogError::Enrolment(number) } else { LogError::Number { expected, shown: number } }
    }

    /// Goes on behind a loss. It may reach back into what is known, and must reach its end.
    fn lose(&mut self, gap: Gap, number: u64) -> Result<(), LogError> {
        let follows = gap.from >= 1 && gap.from <= gap.to && gap.to.checked_add(1) == Some(number);
        if !follows || gap.from > self.count + 1 || gap.to < self.known.count() || gap.to < self.count {
            return Err(LogError::Loss(gap));
        }
        if gap.to == self.count && self.head.is_some_and(|head| head != gap.head) {
            return Err(LogError::Loss(gap));
        }
        self.losses.push(gap);
        (self.count, self.head) = (gap.to, Some(gap.head));
        self.hashes.insert(gap.to, gap.head);
        Ok(())
    }

    /// Entries known, shown or admitted lost.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Hash of entry `number`, unless it is lost and was never seen.
    pub(super) fn hash(&self, number: u64) -> Option<Digest> {
        let known = || self.known.hashes.get(usize::try_from(number.checked_sub(1)?).ok()?).copied();
        self.hashes.get(&number).copied().or_else(known).filter(|hash| *hash != Digest::ZERO)
    }

    /// The entries shown.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'a LogEntry> + use<'a> {
        self.entries.iter()
    }

    /// All losses, the remembered ones first.
    pub(super) fn losses(&self) -> &[Gap] {
        &self.losses
    }
}

impl LogEntry {
    /// Ledger height of a decision.
    pub(super) fn decided_at(&self) -> Option<Height> {
        match &self.body.event {
            Event::Decision(receipt) => Some(receipt.height),
            Event::Enrolment(_) | Event::Gap(_) => None,
        }
    }
}
