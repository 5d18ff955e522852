//! The configuration that the function is given: the documentation's example, with every endpoint at the sandbox.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use sandbox::{
    Sandbox, Service, Site,
    kubernetes::NAMESPACE,
    pubsub::{PUSH_ACCOUNT, PUSH_AUDIENCE, subscription, topic},
    tokens::KEY_SET_PATH,
};

use super::watcher;

/// Where the journal is, in the bucket that the sandbox comes with.
pub(super) const BUCKET: &str = "gleich-tech-failover";
/// What its entries' names begin with.
pub(super) const PREFIX: &str = "journal/";

/// What differs between the drill and the bare sandbox.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// How a push proves who sent it.
    pub(super) verify: &'static str,
    /// Whether `serve` shows the status page.
    pub(super) page: bool,
    /// Pub/Sub's real emulator, where there is one: the base URL. With it the function tells its events topic.
    pub(super) emulator: Option<String>,
    /// How often a watcher looks, where there is one.
    pub(super) watch_every: Option<Duration>,
    /// The way to the cluster that the primary is in, where it is in one.
    pub(super) kubeconfig: Option<PathBuf>,
}

impl Settings {
    /// The file's text.
    pub(super) fn text(&self, sandbox: &Sandbox, site: &Site) -> String {
        let mut text = format!("journal = \"gs://{BUCKET}/{}\"\n", PREFIX.trim_end_matches('/'));
        text.push_str(if self.page { "page    = true\n" } else { "" });
        text.push_str(&self.push());
        if self.emulator.is_some() {
            let _ = write!(text, "\n[events]\ntopic = \"{}\"\n", topic("failover-events"));
        }
        if let Some(every) = self.watch_every {
            text.push_str(&watch(every, sandbox));
        }
        text.push_str(&self.endpoints(sandbox));
        text.push_str(&described(site));
        text.push_str(&self.kubeconfig.as_ref().map_or_else(String::new, |path| deployment(site, path)));
        text
    }

    fn push(&self) -> String {
        format!(
            "\n[push]\n\
             verify          = \"{}\"\n\
             audience        = \"{PUSH_AUDIENCE}\"\n\
             service_account = \"{PUSH_ACCOUNT}\"\n\
             alerts          = [\"{}\"]\n\
             commands        = [\"{}\"]\n",
            self.verify,
            subscription("failover-alerts"),
            subscription("failover-commands"),
        )
    }

    fn endpoints(&self, sandbox: &Sandbox) -> String {
        let base = |service| sandbox.url(service).to_string();
        let pubsub = self.emulator.clone().unwrap_or_else(|| base(Service::Pubsub));
        let named = [
            ("run", base(Service::Run)),
            ("monitoring", base(Service::Monitoring)),
            ("storage", base(Service::Storage)),
            ("pubsub", pubsub),
            ("jwks", format!("{}{KEY_SET_PATH}", base(Service::Jwks).trim_end_matches('/'))),
            ("iam", base(Service::Iam)),
            ("cloudflare", format!("{}client/v4", base(Service::Cloudflare))),
        ];
        let lines = named.map(|(name, url)| format!("{name:<10} = \"{url}\"\n"));
        format!("\n[endpoints]\n{}", lines.concat())
    }
}

/// The watcher's anchors are what goes on answering while the primary's house is dark.
fn watch(every: Duration, sandbox: &Sandbox) -> String {
    let anchors =
        [Service::Jwks, Service::Metadata].map(|service| format!("\"tcp://{}\"", sandbox.address(service)));
    format!(
        "\n[watch]\nevery    = \"{}\"\nanchors  = [{}]\nwatchers = [\"{}\"]\n",
        humantime::format_duration(every),
        anchors.join(", "),
        watcher::NAME,
    )
}

fn deployment(site: &Site, kubeconfig: &Path) -> String {
    format!(
        "\n[[sites.switches]]\n\
         kind       = \"kubernetes_scale\"\n\
         namespace  = \"{NAMESPACE}\"\n\
         deployment = \"{}\"\n\
         kubeconfig = \"{}\"\n",
        site.name(),
        kubeconfig.display()
    )
}

fn described(site: &Site) -> String {
    let seed = &site.seed;
    format!(
        "\n[[sites]]\n\
         name        = \"{}\"\n\
         public_url  = \"{}\"\n\
         standby_url = \"{}\"\n\
         primary_url = \"{}\"\n\
         \n[[sites.switches]]\n\
         kind    = \"cloud_run_invoker\"\n\
         service = \"{}\"\n\
         \n[[sites.switches]]\n\
         kind = \"cloudflare_page_rule\"\n\
         zone = \"{}\"\n\
         rule = \"{}\"\n\
         \n[[sites.switches]]\n\
         kind  = \"uptime_check\"\n\
         check = \"{}\"\n",
        site.name(),
        site.public_url(),
        site.standby_url(),
        site.primary_url(),
        seed.service,
        seed.zone,
        seed.rule,
        seed.check,
    )
}
