//! What went wrong in a run, counted: a fault that never happens tests nothing.

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts of every fault.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Faults {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Faults {
            /// Each fault with its name.
            pub fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),*]
            }

            /// Adds another run's.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

faults! {
    /// Messages that never arrived.
    lost,
    /// Messages that arrived twice.
    duplicated,
    /// Messages that arrived after a later one of the same link.
    reordered,
    /// Gossip bundles that never arrived.
    gossip_lost,
    /// Times the network was split in groups.
    partitions,
    /// Times one validator could send and not hear, or hear and not send.
    one_way,
    /// Messages that a split swallowed.
    cut_off,
    /// Processes stopped between two actions.
    crashes,
    /// Writes to the vote log that a stop cut short.
    torn_writes,
    /// Writes to the vote log of which a stop left any sectors and lost any others.
    scattered_writes,
    /// Syncs of the vote log that failed, and stopped the process.
    failed_syncs,
    /// Segments of the vote log whose name was lost in a stop.
    lost_names,
    /// Votes that were never sent because their process stopped first.
    unsent,
    /// Final blocks that were lost with their process before the store had them.
    lost_commits,
    /// Times all processes stopped together.
    blackouts,
    /// Restarts that went on from a vote log and a ledger.
    restarts,
    /// Validators whose clock is wrong.
    skewed_clocks,
}
