//! What came of working a decision out again, for people and for scripts.

use crate::commands::log::by;
use crate::consent_text::presets_of;
use crate::duration::for_programs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Network;
use crate::output::Report;
use crate::ruling_text::purpose;
use amanah_ledger::access::replay::{Answer, Hindrance, Part, Replayed};
use amanah_ledger::access::{DecisionReceipt, Event};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Decision, Item, ItemDecision, Outcome, Reason};
use amanah_ledger::exchange::AccessRecord;
use amanah_ledger::label::Label;
use amanah_ledger::vocabulary::Code;
use serde_json::{Map, Value, json};

/// A record, and what came of it.
pub(super) struct Account<'a> {
    pub(super) network: &'a Network,
    pub(super) access: &'a Label,
    pub(super) record: &'a AccessRecord,
    pub(super) replayed: &'a Replayed,
}

/// An answer, recorded or worked out again.
struct Said<'a> {
    outcome: Outcome,
    effect: Effect,
    reason: Reason,
    items: &'a [ItemDecision],
    obligations: &'a [Code],
}

impl<'a> Said<'a> {
    fn recorded(receipt: &'a DecisionReceipt) -> Self {
        let DecisionReceipt { outcome, effect, reason, .. } = *receipt;
        Self { outcome, effect, reason, items: &receipt.item_decisions, obligations: &receipt.obligations }
    }

    fn replayed(decision: &'a Decision) -> Self {
        let Decision { outcome, effect, reason, .. } = *decision;
        Self { outcome, effect, reason, items: &decision.items, obligations: &decision.obligations }
    }

    fn fields(&self, asked: &[Item]) -> Value {
        let item = |(asked, said): (&Item, &ItemDecision)| {
            let categories: Vec<&str> = asked.categories.iter().map(Code::as_str).collect();
            let labels: Vec<&str> = asked.labels.iter().map(Code::as_str).collect();
            json!({ "type": asked.of.as_str(), "categories": categories, "labels": labels,
                "decision": said.outcome.as_str(), "code": said.reason.code.as_str(), "consent": consent(&said.reason) })
        };
        let items: Vec<Value> = asked.iter().zip(self.items).map(item).collect();
        let obligations: Vec<&str> = self.obligations.iter().map(Code::as_str).collect();
        json!({ "decision": self.outcome.as_str(), "effect": self.effect, "code": self.reason.code.as_str(),
            "consent": consent(&self.reason), "items": items, "obligations": obligations })
    }
}

/// `permit, PERMITTED by C-…`
impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.outcome.as_str(), self.reason.code.as_str())?;
        match consent(&self.reason) {
            Some(consent) => write!(f, " by {consent}"),
            None => Ok(()),
        }
    }
}

fn consent(reason: &Reason) -> Option<String> {
    reason.consent.map(|key| Label::consent(&key).to_string())
}

fn labels<'a>(consents: impl IntoIterator<Item = &'a PublicKey>) -> Vec<String> {
    consents.into_iter().map(|key| Label::consent(key).to_string()).collect()
}

