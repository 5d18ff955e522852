//! Tables of switches, as the sandbox's sites and machines have them.

use sandbox::{
    PairSeed, SiteSeed,
    cloudflare::{PRIMARY_CONTENT, STANDBY_CONTENT, record_id},
    edge::STANDBY_SCRIPT,
    kubernetes::NAMESPACE,
};

use crate::table;

/// A switch of this kind with these keys.
pub fn switch(kind: &str, keys: &[(&str, &str)]) -> String {
    let texts = [&[("kind", kind)], keys].concat();
    format!("[[sites.switches]]\n{}", table::texts(&texts))
}

/// The three of the documentation's example: gate, route and monitor.
pub fn usual(seed: &SiteSeed) -> String {
    [invoker(seed), page_rule(seed), uptime_check(seed)].join("\n")
}

/// The gate.
pub fn invoker(seed: &SiteSeed) -> String {
    switch("cloud_run_invoker", &[("service", &seed.service)])
}

/// The route.
pub fn page_rule(seed: &SiteSeed) -> String {
    switch("cloudflare_page_rule", &[("zone", &seed.zone), ("rule", &seed.rule)])
}

/// Another one, a Single Redirect.
pub fn redirect_rule(seed: &SiteSeed) -> String {
    switch("cloudflare_redirect_rule", &[("zone", &seed.zone), ("ref", &seed.redirect)])
}

/// Another one, which leads one name to either place.
pub fn record(seed: &SiteSeed) -> String {
    record_to(seed, [PRIMARY_CONTENT, STANDBY_CONTENT])
}

/// The same between these places.
pub fn record_to(seed: &SiteSeed, [primary, standby]: [&str; 2]) -> String {
    let record = record_id(&seed.name);
    let keys =
        [("zone", seed.zone.as_str()), ("record", &record), ("primary", primary), ("standby", standby)];
    switch("cloudflare_dns_record", &keys)
}

/// The monitor.
pub fn uptime_check(seed: &SiteSeed) -> String {
    switch("uptime_check", &[("check", &seed.check)])
}

/// The primary's deployment in the sandbox's cluster, to which this file leads.
pub fn scale(deployment: &str, kubeconfig: &str) -> String {
    let keys = [("namespace", NAMESPACE), ("deployment", deployment), ("kubeconfig", kubeconfig)];
    switch("kubernetes_scale", &keys)
}

/// A route whose script in an outage fetches visitors' answers; this one, or none, is there in ordinary times. `{edge}` is
/// the host that visitors type.
pub fn worker_route(seed: &SiteSeed, script: &str) -> String {
    let keys = [("zone", seed.zone.as_str()), ("pattern", "{edge}/*"), ("standby_script", STANDBY_SCRIPT)];
    if script.is_empty() {
        return switch("cloudflare_worker_route", &keys);
    }
    let keys = [keys.as_slice(), &[("gate_script", script)]].concat();
    format!("{}always = true\n", switch("cloudflare_worker_route", &keys))
}

/// A private address on Compute Engine, which moves between these instances.
pub fn alias(pair: &PairSeed, [primary, standby]: &[String; 2]) -> String {
    let range = format!("{}/32", pair.private());
    switch("gcp_alias_ip", &[("range", &range), ("primary", primary), ("standby", standby)])
}

/// An external one.
pub fn external(pair: &PairSeed, [primary, standby]: &[String; 2]) -> String {
    let address = pair.on_compute().address();
    switch("gcp_access_config", &[("address", &address), ("primary", primary), ("standby", standby)])
}

/// A private address on Azure with its public one.
pub fn configuration(pair: &PairSeed) -> String {
    let (azure, private) = (pair.on_azure(), pair.private().to_string());
    let (primary, standby) = (azure.interface(0), azure.interface(1));
    let keys = [
        ("configuration", "vip"),
        ("address", &private),
        ("public_ip", &azure.public_ip()),
        ("primary", &primary),
        ("standby", &standby),
    ];
    switch("azure_ip_configuration", &keys)
}
