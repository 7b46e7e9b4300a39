//! `amanah network why`: why nothing becomes final. Every node is asked what it sees; what several say is put together,
//! and nobody is believed about more than what they see.

use crate::client::{Body, Method, Node};
use crate::failure::Fallible;
use crate::network::Network;
use crate::output::Report;
use crate::settings::Settings;
use amanah_ledger::committee::quorum;
use amanah_ledger::crypto::Digest;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a node says about itself and the others.
#[derive(Debug, Clone, Deserialize)]
struct Standing {
    height: u64,
    block: Digest,
    view: u64,
    leader: String,
    waiting: usize,
    validators: Vec<Seen>,
}

/// A validator as a node sees it.
#[derive(Debug, Clone, Deserialize)]
struct Seen {
    name: String,
    connected: bool,
    voted: Votes,
}

/// What a validator has voted in a view.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
struct Votes {
    notarize: Option<Digest>,
    nullify: bool,
    finalize: Option<Digest>,
}

/// One hospital, as it answers and as the others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Hospital {
    name: String,
    /// Whether its API answers here.
    reachable: bool,
    /// Which of those that answer hear its validator.
    heard_by: Vec<String>,
    height: Option<u64>,
    view: Option<u64>,
    /// Transactions that wait at its node.
    waiting: Option<usize>,
    /// What it voted in the newest view, as far as anybody has heard.
    voted: Votes,
}

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Picture {
    /// The newest view that anybody is in.
    view: Option<u64>,
    /// Who leads it.
    leader: Option<String>,
    /// Validators that it takes.
    quorum: usize,
    /// Validators that somebody hears.
    heard: Vec<String>,
    /// Those that nobody hears.
    silent: Vec<String>,
    hospitals: Vec<Hospital>,
    /// In words.
    reason: String,
}

pub(crate) async fn run(settings: &Settings) -> Fallible<Report> {
    let network = Network::of_home(&settings.home)?;
    let nodes = network.nodes()?;
    let answers = futures::future::join_all(nodes.iter().map(ask)).await;
    let names: Vec<String> = nodes.iter().map(|node| node.name().to_owned()).collect();
    let picture = put_together(&names, &answers);
    let text = picture.text();
    Ok(Report::ok(json!(picture), text))
}

async fn ask(node: &Node) -> Option<Standing> {
    node.json(Method::Get, "/v1/status", Body::Empty).await.ok()
}

/// `answers` are those of `names`, in the same order.
fn put_together(names: &[String], answers: &[Option<Standing>]) -> Picture {
    let answering = || names.iter().zip(answers).filter_map(|(name, answer)| Some((name, answer.as_ref()?)));
    let newest = answering().max_by_key(|(_, standing)| standing.view).map(|(_, standing)| standing);
    let view = newest.map(|standing| standing.view);
    let hospital = |(name, answer): (&String, &Option<Standing>)| {
        let seen_by = || answering().filter_map(|(by, standing)| Some((by, standing, seen(standing, name)?)));
        let in_view = seen_by().filter(|(_, standing, _)| Some(standing.view) == view);
        Hospital {
            name: name.clone(),
            reachable: answer.is_some(),
            heard_by: seen_by()
                .filter(|(by, _, seen)| seen.connected && *by != name)
                .map(|(by, ..)| by.clone())
                .collect(),
            height: answer.as_ref().map(|standing| standing.height),
            view: answer.as_ref().map(|standing| standing.view),
            waiting: answer.as_ref().map(|standing| standing.waiting),
            voted: in_view.fold(Votes::default(), |votes, (.., seen)| votes.or(&seen.voted)),
        }
    };
    let hospitals: Vec<Hospital> = names.iter().zip(answers).map(hospital).collect();
    let (heard, silent): (Vec<&Hospital>, Vec<&Hospital>) =
        hospitals.iter().partition(|hospital| hospital.reachable || !hospital.heard_by.is_empty());
    let named = |some: &[&Hospital]| some.iter().map(|hospital| hospital.name.clone()).collect::<Vec<_>>();
    let (heard, silent) = (named(&heard), named(&silent));
    let reason = reason(&answering().map(|(_, standing)| standing).collect::<Vec<_>>(), &heard, &silent, names.len());
    Picture {
        view,
        leader: newest.map(|standing| standing.leader.clone()),
        quorum: quorum(names.len()),
        heard,
        silent,
        hospitals,
        reason,
    }
}

fn seen<'a>(standing: &'a Standing, name: &str) -> Option<&'a Seen> {
    standing.validators.iter().find(|seen| seen.name == name)
}

