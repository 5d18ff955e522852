//! The configuration that the function is given: every time at its default.

use std::fmt::Write;

use sandbox::{Sandbox, Service, Site};

/// What differs from table to table.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The journal's place; `{folder}` stands for the run's own folder.
    pub(crate) journal: &'static str,
    /// `order` of every site.
    pub(crate) order: &'static str,
}

/// A journal in the sandbox's Cloud Storage.
pub(crate) const BUCKET: &str = "gs://gleich-tech-failover/journal";

/// A journal in a folder.
pub(crate) const FOLDER: &str = "file:{folder}/journal";

impl Default for Settings {
    fn default() -> Self {
        Self { journal: BUCKET, order: "standby_first" }
    }
}

impl Settings {
    /// The file's text for these sites.
    pub(crate) fn text(&self, sandbox: &Sandbox, sites: &[Site], folder: &str) -> String {
        let mut text = format!("journal = \"{}\"\n\n", self.journal.replace("{folder}", folder));
        text.push_str("[push]\nverify = \"none\"\n");
        for kind in ["alerts", "commands"] {
            let _ = writeln!(text, "{kind} = [\"projects/gleich-tech/subscriptions/failover-{kind}\"]");
        }
        text.push_str("\n[endpoints]\n");
        for (name, service) in
            [("run", Service::Run), ("monitoring", Service::Monitoring), ("storage", Service::Storage)]
        {
            let _ = writeln!(text, "{name} = \"{}\"", sandbox.url(service));
        }
        let _ = writeln!(text, "cloudflare = \"{}client/v4\"", sandbox.url(Service::Cloudflare));
        for site in sites {
            self.add_site(&mut text, site);
        }
        text
    }

    fn add_site(&self, text: &mut String, site: &Site) {
        let (seed, name, order) = (&site.seed, site.name(), self.order);
        let (public, standby, primary) = (site.public_url(), site.standby_url(), site.primary_url());
        let _ = write!(
            text,
            "\n[[sites]]\nname = \"{name}\"\norder = \"{order}\"\npublic_url = \"{public}\"\n\
             standby_url = \"{standby}\"\nprimary_url = \"{primary}\"\n\n\
             [[sites.switches]]\nkind = \"cloud_run_invoker\"\nservice = \"{}\"\n\n\
             [[sites.switches]]\nkind = \"cloudflare_page_rule\"\nzone = \"{}\"\nrule = \"{}\"\n\n\
             [[sites.switches]]\nkind = \"uptime_check\"\ncheck = \"{}\"\n",
            seed.service, seed.zone, seed.rule, seed.check
        );
    }
}
