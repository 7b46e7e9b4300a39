//! The search: breadth first through all states, each once.

use super::alphabet::MEMBERS;
use super::arrivals::Arrivals;
use super::bits::Inputs;
use super::guilt::{self, Side};
use super::member::{World, leaders};
use super::oracle;
use super::outcome::{End, Found, Outcome};
use super::place::{Core, Log};
use super::places::Places;
use super::setting::{Oracle, Setting, Votes};
use super::states::{State, States};
use super::ways::Ways;
use std::collections::HashSet;
use std::rc::Rc;

/// A search while it runs.
#[derive(Debug)]
pub struct Search {
    pub(super) setting: Setting,
    pub(super) world: World,
    pub(super) members: Vec<Places>,
    pub(super) states: States,
    arrivals: Arrivals,
    /// Forks whose liars were named: the slots and the places of two members.
    blamed: HashSet<[(usize, u32); 2]>,
}

impl Search {
    /// Everything at the start of a search.
    pub fn new(setting: Setting) -> Self {
        let mut world = World::new(&setting);
        let honest = world.alphabet.honest.clone();
        let log = (setting.crashes > 0).then(Log::default);
        let core = Core { log, is_supplied: !setting.is_supply_late, ..Core::default() };
        let members = honest.into_iter().map(|index| Places::new(index, &mut world, core.clone())).collect();
        let (states, arrivals) = (States::new(), Arrivals::new(setting.signers));
        Self { setting, world, members, states, arrivals, blamed: HashSet::new() }
    }

    /// Runs to its end.
    pub fn run(mut self) -> Outcome {
        self.explore()
    }

    fn explore(&mut self) -> Outcome {
        let start = self.start();
        self.states.insert(start, None);
        let mut outcome = Outcome::new();
        let (mut at, mut level_end) = (0u32, 1usize);
        while (at as usize) < self.states.len() && outcome.found.is_none() {
            if at as usize == level_end {
                (level_end, outcome.depth_complete) = (self.states.len(), outcome.depth_complete + 1);
            }
            if outcome.depth_complete >= self.setting.depth_max || self.states.len() >= self.setting.states_max {
                outcome.end = End::Cut;
                break;
            }
            self.visit(at, &mut outcome);
            at += 1;
        }
        outcome.depth = self.states.depth(self.states.newest());
        self.conclude(outcome)
    }

    fn conclude(&self, mut outcome: Outcome) -> Outcome {
        outcome.states = self.states.len();
        outcome.places = self.members.iter().map(|places| places.all.len()).sum();
        outcome.steps = self.world.steps;
        outcome.compared = self.members.iter().map(|places| places.compared).sum();
        if let Some(mismatch) = self.members.iter().find_map(|places| places.mismatch.clone()) {
            outcome.found = Some(Found { violation: mismatch, path: Vec::new() });
        }
        if outcome.found.is_some() {
            outcome.end = End::Violated;
        }
        outcome
    }

    /// All that can happen in a state: one of the members comes to a place behind its next noticed step.
    fn visit(&mut self, at: u32, outcome: &mut Outcome) {
        let ways = self.look(at, outcome);
        for (slot, ways) in ways.iter().enumerate() {
            for to in &ways.noticed {
                if outcome.found.is_none() {
                    self.step(at, slot, *to, outcome);
                }
            }
        }
    }

    /// Where each member can go from a state, and whether two can have called different blocks final in it.
    fn look(&mut self, at: u32, outcome: &mut Outcome) -> Vec<Rc<Ways>> {
        let ways = self.ways(&self.states.get(at));
        let finals = |slot: usize, place: u32| self.members[slot].core(place).finals.len();
        let most = ways.iter().enumerate().flat_map(|(slot, ways)| ways.finals.iter().map(move |at| finals(slot, *at)));
        let most = most.max().unwrap_or(0);
        outcome.final_states += usize::from(most > 0);
        outcome.finals_max = outcome.finals_max.max(most);
        self.compare_finals(at, &ways, outcome);
        ways
    }

