//! The configuration of the sandbox's sites: the one place that writes it.
//!
//! It is the documentation's example, pointed at the sandbox. What differs from run to run are lines of TOML here, since
//! that is what people write.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sandbox::{
    Sandbox, Service, Site, SiteSeed,
    kubernetes::Kubernetes,
    pubsub::{PUSH_ACCOUNT, PUSH_AUDIENCE, subscription},
    tokens::KEY_SET_PATH,
};

use crate::{
    switches,
    table::{lines, quoted, texts},
};

/// How the function is configured. In any of its lines `{folder}` stands for the run's own folder.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `journal`.
    pub journal: String,
    /// Lines for the top of the file.
    pub top: String,
    /// Keys of `[push]` beside the subscriptions; without any there is no such table.
    pub push: Vec<(&'static str, &'static str)>,
    /// Tables before those that the sandbox asks for.
    pub tables: String,
    /// The clouds that are named in `[endpoints]`.
    pub services: Vec<Service>,
    /// Where Pub/Sub is, if it isn't the sandbox's.
    pub pubsub: Option<String>,
    /// The table of the times that the contract fixes; empty leaves them as they are.
    pub times: &'static str,
    /// Lines for the site.
    pub site: String,
    /// Whether all of the sandbox's sites are guarded, and not `resume` alone.
    pub every_site: bool,
    /// Lines with the site's URLs; `None` takes those of the sandbox's site.
    pub urls: Option<String>,
    /// Whether the site has a `primary_url`.
    pub primary_url: bool,
    /// The site's switches; `None` takes the three of the example. `{edge}` is the host that visitors type,
    /// `{folder}/kubeconfig` leads to the sandbox's cluster.
    pub switches: Option<String>,
    /// The rest of the file.
    pub rest: String,
    /// Texts of the whole file, each with the one that takes its place.
    pub replace: Vec<(String, String)>,
    /// Further environment.
    pub environment: Vec<(&'static str, String)>,
    /// How many descriptors its process may have; `None` leaves it as many as there are.
    pub descriptors: Option<u32>,
}

/// A journal in the sandbox's Cloud Storage.
pub const BUCKET: &str = "gs://gleich-tech-failover/journal";

/// A journal in a folder.
pub const FOLDER: &str = "file:{folder}/journal";

/// The file's usual name.
pub const FILE: &str = "failover.toml";

/// The times that the contract fixes, at a tenth.
pub const TIMES: &str =
    "[times]\napart = \"200ms\"\nthrottled = [\"200ms\", \"500ms\", \"1s\", \"3s\", \"6s\"]\n";

/// Every cloud that has a name in `[endpoints]`.
const SERVICES: [Service; 11] = [
    Service::Run,
    Service::Monitoring,
    Service::Storage,
    Service::Pubsub,
    Service::Iam,
    Service::Azure,
    Service::AzureMetadata,
    Service::AzureLogin,
    Service::Cloudflare,
    Service::Compute,
    Service::Jwks,
];

/// As tests want it: whatever is waited for takes a tenth.
impl Default for Settings {
    fn default() -> Self {
        Self {
            top: "call_timeout = \"1s\"\nclaim_for = \"500ms\"\nprobe_timeout = \"500ms\"\njournal_patience = \"500ms\"\n\
                  reconcile_every = \"1ms\"\n"
                .to_owned(),
            site: "confirm_within = \"2s\"\ncooldown = \"0s\"\nverify_within = \"2s\"\nfailback_patience = \"2s\"\n"
                .to_owned(),
            times: TIMES,
            ..Self::as_deployed()
        }
    }
}

impl Settings {
    /// Every time at its default.
    pub fn as_deployed() -> Self {
        Self {
            journal: BUCKET.to_owned(),
            top: String::new(),
            push: vec![("verify", "none")],
            tables: String::new(),
            services: SERVICES.to_vec(),
            pubsub: None,
            times: "",
            site: String::new(),
            every_site: false,
            urls: None,
            primary_url: true,
            switches: None,
            rest: String::new(),
            replace: Vec::new(),
            environment: Vec::new(),
            descriptors: None,
        }
    }

    /// The same for a site behind a Worker: this script in ordinary times, or none.
    #[must_use]
    pub fn behind_a_worker(self, script: &str) -> Self {
        let seed = SiteSeed::example();
        let switches = [switches::worker_route(&seed, script), switches::uptime_check(&seed)].join("\n");
        Self { switches: Some(switches), ..self }
    }

    /// The same where Pub/Sub is named by its emulator's variable: an endpoint would win over it.
    #[must_use]
    pub fn without_pubsub(mut self) -> Self {
        self.services.retain(|service| *service != Service::Pubsub);
        self
    }