fn reason(answers: &[&Standing], heard: &[String], silent: &[String], validators: usize) -> String {
    let needed = quorum(validators);
    let Some(highest) = answers.iter().max_by_key(|standing| standing.height) else {
        return "No hospital answers here: check the network, or that the nodes run.".to_owned();
    };
    let fork = answers.iter().find(|other| other.height == highest.height && other.block != highest.block);
    if fork.is_some() {
        return format!("Two hospitals show different blocks at height {}: tell both at once.", highest.height);
    }
    if heard.len() < needed {
        let missing = needed - heard.len();
        return format!(
            "{} of {validators} hospitals are heard, {needed} are needed: nothing becomes final until {missing} of {} \
             returns. What was sent is kept.",
            heard.len(),
            silent.join(", ")
        );
    }
    let waiting = answers.iter().map(|standing| standing.waiting).max().unwrap_or(0);
    if waiting == 0 {
        return format!("Nothing waits: all that was sent is final, at height {}.", highest.height);
    }
    format!(
        "{waiting} transactions wait, and enough hospitals are heard. View {} is led by {}; if the view stays the same, \
         look at the votes below.",
        answers.iter().map(|standing| standing.view).max().unwrap_or(0),
        highest.leader
    )
}

impl Votes {
    /// What either has heard.
    fn or(&self, other: &Self) -> Self {
        Self {
            notarize: self.notarize.or(other.notarize),
            nullify: self.nullify || other.nullify,
            finalize: self.finalize.or(other.finalize),
        }
    }

    fn text(&self) -> String {
        let block = |verb: &str, block: Option<Digest>| block.map(|block| format!("{verb} {:.8}", block.to_string()));
        let votes = [
            block("notarize", self.notarize),
            self.nullify.then(|| "nullify".to_owned()),
            block("finalize", self.finalize),
        ];
        let votes: Vec<String> = votes.into_iter().flatten().collect();
        if votes.is_empty() { "no vote".to_owned() } else { votes.join(", ") }
    }
}

impl Picture {
    fn text(&self) -> String {
        let mut text = format!("{}\n", self.reason);
        if let (Some(view), Some(leader)) = (self.view, &self.leader) {
            text.push_str(&format!("\nView {view}, led by {leader}; {} votes make a quorum.\n", self.quorum));
        }
        for hospital in &self.hospitals {
            let state = match (hospital.reachable, hospital.heard_by.is_empty()) {
                (true, _) => format!(
                    "answers   height {}, view {}, {} waiting",
                    hospital.height.unwrap_or(0),
                    hospital.view.unwrap_or(0),
                    hospital.waiting.unwrap_or(0)
                ),
                (false, false) => "does not answer here; the others hear it".to_owned(),
                (false, true) => "silent".to_owned(),
            };
            text.push_str(&format!("  {:<10} {:<14} {state}\n", hospital.name, hospital.voted.text()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];

    /// What a node sees when only `up` run; each has voted to leave view 9 if something waits.
    fn standing(up: &[&str], waiting: usize) -> Standing {
        let seen = |name: &&str| Seen {
            name: (*name).to_owned(),
            connected: up.contains(name),
            voted: Votes { nullify: up.contains(name) && waiting > 0, ..Votes::default() },
        };
        Standing {
            height: 7,
            block: Digest([7; 32]),
            view: 9,
            leader: "zaytun".to_owned(),
            waiting,
            validators: NAMES.iter().map(seen).collect(),
        }
    }

    fn picture(up: &[&str], waiting: usize) -> Picture {
        let names = NAMES.map(str::to_owned);
        let answers: Vec<Option<Standing>> =
            NAMES.iter().map(|name| up.contains(name).then(|| standing(up, waiting))).collect();
        put_together(&names, &answers)
    }

    #[test]
    fn who_is_silent_and_how_many_are_needed_is_said() {
        let stuck = picture(&["cedar", "qamar"], 3);
        assert_eq!((stuck.heard.len(), stuck.quorum), (2, 3));
        assert_eq!(stuck.silent, ["rawda", "zaytun"]);
        assert!(stuck.reason.starts_with("2 of 4 hospitals are heard, 3 are needed"), "{}", stuck.reason);
        assert!(stuck.reason.contains("until 1 of rawda, zaytun returns"), "{}", stuck.reason);
        let text = stuck.text();
        assert!(text.contains("cedar      nullify        answers   height 7, view 9, 3 waiting"), "{text}");
        assert!(text.contains("zaytun     no vote        silent"), "{text}");
    }

    #[test]
    fn one_that_only_the_others_hear_is_not_silent() {
        let names = NAMES.map(str::to_owned);
        let mut answers: Vec<Option<Standing>> = NAMES.iter().map(|_| Some(standing(&NAMES, 1))).collect();
        answers[3] = None;
        let picture = put_together(&names, &answers);
        assert!(picture.silent.is_empty());
        assert_eq!(picture.hospitals[3].heard_by, ["cedar", "qamar", "rawda"]);
        assert!(picture.hospitals[3].voted.nullify, "what it voted is known from the others");
        assert!(picture.reason.starts_with("1 transactions wait"), "{}", picture.reason);
    }

    #[test]
    fn a_quiet_network_and_a_fork_are_told_apart() {
        assert!(picture(&NAMES, 0).reason.starts_with("Nothing waits"));
        let names = NAMES.map(str::to_owned);
        let mut answers: Vec<Option<Standing>> = NAMES.iter().map(|_| Some(standing(&NAMES, 0))).collect();
        answers[1].as_mut().unwrap().block = Digest([8; 32]);
        assert!(put_together(&names, &answers).reason.starts_with("Two hospitals show different blocks at height 7"));
        assert!(put_together(&names, &[None, None, None, None]).reason.starts_with("No hospital answers"));
    }
}
