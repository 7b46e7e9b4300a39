//! Who is to blame where more lie than the protocol bears: a fork can come to be, and then it names every liar and nobody
//! else. Asked are the real machines of the two sides, as an investigator or the other side would ask them.

use super::alphabet::MEMBERS;
use super::block::NOW_MS;
use super::keys::{self, CHAIN, Checker};
use super::member::World;
use super::place::Core;
use amanah_consensus::accountability::{Branch, guilty};
use amanah_consensus::{Input, Machine, Message};
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::position::{Epoch, View};
use std::collections::BTreeSet;

/// One side of a fork.
pub(crate) struct Side {
    /// The member.
    pub(crate) index: u8,
    /// What surrounds its machine.
    pub(crate) core: Core,
    /// Its machine.
    pub(crate) machine: Machine,
}

/// What is wrong with those whom a fork names, in words; `None` if they are the liars. From the certificates that both
/// sides hold [`guilty`] must name them all; where both final blocks are of one view, so must each side that is shown
/// what the other holds.
pub(crate) fn wrong(world: &mut World, sides: [Side; 2]) -> Option<String> {
    let liars: BTreeSet<u8> = world.alphabet.liars.iter().copied().collect();
    let [mut one, mut other] = sides;
    let held = [world.certificates_of(&mut one), world.certificates_of(&mut other)];
    let [one_end, other_end] = match [world.end(&one.core, &held[0]), world.end(&other.core, &held[1])] {
        [Some(one), Some(other)] => [one, other],
        [None, _] | [_, None] => return Some("a side lacks the Finalization of its last final block".to_owned()),
    };
    let is_one_view = one_end.content.view() == other_end.content.view();
    let branches = [one_end, other_end].map(|end| world.branch(end, held.iter().flatten()));
    let proofs = match guilty(&CHAIN, &keys::committee(MEMBERS), &Checker, branches.each_ref()) {
        Ok(proofs) => proofs,
        Err(unattributed) => return Some(format!("nobody is named: {unattributed}")),
    };
    let named: BTreeSet<u8> = proofs.iter().map(|proof| proof.signer().0).collect();
    if named != liars {
        return Some(format!("the branches name {named:?}, the liars are {liars:?}"));
    }
    let [of_one, of_other] = held;
    let told = [world.show(one, of_other), world.show(other, of_one)];
    told.into_iter().filter(|_| is_one_view).find_map(|core| {
        let named: BTreeSet<u8> = (0..MEMBERS).filter(|index| core.accused & (1 << index) != 0).collect();
        (named != liars).then(|| format!("a side that was shown the other's names {named:?}, the liars are {liars:?}"))
    })
}

impl World {
    /// All certificates that a member hands out when asked.
    fn certificates_of(&mut self, side: &mut Side) -> Vec<Certificate> {
        let views: Vec<View> = (1..=self.alphabet.views).map(View).collect();
        let views = BoundedVec::try_from(views).expect("few views");
        let answers = self.hear(side, Message::CertificateRequest { epoch: Epoch(0), views });
        let certificates = answers.into_iter().filter_map(|message| {
            let Message::CertificateResponse(certificates) = message else { return None };
            Some(certificates.into_vec())
        });
        certificates.flatten().collect()
    }

    /// Shows a member certificates; what surrounds it afterwards.
    fn show(&mut self, mut side: Side, certificates: Vec<Certificate>) -> Core {
        let certificates = BoundedVec::try_from(certificates).expect("few certificates");
        self.hear(&mut side, Message::CertificateResponse(certificates));
        side.core
    }

    fn hear(&mut self, side: &mut Side, message: Message) -> Vec<Message> {
        let from = ValidatorIndex((side.index + 1) % MEMBERS);
        self.ledger.is_supplied = side.core.is_supplied;
        let output = side.machine.step(NOW_MS, Input::Message { from, message }, &mut self.ledger);
        let answers = output.after_sync.iter().map(|outgoing| outgoing.message.clone()).collect();
        self.absorb(&mut side.core, output);
        answers
    }

    /// The Finalization of a member's newest final block, among what it holds.
    fn end(&self, core: &Core, held: &[Certificate]) -> Option<Certificate> {
        let block = self.alphabet.blocks.get(usize::from(*core.finals.last()?))?.digest;
        let is_its = |content: &VoteContent| matches!(content, VoteContent::Finalize(vote) if vote.block == block);
        held.iter().find(|certificate| is_its(&certificate.content)).cloned()
    }

    /// The branch that ends here: of these certificates those for its blocks, and all Nullifications.
    fn branch<'a>(&self, end: Certificate, held: impl Iterator<Item = &'a Certificate>) -> Branch {
        let VoteContent::Finalize(newest) = end.content else {
            return Branch { finalization: end, certificates: Vec::new() };
        };
        let is_on_it = |certificate: &&Certificate| match certificate.content {
            VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => {
                self.ledger.descends(&newest.block, &vote.block)
            }
            VoteContent::Nullify { .. } => true,
        };
        Branch { certificates: held.filter(is_on_it).cloned().collect(), finalization: end }
    }
}
