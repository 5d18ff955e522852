//! `check`: each thing that would break in an outage is broken here, and found: it, and nothing else.

mod clouds;
mod deployment;
mod machines;
mod records;
mod rules;
mod workers;

use std::collections::BTreeMap;

use sandbox::{Options, google::access::FUNCTION_ACCOUNT};
use serde_json::{Value, json};

use deployment::{AT, Deployment, FUNCTION};
use stage::{Drill, Function, Settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_deployment_has_no_finding_and_says_as_whom_it_looked() {
    let deployment = Deployment::sound().await;
    let ran = deployment.run(&["check"], &[]).await;
    ran.ends(0)
        .says(&format!("looked as {FUNCTION_ACCOUNT}, as which you may act"))
        .says("Nothing was found");
    let own = deployment.run(&["check", "--as-me"], &[]).await;
    own.ends(0).says("looked as the credentials of whoever runs this");
    let other = deployment.run(&["check", "--as", "auditor@gleich-tech.iam.gserviceaccount.com"], &[]).await;
    other.ends(0).says("looked as auditor@gleich-tech.iam.gserviceaccount.com, as which you may act");
    deployment.world().deny("iam.serviceAccounts.getAccessToken");
    let refused = deployment.run(&["check"], &[]).await;
    refused.ends(0).says("looked as yourself").says("roles/iam.serviceAccountTokenCreator");
    let [alias, external] = [machines::alias().await, machines::external().await];
    let behind = workers::behind_the_gate().await;
    for other in [Deployment::redirecting().await, Deployment::naming().await, alias, external, behind] {
        other.run(&["check"], &[]).await.ends(0).says("Nothing was found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_told_with_the_command_that_mends_it_and_ends_with_3() {
    let deployment = Deployment::sound().await;
    deployment.standby("ingress", json!("INGRESS_TRAFFIC_INTERNAL_ONLY"));
    let ran = deployment.run(&["check", "--site", "resume"], &[]).await;
    ran.ends(3)
        .says("✗ critical Visitors could not reach the standby resume")
        .says("1 critical, 0 to look at");
    ran.says("gcloud run services update resume --ingress all --project gleich-tech --region us-central1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_looked_at_is_told_and_never_called_sound() {
    let deployment = Deployment::sound().await;
    deployment.world().deny("orgpolicy.policy.get");
    deployment.world().deny("pubsub.subscriptions.get");
    let ran = deployment.run(&["check"], &[]).await;
    ran.ends(3).says("whether an organisation policy refuses allUsers").says("a rehearsal proves it");
    ran.says("could not read the settings of projects/gleich-tech/subscriptions/failover-alerts");
    ran.says("The check looked at").says("nothing is known of the others");
    assert!(!ran.out.contains("Nothing was found") && !ran.out.contains("0 critical"), "{}", ran.out);
    let told = deployment.run(&["check", "--json"], &[]).await.ends(3).json();
    assert_eq!(told["findings"], json!([]));
    let (looked_at, things) = (told["looked_at"].as_u64(), told["things"].as_u64());
    assert!(looked_at > Some(5) && looked_at < things, "{told:#}");
    let without = deployment.run(&["check"], &[("CLOUDFLARE_API_TOKEN", "")]).await;
    without
        .ends(3)
        .says("CLOUDFLARE_API_TOKEN is not set here")
        .says("that takes a good token of Cloudflare's");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_google_credential_it_says_so_once_and_soon() {
    let deployment = Deployment::sound().await;
    let taken = tokio::net::TcpSocket::new_v4().expect("a socket");
    taken.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let nobody = taken.local_addr().expect("it").to_string();
    let started = std::time::Instant::now();
    let ran = deployment.run(&["check"], &[("GCE_METADATA_HOST", &nobody), ("HOME", "/nonexistent")]).await;
    let took = started.elapsed();
    ran.ends(1).says("no Google credentials on this machine: gcloud auth application-default login");
    assert!(ran.out.is_empty() && ran.err.matches(':').count() == 2, "one sentence: {}", ran.err);
    assert!(took < std::time::Duration::from_secs(10), "it took {took:?} on a busy machine");
    assert!(deployment.world().ledger.calls().is_empty(), "nothing else was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_certificates_it_says_what_to_install() {
    let deployment = Deployment::sound().await;
    let nowhere = [("SSL_CERT_FILE", "/nowhere/ca.pem"), ("SSL_CERT_DIR", "/nowhere")];
    let ran = deployment.run(&["check"], &nowhere).await;
    ran.ends(1).says("install the CA certificates or point SSL_CERT_FILE to them");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_cloud_run_the_function_looks_as_its_own_account_and_at_its_own_service() {
    let deployment = Deployment::sound().await;
    let world = deployment.world();
    // The metadata server names the project by its number.
    let own = FUNCTION.replace("gleich-tech", "365415247865");
    world.run.add_service(&own, AT);
    world.run.grant(&own, "roles/run.invoker", "allUsers");
    world.metadata.run_as(FUNCTION_ACCOUNT);
    let settings =
        Settings { environment: vec![("K_SERVICE", "failover".to_owned())], ..deployment.settings.clone() };
    let function = Function::start(&deployment.sandbox, &settings, &deployment.folder).await;
    world.pubsub.push_to(&format!("{}/push", function.base()));
    let told = deployment.run(&["send", "check", "--json"], &[]).await.ends(0).json();
    let id = told["published"]["message_id"].as_str().expect("an id");
    assert_eq!(world.pubsub.settled(id).await.status, Some(200));
    let log = function.output();
    assert!(log.contains("the function failover is open to all: allUsers may invoke it"), "{log}");
    assert!(log.contains(&format!("\"looked_as\":\"{FUNCTION_ACCOUNT}\"")), "{log}");
    assert!(!log.contains(&Options::default().cloudflare_token) && !log.contains("ya29."), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_a_command_the_function_looks_as_itself_announces_it_and_tells_it_to_the_page_once() {
    let top = format!("page = true\n{}", Settings::default().top);
    let drill = Drill::with(Settings { top, ..Settings::default() }, Options::default()).await;
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    drill.order("check").await.is(200, "stay", None).because("nothing that would break");
    assert!(drill.announced("check").is_empty(), "nobody wants to hear every day that all is well");
    let service = drill.site().seed.service;
    let inward = json!("INGRESS_TRAFFIC_INTERNAL_ONLY");
    drill.sandbox.world.run.edit(&service, |service| drop(service.insert("ingress".to_owned(), inward)));
    drill.order("check").await.is(200, "stay", None).because("visitors could not reach the standby");
    assert_eq!(drill.announces("check", 1).await[0]["severity"], "ERROR");
    drill.order("check").await.is(200, "stay", None);
    assert!(drill.writes().is_empty(), "a check changes no cloud");
    assert_eq!(drill.sandbox.world.ledger.journal_writes().len(), 2, "the same again is no news");
    let sites: Value = reqwest::get(format!("{}/sites", drill.function.base()))
        .await
        .expect("the page")
        .json()
        .await
        .expect("JSON");
    let shown: BTreeMap<String, Value> =
        serde_json::from_value(sites["sites"][0]["findings"][0].clone()).expect("a finding");
    assert_eq!(shown["severity"], "critical", "{sites}");
    assert!(shown["mend"].as_str().is_some_and(|mend| mend.contains("--ingress all")), "{sites}");
    let status = drill.failover(&["status"]).await;
    status.ends(0).says("check visitors could not reach the standby").says("failover check");
    let all = json!("INGRESS_TRAFFIC_ALL");
    drill.sandbox.world.run.edit(&service, |service| drop(service.insert("ingress".to_owned(), all)));
    drill.order("check").await.is(200, "stay", None).because("nothing that would break");
    drill.failover(&["history"]).await.ends(0).says("nothing was found that would break in an outage");
    drill.all_promises_hold();
}
