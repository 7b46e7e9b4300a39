//! The search: breadth first through all states, each once.

use super::alphabet::{Alphabet, Input, MEMBERS};
use super::bits::{Contents, Inputs, Offers};
use super::block::{Ledger, Times};
use super::member::{World, leaders};
use super::oracle;
use super::place::{Core, Log};
use super::places::Places;
use super::setting::{Setting, Votes};
use super::states::{State, States};

/// A search while it runs.
#[derive(Debug)]
pub struct Search {
    setting: Setting,
    world: World,
    members: Vec<Places>,
    states: States,
}

/// One step of a path: whom it happened to, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The member.
    pub member: u8,
    /// What happened, in words that [`Search::replay`] understands.
    pub what: String,
}

/// A state in which something is wrong.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is wrong.
    pub violation: String,
    /// How it came about.
    pub path: Vec<Event>,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is no further state within the bounds.
    Exhausted,
    /// There are more states than were asked for.
    Cut,
    /// Something is wrong.
    Violated,
}

/// What came of a search.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it ended.
    pub end: End,
    /// Distinct states.
    pub states: usize,
    /// Steps from the start to the last state found.
    pub depth: usize,
    /// Depth up to which every state was looked at.
    pub depth_complete: usize,
    /// Steps between states that were taken.
    pub transitions: u64,
    /// Distinct states of single members.
    pub places: usize,
    /// Steps that real machines made.
    pub steps: u64,
    /// Meetings of two paths at which both machines were compared in what they do next.
    pub compared: u64,
    /// States in which some member has a final block, and in which some member crashed.
    pub final_states: usize,
    /// States behind a crash.
    pub crashed_states: usize,
    /// Most final blocks at one member.
    pub finals_max: usize,
    /// The violation.
    pub found: Option<Found>,
}

impl Search {
    /// Everything at the start of a search.
    pub fn new(setting: Setting) -> Self {
        let mut ledger = Ledger::new(setting.supply, Times::Still);
        let alphabet = Alphabet::new(&setting, leaders(), &mut ledger);
        let mut world = World::new(alphabet, ledger, setting.mutant, setting.memory);
        let honest = world.alphabet.honest.clone();
        let log = (setting.crashes > 0).then(Log::default);
        let core = Core { log, is_supplied: !setting.is_supply_late, ..Core::default() };
        let members = honest.into_iter().map(|index| Places::new(index, &mut world, core.clone())).collect();
        Self { setting, world, members, states: States::new() }
    }

