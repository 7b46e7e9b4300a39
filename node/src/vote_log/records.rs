//! The records of a vote log in the order they were written, with one segment at a time in memory.

use super::segment::{self, Age, Content};
use super::{Identity, VoteLogError, survey};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Reads the segments that [`super::VoteLog::open`] found whole, one after the other. Ends after an error.
#[derive(Debug)]
pub struct Records {
    dir: PathBuf,
    identity: Identity,
    /// Segments that are still to be read.
    numbers: VecDeque<u64>,
    /// What is left of the one that was read.
    segment: std::vec::IntoIter<Vec<u8>>,
}

impl Records {
    pub(super) fn new(dir: &Path, identity: Identity, numbers: VecDeque<u64>) -> Self {
        Self { dir: dir.to_owned(), identity, numbers, segment: Vec::new().into_iter() }
    }

    /// Bytes of the records that are in memory.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.segment.as_slice().iter().map(Vec::len).sum()
    }

    fn read(&self, number: u64) -> Result<Vec<Vec<u8>>, VoteLogError> {
        let bytes = survey::read_file(&self.dir, number)?;
        // A torn end was cut when the log was opened: by now nothing may be torn.
        match segment::read(&bytes, &self.identity, number, Age::Closed)? {
            Content::Whole(segment) => Ok(segment.records),
            Content::NeverFinished => Err(VoteLogError::Damaged { segment: number, offset: 0 }),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Vec<u8>, VoteLogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.segment.next() {
                return Some(Ok(record));
            }
            let number = self.numbers.pop_front()?;
            match self.read(number) {
                Ok(records) => self.segment = records.into_iter(),
                Err(error) => {
                    self.numbers.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}
