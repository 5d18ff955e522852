//! The configuration: TOML and environment, read into types that can't be wrong.
//!
//! Everything is read before anything runs, and every problem is told at once, with its key, a reason and an
//! example. Secrets come from the environment or from files that it names, never from the TOML.

mod address;
mod cloud_run;
mod endpoints;
mod environment;
mod names;
mod place;
mod problems;
mod push;
mod secrets;
mod section;
mod shape;
mod site;
mod table_notes;
mod times;
mod watch;
mod webhook;

use std::{collections::BTreeMap, path::Path, str::FromStr, sync::Arc, time::Duration};

use failover_core::{Concern, Incident, SiteMarks};
use toml::Table;
use url::Url;

use crate::{
    announce::Ping,
    api::Secret,
    clouds::{
        Endpoints,
        azure::Account,
        kubernetes::{self, Source},
    },
    host::canonical,
    journal::JournalLocation,
    pace::Pace,
};

pub use address::Shown;
pub use cloud_run::CloudRun;
pub use endpoints::Emulated;
pub use environment::{Environment, Purpose};
pub use names::{SubscriptionName, TopicName};
pub use place::Place;
pub use problems::{EXIT_CODE, Problem, Problems};
pub use push::{Carries, Expected, Push, Verify};
pub use shape::schema;
pub use site::{Expect, Site};
pub use watch::Watch;
pub use webhook::Webhook;

use address::PageUrl;
use problems::Found;
use section::Section;
use table_notes::TableNotes;

/// Everything that an operator decided.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the journal is kept.
    pub journal: JournalLocation,
    /// Who may push.
    pub push: Push,
    /// Where announcements are published, if anywhere.
    pub events: Option<TopicName>,
    /// The sites, at least one.
    pub sites: Vec<Arc<Site>>,
    /// Where the providers are.
    pub endpoints: Endpoints,
    /// Which providers are emulators, which take no credentials.
    pub emulated: Emulated,
    /// Where else announcements go.
    pub webhooks: Vec<Webhook>,
    /// The variables of webhooks whose URL is not in this environment.
    pub webhooks_without_url: Vec<String>,
    /// What is called every minute that all is well.
    pub pings: Vec<Ping>,
    /// How our own prober watches.
    pub watch: Watch,
    /// How long things may take.
    pub pace: Pace,
    /// How often the schedule sends reconcile.
    pub reconcile_every: Duration,
    /// Whether `serve` shows the status page too.
    pub page: bool,
    /// The key that opens the status page.
    pub page_key: Option<Secret>,
    /// Where the status page is, for whoever is told something.
    pub page_url: Option<Url>,
    /// Whether what anybody may know of the sites is shown without commands, beside the status page.
    pub public_page: bool,
    /// The key that opens that, where not everybody is to see it.
    pub public_key: Option<Secret>,
    /// The key with which monitors say what they have seen, beside the status page.
    pub report_key: Option<Secret>,
    /// The port to listen on.
    pub port: u16,
    /// The Google Cloud project that this runs in, as far as anybody said: log entries name their trace by it.
    pub project: Option<String>,
    /// The service on Cloud Run that this is, if it is one.
    pub cloud_run: Option<CloudRun>,
    /// Where a machine asks who it is, host and port, where that isn't Google's own place.
    pub metadata_host: Option<String>,
    /// The Kubernetes cluster that this is a pod of, if it is one.
    pub own_cluster: Source,
    /// As whom Azure is asked.
    pub azure: Account,
    /// The secrets that switches asked for, by the name of their variable.
    pub secrets: BTreeMap<&'static str, Secret>,
}

impl Config {
    /// Reads the file at `path`.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, Problems> {
        let text = (environment.read_file)(path).map_err(|error| Problems::unread(path, &error))?;
        Self::read(&text, environment).map_err(|problems| problems.of(path))
    }

    /// Reads a configuration; every problem of it is told at once.
    pub fn read(text: &str, environment: &Environment) -> Result<Self, Problems> {
        let table: Table = text.parse().map_err(|error| Problems::not_toml(text, &error))?;
        let mut found = Found::default();
        let mut root = Section { table: &table, notes: TableNotes::new(String::new(), &mut found) };
        let config = read_all(&mut root, environment);
        root.notes.complain_of_others(&table);
        match config {
            Some(config) if found.is_empty() => Ok(config),
            _ => Err(found.placed(text)),
        }
    }

    /// The site that an incident acts on, or names for nothing.
    pub fn concern_of(&self, incident: &Incident) -> Concern {
        let marks: Vec<&SiteMarks> = self.sites.iter().map(|site| &site.marks).collect();
        // Whoever made the check wrote its host as people do: with other letters, or a dot at its end.
        let host = incident.host.as_deref().map(canonical);
        let watched_hosts = incident.watched_hosts.iter().map(|host| canonical(host)).collect();
        Incident { host, watched_hosts, ..incident.clone() }.concerns(&marks)
    }

    /// The site of this name.
    pub fn site(&self, name: &str) -> Option<&Arc<Site>> {
        self.sites.iter().find(|site| site.name.as_str() == name)
    }

    /// Cloudflare's token, where a switch needs it.
    pub fn cloudflare_token(&self) -> Option<&Secret> {
        self.secrets.get("CLOUDFLARE_API_TOKEN")
    }
}

