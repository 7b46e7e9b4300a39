//! How a state came about, as events that can be taken again one by one.

use super::oracle;
use super::outcome::Event;
use super::search::Search;

impl Search {
    /// How a state came about.
    pub(super) fn path(&mut self, state: u32) -> Vec<Event> {
        let mut ids: Vec<u32> = std::iter::successors(Some(state), |at| self.states.parent(*at)).collect();
        ids.reverse();
        let mut path = Vec::new();
        for pair in ids.windows(2) {
            let (from, to) = (self.states.get(pair[0]), self.states.get(pair[1]));
            let moved: Vec<usize> = (0..self.members.len()).filter(|slot| from[*slot] != to[*slot]).collect();
            // A crash moves the others too: they have no vote log any more.
            let slot = moved.into_iter().find(|slot| self.next(&from, *slot, to[*slot]) == to);
            let slot = slot.expect("a step that was taken before");
            path.extend(self.leg(pair[0], slot, to[slot]));
        }
        path
    }

    /// The events on one way of a member from a state to a place that its ways name.
    pub(super) fn leg(&mut self, from: u32, slot: usize, to: u32) -> Vec<Event> {
        let state = self.states.get(from);
        let (arrives, _) = self.arrivals(&state)[slot];
        let way = self.members[slot].way(&mut self.world, state[slot], &arrives, to);
        let member = self.members[slot].index;
        let inputs = way.expect("a way that was found before").into_iter();
        inputs.map(|input| Event { member, what: self.world.alphabet.input_text(input) }).collect()
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
                let ids = arrivals[slot].0.iter().collect::<Vec<_>>();
                let id = ids.into_iter().find(|id| {
                    self.world.alphabet.input_text(self.world.alphabet.inputs[*id]) == event.what
                        && self.members[slot].can(&self.world, state[slot], self.world.alphabet.inputs[*id])
                })?;
                let to = self.members[slot].go(&mut self.world, state[slot], id);
                Some(self.next(&state, slot, to))
            });
            state = taken.ok_or_else(|| format!("step {}: \"{}\" cannot happen there", at + 1, event.what))?;
        }
        Ok(oracle::violation(&self.world, self.setting.oracle, &self.cores(&state)))
    }
}
