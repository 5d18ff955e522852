//! `failover sandbox`: the cloud alone, for a function that somebody else starts.
//!
//! Once it is ready it prints one line of JSON: the function's configuration, its environment, and where the control
//! is. It runs until it is told to end.

use std::path::Path;

use ::stage::process::environment;
use anyhow::Context;
use sandbox::{Options, Sandbox, Service, SiteSeed};
use serde_json::json;

use super::{WELL, arguments::SandboxArguments, control, settings, show, signals};

/// Pub/Sub's emulator, where the function is to publish and is pushed from.
const EMULATOR: &str = "PUBSUB_EMULATOR_HOST";

/// Runs the cloud until SIGTERM.
///
/// # Errors
/// When a port or the file can't be had.
pub(super) async fn run(arguments: &SandboxArguments) -> anyhow::Result<u8> {
    let sandbox = Sandbox::start(options(arguments)).await.context("a port could not be listened on")?;
    let site = sandbox.site("resume");
    let emulator = std::env::var(EMULATOR).ok().filter(|host| !host.trim().is_empty());
    let emulator = emulator.map(|host| with_scheme(host.trim()));
    // Nothing of it is in a folder.
    let config = settings::alone(emulator).text(&sandbox, Path::new(""));
    if let Some(path) = &arguments.written.0 {
        std::fs::write(path, &config).with_context(|| format!("{} could not be written", path.display()))?;
    }
    let port = arguments.ports.iter().find(|named| named.service.is_none()).map_or(0, |named| named.port);
    let control = control::start(sandbox.world.clone(), site.name(), port).await?;
    let environment: serde_json::Map<_, _> =
        environment(&sandbox).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let ready = json!({"config": config, "environment": environment, "control": format!("http://{control}")});
    let asked_to_end = signals::asked_to_end();
    show::write(&format!("{ready}\n"));
    asked_to_end.await;
    Ok(WELL)
}

fn options(arguments: &SandboxArguments) -> Options {
    let port = |service| {
        let named = arguments.ports.iter().find(|named| named.service == Some(service));
        named.map_or(0, |named| named.port)
    };
    let site = SiteSeed {
        edge_port: port(Service::Edge),
        primary_port: port(Service::Primary),
        standby_port: port(Service::Standby),
        ..SiteSeed::example()
    };
    let ports = Service::CLOUDS.into_iter().map(|service| (service, port(service))).collect();
    Options { ports, sites: vec![site], ..Options::default() }
}

fn with_scheme(host: &str) -> String {
    if host.contains("://") { host.to_owned() } else { format!("http://{host}") }
}