/// Reads every part before giving up, so that all problems are found.
fn read_all(root: &mut Section<'_, '_>, environment: &Environment) -> Option<Config> {
    let journal = read_journal(root, environment);
    let push = push::read(root, environment);
    let events = read_events(root);
    let sites = site::read_all(root);
    let (endpoints, emulated) = endpoints::read(root, environment);
    let webhooks = webhook::read_all(root, environment);
    let watch = watch::read(root);
    let pace = read_pace(root);
    let reconcile_every = root.some_time("reconcile_every", "60s");
    let page = root.flag("page");
    let page_key = secrets::read(root, environment, "FAILOVER_PAGE_KEY");
    let page_url = read_page_url(root, environment);
    let public_page = root.flag("public_page");
    let public_key = secrets::read(root, environment, "FAILOVER_PUBLIC_KEY");
    let report_key = secrets::read(root, environment, "FAILOVER_REPORT_KEY");
    let port = read_port(root, environment);
    let secrets = secrets::of_switches(root, environment, &sites);
    let push = push?;
    Some(Config {
        journal: journal?,
        project: project(environment, &push),
        push,
        events,
        sites: sites.into_iter().map(Arc::new).collect(),
        endpoints,
        emulated,
        webhooks: webhooks.told,
        pings: webhooks.pinged,
        webhooks_without_url: webhooks.without_url,
        watch,
        pace,
        reconcile_every,
        page,
        page_key,
        page_url,
        public_page,
        public_key,
        report_key,
        port,
        cloud_run: CloudRun::read(environment),
        metadata_host: environment.variable("GCE_METADATA_HOST").map(str::to_owned),
        own_cluster: kubernetes::in_this_pod(|name| environment.variable(name)),
        azure: endpoints::azure_account(environment),
        secrets,
    })
}

fn read_journal(root: &mut Section<'_, '_>, environment: &Environment) -> Option<JournalLocation> {
    const EXAMPLE: &str = "gs://acme-failover/journal";
    let GivenLocation(journal) = root.required("journal", EXAMPLE)?;
    if environment.is_on_cloud_run() && !matches!(journal, JournalLocation::Gs { .. }) {
        let reason = "is lost when a container on Cloud Run ends; keep it in a bucket";
        root.notes.problem_with("journal", reason, EXAMPLE);
    }
    Some(journal)
}

/// A location as the configuration gives it, refused with a fragment that reads after its key.
struct GivenLocation(JournalLocation);

impl FromStr for GivenLocation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("is refused: {error}"))
    }
}

fn read_events(root: &mut Section<'_, '_>) -> Option<TopicName> {
    root.section("events", |events| events.required("topic", "projects/acme-prod/topics/failover-events"))
        .flatten()
}

fn read_pace(root: &mut Section<'_, '_>) -> Pace {
    Pace {
        journal_patience: root.some_time("journal_patience", "5s"),
        claim_for: root.some_time("claim_for", "5s"),
        call_timeout: root.some_time("call_timeout", "10s"),
        probe_timeout: root.some_time("probe_timeout", "5s"),
        times: times::read(root),
    }
}

fn read_port(root: &mut Section<'_, '_>, environment: &Environment) -> u16 {
    const USUAL: u16 = 8080;
    let Some(text) = environment.variable("PORT") else { return USUAL };
    text.parse().unwrap_or_else(|_| {
        root.notes.environment_problem("PORT", "is no port number", "8080");
        USUAL
    })
}

/// Where the status page is: in the file, or as whoever deploys both says.
fn read_page_url(root: &mut Section<'_, '_>, environment: &Environment) -> Option<Url> {
    const EXAMPLE: &str = "https://failover-page-abc123-uc.a.run.app/";
    if let Some(PageUrl(url)) = root.optional("page_url", EXAMPLE) {
        return Some(url);
    }
    let said = environment.variable("FAILOVER_PAGE_URL")?.parse();
    said.map(|PageUrl(url)| url)
        .map_err(|why| root.notes.environment_problem("FAILOVER_PAGE_URL", &why, EXAMPLE))
        .ok()
}

fn project(environment: &Environment, push: &Push) -> Option<String> {
    let said = environment.variable("GOOGLE_CLOUD_PROJECT").map(str::to_owned);
    said.or_else(|| push.alerts.first().map(|subscription| subscription.project().to_owned()))
}

#[cfg(test)]
mod tests;
