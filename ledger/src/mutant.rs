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

    /// A part of a permit that the engine does not know is passed over.
    UnknownPartPermits = "unknown-part-permits",
    /// A refusal with a part that the engine does not know fits nothing.
    UnknownPartRefusesNothing = "unknown-part-refuses-nothing",
    /// Consents of anybody speak about anybody.
    PatientUnchecked = "patient-unchecked",
    /// Consents about the records of one hospital speak about those of another.
    CustodianUnchecked = "custodian-unchecked",
    /// Consents to care speak about research, and the reverse.
    ClassUnchecked = "class-unchecked",
    /// Drafts and errors speak.
    DraftSpeaks = "draft-speaks",
    /// A consent that was ended speaks.
    EndedSpeaks = "ended-speaks",
    /// A consent speaks before and after its time.
    ConsentPeriodIgnored = "consent-period-ignored",
    /// A guardian's consent outlives the guardian's authority.
    AuthorityUnchecked = "authority-unchecked",
    /// A rule speaks before and after its time.
    RulePeriodIgnored = "rule-period-ignored",
    /// A rule speaks about every purpose.
    PurposeIgnored = "purpose-ignored",
    /// A purpose does not cover its parts.
    PurposeExact = "purpose-exact",
    /// Treatment covers emergencies.
    EmergencyInherited = "emergency-inherited",
    /// An emergency covers breaking the glass.
    BreakGlassInherited = "break-glass-inherited",
    /// A rule speaks about every act.
    ActionIgnored = "action-ignored",
    /// A rule speaks about everybody.
    ActorIgnored = "actor-ignored",
    /// Every actor is looked for among those who ask.
    SideIgnored = "side-ignored",
    /// Who was ever a member of a group is one.
    MembershipTimeless = "membership-timeless",
    /// A rule speaks about data under every label.
    LabelIgnored = "label-ignored",
    /// What a permit leaves out by label is not left out.
    ExceptedLabelIgnored = "excepted-label-ignored",
    /// A confidentiality means itself only.
    ConfidentialityExact = "confidentiality-exact",
    /// The lowest of several confidentialities counts.
    LowestLabelCounts = "lowest-label-counts",
    /// Data without a confidentiality has none.
    UnlabelledCountsForNothing = "unlabelled-counts-for-nothing",
    /// A confidentiality means "up to" in refusals too.
    RefusalUpTo = "refusal-up-to",
    /// A sensitivity does not cover its parts.
    SensitivityExact = "sensitivity-exact",
    /// A sensitivity that nobody knows meets no refusal.
    UnknownLabelHarmless = "unknown-label-harmless",
    /// A rule speaks about data from any time.
    DataPeriodIgnored = "data-period-ignored",
    /// A rule about single records or authors speaks about all.
    RecordIgnored = "record-ignored",
    /// What hangs on a record is not meant with it.
    RelatedIsInstance = "related-is-instance",
    /// A rule speaks about all kinds of data.
    ClassIgnored = "class-ignored",
    /// A rule speaks about data under any clinical code.
    CodeIgnored = "code-ignored",
    /// Rules below rules are not read.
    ExceptionsIgnored = "exceptions-ignored",
    /// Rules below a rule are read where it does not fit.
    ExceptionsUngated = "exceptions-ungated",
    /// Among rules side by side a permit prevails.
    SiblingPermitPrevails = "sibling-permit-prevails",
    /// A base refusal never counts as one.
    BaseRefusalBounds = "base-refusal-bounds",
    /// A base refusal counts as one also where the rules permit something.
    BaseRefusalExplicit = "base-refusal-explicit",
    /// Rules below a root are read only where it fits.
    RootGatesRules = "root-gates-rules",
    /// The data of a root does not narrow it.
    RootDataIgnored = "root-data-ignored",
    /// A permit prevails over another consent's refusal.
    RefusalYields = "refusal-yields",
    /// A consent that permits less says nothing.
    NotCoveredIsSilent = "not-covered-is-silent",
    /// A consent that another one replaced goes on to speak.
    ReplacedSpeaks = "replaced-speaks",
    /// The default is reported as what the consents say.
    DefaultReplacesOutcome = "default-replaces-outcome",
    /// Whoever says "break the glass" overrides.
    EmergencyUnattested = "emergency-unattested",
    /// A refusal of breaking the glass is overridden also where the policy honours it.
    EmergencyRefusalIgnored = "emergency-refusal-ignored",
    /// An override asks for nothing.
    EmergencyUnaudited = "emergency-unaudited",
    /// What a consent asks of those it permits is dropped.
    ObligationsDropped = "obligations-dropped",
    /// Records of substance use treatment leave without their notice.
    NoticeDropped = "notice-dropped",
    /// An obligation that the enforcement point does not know is passed over.
    UnknownObligationPermits = "unknown-obligation-permits",
    /// A query releases what a refusal withholds.
    WithheldNotRedacted = "withheld-not-redacted",
    /// A query for a kind that is withheld is permitted, to release nothing.
    WithheldKindReleased = "withheld-kind-released",
    /// A query is permitted by lists that let out what is refused beside what is permitted.
    ListsUnchecked = "lists-unchecked",
    /// What consents permit and no list can say is left to the default policy.
    UnsaidLeftToDefault = "unsaid-left-to-default",
    /// A query that is permitted in part is permitted whole.
    PartReleasedWhole = "part-released-whole",
    /// A research use that only people can judge is permitted.
    JudgementSkipped = "judgement-skipped",
    /// A consent to research into a disease does not cover what falls under it.
    DiseaseExact = "disease-exact",
    /// The conditions of a research use are not looked at.
    UseConditionsIgnored = "use-conditions-ignored",
    /// Data is used though consent does not hold today.
    GateIgnored = "gate-ignored",
    /// Pieces that different consents permit add up.
    PiecesCombined = "pieces-combined",
    /// A retroactive permit changes nothing.
    RetroactiveIgnored = "retroactive-ignored",

    /// Codes of a system under one of its older addresses are foreign.
    AliasesUnknown = "aliases-unknown",
    /// An R4 consent without a root type is read as a permit.
    RootTypeGuessed = "root-type-guessed",
    /// A rule below another has the opposite effect, whatever it says.
    NestedTypeIgnored = "nested-type-ignored",
    /// A period that ends on a day ends when that day begins.
    DayEndsAtItsBeginning = "day-ends-at-its-beginning",
    /// A tree of any depth and size is read.
    LimitsUnchecked = "limits-unchecked",
    /// What an organisation is a part of is not looked up.
    SubUnitsUnknown = "sub-units-unknown",
    /// An element that changes the meaning of a consent is passed over.
    ModifierIgnored = "modifier-ignored",
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
