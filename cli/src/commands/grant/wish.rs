//! A consent by flags: who, what, why, until when.

use crate::args::GrantArgs;
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::giving::{Draft, Origin, allowed, next_place};
use crate::settings::Settings;
use crate::wallet::Wallet;
use crate::wallet_state::Relationship;
use crate::who::{self, Who};
use amanah_ledger::compose::{Place, Wish, compose};
use amanah_ledger::document::Action;
use amanah_ledger::preset::Selection;
use amanah_ledger::time::UnixMs;
use amanah_ledger::vocabulary::{Code, Kind, Vocabulary};

/// What is asked for, as far as the command line alone says it.
pub(super) struct Wanted {
    who: String,
    what: Selection,
    purpose: Code,
    from: UnixMs,
    until: UnixMs,
}

pub(super) fn read(arguments: &GrantArgs) -> Fallible<Wanted> {
    let typed = |text: &Option<String>| text.clone().unwrap_or_default();
    let (what, purpose) = (read_what(&arguments.what)?, read_purpose(&typed(&arguments.why))?);
    let from = duration::now();
    let until = duration::until(&typed(&arguments.until), from, &jiff::tz::TimeZone::system())?;
    Ok(Wanted { who: typed(&arguments.who), what, purpose, from, until })
}

/// Kinds of data as typed.
pub(crate) fn read_what(names: &[String]) -> Fallible<Selection> {
    names.join(",").parse().map_err(|why: amanah_ledger::preset::SelectionError| {
        Failure::new(Exit::Usage, 227, why.to_string(), "--what labs   or several: --what labs,meds")
    })
}

/// A purpose as typed.
pub(crate) fn read_purpose(typed: &str) -> Fallible<Code> {
    Vocabulary::v1().code_of(Kind::Purpose, typed).ok_or_else(|| {
        let detail = format!("{typed:?} is not a purpose");
        let fix = "--why treatment, emergency, payment, operations, research or public-health";
        Failure::new(Exit::Usage, 230, detail, fix)
    })
}

/// One consent for each hospital whose records are meant.
pub(super) async fn drafts(
    wanted: &Wanted,
    records_at: Option<&str>,
    wallet: &Wallet,
    settings: &Settings,
) -> Fallible<Vec<Draft>> {
    let who = who::resolve(&wanted.who, &wallet.network, &settings.home).await?;
    let relationships = match records_at {
        Some(name) => vec![wallet.enrolled_at(wallet.network.member(name)?)?.clone()],
        None => wallet.relationships()?,
    };
    relationships.into_iter().map(|relationship| draft(wanted, &who, relationship, wallet)).collect()
}

fn draft(wanted: &Wanted, who: &Who, relationship: Relationship, wallet: &Wallet) -> Fallible<Draft> {
    let member = wallet.network.member_by_id(&relationship.custodian)?.clone();
    let Place { chain, custodian, relationship: key, consent, version } = next_place(&member, &relationship, wallet);
    let wish = Wish {
        chain,
        custodian,
        relationship: key,
        consent,
        version,
        who: vec![who.actor()],
        what: wanted.what.clone(),
        actions: vec![Action::Access],
        purpose: wanted.purpose.clone(),
        from: wanted.from,
        until: wanted.until,
        supersedes: Vec::new(),
    };
    let document = allowed(compose(wish), wallet, "--until DAYSd")?;
    Ok(Draft { index: relationship.next_index, member, relationship, document, origin: Origin::Wish })
}
