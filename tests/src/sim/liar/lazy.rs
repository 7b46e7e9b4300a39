//! Never finalizes: every Finalize of its process is held back.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_ledger::certificate::VoteContent;

pub(super) struct Lazy;

impl Lie for Lazy {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let letter = letter.with_votes(|vote| match vote.content {
            VoteContent::Finalize(_) => {
                desk.did();
                None
            }
            VoteContent::Notarize(_) | VoteContent::Nullify { .. } => Some(vote),
        });
        letter.into_iter().collect()
    }
}
