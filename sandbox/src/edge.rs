//! Cloudflare's edge in front of every site: applies the rules, else asks the primary.
//! Visitors and probes come here. It keeps no rules of its own: it asks Cloudflare's state.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::call::{Call, Delivery, Reply};
use crate::cloudflare::Location;
use crate::cloudflare::visit::Visit;
use crate::lock::lock;
use crate::provider::{Kind, Provider};
use crate::site::Site;
use crate::sites::{Power, primary_page, standby_origin};
use crate::world::World;

/// How long the edge waits for an origin that doesn't take the connection.
/// Source: developers.cloudflare.com/support/troubleshooting, "Error 522".
const ORIGIN_TIMEOUT: Duration = Duration::from_secs(19);

/// What an edge does beside the rules.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every visitor is asked to prove that it's human, before any rule runs.
    pub challenge: bool,
    /// What isn't redirected is answered from the cache, with this `cf-cache-status`.
    pub cached: Option<String>,
    /// The `Cache-Control` of redirects.
    pub redirect_cache_control: Option<String>,
    /// How long a silent origin is waited for.
    pub origin_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { challenge: false, cached: None, redirect_cache_control: None, origin_timeout: ORIGIN_TIMEOUT }
    }
}

/// The edges of all sites, by the site's name.
#[derive(Debug, Default)]
pub struct Edge(Mutex<HashMap<String, Settings>>);

impl Edge {
    /// How this site's edge is set.
    pub fn settings(&self, site: &str) -> Settings {
        lock(&self.0).get(site).cloned().unwrap_or_default()
    }

    /// Changes how this site's edge is set.
    pub fn set(&self, site: &str, change: impl FnOnce(&mut Settings)) {
        change(lock(&self.0).entry(site.to_owned()).or_default());
    }
}

impl Provider for Edge {
    fn operation(&self, _call: &Call) -> &'static str {
        "edge.visit"
    }

    fn answer(&self, world: &World, call: &Call) -> Reply {
        let Some(site) = world.site(|site| site.edge == call.local) else {
            return labelled(Reply::html(409, "error code: 1001\n"));
        };
        let settings = self.settings(site.name());
        if settings.challenge {
            return labelled(Reply::html(403, "Just a moment...\n").header("cf-mitigated", "challenge"));
        }
        let location = world.cloudflare.redirects(&site.seed.zone, &Visit::of(call), Instant::now());
        labelled(
            location.map_or_else(
                || origin(world, &site, call, &settings),
                |location| redirect(&location, &settings),
            ),
        )
    }

    fn refusal(&self, status: u16) -> Reply {
        labelled(error(status))
    }

    fn kind(&self, _operation: &str, _call: &Call) -> Kind {
        Kind::Visit
    }
}

fn redirect(location: &Location, settings: &Settings) -> Reply {
    let reply = Reply::empty(location.status).header("location", location.url.as_str());
    settings.redirect_cache_control.iter().fold(reply, |reply, value| reply.header("cache-control", value))
}

fn origin(world: &World, site: &Site, call: &Call, settings: &Settings) -> Reply {
    if let Some(status) = &settings.cached {
        let page = Reply::html(200, format!("<h1>{}</h1><p>From the cache.</p>\n", site.name()));
        return page.header("cf-cache-status", status).header("age", "60");
    }
    let named = world.cloudflare.is_named(site);
    let power = if named { world.sites.standby(site.name()) } else { world.primary_power(site) };
    let reply = match power {
        Power::Off => error(521),
        Power::Dark => error(522).after(settings.origin_timeout),
        _ if named => standby_origin(world, site, call),
        _ => primary_page(world, site, call),
    };
    let late = matches!(reply.delivery, Delivery::After(delay) if delay > settings.origin_timeout);
    let reply = if late { error(522).after(settings.origin_timeout) } else { reply };
    reply.header("cf-cache-status", "DYNAMIC")
}

fn error(status: u16) -> Reply {
    Reply::html(status, format!("<title>Error {status}</title>error code: {status}\n"))
}

fn labelled(reply: Reply) -> Reply {
    let ray = format!("{:016x}-FRA", rand::random::<u64>());
    reply.header("server", "cloudflare").header("cf-ray", ray)
}

