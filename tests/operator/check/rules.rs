//! Cloudflare's rules and its token.

use jiff::{SignedDuration, Timestamp};
use sandbox::{
    Aim, Fault, Options,
    cloudflare::{
        ACCOUNT,
        access::{Permission, Token},
    },
};
use serde_json::{Value, json};

use super::deployment::{Deployment, each};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_page_rule_is_found() {
    const CRITICAL: (&str, &str) = ("route", "critical");
    each(&[
        (
            |d| {
                let seed = d.sandbox.site("resume").seed;
                d.world().cloudflare.edits.remove_page_rule(&seed.zone, &seed.rule);
            },
            CRITICAL,
            "Cloudflare turned the zone's Page Rules into redirect rules",
            "kind = \"cloudflare_redirect_rule\", zone = \"023e105f4ecef8ad9ca31a8372d0c353\", ref = \"failover_resume\"",
        ),
        (
            |d| {
                let [edge, standby, _] = d.hosts();
                d.forward(&format!("{edge}/*"), &format!("http://{standby}/$1"), 301);
            },
            CRITICAL,
            "answers 301, which browsers remember for good",
            "\"status_code\":302",
        ),
        (
            |d| {
                let [edge, standby, _] = d.hosts();
                d.forward(&format!("{edge}/*"), &format!("http://{standby}/"), 302);
            },
            ("route", "warning"),
            "loses the visitor's path",
            "/$1\"",
        ),
        (
            |d| {
                let [edge, ..] = d.hosts();
                d.forward(&format!("{edge}/*"), "http://elsewhere.example/$1", 302);
            },
            CRITICAL,
            "leads to elsewhere.example, not to the standby",
            "curl -X PATCH http",
        ),
        (
            |d| {
                let [_, standby, _] = d.hosts();
                d.forward("www.example.com/*", &format!("http://{standby}/$1"), 302);
            },
            CRITICAL,
            "so visitors of that page stay where they are",
            "\"value\":\"127.0.0.1",
        ),
        (
            |d| d.page_rule("actions", json!([{ "id": "cache_level", "value": "bypass" }])),
            CRITICAL,
            "it has no forwarding_url",
            "Authorization: Bearer $CLOUDFLARE_API_TOKEN",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_catches_the_standby_or_the_primary_is_found() {
    let mut deployment = Deployment::sound().await;
    deployment.settings.primary_url = false;
    let [_, standby, _] = deployment.hosts();
    deployment.forward("127.0.0.1*/*", &format!("http://{standby}/$2"), 302);
    let report = deployment.report().await;
    Deployment::assert_found(&report, ("route", "critical"), "led in a circle", "curl -X PATCH");
    let deployment = Deployment::redirecting().await;
    let [edge, _, primary] = deployment.hosts();
    deployment.redirect("expression", json!(format!("http.host in {{\"{edge}\" \"{primary}\"}}")));
    let report = deployment.report().await;
    Deployment::assert_found(
        &report,
        ("route", "critical"),
        "every failback would be refused",
        "http.host eq",
    );
    deployment.mended(&report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_outranked_is_found() {
    let deployment = Deployment::sound().await;
    let seed = deployment.sandbox.site("resume").seed;
    let [edge, ..] = deployment.hosts();
    let others = deployment.cloudflare(&format!("zones/{}/pagerules", seed.zone)).await;
    let foreign = others
        .as_array()
        .expect("rules")
        .iter()
        .find(|rule| rule["id"] != json!(seed.rule))
        .expect("another");
    let id = foreign["id"].as_str().expect("an id");
    let everything =
        json!([{ "target": "url", "constraint": { "operator": "matches", "value": format!("{edge}/*") } }]);
    deployment.world().cloudflare.edits.edit_page_rule(&seed.zone, id, "targets", everything);
    deployment.world().cloudflare.edits.edit_page_rule(&seed.zone, id, "priority", json!(9));
    let report = deployment.report().await;
    Deployment::assert_found(
        &report,
        ("route", "critical"),
        "only the one with the highest priority runs",
        "\"priority\":10",
    );
    deployment.mended(&report).await;

    let deployment = Deployment::sound().await;
    let [edge, ..] = deployment.hosts();
    let path = format!("zones/{}/rulesets/phases/http_request_dynamic_redirect/entrypoint", seed.zone);
    let ruleset = deployment.cloudflare(&path).await;
    let foreign =
        ruleset["rules"].as_array().expect("rules").iter().find(|rule| rule["enabled"] == true).expect("one");
    let reference = foreign["ref"].as_str().expect("a ref");
    let deep = format!("http.host eq \"{edge}\" and starts_with(http.request.uri.path, \"/some\")");
    deployment.world().cloudflare.edits.edit_redirect_rule(&seed.zone, reference, "expression", json!(deep));
    let report = deployment.report().await;
    Deployment::assert_found(
        &report,
        ("route", "critical"),
        "redirect rules run before page rules",
        "and http.host ne",
    );
    deployment.mended(&report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_redirect_rule_is_found() {
    let parameters = |deployment: &Deployment, target: Value, status: u16| {
        let value = json!({ "target_url": target, "status_code": status, "preserve_query_string": true });
        deployment.redirect("action_parameters", json!({ "from_value": value }));
    };
    let deployment = Deployment::redirecting().await;
    let [_, standby, _] = deployment.hosts();
    let dynamic = json!({ "expression": format!("concat(\"http://{standby}\", http.request.uri.path)") });
    parameters(&deployment, dynamic, 308);
    Deployment::assert_found(&deployment.report().await, ("route", "critical"), "answers 308", ":302");
    parameters(&deployment, json!({ "value": format!("http://{standby}/") }), 302);
    Deployment::assert_found(
        &deployment.report().await,
        ("route", "warning"),
        "loses the visitor's path",
        "concat(",
    );
    parameters(
        &deployment,
        json!({ "expression": "concat(\"https://elsewhere.example\", http.request.uri.path)" }),
        302,
    );
    Deployment::assert_found(
        &deployment.report().await,
        ("route", "critical"),
        "not to the standby",
        "curl -X PATCH",
    );

    let deployment = Deployment::redirecting().await;
    deployment.redirect("ref", json!("renamed"));
    Deployment::assert_found(
        &deployment.report().await,
        ("route", "critical"),
        "has the ref failover_resume",
        "\"ref\":\"failover_resume\"",
    );

    let deployment = Deployment::redirecting().await;
    let [edge, standby, _] = deployment.hosts();
    deployment.redirect("expression", json!(format!("http.host in {{\"{edge}\" \"{standby}\"}}")));
    Deployment::assert_found(
        &deployment.report().await,
        ("route", "critical"),
        "led in a circle",
        "http.host eq",
    );
    deployment.redirect("expression", json!("ip.src in {192.0.2.1}"));
    deployment
        .run(&["check"], &[])
        .await
        .ends(0)
        .says("was not understood, so whom it matches was not checked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_token_is_found() {
    let good = || Token::new(&Options::default().cloudflare_token);
    let deployment = Deployment::sound().await;
    let set = |token: Token| deployment.world().cloudflare.set_tokens(vec![token]);
    let told = deployment.run(&["check"], &[]).await;
    told.ends(0);
    assert!(!told.out.contains("an account's own token"), "page rules take none: {}", told.out);
    set(Token { account: Some(ACCOUNT.to_owned()), ..good() });
    Deployment::assert_found(&deployment.report().await, ("route", "critical"), "(1011)", "api-tokens");
    let redirecting = Deployment::redirecting().await;
    redirecting.run(&["check"], &[]).await.ends(0).says("which an account's own token has to itself");
    let own = Token { account: Some(ACCOUNT.to_owned()), ..good() };
    redirecting.world().cloudflare.set_tokens(vec![own]);
    redirecting.run(&["check"], &[]).await.ends(0);
    set(Token { status: "disabled".to_owned(), ..good() });
    Deployment::assert_found(
        &deployment.report().await,
        ("token", "critical"),
        "Cloudflare's token is disabled",
        "api-tokens",
    );
    let soon = Timestamp::now() + SignedDuration::from_hours(5 * 24);
    set(Token { expires_on: Some(soon.to_string()), ..good() });
    Deployment::assert_found(
        &deployment.report().await,
        ("token", "warning"),
        "expires in 4 d 23 h",
        "api-tokens",
    );
    let past = Timestamp::now() - SignedDuration::from_hours(1);
    set(Token { expires_on: Some(past.to_string()), ..good() });
    Deployment::assert_found(&deployment.report().await, ("token", "critical"), "expired at", "api-tokens");
    set(Token { permissions: vec![Permission::ZoneRead, Permission::RedirectRead], ..good() });
    Deployment::assert_found(
        &deployment.report().await,
        ("route", "critical"),
        "Page Rules: Read",
        "api-tokens",
    );
    let own =
        Token { account: Some(ACCOUNT.to_owned()), permissions: vec![Permission::RedirectEdit], ..good() };
    redirecting.world().cloudflare.set_tokens(vec![own]);
    let told = redirecting.run(&["check"], &[]).await;
    told.ends(0).says("of which kind it is and when it expires can't be told");
    deployment.world().cloudflare.set_tokens(Vec::new());
    Deployment::assert_found(
        &deployment.report().await,
        ("token", "critical"),
        "doesn't know this token",
        "CLOUDFLARE_API_TOKEN",
    );
}

/// Cloudflare has refused an account's token at the user's door with 401 and with 403.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_users_door_denies_is_shown_at_the_accounts() {
    let deployment = Deployment::redirecting().await;
    let own = Token { account: Some(ACCOUNT.to_owned()), ..Token::new(&Options::default().cloudflare_token) };
    deployment.world().cloudflare.set_tokens(vec![own]);
    let denied = |message: &str| {
        let body = json!({"success": false, "errors": [{"code": 9109, "message": message}], "messages": [], "result": null});
        let fault = Fault::Status { code: 403, retry_after: None, body: Some(body.to_string()) };
        deployment.world().faults.clear();
        deployment.world().fault(Aim::at("cloudflare.verify_token").times(u32::MAX), fault);
    };
    denied("Unauthorized to access requested resource");
    deployment.run(&["check"], &[]).await.ends(0);
    // From here no door is open, whosever the token is.
    denied("Cannot use the access token from location: 203.0.113.9");
    Deployment::assert_found(
        &deployment.report().await,
        ("token", "critical"),
        "from this address",
        "api-tokens",
    );
}