    /// How long a claim lives.
    ///
    /// # Panics
    /// Where that is no duration.
    pub fn claim_for(&self) -> Duration {
        let told = self.top.lines().find_map(|line| line.strip_prefix("claim_for = \"")?.strip_suffix('"'));
        told.map_or(Duration::from_secs(5), |told| humantime::parse_duration(told).expect("a duration"))
    }

    /// Writes the file into the run's folder, and the way to the sandbox's cluster beside it.
    pub fn write(&self, sandbox: &Sandbox, folder: &Path) -> io::Result<PathBuf> {
        self.write_as(FILE, sandbox, folder)
    }

    /// The same under another name.
    pub fn write_as(&self, name: &str, sandbox: &Sandbox, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(name);
        std::fs::write(&path, self.text(sandbox, folder))?;
        let kubeconfig = Kubernetes::kubeconfig(&sandbox.url(Service::Kubernetes));
        std::fs::write(folder.join("kubeconfig"), kubeconfig)?;
        Ok(path)
    }

    /// The file's text.
    pub fn text(&self, sandbox: &Sandbox, folder: &Path) -> String {
        let parts = [
            format!("journal = {}\n{}", quoted(&self.journal), self.top),
            self.pushes(),
            self.tables.clone(),
            self.endpoints(sandbox),
            apart(self.times),
            self.sites(sandbox),
            apart(&self.rest),
        ];
        let text = self.replace.iter().fold(parts.concat(), |text, (old, new)| text.replace(old, new));
        text.replace("{folder}", &folder.display().to_string())
    }

    fn pushes(&self) -> String {
        if self.push.is_empty() {
            return String::new();
        }
        let keys = self.push.iter().map(|(key, text)| (*key, quoted(text)));
        let subscriptions = ["alerts", "commands"]
            .map(|kind| (kind, format!("[{}]", quoted(&subscription(&format!("failover-{kind}"))))));
        format!("\n[push]\n{}", lines(&keys.chain(subscriptions).collect::<Vec<_>>()))
    }

    fn endpoints(&self, sandbox: &Sandbox) -> String {
        let endpoint = |service: &Service| {
            let base = self.pubsub.clone().filter(|_| *service == Service::Pubsub);
            let (name, path) = interface(*service)?;
            Some((name, quoted(&base.unwrap_or_else(|| at(sandbox, *service, path)))))
        };
        let named: Vec<(&str, String)> = self.services.iter().filter_map(endpoint).collect();
        format!("\n[endpoints]\n{}", lines(&named))
    }

    fn sites(&self, sandbox: &Sandbox) -> String {
        let guarded = sandbox.world.sites_where(|site| self.every_site || site.name() == "resume");
        guarded.iter().map(|site| self.site(site)).collect()
    }

    fn site(&self, site: &Site) -> String {
        let named = match &self.urls {
            Some(urls) => texts(&[("name", site.name())]) + urls,
            None => self.with_own_urls(site),
        };
        let usual = || switches::usual(&site.seed);
        let switches = self.switches.clone().unwrap_or_else(usual).replace("{edge}", &site.edge.to_string());
        format!("\n[[sites]]\n{named}{}{}", self.site, apart(&switches))
    }

    fn with_own_urls(&self, site: &Site) -> String {
        let [public, standby, primary] =
            [site.public_url(), site.standby_url(), site.primary_url()].map(|url| url.to_string());
        let keys = [
            ("name", site.name()),
            ("public_url", &public),
            ("standby_url", &standby),
            ("primary_url", &primary),
        ];
        texts(if self.primary_url { &keys } else { &keys[..3] })
    }
}

/// What proves to the function that Pub/Sub sent a push, checked in this way.
pub fn signed(verify: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("verify", verify), ("audience", PUSH_AUDIENCE), ("service_account", PUSH_ACCOUNT)]
}

/// A part of the file below an empty line, if there is one.
fn apart(part: &str) -> String {
    if part.is_empty() { String::new() } else { format!("\n{part}") }
}

/// A cloud's name in `[endpoints]`, and where below its base URL its interface is.
fn interface(service: Service) -> Option<(&'static str, &'static str)> {
    Some(match service {
        Service::Run => ("run", ""),
        Service::Monitoring => ("monitoring", ""),
        Service::Storage => ("storage", ""),
        Service::Pubsub => ("pubsub", ""),
        Service::Iam => ("iam", ""),
        Service::Azure => ("azure", ""),
        Service::AzureMetadata => ("azure_metadata", ""),
        Service::AzureLogin => ("azure_login", ""),
        Service::Cloudflare => ("cloudflare", "client/v4"),
        Service::Compute => ("compute", "compute/v1"),
        Service::Jwks => ("jwks", KEY_SET_PATH),
        _ => return None,
    })
}

fn at(sandbox: &Sandbox, service: Service, path: &str) -> String {
    format!("{}{}", sandbox.url(service), path.trim_start_matches('/'))
}
