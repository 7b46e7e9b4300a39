//! The places of one member, each once, and where each input leads from each: a step of a machine is made once and
//! remembered. A machine is a function of its state and its input; the places prove it as they go, by comparing, where
//! two paths meet, what both machines do next.

use super::alphabet::Input;
use super::member::{World, twin};
use super::place::{Core, machine_name, place_name};
use super::setting::Paths;
use super::ways;
use amanah_consensus::{Deadline, Machine};
use std::collections::{HashMap, VecDeque};

/// Machines kept ready per member; others are made again from the path that led to their place.
const MACHINES_MAX: usize = 30_000;

/// Of all meetings of two paths so far, one in so many is compared.
const COMPARED_EVERY: u64 = 64;

/// A place and how it was first reached.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) core: Core,
    machine: Option<Box<Machine>>,
    pub(super) machine_name: u128,
    view: u64,
    came: Option<(u32, Input)>,
    /// Deadlines that can come, as bits by number.
    armed: u8,
    /// Where each input leads, by its number in the alphabet.
    moves: Vec<u32>,
    /// The same place without a vote log.
    settled: Option<u32>,
}

/// Not looked at yet.
const UNKNOWN: u32 = u32::MAX;

/// All places of one member.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) index: u8,
    pub(crate) all: Vec<Place>,
    ids: HashMap<u128, u32>,
    ready: VecDeque<u32>,
    views: u64,
    pub(super) known: ways::Known,
    /// Meetings of two paths, compared.
    pub(crate) compared: u64,
    meetings: u64,
    compare_at: u64,
    /// The first place where the fingerprint said less than it must.
    pub(crate) mismatch: Option<String>,
}

impl Places {
    /// The place where a member starts with this around it.
    pub(crate) fn new(index: u8, world: &mut World, mut core: Core) -> Self {
        let machine = world.start(index, &mut core, &[]).expect("a fresh member starts");
        let (all, ids, ready) = (Vec::new(), HashMap::new(), VecDeque::new());
        let (views, known) = (world.alphabet.views, ways::Known::new());
        let (compared, meetings, compare_at) = (0, 0, 1);
        let mut places = Self { index, all, ids, ready, views, known, compared, meetings, compare_at, mismatch: None };
        places.enter(world, core, machine, None);
        places
    }

    /// The view the member is in.
    pub(crate) fn view(&self, place: u32) -> u64 {
        self.all[place as usize].view
    }

    pub(crate) fn core(&self, place: u32) -> &Core {
        &self.all[place as usize].core
    }

    /// Whether an input means anything at a place, apart from whether it arrives.
    pub(crate) fn can(&self, world: &World, place: u32, input: Input) -> bool {
        let at = &self.all[place as usize];
        at.core.fault.is_none()
            && match input {
                Input::Supply => !at.core.is_supplied,
                // Beyond the last view nothing happens but what concerns the views before.
                Input::Deadline(deadline) => at.armed & (1 << deadline) != 0 && at.view <= self.views,
                Input::Crash { .. } => at.core.log.is_some(),
                Input::Proposal(offer) => match world.paths {
                    Paths::Fewest => world.alphabet.liars_view(offer).is_none_or(|view| view.0 == at.view),
                    Paths::All => true,
                },
                Input::Certificate { .. } | Input::Vote { .. } | Input::Block(_) => true,
            }
    }

    /// Where the input of number `id` leads.
    pub(crate) fn go(&mut self, world: &mut World, place: u32, id: usize) -> u32 {
        let input = world.alphabet.inputs[id];
        if let Some(to) = self.all[place as usize].moves.get(id).filter(|to| **to != UNKNOWN) {
            return *to;
        }
        let machine = self.machine(world, place);
        let core = self.all[place as usize].core.clone();
        let (core, machine) = world.perform(self.index, &core, machine, input);
        let to = self.enter(world, core, machine, Some((place, input)));
        let moves = &mut self.all[place as usize].moves;
        moves.resize(moves.len().max(id + 1), UNKNOWN);
        moves[id] = to;
        to
    }

