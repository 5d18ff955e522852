//! A DNS record that leads one name to either place.

use sandbox::{
    Options,
    cloudflare::access::{Permission, Token},
};
use serde_json::json;

use super::deployment::{Deployment, each_in};

const CRITICAL: (&str, &str) = ("route", "critical");
const WARNING: (&str, &str) = ("route", "warning");

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_dns_record_is_found() {
    each_in(
        Deployment::naming,
        &[
            (
                |d| d.record("locked", json!(true)),
                CRITICAL,
                "Cloudflare manages it itself and would refuse the change",
                "make a record of your own",
            ),
            (
                |d| {
                    d.record("type", json!("CNAME"));
                    d.record("content", json!("origin.gleich.tech"));
                },
                CRITICAL,
                "is of type CNAME, which can't hold 203.0.113.7",
                "two addresses for a record of type A",
            ),
            (
                |d| d.record("content", json!("203.0.113.99")),
                CRITICAL,
                "its content is \"203.0.113.99\", neither the primary's nor the standby's",
                "primary = \"203.0.113.99\"   # in the configuration, since the primary answers there",
            ),
            (
                |d| {
                    d.record("proxied", json!(false));
                    d.record("ttl", json!(3600));
                },
                WARNING,
                "resolvers remember the DNS record for 3600 s",
                "\"ttl\":60",
            ),
            (
                |d| d.record("proxied", json!(false)),
                WARNING,
                "may lead visitors to the standby for another 300 s, when it is closed already",
                "drain = \"300s\"",
            ),
            (
                |d| {
                    let permissions = vec![Permission::ZoneRead];
                    let token = Token { permissions, ..Token::new(&Options::default().cloudflare_token) };
                    d.world().cloudflare.set_tokens(vec![token]);
                },
                CRITICAL,
                "grant the token \"DNS: Read\" on this zone",
                "api-tokens",
            ),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_gone_is_found_and_so_are_the_visitors_who_miss_it() {
    let deployment = Deployment::naming().await;
    let zone = deployment.sandbox.site("resume").seed.zone;
    deployment.world().cloudflare.edits.remove_record(&zone, "resume.gleich.tech");
    let report = deployment.report().await;
    let found = report["findings"].as_array().expect("findings");
    let told = |area: &str| {
        let finding = found.iter().find(|finding| finding["area"] == area).expect(area);
        (finding["sentence"].to_string(), finding["mend"].to_string())
    };
    let (sentence, mend) = told("route");
    assert!(sentence.contains("is not there, so nobody could be led to the standby"), "{sentence}");
    assert!(mend.contains("https://dash.cloudflare.com   # DNS: make a record"), "{mend}");
    assert!(told("probes").0.contains("visitors get no answer right now"), "{report:#}");
    assert_eq!(found.len(), 2, "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_at_cloud_runs_own_name_would_not_know_the_visitors_host() {
    let mut deployment = Deployment::naming().await;
    deployment.record("type", json!("CNAME"));
    deployment.record("content", json!("origin.gleich.tech"));
    let switches = deployment.settings.switches.take().expect("switches");
    let switches = switches.replace("203.0.113.7", "origin.gleich.tech");
    deployment.settings.switches = Some(switches.replace("198.51.100.7", "resume-abc123-uc.a.run.app"));
    let report = deployment.report().await;
    let sentence = "would lead to resume-abc123-uc.a.run.app, where Cloud Run answers 404";
    Deployment::assert_found(&report, WARNING, sentence, "gcloud beta run domain-mappings create");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_nobody_knows_while_the_primary_is_silent_is_set_back() {
    let deployment = Deployment::naming().await;
    deployment.record("content", json!("203.0.113.99"));
    deployment.world().edge.set("resume", |edge| edge.challenge = true);
    let report = deployment.report().await;
    let mends = report["findings"].as_array().expect("findings").iter().map(|finding| &finding["mend"]);
    let mends: Vec<&str> = mends.filter_map(|mend| mend.as_str()).collect();
    assert!(mends.iter().any(|mend| mend.contains("\"content\":\"203.0.113.7\"")), "{report:#}");
}
