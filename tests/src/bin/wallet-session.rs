//! A patient for tests from outside: enrolled and linked at one hospital of a running network, with a consent that is
//! final and an access in the log. Prints the token of their session, which the wallet itself never shows.
//!
//! `wallet-session --network network.json --member cedar --api-key-file FILE`

use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::proof::Trust;
use amanah_tests::cluster::api::{Api, Trouble};
use amanah_tests::cluster::journal::Journal;
use amanah_tests::cluster::patient::Patient;
use amanah_tests::cluster::surroundings::Surroundings;
use clap::Parser;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Signs a new patient in and prints the session's token.
#[derive(Parser)]
struct Arguments {
    /// The network, as wallets are given it.
    #[arg(long, value_name = "FILE")]
    network: PathBuf,
    /// The patient's hospital.
    #[arg(long, value_name = "NAME")]
    member: String,
    /// The key of the hospital's desk, which links the patient.
    #[arg(long, value_name = "FILE")]
    api_key_file: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match signed_in(&Arguments::parse()).await {
        Ok(token) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("wallet-session: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn signed_in(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    let around = surroundings(arguments)?;
    let names = || around.members.iter().map(|member| member.name.as_str());
    let hospital = names().position(|name| name == arguments.member).ok_or("no such member")?;
    let mut patient = Patient::new(Arc::clone(&around), hospital, rand::random());
    patient.enrol().await.map_err(told)?;
    patient.grant().await.map_err(|_over| "the consent did not become final")?;
    patient.be_asked_about().await.map_err(|_over| "nobody decided")?;
    patient.sign_in().await.map_err(|trouble| told(trouble).into())
}

/// The network of the file; one key serves, that of the patient's own hospital.
fn surroundings(arguments: &Arguments) -> Result<Arc<Surroundings>, Box<dyn Error>> {
    let file: NetworkFile = serde_json::from_slice(&std::fs::read(&arguments.network)?)?;
    let network = file.check()?;
    let api_key = std::fs::read_to_string(&arguments.api_key_file)?.trim().to_owned();
    let mut apis = Vec::new();
    for member in network.members() {
        let address: SocketAddr = member.api.trim_start_matches("http://").parse()?;
        apis.push(Api::new(address));
    }
    Ok(Arc::new(Surroundings {
        chain: network.chain(),
        trust: Trust::from_genesis(network.genesis())?,
        members: network.members().iter().map(|known| known.member.clone()).collect(),
        api_keys: vec![api_key; apis.len()],
        apis,
        journal: Journal::default(),
        finals: Default::default(),
        over: Default::default(),
    }))
}

fn told(trouble: Trouble) -> String {
    match trouble {
        Trouble::Silence(why) => format!("no answer: {why}"),
        Trouble::Refused(status, code) => format!("refused with {status} {code}"),
        Trouble::Wrong(why) => why,
    }
}