impl Account<'_> {
    /// Done where the answer comes out the same; else what is wrong, or why nothing can be said.
    pub(super) fn report(&self) -> Fallible<Report> {
        let Event::Decision(receipt) = &self.record.entry.body.event else {
            let detail = format!("{} is no decision", self.access);
            return Err(Failure::new(Exit::NotVerified, 802, detail, "tell the operator of the node"));
        };
        let recorded = Said::recorded(receipt);
        let custodian = self.network.name_of(&self.record.entry.body.custodian);
        let mut failure = match &self.replayed.answer {
            Answer::Same(_) => {
                return Ok(Report { exit: Exit::Ok, fields: self.fields(receipt), text: self.text(receipt) });
            }
            Answer::Differs { decision, parts } => {
                let words: Vec<String> = parts.iter().map(named).collect();
                let detail = format!(
                    "{custodian} recorded {recorded} as {}; from the facts of that moment the rules give {}. Not the same: {}",
                    self.access,
                    Said::replayed(decision),
                    words.join(", ")
                );
                let fix = "keep this answer with --json, and find out which program wrote the entry: it is signed";
                Failure::new(Exit::NotVerified, 813, detail, fix)
            }
            Answer::Hindered(why) => self.hindered(&custodian, why),
        };
        failure.fields = self.fields(receipt);
        Err(failure)
    }

    fn hindered(&self, custodian: &str, why: &Hindrance) -> Box<Failure> {
        let access = self.access;
        let (detail, fix) = match why {
            Hindrance::Rules(rules) => (format!("{access} cannot be worked out again: {rules}"), "update this program"),
            Hindrance::DocumentsMissing => {
                let missing = labels(&self.replayed.missing).join(", ");
                let detail = format!(
                    "{access} cannot be worked out again: {custodian} does not have the documents of {missing} any more"
                );
                (detail, "the patient's wallet may have them: amanah why A-…")
            }
            Hindrance::RevocationOnItsWay(consent) => {
                let consent = Label::consent(consent);
                let detail = format!("{access} rests on a revocation of {consent} that is not on the ledger yet");
                (detail, "the same command in a few seconds")
            }
        };
        Failure::new(Exit::NotFinal, 312, detail, fix).state("nothing is said for or against the decision")
    }

    fn fields(&self, receipt: &DecisionReceipt) -> Map<String, Value> {
        let (body, items) = (&self.record.entry.body, &receipt.items);
        let (same, replayed, differs) = match &self.replayed.answer {
            Answer::Same(decision) => (json!(true), Said::replayed(decision).fields(items), Vec::new()),
            Answer::Differs { decision, parts } => {
                (json!(false), Said::replayed(decision).fields(items), parts.iter().map(|part| part.as_str()).collect())
            }
            Answer::Hindered(_) => (Value::Null, Value::Null, Vec::new()),
        };
        let fields = json!({
            "access": self.access.to_string(), "custodian": self.network.name_of(&body.custodian),
            "relationship": Label::relationship(&body.relationship).to_string(), "n": body.number,
            "time": for_programs(body.time), "height": receipt.height,
            "by": by(&receipt.requester, self.network), "purpose": receipt.purpose.as_str(), "action": receipt.action,
            "what": presets_of(items),
            "recorded": Said::recorded(receipt).fields(items), "replayed": replayed, "same": same, "differs": differs,
            "engine": receipt.engine, "vocabulary": receipt.vocabulary.to_string(), "policy": receipt.policy.to_string(),
            "considered": labels(receipt.considered.iter().map(|one| &one.consent)),
            "missing": labels(&self.replayed.missing), "unproven": labels(&self.replayed.unproven),
        });
        Report::ok(fields, "").fields
    }

    fn text(&self, receipt: &DecisionReceipt) -> String {
        let body = &self.record.entry.body;
        let did = match receipt.effect {
            Effect::Permit => "gave",
            Effect::Deny => "refused",
        };
        let mut text = format!(
            "{}  {} {did} {} {} for {}\n  entry {} of {}, decided as of block {}: {}\n  ✓ replays to the same answer\n  \
             engine {} · vocabulary {} · policy {}\n",
            for_programs(body.time),
            self.network.name_of(&body.custodian),
            by(&receipt.requester, self.network),
            presets_of(&receipt.items).join(", "),
            purpose(&receipt.purpose),
            body.number,
            Label::relationship(&body.relationship),
            receipt.height,
            Said::recorded(receipt),
            receipt.engine,
            receipt.vocabulary,
            receipt.policy,
        );
        let notes = [
            (&self.replayed.missing, "not needed, and its document is not here any more"),
            (&self.replayed.unproven, "has a later version: that it stood so then, the receipt and the patient say"),
        ];
        for (consents, note) in notes {
            for consent in labels(consents) {
                text.push_str(&format!("  {consent}: {note}\n"));
            }
        }
        text
    }
}

/// A part as people read it.
fn named(part: &Part) -> String {
    match part {
        Part::Consent(consent) => format!("{} was not in force", Label::consent(consent)),
        Part::Request
        | Part::Outcome
        | Part::Effect
        | Part::Reason
        | Part::Items
        | Part::Obligations
        | Part::Considered => part.as_str().to_owned(),
    }
}
