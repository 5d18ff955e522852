//! The site's switches, with any gate and any route that Cloudflare has.

use ::stage::{
    Settings,
    switches::{invoker, page_rule, record, redirect_rule, scale, uptime_check},
};
use sandbox::SiteSeed;

use crate::story::SERVED_BY;

/// The kind that leads one name to either place, so that answers say who gave them.
pub(crate) const RECORD: &str = "cloudflare_dns_record";

/// The kind that has a script fetch visitors' answers from a standby that stays closed.
pub(crate) const WORKER: &str = "cloudflare_worker_route";

/// These settings, for a site with this gate and this route.
pub(crate) fn with_switches(settings: Settings, gate: &str, route: &str) -> Settings {
    let served_by = if route == RECORD { SERVED_BY } else { "" };
    let site = format!("{}{served_by}", settings.site);
    Settings { site, switches: Some(three(&SiteSeed::example(), gate, route)), ..settings }
}

/// A table's last case begins long after its story was recorded, and the usual ten minutes count from there.
const READY_WITHIN: &str = "ready_within = \"2h\"\n";

/// These settings, for a site with the usual switches and the primary's deployment, which may take long, unless it is to
/// have the default time.
pub(crate) fn with_scale(settings: Settings, default_time: bool) -> Settings {
    let seed = SiteSeed::example();
    let usual = three(&seed, "all_users", "cloudflare_page_rule");
    let scale = scale(&seed.name, "{folder}/kubeconfig");
    let ready = if default_time { "" } else { READY_WITHIN };
    Settings { switches: Some(format!("{usual}\n{scale}{ready}")), ..settings }
}

fn three(seed: &SiteSeed, gate: &str, route: &str) -> String {
    let route = match route {
        "cloudflare_page_rule" => page_rule(seed),
        "cloudflare_redirect_rule" => redirect_rule(seed),
        _ => record(seed),
    };
    [format!("{}gate = \"{gate}\"\n", invoker(seed)), route, uptime_check(seed)].join("\n")
}
