//! The vote log of a simulated process: the operations of [`amanah_node::vote_log::VoteLog`] in their order, over a
//! disk that forgets, with the real segments and frames. Segments are short, so that runs go through many.

use super::files::{Directory, Loss};
use crate::sim::faults::Faults;
use crate::sim::random::Random;
use amanah_node::vote_log::frame;
use amanah_node::vote_log::segment::{self, Age, Content, HEADER_BYTES, Header};
use amanah_node::vote_log::{Identity, KEPT_BLOCKS, Position, VoteLogError};
use std::collections::VecDeque;

/// A segment that has reached this length is followed by a new one.
const SEGMENT_BYTES: usize = 12 * 1024;

/// How a process stops inside an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Death {
    /// Behind the write, before it is synced; what was written in order stays.
    Torn,
    /// The same; any part of what was written stays.
    Scattered,
    /// The sync fails. The process must stop at once: what is on disk is unknown.
    SyncFails,
    /// In the middle of a change of segments, before the new file's name is on disk.
    NameLost,
}

impl Death {
    const ALL: [(Self, u64); 4] =
        [(Self::Torn, 30), (Self::Scattered, 30), (Self::SyncFails, 20), (Self::NameLost, 20)];

    pub(in crate::sim) fn draw(random: &mut Random) -> Self {
        *random.weighted(&Self::ALL)
    }
}

/// A vote log on its disk.
pub(super) struct Log {
    identity: Identity,
    files: Directory,
    /// Closed segments and how far they reach.
    closed: VecDeque<(u64, Position)>,
    number: u64,
    end: usize,
}

impl Log {
    /// The log of this identity; nothing is on disk yet.
    pub(super) fn new(identity: Identity) -> Self {
        Self { identity, files: Directory::default(), closed: VecDeque::new(), number: 0, end: 0 }
    }

    /// Loses everything.
    pub(super) fn forget(&mut self) {
        self.files.clear();
    }

    /// Opens it as a start does: every record in the order written. A torn end is cut off for good.
    pub(super) fn open(&mut self) -> Result<Vec<Vec<u8>>, VoteLogError> {
        let mut records = Vec::new();
        self.closed.clear();
        let (mut unfinished, mut newest) = (None, None);
        let last = self.files.files().next_back().map(|(number, _)| number);
        for (number, bytes) in self.files.files() {
            let age = if Some(number) == last { Age::Newest } else { Age::Closed };
            match segment::read(bytes, &self.identity, number, age)? {
                Content::Whole(segment) => {
                    records.extend(segment.records);
                    if let Some((earlier, _)) = newest.replace((number, segment.end)) {
                        self.closed.push_back((earlier, segment.header.earlier));
                    }
                }
                Content::NeverFinished => unfinished = Some(number),
            }
        }
        if let Some(number) = unfinished {
            self.files.remove(number);
        }
        match newest {
            Some((number, end)) => {
                self.files.cut(number, end);
                (self.number, self.end) = (number, end);
            }
            None => self.create(0, Position::START),
        }
        Ok(records)
    }

    /// Every whole record in it, in the order written.
    pub(super) fn records(&self) -> Vec<Vec<u8>> {
        let read = |(number, bytes)| match segment::read(bytes, &self.identity, number, Age::Newest) {
            Ok(Content::Whole(segment)) => segment.records,
            Ok(Content::NeverFinished) | Err(_) => Vec::new(),
        };
        self.files.files().flat_map(read).collect()
    }

    /// Appends and syncs.
    pub(super) fn append(&mut self, records: &[Vec<u8>], now: Position) {
        for payload in frame::payloads(records).expect("records are shorter than a frame") {
            if self.end >= SEGMENT_BYTES {
                self.closed.push_back((self.number, now));
                self.create(self.number + 1, now);
            }
            let bytes = frame::encode(self.number, self.end, &payload);
            self.files.write(self.number, &bytes);
            self.files.sync(self.number);
            self.end += bytes.len();
        }
    }

    /// Begins to append and stops. Nothing of the append had returned.
    pub(super) fn die(
        &mut self,
        records: &[Vec<u8>],
        now: Position,
        death: Death,
        random: &mut Random,
        faults: &mut Faults,
    ) {
        let write = |log: &mut Self| {
            for payload in frame::payloads(records).expect("records are shorter than a frame") {
                log.files.write(log.number, &frame::encode(log.number, log.end, &payload));
            }
        };
        let loss = match death {
            Death::Torn => {
                write(self);
                faults.torn_writes += 1;
                Loss::Prefix
            }
            Death::Scattered => {
                write(self);
                faults.scattered_writes += 1;
                Loss::Subset
            }
            Death::SyncFails => {
                write(self);
                faults.failed_syncs += 1;
                if random.chance(500) { Loss::Prefix } else { Loss::Subset }
            }
            Death::NameLost => {
                let next = self.number + 1;
                self.files.create(next);
                self.files.write(next, &Header::new(self.identity, next, now).encode());
                if random.chance(500) {
                    self.files.sync(next);
                }
                Loss::Prefix
            }
        };
        let is_lost = self.files.crash(loss, random);
        faults.lost_names += u64::from(is_lost);
    }

    /// Whether a segment lies far enough behind to go.
    pub(super) fn is_prunable(&self, newest: Position) -> bool {
        self.closed.front().is_some_and(|(_, reach)| is_behind(reach, newest))
    }

    /// Removes segments that lie far enough behind.
    pub(super) fn prune(&mut self, newest: Position) {
        while let Some((number, _)) = self.closed.pop_front_if(|(_, reach)| is_behind(reach, newest)) {
            self.files.remove(number);
        }
    }

    fn create(&mut self, number: u64, earlier: Position) {
        self.files.create(number);
        self.files.write(number, &Header::new(self.identity, number, earlier).encode());
        self.files.sync(number);
        self.files.sync_names();
        (self.number, self.end) = (number, HEADER_BYTES);
    }
}

fn is_behind(reach: &Position, newest: Position) -> bool {
    reach.height.0.saturating_add(KEPT_BLOCKS) <= newest.height.0 && reach.view < newest.view
}
