//! `amanah bench grants`: how many become final, and how long that takes.

use super::latencies::{self, Percentiles};
use super::load::{Client, Landed, Load};
use super::resources::{self, Usage};
use super::throw_away::ThrowAway;
use super::{WARM_UP, micros, ms, rounded, signatures};
use crate::args::BenchGrantsArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Network;
use crate::output::Report;
use crate::progress::Progress;
use crate::settings::Settings;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

/// What is on its way at the end becomes final within this time.
const DRAIN_MAX: Duration = Duration::from_secs(30);

/// The measured window and what it cost.
struct Measured {
    grants: Vec<Landed>,
    seconds: f64,
    nodes: Vec<Usage>,
    client_cpu: Duration,
    signature_check: Duration,
}

pub(super) async fn run(arguments: BenchGrantsArgs, settings: &Settings) -> Fallible<Report> {
    let progress = Progress::waiting(settings.reader, "starting four hospitals, thrown away afterwards");
    let network = ThrowAway::start(&settings.home).await?;
    let relationships = u64::from(arguments.clients) * u64::from(arguments.in_flight);
    progress.now(format!("enrolling and linking {relationships} relationships"));
    let clients = enrol(&arguments, &network).await?;
    progress.now(format!("granting: {} s of warm-up, then {} s", WARM_UP.as_secs(), arguments.seconds));
    let measured = measure(clients, &arguments, &network).await?;
    drop(progress);
    Ok(report(&arguments, &measured))
}

/// Every client with its relationships, all linked and signed in.
async fn enrol(arguments: &BenchGrantsArgs, network: &ThrowAway) -> Fallible<Vec<Client>> {
    let custodians = network.members().iter().cycle().take(usize::from(arguments.clients));
    let enrolling = custodians.map(|custodian| Client::enrol(custodian, network, usize::from(arguments.in_flight)));
    futures::future::try_join_all(enrolling).await
}

async fn measure(clients: Vec<Client>, arguments: &BenchGrantsArgs, network: &ThrowAway) -> Fallible<Measured> {
    let load = Arc::new(Load::of(Network::clone(network.network())));
    let clients: Vec<JoinHandle<_>> =
        clients.into_iter().map(|client| tokio::spawn(client.run(Arc::clone(&load)))).collect();
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs(arguments.seconds);
    sleep_until(begin).await;
    let (own_before, before) = (resources::own_cpu()?, network.usage()?);
    sleep_until(end).await;
    let (own_after, after) = (resources::own_cpu()?, network.usage()?);
    load.stop();
    let mut grants = Vec::new();
    for client in clients {
        let ended = timeout(DRAIN_MAX, client).await;
        let landed = ended.map_err(|_elapsed| lost())?.map_err(|broken| crate::bug(&broken))??;
        grants.extend(landed.into_iter().filter(|one| (begin..end).contains(&one.at)));
    }
    if grants.is_empty() {
        let detail = format!("no grant became final within {} s", arguments.seconds);
        return Err(Failure::new(Exit::NotFinal, 612, detail, "measure for longer, or on a machine with less to do"));
    }
    Ok(Measured {
        grants,
        seconds: (end - begin).as_secs_f64(),
        nodes: before.iter().zip(&after).map(|(before, after)| after.since(before)).collect(),
        client_cpu: own_after.saturating_sub(own_before),
        signature_check: signatures::time_of_one(),
    })
}

fn lost() -> Box<Failure> {
    let detail = format!("grants that were taken are not final after {} s", DRAIN_MAX.as_secs());
    Failure::new(Exit::NotFinal, 613, detail, "run it again; if it stays so, report it")
}

#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^52")]
fn report(arguments: &BenchGrantsArgs, measured: &Measured) -> Report {
    let Measured { grants, seconds, nodes, client_cpu, signature_check } = measured;
    let (count, validators) = (grants.len() as f64, nodes.len() as f64);
    let Percentiles { p50, p95, p99 } = latencies::percentiles(grants.iter().map(|one| one.elapsed));
    let node_cpu: Duration = nodes.iter().map(|node| node.cpu).sum();
    let disk: u64 = nodes.iter().map(|node| node.disk_bytes).sum();
    let per_s = rounded(count / seconds);
    let cpu_us = rounded(micros(node_cpu) / count / validators);
    let client_us = rounded(micros(*client_cpu) / count);
    let check_us = rounded(micros(*signature_check));
    let efficiency = (check_us / cpu_us * 1000.0).round() / 1000.0;
    let disk_bytes = rounded(disk as f64 / count / validators);
    let rss: Vec<u64> = nodes.iter().map(|node| node.rss_bytes >> 20).collect();
    let text = format!(
        "{per_s} grants/s final, over {seconds} s with {} clients of {} relationships, four hospitals\n\
         submit to final   p50 {} ms · p95 {} ms · p99 {} ms\n\
         CPU of a grant    {cpu_us} µs at each validator, {client_us} µs at the load\n\
         one signature     {check_us} µs to check in a batch: efficiency {efficiency}\n\
         disk of a grant   {disk_bytes} bytes at each validator\n\
         memory            {rss:?} MiB",
        arguments.clients,
        arguments.in_flight,
        ms(p50),
        ms(p95),
        ms(p99),
    );
    let fields = json!({
        "grants_per_s": per_s,
        "grants": grants.len(),
        "submit_to_final_ms": { "p50": ms(p50), "p95": ms(p95), "p99": ms(p99) },
        "cpu_us_per_grant_per_validator": cpu_us,
        "client_cpu_us_per_grant": client_us,
        "signature_check_us": check_us,
        "efficiency": efficiency,
        "disk_bytes_per_grant": disk_bytes,
        "rss_mib": rss,
        "seconds": arguments.seconds,
        "clients": arguments.clients,
        "in_flight": arguments.in_flight,
        "custodians": nodes.len(),
        "warm_up_s": WARM_UP.as_secs(),
    });
    Report::ok(fields, text)
}
