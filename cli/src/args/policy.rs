//! What can be typed behind `amanah policy`.

use amanah_ledger::genesis::DefaultPolicy;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// What consents say to a request. Exit 0: permit, 3: deny
    Eval(EvalArgs),
    /// From which days research consents let data be taken
    Periods(PeriodsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// A FHIR Consent (R4 or R5), a list or a Bundle of them; may stand several times. None: no consent
    #[arg(long = "consent", value_name = "FILE")]
    pub(crate) consents: Vec<PathBuf>,
    /// The request, or the context of the hook patient-consent-consult
    #[arg(long, value_name = "FILE", required_unless_present = "duo")]
    pub(crate) request: Option<PathBuf>,
    /// What references lead to: {"resolve": {reference: resource}, "patients": {reference: identifiers}}
    #[arg(long, value_name = "FILE")]
    pub(crate) resolve: Option<PathBuf>,
    /// A research purpose and the data use it must be within
    #[arg(long, value_name = "FILE")]
    pub(crate) duo: Option<PathBuf>,
    /// When it is asked: 2026-11-22T09:00:00Z, or a date
    #[arg(long, value_name = "TIME")]
    pub(crate) at: String,
    /// What happens where no consent speaks
    #[arg(long, value_name = "POLICY", default_value = "deny")]
    pub(crate) default: WhereNoneSpeaks,
    /// A consent that refuses breaking the glass by name is not overridden
    #[arg(long)]
    pub(crate) honour_refusals: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PeriodsArgs {
    /// A research consent; may stand several times
    #[arg(long = "consent", value_name = "FILE", required = true)]
    pub(crate) consents: Vec<PathBuf>,
    /// What is required: {"required": ["CODE"], "gates": ["CODE"], "retroactive": {"CODE": "CODE"}}, or a configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) codes: PathBuf,
    /// Today: a date, or a moment
    #[arg(long, value_name = "TIME")]
    pub(crate) at: String,
}

/// The four policies of IHE PCF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhereNoneSpeaks {
    Deny,
    BasicNormal,
    AllNormal,
    BreakGlassOnly,
}

impl From<WhereNoneSpeaks> for DefaultPolicy {
    fn from(policy: WhereNoneSpeaks) -> Self {
        match policy {
            WhereNoneSpeaks::Deny => Self::Deny,
            WhereNoneSpeaks::BasicNormal => Self::BasicNormal,
            WhereNoneSpeaks::AllNormal => Self::AllNormal,
            WhereNoneSpeaks::BreakGlassOnly => Self::BreakGlassOnly,
        }
    }
}
