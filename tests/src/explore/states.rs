//! The states of a whole search, each once, in the order in which they were found: 26 bytes each, table included.

/// A state: the place of each honest member; unused ones are 0.
pub(crate) type State = [u32; 3];

/// All states found.
#[derive(Debug)]
pub(crate) struct States {
    all: Vec<State>,
    parents: Vec<u32>,
    /// Open addressing; a power of two of slots, number of the state plus one, 0 is free.
    slots: Vec<u32>,
}

impl States {
    pub(crate) fn new() -> Self {
        Self { all: Vec::new(), parents: Vec::new(), slots: vec![0; 1 << 16] }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: u32) -> State {
        self.all[id as usize]
    }

    pub(crate) fn parent(&self, id: u32) -> Option<u32> {
        Some(self.parents[id as usize]).filter(|parent| *parent != id)
    }

    /// The number of the state found last.
    pub(crate) fn newest(&self) -> u32 {
        u32::try_from(self.all.len() - 1).expect("fewer than 2^32 states")
    }

    /// Steps from the start to a state, on the way on which it was first found.
    pub(crate) fn depth(&self, id: u32) -> usize {
        std::iter::successors(self.parent(id), |at| self.parent(*at)).count()
    }

    /// Enters a state; its number if it is new.
    pub(crate) fn insert(&mut self, state: State, parent: Option<u32>) -> Option<u32> {
        let mut at = self.slot(&state);
        while let Some(known) = self.slots[at].checked_sub(1) {
            if self.all[known as usize] == state {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        let id = u32::try_from(self.all.len()).expect("fewer than 2^32 states");
        self.slots[at] = id + 1;
        self.all.push(state);
        self.parents.push(parent.unwrap_or(id));
        if self.all.len() * 3 > self.slots.len() * 2 {
            self.grow();
        }
        Some(id)
    }

    fn slot(&self, state: &State) -> usize {
        let mixed = state.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |hash, place| {
            (hash ^ u64::from(*place)).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(29)
        });
        usize::try_from(mixed >> 8).unwrap_or(0) & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        self.slots = vec![0; self.slots.len() * 2];
        for id in 0..self.all.len() {
            let mut at = self.slot(&self.all[id]);
            while self.slots[at] != 0 {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = u32::try_from(id).expect("fewer than 2^32 states") + 1;
        }
    }
}
