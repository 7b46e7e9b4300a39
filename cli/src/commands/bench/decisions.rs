//! `amanah bench decisions`: how soon one hospital with many relationships answers "may I?", receipt and sync included.

use super::latencies::{self, Percentiles};
use super::load::{Client, Load};
use super::patients::{WHAT, WHY, recipient};
use super::resources::{self, Usage};
use super::schedule::{Answered, Schedule};
use super::throw_away::ThrowAway;
use super::{WARM_UP, micros, ms, rounded};
use crate::args::BenchDecisionsArgs;
use crate::client::{Body, Method, Node};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::{Member, Network};
use crate::output::Report;
use crate::progress::Progress;
use crate::settings::Settings;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Connections over which relationships come to be: what many ask at once, a hospital makes durable at once.
const CLIENTS: usize = 128;
/// Relationships of one client that come to be together: wallets of a wave are signed in at once.
const WAVE: usize = 16;

/// The measured window and what it cost.
struct Measured {
    answered: Vec<Answered>,
    hospital: Usage,
    client_cpu: Duration,
}

#[derive(Deserialize)]
struct Answer {
    effect: String,
}

pub(super) async fn run(arguments: BenchDecisionsArgs, settings: &Settings) -> Fallible<Report> {
    let waiting = Progress::waiting(settings.reader, "starting four hospitals, thrown away afterwards");
    let network = ThrowAway::start(&settings.home).await?;
    drop(waiting);
    let total = u64::from(arguments.relationships);
    let progress = Progress::of(settings.reader, "enrolling, linking and granting", total, "relationships");
    let labels = fill(arguments.relationships as usize, &network, &progress).await?;
    drop(progress);
    let _waiting = Progress::waiting(settings.reader, "asking");
    let measured = measure(labels, &arguments, &network).await?;
    Ok(report(&arguments, &measured))
}

/// The hospital that is asked.
fn custodian(network: &ThrowAway) -> Fallible<&Member> {
    network.members().first().ok_or_else(none)
}

fn none() -> Box<Failure> {
    Failure::new(Exit::Failed, 611, "no network can be made to measure: it has no hospitals", "run it again")
}

/// So many relationships of the first hospital, each with one consent that is final.
async fn fill(count: usize, network: &ThrowAway, progress: &Progress) -> Fallible<Vec<String>> {
    let load = &Load::of(Network::clone(network.network()));
    let custodian = custodian(network)?;
    let mut labels = Vec::with_capacity(count);
    while labels.len() < count {
        let missing = (count - labels.len()).min(CLIENTS * WAVE);
        let shares = (0..CLIENTS).map(|client| (missing + client) / CLIENTS);
        let granting =
            shares.map(|share| async move { Client::enrol(custodian, network, share).await?.grant_each(load).await });
        let patients = futures::future::try_join_all(granting).await?;
        labels.extend(patients.iter().flatten().map(|patient| patient.label().to_string()));
        progress.at(labels.len() as u64);
    }
    Ok(labels)
}

async fn measure(labels: Vec<String>, arguments: &BenchDecisionsArgs, network: &ThrowAway) -> Fallible<Measured> {
    let custodian = custodian(network)?;
    let node = custodian.node()?.with_bearer(network.api_key().clone());
    let who: Vec<&str> =
        recipient(network.network(), custodian.id).map(|member| member.reference.name.as_str()).collect();
    let questions: Arc<Vec<Value>> = Arc::new(labels.iter().map(|label| question(label, &who)).collect());
    let (warm_up, window) = (WARM_UP, Duration::from_secs(arguments.seconds));
    let schedule = Schedule {
        begin: Instant::now(),
        rate_per_s: arguments.rate,
        count: u64::from(arguments.rate) * (warm_up + window).as_secs(),
    };
    let (begin, end) = (schedule.begin + warm_up, schedule.begin + warm_up + window);
    let asking = schedule.ask(|number| ask(node.clone(), Arc::clone(&questions), number));
    let watching = async {
        sleep_until(begin).await;
        let before = (resources::own_cpu()?, network.usage()?);
        sleep_until(end).await;
        Ok((before, (resources::own_cpu()?, network.usage()?)))
    };
    let (answered, ((own_before, before), (own_after, after))) = futures::future::try_join(asking, watching).await?;
    let answered = answered.into_iter().filter(|one| (begin..end).contains(&one.due)).collect();
    Ok(Measured { answered, hospital: after[0].since(&before[0]), client_cpu: own_after.saturating_sub(own_before) })
}

fn question(label: &str, who: &[&str]) -> Value {
    json!({ "patient": label, "requester": { "member": who.first() }, "items": [WHAT], "purpose": WHY })
}

/// Asks about the next relationship: far from the one before, so that none is warm because its neighbour was.
async fn ask(node: Node, questions: Arc<Vec<Value>>, number: u64) -> Fallible<()> {
    const STRIDE: u64 = 38_197;
    let place = usize::try_from(number.wrapping_mul(STRIDE) % questions.len() as u64).unwrap_or_default();
    let body = Body::Json(questions.get(place).cloned().unwrap_or_default());
    let answer: Answer = node.json(Method::Post, "/v1/decisions", body).await?;
    if answer.effect == "permit" {
        return Ok(());
    }
    let detail = format!("what was granted is answered with {}", answer.effect);
    Err(Failure::new(Exit::Failed, 615, detail, "run it again; if it stays so, report it"))
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^52")]
fn report(arguments: &BenchDecisionsArgs, measured: &Measured) -> Report {
    let Measured { answered, hospital, client_cpu } = measured;
    let count = answered.len() as f64;
    let Percentiles { p50, p95, p99 } = latencies::percentiles(answered.iter().map(|one| one.elapsed));
    // As many as were due in the window, over the time in which they were answered.
    let last = answered.iter().map(|one| one.due + one.elapsed).max();
    let first = answered.iter().map(|one| one.due).min();
    let seconds = last.zip(first).map_or(0.0, |(last, first)| (last - first).as_secs_f64());
    let per_s = rounded(count / seconds.max(arguments.seconds as f64));
    let (cpu_us, client_us) = (rounded(micros(hospital.cpu) / count), rounded(micros(*client_cpu) / count));
    let disk_bytes = rounded(hospital.disk_bytes as f64 / count);
    let rss_mib = hospital.rss_bytes >> 20;
    let (relationships, rate) = (arguments.relationships, arguments.rate);
    let text = format!(
        "{per_s} decisions/s of {rate} asked for, over {} s, at a hospital with {relationships} relationships\n\
         question to answer   p50 {} ms · p95 {} ms · p99 {} ms, receipt on disk\n\
         CPU of a decision    {cpu_us} µs at the hospital, {client_us} µs at the load\n\
         disk of a decision   {disk_bytes} bytes\n\
         memory               {rss_mib} MiB",
        arguments.seconds,
        ms(p50),
        ms(p95),
        ms(p99),
    );
    let fields = json!({
        "decisions_per_s": per_s,
        "decisions": answered.len(),
        "decision_ms": { "p50": ms(p50), "p95": ms(p95), "p99": ms(p99) },
        "cpu_us_per_decision": cpu_us,
        "client_cpu_us_per_decision": client_us,
        "disk_bytes_per_decision": disk_bytes,
        "rss_mib": rss_mib,
        "seconds": arguments.seconds,
        "rate_per_s": rate,
        "relationships": relationships,
        "warm_up_s": WARM_UP.as_secs(),
    });
    Report::ok(fields, text)
}
