//! The command line: what can be typed.

#[cfg(feature = "demo")]
mod bench;
mod consents;
mod hospital;
mod officer;
mod policy;

#[cfg(feature = "demo")]
pub(crate) use bench::{BenchCommand, BenchDecisionsArgs, BenchGrantsArgs, Life};
pub(crate) use consents::{ApproveArgs, CanArgs, GrantArgs, RevokeArgs};
pub(crate) use hospital::{CheckArgs, HospitalCommand, PatientCommand, ProfileArgs, ProfileCommand, RequestArgs};
pub(crate) use officer::{OfficerCommand, ReplayArgs};
pub(crate) use policy::{EvalArgs, PeriodsArgs, PolicyCommand};

use crate::duration::waiting_time;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Decide who may see your health data, prove what you decided, and see who looked.
#[derive(Debug, Parser)]
#[command(name = "amanah", version, propagate_version = true, disable_help_subcommand = true)]
#[command(
    after_help = "Try it: amanah demo up       Exit codes: 0 ok, 1 failed, 2 usage, 3 denied by consent, 4 locked,\n\
    5 not found, 6 conflict, 7 not final in time or offline, 8 verification failed, 9 refused for safety, 130 interrupted\n\
    More: amanah help exit-codes, and other topics: amanah help"
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command understands.
#[derive(Debug, Args)]
pub(crate) struct Globals {
    /// Print one JSON object on stdout, whatever the exit code
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The wallet or hospital to speak for
    #[arg(long, global = true, env = "AMANAH_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// File with the wallet's passphrase (one trailing newline is dropped)
    #[arg(long, global = true, env = "AMANAH_PASSPHRASE_FILE", value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Ask nothing, even at a terminal
    #[arg(long, global = true, env = "AMANAH_NO_INPUT", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_input: bool,
    /// How long to wait until it is final, such as 15s or 2min
    #[arg(long, global = true, env = "AMANAH_TIMEOUT", value_name = "TIME", default_value = "15s", value_parser = waiting_time)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, recover and look at wallets
    #[command(subcommand)]
    Wallet(WalletCommand),
    /// Begin a relationship with a hospital
    Enrol(EnrolArgs),
    /// What hospitals ask you for
    Inbox,
    /// Say yes to a request, whole or in part
    Approve(ApproveArgs),
    /// Say no to a request
    Deny {
        /// The request, R-… or any unique part from its start
        request: String,
    },
    /// Let somebody see a part of your records
    #[command(alias = "allow")]
    Grant(GrantArgs),
    /// End a consent, with your wallet or with a slip
    #[command(alias = "cancel")]
    Revoke(RevokeArgs),
    /// Your consents
    List,
    /// A consent of yours, for other programs
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// Who opened your records, checked to be complete
    #[command(alias = "history")]
    Log,
    /// Would your consents let somebody see this? Nobody is asked
    Can(CanArgs),
    /// Why an access was permitted or denied, what a consent does, and what would change it
    Why {
        /// An access, A-…, or a consent, C-…, or any unique part from its start
        code: String,
    },
    /// Read and check receipts
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// The desk of a hospital
    #[command(subcommand)]
    Hospital(HospitalCommand),
    /// The compliance officer of a hospital
    #[command(subcommand)]
    Officer(OfficerCommand),
    /// Whom this home can speak for
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// The hospitals that run the ledger
    #[command(subcommand)]
    Network(NetworkCommand),
    /// The decision engine by itself, offline, on FHIR files
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// A node's ledger, checked offline
    #[cfg(feature = "store")]
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Four hospitals on this machine, to try everything out
    #[cfg(feature = "demo")]
    #[command(subcommand)]
    Demo(DemoCommand),
    /// How fast four hospitals on this machine are
    #[cfg(feature = "demo")]
    #[command(subcommand)]
    Bench(BenchCommand),
    /// What an error means, and what to try
    Explain {
        /// Its name, such as AMN-0231
        code: String,
    },
    /// Help on a command or a topic; alone, it lists both
    Help {
        /// A command (hospital check) or a topic (exit-codes)
        topic: Vec<String>,
    },
    /// Completions for a shell, to be loaded by it
    Completion {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Manual pages
    Man {
        /// Write a page for every command and topic here, instead of printing the first
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Runs one hospital of the demo
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    DemoNode {
        /// How long it runs.
        #[arg(long, value_enum, default_value_t = Life::Own)]
        life: Life,
        /// The hospital's own directory.
        home: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Make a wallet and a profile of the same name
    New {
        /// Name of the wallet, on this machine only
        name: String,
        /// Write the 24 words to this new file (0600) instead of showing them
        #[arg(long, value_name = "FILE")]
        words_out: Option<PathBuf>,
    },
    /// Bring a wallet back from its 24 words
    Recover {
        /// Name of the wallet, on this machine only
        name: String,
        /// File with the 24 words or their numbers
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
    },
    /// The wallets on this machine
    List,
    /// A wallet's relationships
    Show,
}

#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    /// The hospital, such as cedar
    pub(crate) hospital: String,
    /// The network's file, the first time (else the one in AMANAH_HOME)
    #[arg(long, value_name = "FILE")]
    pub(crate) network: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Write it as a FHIR R4 Consent that comes in again as the same consent
    Export {
        /// The consent, C-… or any unique part from its start
        consent: String,
        /// The new file (0600, never overwritten)
        #[arg(long, value_name = "FILE")]
        fhir: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Print a receipt: a file, or a consent's C-…
    Show {
        /// The file, or a consent of the wallet
        receipt: String,
    },
    /// Check a receipt offline
    Verify {
        /// The receipt
        file: PathBuf,
        /// The network to trust (else the one in AMANAH_HOME)
        #[arg(long, value_name = "FILE")]
        trust: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// What each hospital's node says about itself
    Status,
    /// Why nothing becomes final: who is silent, and who voted what
    Why,
}

#[cfg(feature = "store")]
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check every block from genesis: links, certificates, execution, state. Needs no running node
    Verify {
        /// The node's home; the node must not run
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
    },
}

#[cfg(feature = "demo")]
#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Start cedar, qamar, rawda and zaytun, with patients and consents
    Up {
        /// First port; hospital i takes N+10i, N+10i+1 and N+10i+2
        #[arg(long, default_value_t = 7400, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..=65_500))]
        base_port: u16,
    },
    /// Who runs
    Status,
    /// Kill a hospital at once, as a power cut would
    Kill {
        /// Its name
        name: String,
    },
    /// Start a killed hospital again
    Heal {
        /// Its name
        name: String,
    },
    /// Stop all four; the data stays
    Down {
        /// Remove the data too
        #[arg(long)]
        purge: bool,
    },
}

impl Command {
    /// The command's name in `schema`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Wallet(WalletCommand::New { .. }) => "wallet.new",
            Self::Wallet(WalletCommand::Recover { .. }) => "wallet.recover",
            Self::Wallet(WalletCommand::List) => "wallet.list",
            Self::Wallet(WalletCommand::Show) => "wallet.show",
            Self::Enrol(_) => "enrol",
            Self::Inbox => "inbox",
            Self::Approve(_) => "approve",
            Self::Deny { .. } => "deny",
            Self::Grant(_) => "grant",
            Self::Revoke(_) => "revoke",
            Self::List => "list",
            Self::Consent(ConsentCommand::Export { .. }) => "consent.export",
            Self::Log => "log",
            Self::Can(_) => "can",
            Self::Why { .. } => "why",
            Self::Receipt(ReceiptCommand::Show { .. }) => "receipt.show",
            Self::Receipt(ReceiptCommand::Verify { .. }) => "receipt.verify",
            Self::Hospital(HospitalCommand::Patient(PatientCommand::Link { .. })) => "hospital.patient.link",
            Self::Hospital(HospitalCommand::Check(_)) => "hospital.check",
            Self::Hospital(HospitalCommand::Request(_)) => "hospital.request",
            Self::Hospital(HospitalCommand::Requests) => "hospital.requests",
            Self::Hospital(HospitalCommand::Withdraw { .. }) => "hospital.withdraw",
            Self::Officer(OfficerCommand::Replay(_)) => "officer.replay",
            Self::Profile(ProfileCommand::Add(_)) => "profile.add",
            Self::Network(NetworkCommand::Status) => "network.status",
            Self::Policy(PolicyCommand::Eval(_)) => "policy.eval",
            Self::Policy(PolicyCommand::Periods(_)) => "policy.periods",
            Self::Network(NetworkCommand::Why) => "network.why",
            Self::Explain { .. } => "explain",
            Self::Help { .. } => "help",
            Self::Completion { .. } => "completion",
            Self::Man { .. } => "man",
            #[cfg(feature = "store")]
            Self::Ledger(LedgerCommand::Verify { .. }) => "ledger.verify",
            #[cfg(feature = "demo")]
            Self::Demo(DemoCommand::Up { .. }) => "demo.up",
            #[cfg(feature = "demo")]
            Self::Demo(DemoCommand::Status) => "demo.status",
            #[cfg(feature = "demo")]
            Self::Demo(DemoCommand::Kill { .. }) => "demo.kill",
            #[cfg(feature = "demo")]
            Self::Demo(DemoCommand::Heal { .. }) => "demo.heal",
            #[cfg(feature = "demo")]
            Self::Demo(DemoCommand::Down { .. }) => "demo.down",
            #[cfg(feature = "demo")]
            Self::Bench(BenchCommand::Grants(_)) => "bench.grants",
            #[cfg(feature = "demo")]
            Self::Bench(BenchCommand::Decisions(_)) => "bench.decisions",
            #[cfg(feature = "demo")]
            Self::DemoNode { .. } => "demo-node",
        }
    }
}

#[cfg(test)]
mod tests;
