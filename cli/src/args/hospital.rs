//! `amanah hospital`, and the profiles that speak for a hospital.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum HospitalCommand {
    /// Patients of this hospital
    #[command(subcommand)]
    Patient(PatientCommand),
    /// May this person see that? The answer is recorded for the patient
    Check(CheckArgs),
    /// Ask a patient for a consent; the patient's wallet answers
    Request(RequestArgs),
    /// What this hospital asked its patients for, and what they answered
    Requests,
    /// Take a request back that nobody has answered
    Withdraw {
        /// The request, R-…, whole
        request: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PatientCommand {
    /// Tie a patient who stands at the desk to their record
    Link {
        /// The hospital's own record number
        mrn: String,
        /// The nine digits that the patient's wallet shows
        #[arg(long)]
        code: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The patient's P-… at this hospital, or any unique part from its start
    pub(crate) patient: String,
    /// Who asks: a hospital or NAME@HOSPITAL
    #[arg(long = "as", value_name = "WHO")]
    pub(crate) requester: String,
    /// What they want to see
    #[arg(long, alias = "scope", required = true, value_delimiter = ',', value_name = "S[,S]")]
    pub(crate) what: Vec<String>,
    /// Why
    #[arg(long, alias = "purpose", value_name = "P")]
    pub(crate) why: String,
}

#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// The patient's P-… at this hospital, or any unique part from its start
    pub(crate) patient: String,
    /// Who would see it: a hospital or NAME@HOSPITAL
    #[arg(long = "for", value_name = "WHO")]
    pub(crate) recipient: String,
    /// What they would see
    #[arg(long, alias = "scope", required = true, value_delimiter = ',', value_name = "S[,S]")]
    pub(crate) what: Vec<String>,
    /// Why
    #[arg(long, alias = "purpose", value_name = "P")]
    pub(crate) why: String,
    /// Until when: 90d, 2w, 6mo, visit (72 hours), 2027-03-01
    #[arg(long, alias = "expires", value_name = "W")]
    pub(crate) until: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Speak for a hospital's desk, with a key that its node knows
    Add(ProfileArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    /// Name of the profile, on this machine only
    pub(crate) name: String,
    /// The hospital; the profile's name if not given
    #[arg(long, value_name = "HOSPITAL")]
    pub(crate) hospital: Option<String>,
    /// File with the API key, readable by you alone
    #[arg(long, value_name = "FILE")]
    pub(crate) api_key_file: PathBuf,
    /// The network's file, the first time (else the one in AMANAH_HOME)
    #[arg(long, value_name = "FILE")]
    pub(crate) network: Option<PathBuf>,
}
