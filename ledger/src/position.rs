//! Where something stands: epoch, view, height. Three counters that must never be mistaken for one another.

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};

macro_rules! position {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// The one after. The counters end after 2⁶⁴ steps; the last stays the last.
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

position!(
    /// Counts validator sets; the first is 0.
    Epoch
);
position!(
    /// Counts a leader's turns within an epoch; the epoch's floor has view 0, the first proposal view 1.
    View
);
position!(
    /// Counts blocks over all epochs; genesis is 0.
    Height
);
