//! The site's switches, with any gate and any route that Cloudflare has.

use sandbox::{
    SiteSeed,
    cloudflare::{PRIMARY_CONTENT, STANDBY_CONTENT, record_id},
    kubernetes::NAMESPACE,
};

use crate::{harness::Settings, story::SERVED_BY};

/// The kind that leads one name to either place, so that answers say who gave them.
pub(crate) const RECORD: &str = "cloudflare_dns_record";

/// The kind that has a script fetch visitors' answers from a standby that stays closed.
pub(crate) const WORKER: &str = "cloudflare_worker_route";

/// These settings, for a site with this gate and this route.
pub(crate) fn with_switches(settings: Settings, gate: &str, route: &str) -> Settings {
    let served_by = if route == RECORD { SERVED_BY } else { "" };
    let site = format!("{}{served_by}", settings.site);
    Settings { site, switches: Some(switches(&SiteSeed::example(), gate, route)), ..settings }
}

/// A table's last case begins long after its story was recorded, and the usual ten minutes count from there.
const READY_WITHIN: &str = "ready_within = \"2h\"\n";

/// These settings, for a site with the usual switches and the primary's deployment, which may take long, unless it is to
/// have the default time.
pub(crate) fn with_scale(settings: Settings, default_time: bool) -> Settings {
    let seed = SiteSeed::example();
    let scale = format!(
        "\n[[sites.switches]]\nkind = \"kubernetes_scale\"\nnamespace = \"{NAMESPACE}\"\ndeployment = \"{}\"\n\
         kubeconfig = \"{{folder}}/kubeconfig\"\n{}",
        seed.name,
        if default_time { "" } else { READY_WITHIN }
    );
    Settings { switches: Some(switches(&seed, "all_users", "cloudflare_page_rule") + &scale), ..settings }
}

fn switches(seed: &SiteSeed, gate: &str, route: &str) -> String {
    let SiteSeed { service, check, zone, rule, redirect, name, .. } = seed;
    let keys = match route {
        "cloudflare_page_rule" => format!("rule = \"{rule}\""),
        "cloudflare_redirect_rule" => format!("ref = \"{redirect}\""),
        _ => format!(
            "record = \"{}\"\nprimary = \"{PRIMARY_CONTENT}\"\nstandby = \"{STANDBY_CONTENT}\"",
            record_id(name)
        ),
    };
    format!(
        "[[sites.switches]]\nkind = \"cloud_run_invoker\"\nservice = \"{service}\"\ngate = \"{gate}\"\n\n\
         [[sites.switches]]\nkind = \"{route}\"\nzone = \"{zone}\"\n{keys}\n\n\
         [[sites.switches]]\nkind = \"uptime_check\"\ncheck = \"{check}\"\n"
    )
}
