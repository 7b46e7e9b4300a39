//! Rules that can be left out on purpose, so that tests show what each of them is for.
//!
//! Only the vocabulary is always here. Leaving a rule out takes the feature `mutants`, which no release build has:
//! without it [`lacks`] is a constant and nothing can change it. Consensus is told by its configuration; the ledger and
//! the node, whose rules are plain functions, look here, where one thread says for its own calls what is left out.

macro_rules! mutants {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// A rule left out.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mutant {
            $($(#[doc = $doc])+ $variant,)*
        }

        #[cfg(feature = "mutants")]
        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its word on a command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What is left out, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)*
                }
            }
        }
    };
}

mutants! {
    /// A validator finalizes a view that it gave up.
    FinalizeAfterNullify = "finalize-after-nullify",
    /// A validator gives up a view that it finalized, also one that it has left.
    NullifyAfterFinalize = "nullify-after-finalize",
    /// One vote fewer certifies.
    QuorumMinusOne = "quorum-minus-one",

    /// `tx_root` is over acts, not over their bytes.
    TxRootOverActs = "tx-root-over-acts",
    /// Signatures count as checked when the same act was checked under other bytes.
    SignaturesKnownByAct = "signatures-known-by-act",
    /// A fault of a proposal is taken for one of its block.
    ProposalFaultCondemnsBlock = "proposal-fault-condemns-block",
    /// A Finalize leaves without its Notarization on disk.
    NotarizationNotKept = "notarization-not-kept",
    /// Pending transactions are neither offered nor asked for.
    NoPull = "no-pull",
    /// A leader fills blocks above the depth bound.
    FullBlocksAboveDepth = "full-blocks-above-depth",
    /// Who finds its clock apart from the others' does not lead; delay counts as difference.
    ClockDeclinesToLead = "clock-declines-to-lead",
    /// A transaction that failed in a block counts as done.
    FailedActUsedUp = "failed-act-used-up",
    /// The revocation of a consent that nobody knows yet changes nothing.
    UnknownRevocationDropped = "unknown-revocation-dropped",
    /// What others say they have counts as own work and is passed on.
    WorkByHearsay = "work-by-hearsay",
    /// Whatever is pending counts as work, also what no block can include now.
    AnythingPendingIsWork = "anything-pending-is-work",
    /// A proposal's header need not name the certified parent and the view.
    HeaderUnchecked = "header-unchecked",
    /// A Finalization is passed on like any certificate, never repeated, and shown to nobody who lacks it.
    FinalizationNotSpread = "finalization-not-spread",
    /// Nothing is asked for after a jump over views.
    NothingAskedAfterJump = "nothing-asked-after-jump",
    /// Anybody pushes a block and is asked for it, the next one after 2Δ only.
    BlocksFromAnybody = "blocks-from-anybody",
    /// A leader's Nullify or bad proposal ends the view of an idle network.
    WokenWhileIdle = "woken-while-idle",
    /// A revocation is acknowledged before it is on disk.
    RevocationNotOnDisk = "revocation-not-on-disk",
    /// A revocation is sent once.
    RevocationSentOnce = "revocation-sent-once",
    /// A revocation on disk is not read after a restart.
    RevocationNotReadAgain = "revocation-not-read-again",
    /// The distance of retries keeps growing over new views and new connections.
    RetryKeepsItsDistance = "retry-keeps-its-distance",
    /// An empty block is notarized on any parent at any time.
    PaddingAccepted = "padding-accepted",
    /// A proposal takes its leader's slot before its signature is checked.
    SlotBeforeSignature = "slot-before-signature",
    /// A vote is repeated also while nobody has anything to do.
    RepeatedWhileIdle = "repeated-while-idle",
    /// Every new connection puts the next retry off.
    ConnectionPutsRetryOff = "connection-puts-retry-off",

    /// A validator forgets what it signed in the views it left.
    VotesForgotten = "votes-forgotten",
    /// Own votes are not counted again after a restart.
    OwnVotesNotCounted = "own-votes-not-counted",
    /// A vote that is heard twice counts twice.
    VotesCountedTwice = "votes-counted-twice",
    /// A certificate may carry one signature several times.
    SignersCountedTwice = "signers-counted-twice",
    /// 2f+1 votes certify, whatever n is.
    QuorumTwoFPlusOne = "quorum-two-f-plus-one",
    /// A validator that sees a leader contradict itself stops.
    EquivocationHalts = "equivocation-halts",
    /// The first proposal of a view stays in its slot when another one is certified.
    SlotOverCertificate = "slot-over-certificate",
    /// Of a view's Notarization and Nullification only the first is taken.
    FirstCertificateOnly = "first-certificate-only",
    /// A proposal need not prove that the views it skips were given up.
    SkipsUnproven = "skips-unproven",
    /// Certificates are not passed on.
    CertificatesKept = "certificates-kept",
    /// Votes are sent once.
    VotesSentOnce = "votes-sent-once",
}

#[cfg(feature = "mutants")]
std::thread_local! {
    static LEFT_OUT: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Runs `act` with a rule of the ledger or the node left out on this thread.
#[cfg(feature = "mutants")]
pub fn without<T>(mutant: Option<Mutant>, act: impl FnOnce() -> T) -> T {
    struct Restore(Option<Mutant>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LEFT_OUT.set(self.0);
        }
    }
    let _before = Restore(LEFT_OUT.replace(mutant));
    act()
}

/// Whether a rule of the ledger or the node is left out.
#[cfg(feature = "mutants")]
pub fn lacks(mutant: Mutant) -> bool {
    LEFT_OUT.get() == Some(mutant)
}

/// Whether a rule of the ledger or the node is left out: none is.
#[cfg(not(feature = "mutants"))]
pub const fn lacks(_mutant: Mutant) -> bool {
    false
}