    /// A member comes to a place behind its next noticed step.
    fn step(&mut self, at: u32, slot: usize, to: u32, outcome: &mut Outcome) {
        outcome.transitions += 1;
        let next = self.next(&self.states.get(at), slot, to);
        let Some(new) = self.states.insert(next, Some(at)) else { return };
        let cores = self.cores(&next);
        let has_crashed = self.setting.crashes > 0 && cores.iter().any(|core| core.log.is_none());
        outcome.crashed_states += usize::from(has_crashed);
        if let Some(violation) = oracle::violation(&self.world, self.setting.oracle, &cores) {
            outcome.found = Some(Found { violation, path: self.path(new) });
        }
    }

    pub(super) fn ways(&mut self, state: &State) -> Vec<Rc<Ways>> {
        let arrivals = self.arrivals(state);
        let members = self.members.iter_mut().zip(arrivals).zip(state);
        members
            .map(|((places, (arrives, number)), place)| places.ways(&mut self.world, *place, &arrives, number))
            .collect()
    }

    /// What can arrive at each member, and the number of that set.
    pub(super) fn arrivals(&mut self, state: &State) -> Vec<(Inputs, u32)> {
        let cores: Vec<&Core> = self.members.iter().zip(state).map(|(places, place)| places.core(*place)).collect();
        self.arrivals.at(&self.world.alphabet, &cores)
    }

    /// Two members that can have called different blocks final, without a step that anybody else noticed.
    fn compare_finals(&mut self, at: u32, ways: &[Rc<Ways>], outcome: &mut Outcome) {
        let mut has_fork = false;
        for (one, other) in [(0, 1), (0, 2), (1, 2)].into_iter().filter(|(_, other)| *other < ways.len()) {
            for (a, b) in ways[one].finals.iter().flat_map(|a| ways[other].finals.iter().map(move |b| (*a, *b))) {
                let cores = [self.members[one].core(a), self.members[other].core(b)];
                let Some(fork) = oracle::disagreement(&self.world, &cores) else { continue };
                has_fork = true;
                let wrong = match self.setting.oracle {
                    Oracle::Everything | Oracle::Agreement => Some(fork),
                    Oracle::Guilt => self.acquitted([(one, a), (other, b)]).map(|wrong| format!("{fork}; {wrong}")),
                };
                if let Some(violation) = wrong {
                    let mut path = self.path(at);
                    path.extend(self.leg(at, one, a));
                    path.extend(self.leg(at, other, b));
                    outcome.found = Some(Found { violation, path });
                    return;
                }
            }
        }
        outcome.forks += usize::from(has_fork);
    }

    /// What is wrong with those who are named for the fork of two members at these places.
    fn acquitted(&mut self, sides: [(usize, u32); 2]) -> Option<String> {
        if !self.blamed.insert(sides) {
            return None;
        }
        let sides = sides.map(|(slot, place)| {
            let machine = self.members[slot].machine(&mut self.world, place);
            Side { index: self.members[slot].index, core: self.members[slot].core(place).clone(), machine }
        });
        guilt::wrong(&mut self.world, sides)
    }

    /// The state after one member came to another place.
    pub(super) fn next(&mut self, state: &State, slot: usize, to: u32) -> State {
        let mut next = *state;
        next[slot] = to;
        // One crash in all: the vote logs of the others cannot matter any more.
        let before = self.members[slot].core(state[slot]).log.is_some();
        if before && self.members[slot].core(to).log.is_none() {
            for (other, places) in self.members.iter_mut().enumerate().filter(|(other, _)| *other != slot) {
                next[other] = places.settled(state[other]);
            }
        }
        next
    }

    pub(super) fn cores(&self, state: &State) -> Vec<&Core> {
        self.members.iter().zip(state).map(|(places, place)| places.core(*place)).collect()
    }

    /// Who lies and who leads, in words.
    pub fn cast(&self) -> String {
        let leaders = leaders();
        let leads: Vec<String> = (1..=self.setting.views)
            .map(|view| leaders[usize::try_from(view % u64::from(MEMBERS)).expect("small")].to_string())
            .collect();
        let single = if self.setting.votes == Votes::Single { "one by one" } else { "as certificates" };
        format!("liars {:?}, leaders {}, votes {single}", self.world.alphabet.liars, leads.join(" "))
    }
}

#[cfg(test)]
mod tests;
