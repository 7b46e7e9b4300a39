//! What a patient allows, answers, asks about and ends.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(override_usage = "amanah grant [OPTIONS] --what <S[,S]> --why <P> --until <W> <WHO>\n       \
    amanah grant [OPTIONS] --from-fhir <FILE>")]
pub(crate) struct GrantArgs {
    /// Who may see it: a hospital (cedar) or a person there (dr.haddad@cedar)
    #[arg(required_unless_present = "from_fhir", conflicts_with = "from_fhir")]
    pub(crate) who: Option<String>,
    /// What: labs, meds, allergies, immunizations, imaging, conditions, vitals, notes, summary, everything
    #[arg(
        long,
        alias = "scope",
        required_unless_present = "from_fhir",
        conflicts_with = "from_fhir",
        value_delimiter = ',',
        value_name = "S[,S]"
    )]
    pub(crate) what: Vec<String>,
    /// Why: treatment, emergency, payment, operations, research, public-health
    #[arg(
        long,
        alias = "purpose",
        required_unless_present = "from_fhir",
        conflicts_with = "from_fhir",
        value_name = "P"
    )]
    pub(crate) why: Option<String>,
    /// Until when: 90d, 2w, 6mo, visit (72 hours), 2027-03-01
    #[arg(
        long,
        alias = "expires",
        required_unless_present = "from_fhir",
        conflicts_with = "from_fhir",
        value_name = "W"
    )]
    pub(crate) until: Option<String>,
    /// Take who, what, why and until when from this FHIR R4 Consent; what it leaves open is said before you sign
    #[arg(long, value_name = "FILE")]
    pub(crate) from_fhir: Option<PathBuf>,
    /// Only the records at this hospital (default: every hospital you are enrolled at, one consent each)
    #[arg(long, value_name = "HOSPITAL")]
    pub(crate) records_at: Option<String>,
    /// Show what would be signed, and send nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The request, R-… or any unique part from its start
    pub(crate) request: String,
    /// Only this of what is asked for: labs, meds, …
    #[arg(long, value_delimiter = ',', value_name = "S[,S]")]
    pub(crate) only: Vec<String>,
    /// Sooner than is asked for: 30d, 2w, visit (72 hours), 2027-03-01
    #[arg(long, alias = "expires", value_name = "W")]
    pub(crate) until: Option<String>,
    /// Show what would be signed, and send nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CanArgs {
    /// Who would ask: a hospital (cedar) or a person there (dr.haddad@cedar)
    pub(crate) who: String,
    /// What they would see
    #[arg(long, alias = "scope", required = true, value_delimiter = ',', value_name = "S[,S]")]
    pub(crate) what: Vec<String>,
    /// Why they would ask
    #[arg(long, alias = "purpose", value_name = "P")]
    pub(crate) why: String,
    /// When, if not now: 90d, 2w, 2027-03-01
    #[arg(long, value_name = "W")]
    pub(crate) at: Option<String>,
    /// Only the records at this hospital (default: every hospital you are enrolled at)
    #[arg(long, value_name = "HOSPITAL")]
    pub(crate) records_at: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The consent, C-… or any unique part from its start
    #[arg(required_unless_present = "slip", conflicts_with = "slip")]
    pub(crate) consent: Option<String>,
    /// A revocation slip: ends every consent under it, without a wallet
    #[arg(long, value_name = "FILE")]
    pub(crate) slip: Option<PathBuf>,
    /// Ask this node and no other
    #[arg(long, value_name = "URL", conflicts_with = "consent")]
    pub(crate) node: Option<String>,
}
