//! Where a member can go from a place: any steps that nobody else can notice, and then one that somebody can.
//!
//! Nothing is lost by looking at the others only after such a step: what arrives at them does not depend on a step that
//! added nothing to what was said, and what they say takes nothing away from what arrives here, where any signers count
//! ([`super::Signers::Any`]; where the first do, a certificate may later come by others only). So every unnoticed step
//! may as well happen right before the member's next noticed one, and one that the noticed step does not need may as well
//! happen behind it. Calling a block final is noticed by nobody; which blocks a member can have called final before its
//! next noticed step is asked of its place.

use super::alphabet::Input;
use super::bits::Inputs;
use super::member::World;
use super::places::Places;
use super::setting::Paths;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Answers kept per member.
const KEPT_MAX: usize = 400_000;

/// Where a member can go from a place.
#[derive(Debug)]
pub(crate) struct Ways {
    /// The places behind its next noticed step.
    pub(crate) noticed: Vec<u32>,
    /// A place before that step for each line of blocks that it can have called final.
    pub(crate) finals: Vec<u32>,
}

/// Ways by place and by the number of the set of messages that arrive.
pub(crate) type Known = HashMap<(u32, u32), Rc<Ways>>;

/// Places that unnoticed steps lead to, nearest first.
struct Unnoticed {
    places: Vec<u32>,
    /// For each the steps that lead to it, from where in the list and by which input.
    came: Vec<Vec<(usize, usize)>>,
    at: HashMap<u32, usize>,
}

impl Unnoticed {
    fn new(place: u32) -> Self {
        Self { places: vec![place], came: vec![Vec::new()], at: HashMap::from([(place, 0)]) }
    }

    fn enter(&mut self, place: u32, from: usize, id: usize) {
        let next = self.places.len();
        let at = *self.at.entry(place).or_insert(next);
        if at == next {
            self.places.push(place);
            self.came.push(Vec::new());
        }
        if at > from {
            self.came[at].push((from, id));
        }
    }
}

impl Places {
    /// Where the member can go from `place` with these messages arriving, which `number` names.
    pub(crate) fn ways(&mut self, world: &mut World, place: u32, arrives: &Inputs, number: u32) -> Rc<Ways> {
        if let Some(known) = self.known.get(&(place, number)) {
            return Rc::clone(known);
        }
        let ways = Rc::new(match world.paths {
            Paths::Fewest => self.fewest(world, place, arrives),
            Paths::All => self.all_steps(world, place, arrives),
        });
        if self.known.len() >= KEPT_MAX {
            self.known.clear();
        }
        self.known.insert((place, number), Rc::clone(&ways));
        ways
    }

    fn fewest(&mut self, world: &mut World, place: u32, arrives: &Inputs) -> Ways {
        let (mut unnoticed, mut noticed, mut met) = (Unnoticed::new(place), Vec::new(), BTreeSet::new());
        let mut at = 0;
        while let Some(here) = unnoticed.places.get(at).copied() {
            for id in arrives.iter() {
                if !self.can(world, here, world.alphabet.inputs[id]) {
                    continue;
                }
                let to = self.go(world, here, id);
                if !self.is_noticed(here, to) {
                    unnoticed.enter(to, at, id);
                } else if !met.contains(&to) && !self.comes_later(world, &unnoticed, at, id, to) {
                    met.insert(to);
                    noticed.push(to);
                }
            }
            at += 1;
        }
        let mut lines = BTreeSet::new();
        let finals = unnoticed.places.into_iter().filter(|here| lines.insert(self.core(*here).finals.clone()));
        Ways { finals: finals.collect(), noticed }
    }

    /// Whether a noticed step, by the input `id` from the place `at` in the list to the place `to`, was possible already
    /// before the last step to `at`, and that step is as good behind it.
    fn comes_later(&mut self, world: &mut World, unnoticed: &Unnoticed, at: usize, id: usize, to: u32) -> bool {
        unnoticed.came[at].iter().any(|(from, last)| {
            let before = unnoticed.places[*from];
            if !self.can(world, before, world.alphabet.inputs[id]) {
                return false;
            }
            let earlier = self.go(world, before, id);
            self.is_noticed(before, earlier)
                && !self.is_noticed(earlier, to)
                && self.can(world, earlier, world.alphabet.inputs[*last])
                && self.go(world, earlier, *last) == to
        })
    }

    /// Every step for itself, as if everybody noticed it.
    fn all_steps(&mut self, world: &mut World, place: u32, arrives: &Inputs) -> Ways {
        let mut noticed = BTreeSet::new();
        for id in arrives.iter() {
            if self.can(world, place, world.alphabet.inputs[id]) {
                noticed.insert(self.go(world, place, id));
            }
        }
        noticed.remove(&place);
        Ways { noticed: noticed.into_iter().collect(), finals: vec![place] }
    }

    /// The inputs on one way to a place that [`Places::ways`] names.
    pub(crate) fn way(&mut self, world: &mut World, from: u32, arrives: &Inputs, to: u32) -> Option<Vec<Input>> {
        if from == to {
            return Some(Vec::new());
        }
        let mut came: Vec<(u32, usize, Input)> = vec![(from, 0, Input::Supply)];
        let (mut met, mut at) = (BTreeSet::from([from]), 0);
        while let Some((here, _, _)) = came.get(at).copied() {
            for id in arrives.iter() {
                let input = world.alphabet.inputs[id];
                if !self.can(world, here, input) {
                    continue;
                }
                let next = self.go(world, here, id);
                if next == to {
                    let back = std::iter::successors(Some(at), |at| Some(came[*at].1)).take_while(|at| *at != 0);
                    let mut way: Vec<Input> = back.map(|at| came[at].2).collect();
                    way.reverse();
                    way.push(input);
                    return Some(way);
                }
                if met.insert(next) && !self.is_noticed(here, next) {
                    came.push((next, at, input));
                }
            }
            at += 1;
        }
        None
    }

    /// Whether anybody else could tell these two apart, or something is wrong in one of them.
    pub(super) fn is_noticed(&self, from: u32, to: u32) -> bool {
        let (from, to) = (self.core(from), self.core(to));
        let is_same = from.said == to.said
            && from.proposed == to.proposed
            && from.log.is_some() == to.log.is_some()
            && from.fault == to.fault;
        !is_same
    }
}
