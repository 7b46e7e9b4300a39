//! What the demo begins with: patients with wallets, consents, and accesses, made by the same commands a person types.
//! Every step is skipped if it is done already, so that an interrupted start goes on where it was.

use crate::args::{CheckArgs, EnrolArgs, GrantArgs, HospitalCommand};
use crate::commands::wallet::make;
use crate::commands::{enrol, grant, hospital, log};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::output::{Reader, Report};
use crate::private_file::{self, Existing};
use crate::session::Session;
use crate::settings::Settings;
use crate::wallet::Wallet;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// Patience for each step; a busy machine is slow, not wrong.
const TIMEOUT: Duration = Duration::from_secs(60);
const MARK: &str = "demo only: this passphrase protects nothing\n";

struct Patient {
    name: &'static str,
    /// Hospital and record number there.
    records: &'static [(&'static str, &'static str)],
    consents: &'static [Wish],
    accesses: &'static [Access],
}

struct Wish {
    who: &'static str,
    what: &'static str,
    why: &'static str,
    until: &'static str,
    at: &'static str,
}

struct Access {
    at: &'static str,
    by: &'static str,
    what: &'static str,
    why: &'static str,
}

const PATIENTS: [Patient; 3] = [
    Patient {
        name: "layla",
        records: &[("cedar", "MRN-1001"), ("qamar", "MRN-2001")],
        consents: &[
            Wish { who: "clinician@qamar", what: "labs", why: "treatment", until: "90d", at: "cedar" },
            Wish { who: "cedar", what: "summary", why: "treatment", until: "1y", at: "qamar" },
        ],
        accesses: &[
            Access { at: "cedar", by: "clinician@qamar", what: "labs", why: "treatment" },
            Access { at: "cedar", by: "researcher@zaytun", what: "notes", why: "research" },
            Access { at: "qamar", by: "clinician@cedar", what: "meds", why: "treatment" },
        ],
    },
    Patient {
        name: "omar",
        records: &[("rawda", "MRN-3001")],
        consents: &[Wish { who: "researcher@zaytun", what: "vitals", why: "research", until: "30d", at: "rawda" }],
        accesses: &[Access { at: "rawda", by: "researcher@zaytun", what: "vitals", why: "research" }],
    },
    Patient {
        name: "huda",
        records: &[("zaytun", "MRN-4001")],
        consents: &[],
        accesses: &[Access { at: "zaytun", by: "clinician@cedar", what: "everything", why: "treatment" }],
    },
];

/// Names of the demo's patients.
pub(super) fn patients() -> impl Iterator<Item = &'static str> {
    PATIENTS.iter().map(|patient| patient.name)
}

/// Makes everything, and waits until all of it is final and anchored.
pub(super) async fn run(settings: &Settings) -> Fallible<()> {
    for patient in &PATIENTS {
        let theirs = settings_of(patient, settings);
        make_wallet(patient, &theirs)?;
        for (member, mrn) in patient.records {
            enrol_and_link(member, mrn, &theirs, settings).await?;
        }
        if Wallet::open(&theirs).await?.state.consents.is_empty() {
            for wish in patient.consents {
                grant::run(arguments(wish), &theirs).await?;
            }
        }
        for access in patient.accesses {
            ask(patient, access, settings).await?;
        }
    }
    for patient in &PATIENTS {
        log::run(&settings_of(patient, settings)).await?;
    }
    Ok(())
}

/// What a person may try next.
pub(super) fn what_to_try(settings: &Settings) -> String {
    let file = passphrase_file("layla", &settings.home);
    let layla = format!("--profile layla --passphrase-file {}", file.display());
    format!(
        "Patients: layla, omar, huda. Their passphrases lie beside {}.\n\
         At every hospital: clinician@HOSPITAL, researcher@HOSPITAL. A quiet demo writes nothing; anchors come every 2 s.\n\
         Try:\n\
         \x20 amanah log {layla}\n\
         \x20     who asked for Layla's records, proven complete\n\
         \x20 amanah grant clinician@rawda --what meds --why treatment --until 2w {layla}\n\
         \x20     a consent, final in a moment\n\
         \x20 amanah demo kill qamar\n\
         \x20     the other three carry on; bring it back: amanah demo heal qamar\n\
         \x20 amanah demo down\n",
        file.display()
    )
}