    /// Runs to its end.
    pub fn run(mut self) -> Outcome {
        let start = self.start();
        self.states.insert(start, None);
        let mut outcome = Outcome {
            end: End::Exhausted,
            states: 1,
            depth: 0,
            depth_complete: 0,
            transitions: 0,
            places: 0,
            steps: 0,
            compared: 0,
            final_states: 0,
            crashed_states: 0,
            finals_max: 0,
            found: None,
        };
        let (mut at, mut level_end) = (0u32, 1usize);
        while (at as usize) < self.states.len() {
            if at as usize == level_end {
                (level_end, outcome.depth_complete) = (self.states.len(), outcome.depth_complete + 1);
            }
            if outcome.depth_complete >= self.setting.depth_max {
                outcome.end = End::Cut;
                break;
            }
            self.visit(at, &mut outcome);
            if outcome.found.is_some() {
                break;
            }
            if self.states.len() >= self.setting.states_max {
                outcome.end = End::Cut;
                break;
            }
            at += 1;
        }
        outcome.states = self.states.len();
        outcome.depth = self.path_len(u32::try_from(self.states.len() - 1).expect("fewer than 2^32 states"));
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

    /// All that can happen in a state: each member, for itself, makes any steps that nobody else can notice and then one
    /// that somebody can.
    fn visit(&mut self, at: u32, outcome: &mut Outcome) {
        let state = self.states.get(at);
        let arrivals = self.arrivals(&state);
        for (slot, arrives) in arrivals.iter().enumerate() {
            for way in self.members[slot].noticed(&mut self.world, state[slot], arrives).iter() {
                outcome.transitions += 1;
                let next = self.next(&state, slot, *way);
                let Some(new) = self.states.insert(next, Some(at)) else { continue };
                let cores = self.cores(&next);
                let finals = cores.iter().map(|core| core.finals.len()).max().unwrap_or(0);
                outcome.final_states += usize::from(finals > 0);
                outcome.finals_max = outcome.finals_max.max(finals);
                let has_crashed = self.setting.crashes > 0 && cores.iter().any(|core| core.log.is_none());
                outcome.crashed_states += usize::from(has_crashed);
                if let Some(violation) = oracle::violation(&self.world, self.setting.oracle, &cores) {
                    outcome.found = Some(Found { violation, path: self.path(new) });
                    return;
                }
            }
        }
    }

    /// The state after one member came to another place.
    fn next(&mut self, state: &State, slot: usize, to: u32) -> State {
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

    fn cores(&self, state: &State) -> Vec<&Core> {
        self.members.iter().zip(state).map(|(places, place)| places.core(*place)).collect()
    }

    /// The numbers of the messages that can arrive at each member.
    fn arrivals(&self, state: &State) -> Vec<Inputs> {
        let cores = self.cores(state);
        let said: Vec<Contents> = cores.iter().map(|core| core.said).collect();
        let seen = cores.iter().fold(Offers::default(), |seen, core| seen.or(&core.seen));
        let alphabet = &self.world.alphabet;
        let mut arrivals = vec![Inputs::default(); cores.len()];
        for (id, input) in alphabet.inputs.iter().enumerate() {
            let is_said = match input {
                Input::Proposal(offer) => match alphabet.offers[usize::from(*offer)].liars_after {
                    None => seen.contains(*offer),
                    Some(first) => first.is_none_or(|first| seen.contains(first)),
                },
                Input::Certificate { content, honest } => alphabet.signers(&said, *content) == Some(*honest),
                Input::Vote { signer, content } => match alphabet.honest.iter().position(|i| i == signer) {
                    Some(slot) => said[slot].contains(*content),
                    None => true,
                },
                Input::Block(_) | Input::Supply | Input::Deadline(_) | Input::Crash { .. } => true,
            };
            for (index, arrives) in alphabet.honest.iter().zip(&mut arrivals).filter(|_| is_said) {
                if !matches!(input, Input::Vote { signer, .. } if signer == index) {
                    arrives.insert(id);
                }
            }
        }
        arrivals
    }

    fn start(&mut self) -> State {
        let mut state = [0; 3];
        let Some(seed) = self.setting.walk_seed else { return state };
        let mut random = super::random::Random::seeded(seed);
        for _ in 0..1000 {
            let arrivals = self.arrivals(&state);
            let slot = random.below(arrivals.len());
            let ways = self.members[slot].noticed(&mut self.world, state[slot], &arrivals[slot]);
            let has_log = |places: &Places, place: u32| places.core(place).log.is_some();
            let before = has_log(&self.members[slot], state[slot]);
            let ways: Vec<u32> =
                ways.iter().copied().filter(|way| has_log(&self.members[slot], *way) == before).collect();
            if !ways.is_empty() {
                state = self.next(&state, slot, ways[random.below(ways.len())]);
            }
            if self.members.iter().zip(state).all(|(places, place)| places.view(place) >= 2) {
                break;
            }
        }
        state
    }

    fn path_len(&self, state: u32) -> usize {
        std::iter::successors(self.states.parent(state), |at| self.states.parent(*at)).count()
    }

    /// How a state came about.
    fn path(&mut self, state: u32) -> Vec<Event> {
        let mut ids: Vec<u32> = std::iter::successors(Some(state), |at| self.states.parent(*at)).collect();
        ids.reverse();
        let mut path = Vec::new();
        for pair in ids.windows(2) {
            let (from, to) = (self.states.get(pair[0]), self.states.get(pair[1]));
            let arrivals = self.arrivals(&from);
            let slots = (0..self.members.len()).filter(|slot| from[*slot] != to[*slot]);
            let step = slots.into_iter().find_map(|slot| {
                let arrives = &arrivals[slot];
                let inputs = self.members[slot].way(&mut self.world, from[slot], arrives, to[slot])?;
                (self.next(&from, slot, to[slot]) == to).then_some((slot, inputs))
            });
            let (slot, inputs) = step.expect("a step that was taken before");
            let member = self.members[slot].index;
            let events = inputs.into_iter().map(|input| Event { member, what: self.world.alphabet.input_text(input) });
            path.extend(events.collect::<Vec<_>>());
        }
        path
    }

    /// Takes the steps of a path one after the other; what is wrong at its end.
    ///
    /// # Errors
    /// When a step of the path is not possible where it stands.
    pub fn replay(mut self, path: &[Event]) -> Result<Option<String>, String> {
        let mut state = self.start();
        for (at, event) in path.iter().enumerate() {
            let arrivals = self.arrivals(&state);
            let slot = self.members.iter().position(|places| places.index == event.member);
            let taken = slot.and_then(|slot| {
                let ids = arrivals[slot].iter().collect::<Vec<_>>();
                let id = ids.into_iter().find(|id| {
                    self.world.alphabet.input_text(self.world.alphabet.inputs[*id]) == event.what
                        && self.members[slot].can(state[slot], self.world.alphabet.inputs[*id])
                })?;
                let to = self.members[slot].go(&mut self.world, state[slot], id);
                Some(self.next(&state, slot, to))
            });
            state = taken.ok_or_else(|| format!("step {}: \"{}\" cannot happen there", at + 1, event.what))?;
        }
        Ok(oracle::violation(&self.world, self.setting.oracle, &self.cores(&state)))
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
