//! `amanah demo`: four hospitals on this machine, as four processes of this same program.

pub(crate) mod node_process;
mod plan;
pub(in crate::commands) mod process;
mod purge;
mod seed;

use crate::args::{DemoCommand, Life};
use crate::client::{Body, Method, Node};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::Report;
use crate::profile;
use crate::progress::Progress;
use crate::settings::Settings;
use plan::Plan;
use process::Hospital;
use serde_json::{Value, json};
use std::fs::File;
use std::time::Duration;
use tokio::time::Instant;

/// How long all four may take to start and agree.
const START_MAX: Duration = Duration::from_secs(60);
/// How long a node may take to end after it was told to.
const STOP_MAX: Duration = Duration::from_secs(20);
/// A process that is no child of ours tells nobody what it does: it is looked at this often.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) async fn run(command: DemoCommand, settings: &Settings) -> Fallible<Report> {
    // One at a time changes what runs; looking is always allowed.
    let _lock = match command {
        DemoCommand::Status => None,
        DemoCommand::Up { .. } | DemoCommand::Kill { .. } | DemoCommand::Heal { .. } | DemoCommand::Down { .. } => {
            Some(lock(settings).await?)
        }
    };
    match command {
        DemoCommand::Up { base_port } => up(base_port, settings).await,
        DemoCommand::Status => status(settings).await,
        DemoCommand::Kill { name } => kill(&name, settings).await,
        DemoCommand::Heal { name } => heal(&name, settings).await,
        DemoCommand::Down { purge } => down(purge, settings).await,
    }
}

async fn lock(settings: &Settings) -> Fallible<File> {
    let path = settings.home.demo().join("lock");
    crate::home::Home::make_parent(&path)?;
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| Failure::io("open", &path, &e))?;
    let locking = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    match tokio::time::timeout(START_MAX, locking).await {
        Ok(Ok(Ok(file))) => Ok(file),
        Ok(Ok(Err(error))) => Err(Failure::io("lock", &path, &error)),
        Ok(Err(_)) | Err(_) => {
            Err(Failure::new(Exit::Conflict, 601, "another demo command is at work here", "wait until it has ended"))
        }
    }
}

async fn up(base_port: u16, settings: &Settings) -> Fallible<Report> {
    let mut plan = match Plan::read(&settings.home)? {
        Some(plan) => plan,
        None => plan::create(&settings.home, base_port)?,
    };
    let deadline = Instant::now() + START_MAX;
    let mut children = Vec::new();
    for hospital in plan.hospitals(&settings.home) {
        if !hospital.is_running() {
            settings.note(&format!("starting {} …", hospital.name));
            children.push((hospital.clone(), hospital.start(Life::Own)?));
        }
    }
    let progress = Progress::waiting(settings.reader, "waiting until all four are ready");
    for hospital in plan.hospitals(&settings.home) {
        let child = children.iter_mut().find(|(started, _)| started.name == hospital.name).map(|(_, child)| child);
        process::wait_for(&hospital, child, "/readyz", deadline).await?;
    }
    if !plan.seeded {
        progress.now("seeding patients, consents and accesses");
        seed::run(settings).await?;
        plan.seeded = true;
        plan.write(&settings.home)?;
    }
    progress.now("waiting until all four agree");
    wait_until_agreed(&plan.hospitals(&settings.home), deadline + START_MAX).await?;
    drop(progress);
    let Report { exit, fields, text } = status(settings).await?;
    Ok(Report { exit, fields, text: format!("{text}\n{}", seed::what_to_try(settings)) })
}

