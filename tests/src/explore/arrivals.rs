//! What can arrive at each member, given what was said.

use super::alphabet::{Alphabet, Input};
use super::bits::{Contents, Inputs, Offers};
use super::place::Core;
use super::setting::Signers;
use std::collections::HashMap;

/// Sets of messages that can arrive, numbered as they are met.
#[derive(Debug)]
pub(crate) struct Arrivals {
    signers: Signers,
    numbers: HashMap<Inputs, u32>,
}

impl Arrivals {
    /// None met yet.
    pub(crate) fn new(signers: Signers) -> Self {
        Self { signers, numbers: HashMap::new() }
    }

    /// What can arrive at each honest member, by place, and the numbers of these sets.
    pub(crate) fn at(&mut self, alphabet: &Alphabet, cores: &[&Core]) -> Vec<(Inputs, u32)> {
        let sets = self.sets(alphabet, cores);
        sets.into_iter().map(|set| (set, self.number(set))).collect()
    }

    fn number(&mut self, set: Inputs) -> u32 {
        let next = u32::try_from(self.numbers.len()).expect("fewer than 2^32 sets");
        *self.numbers.entry(set).or_insert(next)
    }

    fn sets(&self, alphabet: &Alphabet, cores: &[&Core]) -> Vec<Inputs> {
        let said: Vec<Contents> = cores.iter().map(|core| core.said).collect();
        let proposed = cores.iter().fold(Offers::default(), |proposed, core| proposed.or(&core.proposed));
        let mut sets = vec![Inputs::default(); cores.len()];
        for (id, input) in alphabet.inputs.iter().enumerate() {
            let is_there = match input {
                Input::Proposal(offer) => alphabet.liars_view(*offer).is_some() || proposed.contains(*offer),
                Input::Certificate { content, honest } => match self.signers {
                    Signers::First => alphabet.signers(&said, *content) == Some(*honest),
                    Signers::Any => (0..said.len()).all(|at| honest & (1 << at) == 0 || said[at].contains(*content)),
                },
                Input::Vote { signer, content } => match alphabet.honest.iter().position(|i| i == signer) {
                    Some(slot) => said[slot].contains(*content),
                    None => true,
                },
                Input::Block(_) | Input::Supply | Input::Deadline(_) | Input::Crash { .. } => true,
            };
            for (index, set) in alphabet.honest.iter().zip(&mut sets).filter(|_| is_there) {
                if !matches!(input, Input::Vote { signer, .. } if signer == index) {
                    set.insert(id);
                }
            }
        }
        sets
    }
}
