//! A patient reads the log of who asked, and checks it against what another hospital shows anchored.

use super::api::Trouble;
use super::patient::{Patient, now};
use amanah_ledger::access::{self, AnchoredDays, DayProof, Event, LogEntry, Position, Shown, Subject};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::exchange::{DAYS_MAX, DayQueries, LogPage};
use amanah_ledger::label::Label;
use amanah_ledger::time::Day;
use std::time::{Duration, Instant};

/// Before the next look at a log whose end is not anchored yet.
const PAUSE: Duration = Duration::from_millis(300);
/// Days before today on which a log may begin, clocks that were put back included.
const DAYS_BACK: u32 = 3;

impl Patient {
    /// The codes of all accesses in the log, once it is proven complete against what `witness`, another hospital, shows.
    ///
    /// # Errors
    /// When it does not check, or is not complete by `deadline`.
    pub async fn read_log(&mut self, witness: usize, deadline: Instant) -> Result<Vec<String>, String> {
        let mut last = String::new();
        loop {
            match self.try_log(witness).await {
                Ok(Some(entries)) => {
                    let decisions = entries.iter().filter(|entry| matches!(entry.body.event, Event::Decision(_)));
                    let chain = self.around().chain;
                    return Ok(decisions.map(|entry| Label::access(&entry.digest(&chain)).to_string()).collect());
                }
                Ok(None) => "it is not complete yet".clone_into(&mut last),
                Err(Trouble::Wrong(lie)) => return Err(lie),
                Err(other) => last = format!("{other:?}"),
            }
            if Instant::now() >= deadline {
                return Err(last);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// All entries, if they are complete; `None` where the newest are not anchored yet.
    async fn try_log(&mut self, witness: usize) -> Result<Option<Vec<LogEntry>>, Trouble> {
        let around = self.around().clone();
        let custodian = around.members[self.custodian].id;
        let today = now().day();
        let first = Day(today.0 - DAYS_BACK);
        let mut days = AnchoredDays::new(custodian);
        for keys in AnchoredDays::leaf_keys(custodian, first, Day(today.0 + 2)) {
            days.learn(&around.apis[witness].state(&around.trust, &keys, 1, Duration::ZERO).await?);
        }
        let entries = self.entries().await?;
        let mut proofs = Vec::new();
        for queries in days.queries(first).chunks(DAYS_MAX) {
            let queries = DayQueries::try_from(queries.to_vec()).expect("chunks of that length");
            let answer = match self.post_signed_in("/v1/me/days", codec::encode(&queries)).await {
                // It has no longer the tree that was shown: a newer one is anchored by now.
                Err(Trouble::Refused(_, code)) if code == "AMN-0412" => return Ok(None),
                other => other?,
            };
            let shown: BoundedVec<DayProof, DAYS_MAX> = read(&answer)?;
            proofs.extend(shown.into_vec());
        }
        let log_key = self.secret().log_key();
        let relationship = self.relationship();
        let subject =
            Subject { chain: &around.chain, custodian: &custodian, relationship: &relationship, log_key: &log_key };
        let shown = Shown { entries: &entries, days: &proofs, held: &[] };
        let checked = access::check(&subject, &Position::start(first), &days, &shown, &Ed25519)
            .map_err(|why| Trouble::Wrong(why.to_string()))?;
        if checked.pending == 0 && !checked.complete {
            return Err(Trouble::Wrong("the hospital says that it has lost entries".to_owned()));
        }
        Ok(checked.complete.then_some(entries))
    }

    async fn entries(&mut self) -> Result<Vec<LogEntry>, Trouble> {
        let mut entries: Vec<LogEntry> = Vec::new();
        loop {
            let from = entries.last().map_or(1, |entry| entry.body.number + 1);
            let page: LogPage = read(&self.get_signed_in(&format!("/v1/me/log?from={from}")).await?)?;
            let is_last = page.entries.is_empty();
            entries.extend(page.entries.into_vec());
            if is_last || entries.last().is_some_and(|entry| entry.body.number >= page.total) {
                return Ok(entries);
            }
        }
    }
}

fn read<T: bincode::Decode<()> + bincode::Encode>(bytes: &[u8]) -> Result<T, Trouble> {
    codec::decode(bytes, codec::BYTES_MAX).map_err(|error| Trouble::Wrong(error.to_string()))
}