#[cfg(test)]
mod tests {
    use reqwest::{Client, Response, redirect::Policy};
    use serde_json::json;

    use super::*;
    use crate::cloudflare::{PRIMARY_CONTENT, STANDBY_CONTENT};
    use crate::{Options, Sandbox};

    async fn sandbox() -> (Sandbox, Site) {
        let sandbox = Sandbox::start(Options::default()).await.expect("loopback");
        let site = sandbox.site("resume");
        (sandbox, site)
    }

    async fn get(site: &Site, path: &str) -> Response {
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        client.get(site.public_url().join(path).expect("a url")).send().await.expect("an answer")
    }

    fn route(sandbox: &Sandbox, site: &Site) {
        let seed = &site.seed;
        sandbox.world.cloudflare.edit_page_rule(&seed.zone, &seed.rule, "status", json!("active"));
    }

    #[tokio::test]
    async fn visitors_reach_the_primary_until_the_rule_is_switched_on() {
        let (sandbox, site) = sandbox().await;
        let answer = get(&site, "/a?b=c").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cf-cache-status"]),
            (200, &"DYNAMIC".parse().expect("text"))
        );
        assert_eq!(answer.headers()["served-by"], "primary");
        route(&sandbox, &site);
        let answer = get(&site, "/a?b=c").await;
        assert_eq!(answer.status(), 302);
        assert_eq!(answer.headers()["location"], site.standby_url().join("a?b=c").expect("a url").as_str());
    }

    #[tokio::test]
    async fn the_edge_asks_whoever_the_dns_record_names() {
        let (sandbox, site) = sandbox().await;
        let lead = |content: &str| {
            let zone = &site.seed.zone;
            sandbox.world.cloudflare.edit_record(zone, "resume.gleich.tech", "content", json!(content));
        };
        lead(STANDBY_CONTENT);
        assert_eq!(get(&site, "/").await.status(), 403, "it lets nobody in yet");
        sandbox.world.run.grant(&site.seed.service, "roles/run.invoker", "allUsers");
        assert_eq!(get(&site, "/").await.headers()["served-by"], "standby");
        sandbox.world.set_standby("resume", Power::Off);
        assert_eq!(get(&site, "/").await.status(), 521);
        lead(PRIMARY_CONTENT);
        assert_eq!(get(&site, "/").await.headers()["served-by"], "primary");
    }

    #[tokio::test]
    async fn an_origin_that_is_off_or_dark_is_answered_for() {
        let (sandbox, site) = sandbox().await;
        sandbox.world.set_primary("resume", Power::Off);
        assert_eq!(get(&site, "/").await.status(), 521);
        sandbox.world.edge.set("resume", |edge| edge.origin_timeout = Duration::from_millis(10));
        sandbox.world.set_primary("resume", Power::Dark);
        assert_eq!(get(&site, "/").await.status(), 522);
        sandbox.world.set_primary("resume", Power::Slow(Duration::from_secs(1)));
        assert_eq!(get(&site, "/").await.status(), 522);
    }

    #[tokio::test]
    async fn a_challenge_comes_before_any_rule() {
        let (sandbox, site) = sandbox().await;
        route(&sandbox, &site);
        sandbox.world.edge.set("resume", |edge| edge.challenge = true);
        let answer = get(&site, "/").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cf-mitigated"]),
            (403, &"challenge".parse().expect("text"))
        );
    }

    #[tokio::test]
    async fn a_cached_page_is_served_though_the_origin_is_off_but_not_redirected_away_from() {
        let (sandbox, site) = sandbox().await;
        sandbox.world.set_primary("resume", Power::Off);
        sandbox.world.edge.set("resume", |edge| edge.cached = Some("HIT".to_owned()));
        assert_eq!(get(&site, "/").await.headers()["cf-cache-status"], "HIT");
        sandbox.world.edge.set("resume", |edge| edge.redirect_cache_control = Some("max-age=60".to_owned()));
        route(&sandbox, &site);
        let answer = get(&site, "/").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["cache-control"]),
            (302, &"max-age=60".parse().expect("text"))
        );
    }
}