    /// The same place after crashes have become impossible.
    pub(crate) fn settled(&mut self, place: u32) -> u32 {
        let at = &self.all[place as usize];
        if at.core.log.is_none() {
            return place;
        }
        if let Some(settled) = at.settled {
            return settled;
        }
        let core = Core { log: None, finalization: None, ..at.core.clone() };
        let name = place_name(at.machine_name, &core);
        let settled = match self.ids.get(&name) {
            Some(known) => *known,
            None => {
                let machine = at.machine.as_ref().map(|machine| Box::new(twin(self.index, machine)));
                let copy = Place {
                    machine_name: at.machine_name,
                    view: at.view,
                    came: at.came,
                    armed: at.armed,
                    core,
                    machine,
                    moves: Vec::new(),
                    settled: None,
                };
                self.push(name, copy)
            }
        };
        self.all[place as usize].settled = Some(settled);
        settled
    }

    fn enter(&mut self, world: &mut World, core: Core, machine: Machine, came: Option<(u32, Input)>) -> u32 {
        let machine_name = machine_name(&machine);
        let name = place_name(machine_name, &core);
        if let Some(known) = self.ids.get(&name).copied() {
            self.compare(world, known, &core, &machine);
            return known;
        }
        let armed = armed(world, &core, &machine);
        let view = machine.standing().view.0;
        let machine = Some(Box::new(machine));
        self.push(name, Place { core, view, machine, machine_name, came, armed, moves: Vec::new(), settled: None })
    }

    fn push(&mut self, name: u128, place: Place) -> u32 {
        let id = u32::try_from(self.all.len()).expect("fewer than 2^32 places");
        self.ids.insert(name, id);
        if place.machine.is_some() {
            self.ready.push_back(id);
        }
        self.all.push(place);
        if self.ready.len() > MACHINES_MAX
            && let Some(oldest) = self.ready.pop_front()
        {
            self.all[oldest as usize].machine = None;
        }
        id
    }

    /// A machine at this place: a twin of the one kept, or one led here again.
    pub(super) fn machine(&mut self, world: &mut World, place: u32) -> Machine {
        let mut way = Vec::new();
        let mut at = place;
        loop {
            let here = &self.all[at as usize];
            if let Some(machine) = &here.machine {
                let mut machine = twin(self.index, machine);
                for (from, input) in way.into_iter().rev() {
                    let core = self.all[from as usize].core.clone();
                    machine = world.perform(self.index, &core, machine, input).1;
                }
                return machine;
            }
            match here.came {
                Some((from, input)) => {
                    way.push((from, input));
                    at = from;
                }
                None => {
                    let mut core = Core { is_supplied: here.core.is_supplied, ..Core::default() };
                    let machine = world.start(self.index, &mut core, &[]).expect("it started before");
                    self.all[at as usize].machine = Some(Box::new(machine));
                }
            }
        }
    }

    /// Two paths led to one place. Whatever comes next must lead both machines to one place again. The meetings compared
    /// lie ever further apart, so that there are some at every depth.
    fn compare(&mut self, world: &mut World, place: u32, core: &Core, machine: &Machine) {
        self.meetings += 1;
        if self.meetings < self.compare_at {
            return;
        }
        self.compare_at += 1 + self.meetings / COMPARED_EVERY;
        self.compared += 1;
        let known = self.machine(world, place);
        if armed(world, core, machine) != self.all[place as usize].armed {
            self.mismatch
                .get_or_insert(format!("member {}: two equal places wait for different deadlines", self.index));
        }
        for input in world.alphabet.inputs.clone() {
            if !self.can(world, place, input) {
                continue;
            }
            let names = [&known, machine].map(|machine| {
                let (core, machine) = world.perform(self.index, core, twin(self.index, machine), input);
                place_name(machine_name(&machine), &core)
            });
            if names[0] != names[1] {
                let text = world.alphabet.input_text(input);
                self.mismatch.get_or_insert(format!("member {}: two equal places differ after {text}", self.index));
            }
        }
    }
}

/// The deadlines that can come, as bits by number.
fn armed(world: &mut World, core: &Core, machine: &Machine) -> u8 {
    world.ledger.is_supplied = core.is_supplied;
    machine.armed(&world.ledger).into_iter().fold(0, |armed, deadline| {
        armed
            | match deadline {
                Deadline::Leader => 1,
                Deadline::Certificate => 2,
                Deadline::Padding => 4,
                Deadline::Stale => 8,
            }
    })
}
