//! The configuration that tests give the function: the documentation's example, pointed at the sandbox.

use std::{fmt::Write, time::Duration};

use sandbox::{Sandbox, Service, Site, SiteSeed, edge::STANDBY_SCRIPT};

/// How the function is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `journal`; `{folder}` stands for the test's own folder.
    pub journal: String,
    /// Lines for the top of the file.
    pub top: String,
    /// Lines for the site.
    pub site: String,
    /// Whether all of the sandbox's sites are guarded, and not `resume` alone.
    pub every_site: bool,
    /// Lines with the site's URLs; `None` takes those of the sandbox's site.
    pub urls: Option<String>,
    /// Whether the site has a `primary_url`.
    pub primary_url: bool,
    /// Lines for `[push]`.
    pub push: String,
    /// The site's switches; `None` takes the three of the example. `{edge}` is the host that visitors type, `{folder}/kubeconfig` leads to the sandbox's cluster.
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

/// The times that the contract fixes, at a tenth.
pub const TIMES: &str =
    "[times]\napart = \"200ms\"\nthrottled = [\"200ms\", \"500ms\", \"1s\", \"3s\", \"6s\"]\n";

impl Default for Settings {
    fn default() -> Self {
        Self {
            journal: "gs://gleich-tech-failover/journal".to_owned(),
            top: "call_timeout = \"1s\"\nclaim_for = \"500ms\"\nprobe_timeout = \"500ms\"\njournal_patience = \"500ms\"\nreconcile_every = \"1ms\"\n"
                .to_owned(),
            site: "confirm_within = \"2s\"\ncooldown = \"0s\"\nverify_within = \"2s\"\nfailback_patience = \"2s\"\n".to_owned(),
            every_site: false,
            urls: None,
            primary_url: true,
            push: "verify = \"none\"\n".to_owned(),
            switches: None,
            rest: String::new(),
            replace: Vec::new(),
            environment: Vec::new(),
            descriptors: None,
        }
    }
}

impl Settings {
    /// The same for a site behind a Worker: this script in ordinary times, or none.
    #[must_use]
    pub fn behind_a_worker(self, script: &str) -> Self {
        let SiteSeed { check, zone, .. } = SiteSeed::example();
        let gate = if script.is_empty() {
            String::new()
        } else {
            format!("always = true\ngate_script = \"{script}\"\n")
        };
        let switches = format!(
            "[[sites.switches]]\nkind = \"cloudflare_worker_route\"\nzone = \"{zone}\"\npattern = \"{{edge}}/*\"\n\
             standby_script = \"{STANDBY_SCRIPT}\"\n{gate}\n\
             [[sites.switches]]\nkind = \"uptime_check\"\ncheck = \"{check}\"\n"
        );
        Self { switches: Some(switches), ..self }
    }

    /// How long a claim lives.
    ///
    /// # Panics
    /// Where that is no duration.
    pub fn claim_for(&self) -> Duration {
        let told = self.top.lines().find_map(|line| line.strip_prefix("claim_for = \"")?.strip_suffix('"'));
        told.map_or(Duration::from_secs(5), |told| humantime::parse_duration(told).expect("a duration"))
    }

    /// The file's text.
    pub fn text(&self, sandbox: &Sandbox, folder: &str) -> String {
        let mut text = format!(
            "journal = \"{}\"\n{}\n[push]\n{}",
            self.journal.replace("{folder}", folder),
            self.top,
            self.push
        );
        text.push_str("alerts = [\"projects/gleich-tech/subscriptions/failover-alerts\"]\n");
        text.push_str(
            "commands = [\"projects/gleich-tech/subscriptions/failover-commands\"]\n\n[endpoints]\n",
        );
        for (name, service) in [
            ("run", Service::Run),
            ("monitoring", Service::Monitoring),
            ("storage", Service::Storage),
            ("pubsub", Service::Pubsub),
            ("iam", Service::Iam),
            ("azure", Service::Azure),
            ("azure_metadata", Service::AzureMetadata),
            ("azure_login", Service::AzureLogin),
        ] {
            let _ = writeln!(text, "{name} = \"{}\"", sandbox.url(service));
        }
        let _ = writeln!(text, "cloudflare = \"{}client/v4\"", sandbox.url(Service::Cloudflare));
        let _ = writeln!(text, "compute = \"{}compute/v1\"", sandbox.url(Service::Compute));
        let keys = sandbox.url(Service::Jwks).join(sandbox::tokens::KEY_SET_PATH).expect("a path");
        let _ = writeln!(text, "jwks = \"{keys}\"\n\n{TIMES}");
        for site in sandbox.world.sites_where(|site| self.every_site || site.name() == "resume") {
            self.add_site(&mut text, &site);
        }
        text.push_str(&self.rest);
        let text = self.replace.iter().fold(text, |text, (old, new)| text.replace(old, new));
        text.replace("{folder}", folder)
    }

    fn urls_of(&self, site: &Site) -> String {
        let (public, standby) = (site.public_url(), site.standby_url());
        let mut urls = format!("public_url = \"{public}\"\nstandby_url = \"{standby}\"\n");
        if self.primary_url {
            let _ = writeln!(urls, "primary_url = \"{}\"", site.primary_url());
        }
        urls
    }

    fn add_site(&self, text: &mut String, site: &Site) {
        let _ = write!(text, "\n[[sites]]\nname = \"{}\"\n{}", site.name(), self.site);
        text.push_str(&self.urls.clone().unwrap_or_else(|| self.urls_of(site)));
        let seed = &site.seed;
        let usual = format!(
            "[[sites.switches]]\nkind = \"cloud_run_invoker\"\nservice = \"{}\"\n\n\
             [[sites.switches]]\nkind = \"cloudflare_page_rule\"\nzone = \"{}\"\nrule = \"{}\"\n\n\
             [[sites.switches]]\nkind = \"uptime_check\"\ncheck = \"{}\"\n",
            seed.service, seed.zone, seed.rule, seed.check
        );
        let switches = self.switches.as_deref().unwrap_or(&usual);
        let _ = write!(text, "\n{}\n", switches.replace("{edge}", &site.edge.to_string()));
    }
}