/// Where the demo keeps a patient's passphrase.
pub(super) fn passphrase_file(patient: &str, home: &Home) -> PathBuf {
    home.demo().join("passphrases").join(patient)
}

fn settings_of(patient: &Patient, settings: &Settings) -> Settings {
    Settings {
        home: settings.home.clone(),
        profile: Some(patient.name.to_owned()),
        passphrase_file: Some(passphrase_file(patient.name, &settings.home)),
        yes: true,
        no_input: true,
        timeout: TIMEOUT,
        reader: Reader::Script,
    }
}

fn desk_of(member: &str, settings: &Settings) -> Settings {
    Settings {
        home: settings.home.clone(),
        profile: Some(member.to_owned()),
        passphrase_file: None,
        yes: true,
        no_input: true,
        timeout: TIMEOUT,
        reader: Reader::Script,
    }
}

fn make_wallet(patient: &Patient, settings: &Settings) -> Fallible<()> {
    if settings.home.profile(patient.name).exists() {
        return Ok(());
    }
    let path = passphrase_file(patient.name, &settings.home);
    Home::make_parent(&path)?;
    let mark = path.with_file_name("DEMO-ONLY");
    private_file::write(&mark, MARK.as_bytes(), Existing::Replace)?;
    let mut random = Zeroizing::new([0; 16]);
    getrandom::fill(random.as_mut_slice()).map_err(Failure::no_randomness)?;
    let passphrase = Zeroizing::new(format!("demo-only-{}", hex::encode(*random)));
    private_file::write(&path, format!("{}\n", passphrase.as_str()).as_bytes(), Existing::Replace)?;
    make(patient.name, &crate::words::fresh_seed()?, &passphrase, settings)
}

async fn enrol_and_link(member: &str, mrn: &str, theirs: &Settings, settings: &Settings) -> Fallible<()> {
    if is_linked(member, theirs).await? {
        return Ok(());
    }
    let enrolment = EnrolArgs { hospital: member.to_owned(), network: None };
    let Report { fields, .. } = enrol::run(enrolment, theirs).await?;
    let code = fields.get("code").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let link = hospital_link(mrn, code);
    hospital::run(link, &desk_of(member, settings)).await.map(drop)
}

fn hospital_link(mrn: &str, code: String) -> HospitalCommand {
    HospitalCommand::Patient(crate::args::PatientCommand::Link { mrn: mrn.to_owned(), code })
}

async fn is_linked(member: &str, theirs: &Settings) -> Fallible<bool> {
    let wallet = Wallet::open(theirs).await?;
    let member = wallet.network.member(member)?.clone();
    let Some(known) = wallet.state.relationship(&member.id).cloned() else { return Ok(false) };
    match Session::open(&wallet, &member, known.generation).await {
        Ok(session) => Ok(session.require_linked().await.is_ok()),
        Err(failure) if failure.exit == Exit::Conflict => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn arguments(wish: &Wish) -> GrantArgs {
    GrantArgs {
        who: Some(wish.who.to_owned()),
        what: vec![wish.what.to_owned()],
        why: Some(wish.why.to_owned()),
        until: Some(wish.until.to_owned()),
        from_fhir: None,
        records_at: Some(wish.at.to_owned()),
        dry_run: false,
    }
}

async fn ask(patient: &Patient, access: &Access, settings: &Settings) -> Fallible<()> {
    let wallet = Wallet::open(&settings_of(patient, settings)).await?;
    let label = wallet.label_at(wallet.network.member(access.at)?)?.to_string();
    drop(wallet);
    let arguments = CheckArgs {
        patient: label,
        requester: access.by.to_owned(),
        what: vec![access.what.to_owned()],
        why: access.why.to_owned(),
    };
    hospital::run(HospitalCommand::Check(arguments), &desk_of(access.at, settings)).await.map(drop)
}
