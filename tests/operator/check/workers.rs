//! A Worker in front of the site, and a standby that lets in nobody else.

use sandbox::{
    cloudflare::worker_route_id,
    edge::{GATE_SCRIPT, STANDBY_SCRIPT},
    google::access::OPERATOR_ACCOUNT,
};
use serde_json::json;

use super::deployment::{Deployment, each_in};
use crate::harness::Settings;

const CRITICAL: (&str, &str) = ("route", "critical");

/// With the gate in place of the page rule, and nothing to open.
pub(super) async fn behind_the_gate() -> Deployment {
    let sound = Deployment::sound().await;
    let site = sound.sandbox.site("resume");
    let world = sound.world();
    let operator = format!("serviceAccount:{OPERATOR_ACCOUNT}");
    world.run.grant(&site.seed.service, "roles/run.invoker", &operator);
    let route = worker_route_id(site.name());
    world.cloudflare.edit_worker_route(&site.seed.zone, &route, "script", json!(GATE_SCRIPT));
    let switches = format!(
        "[[sites.switches]]\nkind = \"cloudflare_worker_route\"\nzone = \"{}\"\npattern = \"{{edge}}/*\"\n\
         standby_script = \"{STANDBY_SCRIPT}\"\nalways = true\ngate_script = \"{GATE_SCRIPT}\"\n\n\
         [[sites.switches]]\nkind = \"uptime_check\"\ncheck = \"{}\"\n",
        site.seed.zone, site.seed.check
    );
    Deployment { settings: Settings { switches: Some(switches), ..sound.settings.clone() }, ..sound }
}

fn route(deployment: &Deployment, field: &str, value: serde_json::Value) {
    let seed = deployment.sandbox.site("resume").seed;
    deployment.world().cloudflare.edit_worker_route(&seed.zone, &worker_route_id(&seed.name), field, value);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_workers_route_is_found() {
    each_in(
        behind_the_gate,
        &[
            (
                |d| route(d, "request_limit_fail_open", json!(false)),
                CRITICAL,
                "fails closed: when the account's quota is gone",
                "\"request_limit_fail_open\":true",
            ),
            (
                |d| route(d, "script", json!(null)),
                ("route", "warning"),
                "it runs no script, neither the standby's nor what runs in ordinary times",
                "gate_script",
            ),
            (
                |d| route(d, "pattern", json!("127.0.0.1/elsewhere/*")),
                CRITICAL,
                "so nobody could be led to the standby",
                "terraform apply",
            ),
            (
                |d| {
                    let service = d.sandbox.site("resume").seed.service;
                    d.world().run.grant(&service, "roles/run.invoker", "allUsers");
                },
                ("standby", "critical"),
                "the standby answers everybody",
                "remove-iam-policy-binding",
            ),
        ],
    )
    .await;
}
