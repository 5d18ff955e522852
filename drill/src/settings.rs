//! The configuration that the function is given: the documentation's example, with every endpoint at the sandbox.

use std::time::Duration;

use ::stage::{Settings, settings::signed, switches, table};
use sandbox::{Sandbox, Service, Site, edge::GATE_SCRIPT, pubsub::topic};

use super::watcher;

/// The clouds that take part.
const CLOUDS: [Service; 7] = [
    Service::Run,
    Service::Monitoring,
    Service::Storage,
    Service::Pubsub,
    Service::Jwks,
    Service::Iam,
    Service::Cloudflare,
];

/// Where the way to the cluster is that the primary is in, where it is in one.
const KUBECONFIG: &str = "{folder}/kubeconfig";

/// For the drill: pushes are signed, and `serve` shows the status page.
pub(super) fn drilled() -> Settings {
    Settings { top: "page    = true\n".to_owned(), ..sent(signed("jwt")) }
}

/// For whoever starts the function beside the bare sandbox. With Pub/Sub's real emulator, where there is one, the function
/// tells its events topic.
pub(super) fn alone(emulator: Option<String>) -> Settings {
    let topic = topic("failover-events");
    let events = format!("\n[events]\n{}", table::texts(&[("topic", &topic)]));
    let tables = if emulator.is_some() { events } else { String::new() };
    Settings { pubsub: emulator, tables, ..sent(signed("none")) }
}

/// For a site with the gate in front of it, which visitors reach here, and which is lost again and again.
pub(super) fn gated(site: &Site, public_url: &str) -> Settings {
    let (standby, primary) = (site.standby_url().to_string(), site.primary_url().to_string());
    let urls = [("public_url", public_url), ("standby_url", &standby), ("primary_url", &primary)];
    let settings = Settings {
        urls: Some(table::texts(&urls)),
        site: "cooldown = \"0s\"\nmoves_per_day = 20\n".to_owned(),
        ..sent(signed("jwt"))
    };
    settings.behind_a_worker(GATE_SCRIPT)
}

/// The same, where a watcher looks so often. Its anchors are what goes on answering while the primary's house is dark.
pub(super) fn watched(settings: Settings, every: Duration, sandbox: &Sandbox) -> Settings {
    let anchors = [Service::Jwks, Service::Metadata]
        .map(|service| table::quoted(&format!("tcp://{}", sandbox.address(service))));
    let lines = [
        ("every", table::quoted(&humantime::format_duration(every).to_string())),
        ("anchors", format!("[{}]", anchors.join(", "))),
        ("watchers", format!("[{}]", table::quoted(watcher::NAME))),
    ];
    Settings { tables: format!("\n[watch]\n{}", table::lines(&lines)), ..settings }
}

/// The same, where the primary is a deployment.
pub(super) fn deployed(settings: Settings, site: &Site) -> Settings {
    let switches = [switches::usual(&site.seed), switches::scale(site.name(), KUBECONFIG)];
    Settings { switches: Some(switches.join("\n")), ..settings }
}

fn sent(push: Vec<(&'static str, &'static str)>) -> Settings {
    Settings { push, services: CLOUDS.to_vec(), ..Settings::as_deployed() }
}
