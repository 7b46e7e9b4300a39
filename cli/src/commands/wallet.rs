//! `amanah wallet`: a person's keys.

use crate::args::WalletCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::{Home, check_name};
use crate::keystore::{self, Cost, Seed};
use crate::network::Network;
use crate::output::Report;
use crate::passphrase;
use crate::private_file::Existing;
use crate::profile::{self, Role};
use crate::recovery;
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::words;
use amanah_ledger::crypto::Signer;
use amanah_ledger::label::Label;
use serde_json::json;
use std::path::Path;

pub(crate) async fn run(command: WalletCommand, settings: &Settings) -> Fallible<Report> {
    match command {
        WalletCommand::New { name, words_out } => new(&name, words_out.as_deref(), settings),
        WalletCommand::Recover { name, words_file } => recover(&name, words_file.as_deref(), settings).await,
        WalletCommand::List => list(settings),
        WalletCommand::Show => show(settings).await,
    }
}

fn new(name: &str, words_out: Option<&Path>, settings: &Settings) -> Fallible<Report> {
    refuse_existing(name, settings)?;
    if words_out.is_none() && !settings.may_ask() {
        let detail = "nobody is at the terminal to copy the 24 words";
        return Err(Failure::new(Exit::Usage, 140, detail, "--words-out FILE").state("nothing was written"));
    }
    let passphrase = passphrase::for_new_wallet(settings)?;
    let seed = words::fresh_seed()?;
    match words_out {
        Some(path) => words::write(&seed, path)?,
        None => words::show_and_quiz(&seed)?,
    }
    make(name, &seed, &passphrase, settings)?;
    let words_out = words_out.map(|path| path.display().to_string());
    let text = format!("Wallet \"{name}\" is ready.\nNext: amanah enrol HOSPITAL --profile {name}");
    Ok(Report::ok(json!({ "wallet": name, "profile": name, "words_out": words_out }), text))
}

async fn recover(name: &str, words_file: Option<&Path>, settings: &Settings) -> Fallible<Report> {
    refuse_existing(name, settings)?;
    let seed = match words_file {
        Some(path) => words::read(path)?,
        None if settings.may_ask() => {
            words::parse(&crate::terminal::ask_hidden("Your 24 words or numbers, in order: ")?)?
        }
        None => {
            let fix = format!("amanah wallet recover {name} --words-file FILE");
            return Err(Failure::new(Exit::Usage, 111, "nobody is at the terminal to type the 24 words", fix));
        }
    };
    let passphrase = passphrase::for_new_wallet(settings)?;
    make(name, &seed, &passphrase, settings)?;
    let mut text = format!("Wallet \"{name}\" is back.");
    if !settings.home.network_file().exists() {
        text.push_str(
            "\nNo network is known here yet: amanah enrol HOSPITAL --network FILE   brings your consents back.",
        );
        return Ok(Report::ok(json!({ "wallet": name, "profile": name, "custodians": [] }), text));
    }
    let network = Network::of_home(&settings.home)?;
    let mut wallet = Wallet::with_seed(name.to_owned(), seed, network, settings).await?;
    let (found, silent) = recovery::run(&mut wallet).await?;
    wallet.save()?;
    for at in &found {
        text.push_str(&format!("\n  {}: {} consents", at.custodian, at.consents));
    }
    if !silent.is_empty() {
        let silent = silent.join(", ");
        text.push_str(&format!("\n  {silent}: no answer. When they are back: amanah enrol HOSPITAL --profile {name}"));
    }
    let fields = json!({ "wallet": name, "profile": name, "custodians": found, "unreachable": silent });
    Ok(Report::ok(fields, text))
}

fn list(settings: &Settings) -> Fallible<Report> {
    let profiles = profile::list(&settings.home)?;
    let wallets: Vec<&str> =
        profiles.iter().filter(|(_, role)| *role == Role::Patient).map(|(name, _)| name.as_str()).collect();
    let text = if wallets.is_empty() {
        "No wallets here. Make one: amanah wallet new NAME".to_owned()
    } else {
        wallets.join("\n")
    };
    Ok(Report::ok(json!({ "wallets": wallets.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>() }), text))
}

async fn show(settings: &Settings) -> Fallible<Report> {
    let wallet = Wallet::open(settings).await?;
    let known = if wallet.state.relationships.is_empty() { Vec::new() } else { wallet.relationships()? };
    let relationships: Vec<_> = known
        .iter()
        .map(|relationship| {
            let label = Label::relationship(&wallet.secret(relationship).key().public_key()).to_string();
            (wallet.network.name_of(&relationship.custodian), label)
        })
        .collect();
    let text: String = relationships.iter().map(|(custodian, label)| format!("{custodian:<12} {label}\n")).collect();
    let relationships: Vec<_> = relationships
        .into_iter()
        .map(|(custodian, label)| json!({ "custodian": custodian, "relationship": label }))
        .collect();
    let fields = json!({ "wallet": wallet.name, "relationships": relationships });
    Ok(Report::ok(fields, if text.is_empty() { "Enrolled nowhere yet.".to_owned() } else { text }))
}

fn refuse_existing(name: &str, settings: &Settings) -> Fallible<()> {
    check_name(name)?;
    if settings.home.profile(name).exists() || settings.home.wallet(name).exists() {
        let detail = format!("there is already a wallet or profile named {name}");
        return Err(Failure::new(Exit::Conflict, 131, detail, "choose another name").state("nothing was changed"));
    }
    Ok(())
}

/// Keeps `seed` as a wallet with a profile of the same name.
pub(crate) fn make(name: &str, seed: &Seed, passphrase: &str, settings: &Settings) -> Fallible<()> {
    let path = settings.home.wallet_keystore(name);
    Home::make_parent(&path)?;
    keystore::create(&path, seed, passphrase, Cost::WALLET)?;
    profile::create(&settings.home, name, Role::Patient, Existing::Keep)
}
