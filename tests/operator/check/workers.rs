//! A Worker in front of the site, and a standby that lets in nobody else.

use sandbox::{
    Aim, Fault, Options,
    cloudflare::{
        access::{Permission, Token},
        worker_route_id,
    },
    edge::{GATE_SCRIPT, STANDBY_SCRIPT},
    google::access::OPERATOR_ACCOUNT,
};
use serde_json::{Value, json};

use super::deployment::{Deployment, each_in};

const CRITICAL: (&str, &str) = ("route", "critical");

/// With the gate in place of the page rule, and nothing to open.
pub(super) async fn behind_the_gate() -> Deployment {
    let sound = Deployment::sound().await;
    let site = sound.sandbox.site("resume");
    let world = sound.world();
    let operator = format!("serviceAccount:{OPERATOR_ACCOUNT}");
    world.run.grant(&site.seed.service, "roles/run.invoker", &operator);
    let route = worker_route_id(site.name());
    world.cloudflare.edits.edit_worker_route(&site.seed.zone, &route, "script", json!(GATE_SCRIPT));
    Deployment { settings: sound.settings.clone().behind_a_worker(GATE_SCRIPT), ..sound }
}

fn route(deployment: &Deployment, field: &str, value: Value) {
    let seed = deployment.sandbox.site("resume").seed;
    deployment.world().cloudflare.edits.edit_worker_route(
        &seed.zone,
        &worker_route_id(&seed.name),
        field,
        value,
    );
}

fn script(deployment: &Deployment, name: &str, change: fn(&mut String, &mut Vec<Value>)) {
    deployment.world().cloudflare.edits.edit_script(name, change);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_routes_and_redirects_is_enough_and_what_it_can_not_see_is_noted() {
    let deployment = behind_the_gate().await;
    let secret = Options::default().cloudflare_token;
    let permits = |permissions: Vec<Permission>| {
        let token = Token { permissions, ..Token::new(&secret) };
        deployment.world().cloudflare.set_tokens(vec![token]);
    };
    permits(vec![Permission::WorkersRoutesEdit]);
    let blind = deployment.run(&["check"], &[]).await;
    blind
        .ends(3)
        .says("could not read zones/")
        .says("grant the token \"Single Redirect: Read\" on this zone");
    permits(vec![Permission::WorkersRoutesEdit, Permission::RedirectRead]);
    let ran = deployment.run(&["check"], &[]).await;
    ran.ends(0)
        .says("which version of the gate is deployed")
        .says("Workers Scripts: Read on the account would tell");
    ran.says("a Worker on the free plan answers 100,000 requests a day");
    permits(vec![Permission::WorkersRoutesEdit, Permission::RedirectRead, Permission::ZoneRead]);
    deployment.run(&["check"], &[]).await.ends(0).says("which version of the gate is deployed");
    permits(vec![
        Permission::WorkersRoutesEdit,
        Permission::RedirectRead,
        Permission::ZoneRead,
        Permission::WorkersScriptsRead,
        Permission::AccountAnalyticsRead,
    ]);
    deployment.world().cloudflare.edits.set_requests(1_234);
    let seeing = deployment.run(&["check"], &[]).await;
    seeing.ends(0).says("answered 1234 requests in the last 24 hours, of 100000");
    assert!(!seeing.out.contains("which version of the gate"), "{}", seeing.out);
}

/// They run before any Worker: not to have seen them is not to know that there are none.
#[tokio::test(flavor = "multi_thread")]
async fn redirects_before_the_worker_that_could_not_be_read_are_no_green_check() {
    let deployment = behind_the_gate().await;
    let zone = deployment.sandbox.site("resume").seed.zone;
    deployment.world().cloudflare.edits.set_redirect_rules(&zone, None);
    deployment.run(&["check"], &[]).await.ends(0);
    let refused = r#"{"success":false,"errors":[{"code":1,"message":"no"}],"messages":[],"result":null}"#;
    let fault = Fault::Status { code: 400, retry_after: None, body: Some(refused.to_owned()) };
    deployment.world().fault(Aim::at("cloudflare.get_entrypoint").times(u32::MAX), fault);
    deployment.run(&["check"], &[]).await.ends(3).says("http_request_dynamic_redirect/entrypoint");
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
                |d| script(d, GATE_SCRIPT, |text, _| *text = text.replace("5_000", "6_000")),
                ("route", "warning"),
                "the script failover-gate is another version of the gate than this one's",
                "/workers/scripts/failover-gate/content -H",
            ),
            (
                |d| script(d, STANDBY_SCRIPT, |_, bindings| bindings.retain(|bound| bound["name"] != "SIGNING_KEY")),
                CRITICAL,
                "the script failover-standby has no SIGNING_KEY: the closed standby would refuse it",
                "/workers/scripts/failover-standby/secrets -H",
            ),
            (
                |d| d.world().cloudflare.edits.remove_script(GATE_SCRIPT),
                CRITICAL,
                "the script failover-gate is not deployed, so home can't be put behind it again",
                "terraform apply",
            ),
            (
                |d| d.world().cloudflare.edits.set_requests(91_234),
                ("route", "warning"),
                "the account's Workers answered 91234 requests in the last 24 hours, and the free plan ends at 100000",
                "exclude assets by a route without a script",
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
