//! Where a search starts: at the beginning, or where a random walk has come to.

use super::places::Places;
use super::random::Random;
use super::search::Search;
use super::states::State;

impl Search {
    /// The state that the search starts in.
    pub(super) fn start(&mut self) -> State {
        let mut state = [0; 3];
        let Some(seed) = self.setting.walk_seed else { return state };
        let mut random = Random::seeded(seed);
        for _ in 0..1000 {
            let ways = self.ways(&state);
            let slot = random.below(ways.len());
            let has_log = |places: &Places, place: u32| places.core(place).log.is_some();
            let before = has_log(&self.members[slot], state[slot]);
            let places = ways[slot].noticed.iter().copied();
            let places: Vec<u32> = places.filter(|to| has_log(&self.members[slot], *to) == before).collect();
            if !places.is_empty() {
                state = self.next(&state, slot, places[random.below(places.len())]);
            }
            if self.members.iter().zip(state).all(|(places, place)| places.view(place) >= 2) {
                break;
            }
        }
        state
    }
}