/// Waits until all show the same block.
async fn wait_until_agreed(hospitals: &[Hospital], deadline: Instant) -> Fallible<()> {
    loop {
        let seen = futures::future::join_all(hospitals.iter().map(picture)).await;
        let blocks: Vec<&Value> = seen.iter().map(|one| &one["block"]).collect();
        if blocks.iter().all(|block| !block.is_null() && *block == blocks[0]) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let fix =
                format!("look into {}", hospitals.first().map(|h| h.log.display().to_string()).unwrap_or_default());
            return Err(Failure::new(Exit::NotFinal, 602, "the four hospitals do not agree in time", fix));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn status(settings: &Settings) -> Fallible<Report> {
    let hospitals = match Plan::read(&settings.home)? {
        Some(plan) => plan.hospitals(&settings.home),
        None => Vec::new(),
    };
    let pictures = futures::future::join_all(hospitals.iter().map(picture)).await;
    let profiles = profile::list(&settings.home)?;
    let profiles: Vec<Value> =
        profiles.iter().map(|(name, role)| json!({ "name": name, "role": role.name() })).collect();
    let text = match pictures.as_slice() {
        [] => "There is no demo here.  amanah demo up".to_owned(),
        some => some.iter().map(line).collect(),
    };
    Ok(Report::ok(json!({ "hospitals": pictures, "profiles": profiles }), text))
}

/// One hospital as it is now. `running` is what the lock on its home says.
async fn picture(hospital: &Hospital) -> Value {
    let is_running = hospital.is_running();
    let status = match Node::new(&hospital.name, &hospital.api) {
        Ok(node) if is_running => node.json::<Value>(Method::Get, "/v1/status", Body::Empty).await.ok(),
        Ok(_) | Err(_) => None,
    };
    let field = |name: &str| status.as_ref().map_or(Value::Null, |status| status[name].clone());
    json!({
        "name": hospital.name,
        "pid": hospital.pid().filter(|_| is_running),
        "running": is_running,
        "api": hospital.api,
        "ops": hospital.ops,
        "p2p": hospital.p2p,
        "height": field("height"),
        "block": field("block"),
        "state_root": field("state_root"),
    })
}

fn line(picture: &Value) -> String {
    let text = |name: &str| picture[name].as_str().unwrap_or_default().to_owned();
    if picture["running"] == true {
        format!("  {:<8} {}   block {}   pid {}\n", text("name"), text("api"), picture["height"], picture["pid"])
    } else {
        format!("  {:<8} down\n", text("name"))
    }
}

async fn kill(name: &str, settings: &Settings) -> Fallible<Report> {
    let hospital = named(name, settings)?;
    let was_running = hospital.is_running();
    if was_running {
        hospital.signal(rustix::process::Signal::KILL)?;
        process::wait_until_gone(&hospital, Instant::now() + STOP_MAX).await?;
    }
    let text = format!("{name} {}.", if was_running { "is dead" } else { "was not running" });
    Ok(Report::ok(json!({ "name": name, "running": false, "killed": was_running }), text))
}

async fn heal(name: &str, settings: &Settings) -> Fallible<Report> {
    let hospital = named(name, settings)?;
    let was_running = hospital.is_running();
    if !was_running {
        let mut child = hospital.start(Life::Own)?;
        process::wait_for(&hospital, Some(&mut child), "/livez", Instant::now() + START_MAX).await?;
    }
    let text = format!("{name} {}.", if was_running { "was running" } else { "lives again and catches up" });
    Ok(Report::ok(json!({ "name": name, "running": true, "pid": hospital.pid() }), text))
}

async fn down(purge: bool, settings: &Settings) -> Fallible<Report> {
    let hospitals = match Plan::read(&settings.home)? {
        Some(plan) => plan.hospitals(&settings.home),
        None => Vec::new(),
    };
    let running: Vec<&Hospital> = hospitals.iter().filter(|hospital| hospital.is_running()).collect();
    for hospital in &running {
        hospital.signal(rustix::process::Signal::TERM)?;
    }
    for hospital in &running {
        if process::wait_until_gone(hospital, Instant::now() + STOP_MAX).await.is_err() {
            hospital.signal(rustix::process::Signal::KILL)?;
            process::wait_until_gone(hospital, Instant::now() + STOP_MAX).await?;
        }
    }
    let stopped: Vec<&str> = running.iter().map(|hospital| hospital.name.as_str()).collect();
    let text = if purge {
        purge::run(&settings.home)?;
        "The demo is down and its data is removed."
    } else {
        "The demo is down; its data stays.  amanah demo up   goes on from there."
    };
    Ok(Report::ok(json!({ "stopped": stopped, "purged": purge }), text))
}

fn named(name: &str, settings: &Settings) -> Fallible<Hospital> {
    let no_demo = || Failure::new(Exit::NotFound, 603, "there is no demo here", "amanah demo up");
    let plan = Plan::read(&settings.home)?.ok_or_else(no_demo)?;
    let hospitals = plan.hospitals(&settings.home);
    let names: Vec<&str> = hospitals.iter().map(|hospital| hospital.name.as_str()).collect();
    let unknown = || {
        let fix = format!("the hospitals of the demo are {}", names.join(", "));
        Failure::new(Exit::NotFound, 207, format!("{name:?} is no hospital of the demo"), fix)
    };
    hospitals.iter().find(|hospital| hospital.name == name).cloned().ok_or_else(unknown)
}
