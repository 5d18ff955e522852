//! What `gcloud` sees of our work, and what our work leaves of `gcloud`'s.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cloud_failover::journal::{Create, Journal, JournalSettings, key};
use failover_core::Position;
use sandbox::Service;
use serde_json::{Value, json};
use stage::Drill;

use crate::{
    gcloud::Gcloud,
    ours::{BUCKET, Ours, token},
};

const SERVICE: [&str; 2] = ["resume", "--region=us-central1"];
const INVOKER: &str = "roles/run.invoker";

/// What others had granted before: a member of the same role, another role, and a condition.
fn foreign() -> Vec<Value> {
    let until = "request.time < timestamp('2030-01-01T00:00:00Z')";
    vec![
        json!({ "role": INVOKER, "members": ["serviceAccount:smoke@gleich-tech.iam.gserviceaccount.com"] }),
        json!({ "role": "roles/run.viewer", "members": ["user:bob@gleich.tech"] }),
        json!({
            "role": INVOKER,
            "members": ["user:carol@gleich.tech"],
            "condition": { "title": "until 2030", "expression": until },
        }),
    ]
}

/// Every grant of a policy: role, condition, member.
fn grants(policy: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let bindings = policy["bindings"].as_array().unwrap();
    let mut grants: Vec<_> = bindings
        .iter()
        .flat_map(|binding| {
            let (role, title) = (text(&binding["role"]), text(&binding["condition"]["title"]));
            let members = binding["members"].as_array().unwrap().clone();
            members.into_iter().map(move |member| (role.clone(), title.clone(), text(&member)))
        })
        .collect();
    grants.sort();
    grants
}

fn everybody() -> (String, String, String) {
    (INVOKER.to_owned(), String::new(), "allUsers".to_owned())
}

#[tokio::test]
async fn gcloud_reads_the_policy_that_a_failover_wrote_with_everybody_elses_grants_in_it() {
    let drill = Drill::start().await;
    let Some(gcloud) = Gcloud::of_operator(&drill.sandbox).await else { return };
    let before = json!({ "version": 3, "bindings": foreign() });
    drill.sandbox.world.run.replace_policy(&drill.site().seed.service, &before);
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    let read = gcloud.json(&[&["run", "services", "get-iam-policy"], SERVICE.as_slice()].concat()).await;
    let mut expected = grants(&before);
    expected.push(everybody());
    expected.sort();
    assert_eq!(grants(&read), expected);
    drill.all_promises_hold();
}

#[tokio::test]
async fn what_gcloud_grants_while_the_standby_is_open_stays_when_we_close_it() {
    let ours = Ours::new().await;
    let Some(gcloud) = Gcloud::of_operator(&ours.sandbox).await else { return };
    ours.move_gate(Position::Standby).await;
    let add = ["run", "services", "add-iam-policy-binding"];
    let dora = ["--member=user:dora@gleich.tech", "--role=roles/run.invoker", "--condition=None"];
    gcloud.text(&[add.as_slice(), &SERVICE, &dora].concat()).await;
    let beside = ours.sandbox.world.run.policy(&ours.site.seed.service).unwrap();
    assert!(grants(&beside).contains(&everybody()), "gcloud keeps ours: {beside}");
    ours.move_gate(Position::Primary).await;
    let after = grants(&ours.sandbox.world.run.policy(&ours.site.seed.service).unwrap());
    assert!(!after.contains(&everybody()), "{after:?}");
    assert!(
        after.contains(&(INVOKER.to_owned(), String::new(), "user:dora@gleich.tech".to_owned())),
        "{after:?}"
    );
}

#[tokio::test]
async fn gcloud_sees_the_uptime_check_paused_and_otherwise_as_it_was() {
    let ours = Ours::new().await;
    let Some(gcloud) = Gcloud::of_operator(&ours.sandbox).await else { return };
    let mut expected = ours.sandbox.world.monitoring.check(&ours.site.seed.check).unwrap();
    ours.pause().await;
    let id = ours.site.seed.check.rsplit('/').next().unwrap();
    let described = gcloud.json(&["monitoring", "uptime", "describe", id]).await;
    expected["disabled"] = true.into();
    assert_eq!(described, expected);
}

#[tokio::test]
async fn gcloud_lists_the_entries_of_our_journal_newest_first() {
    let ours = Ours::new().await;
    let Some(gcloud) = Gcloud::of_operator(&ours.sandbox).await else { return };
    let settings = JournalSettings {
        endpoint: Some(ours.sandbox.url(Service::Storage)),
        tokens: Some(Arc::new(token(&ours.sandbox))),
        ..JournalSettings::default()
    };
    let location = format!("gs://{BUCKET}/journal");
    let journal = Journal::open(&location.parse().unwrap(), settings).unwrap();
    let resume = "resume".parse().unwrap();
    for (number, entry) in [(1, "{\"number\":1}"), (2, "{\"number\":2}")] {
        assert_eq!(journal.create(&resume, number, entry.into()).await.unwrap(), Create::Created);
    }
    let listed = gcloud.text(&["storage", "ls", &format!("{location}/resume/")]).await;
    let expected = [2, 1].map(|number| format!("{location}/resume/{}", key(number).unwrap()));
    assert_eq!(listed.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn gcloud_gets_its_identity_token_from_the_sandboxs_metadata_server() {
    let ours = Ours::new().await;
    let Some(gcloud) = Gcloud::on_google(&ours.sandbox).await else { return };
    let token = gcloud.text(&["auth", "print-identity-token", "--audiences=failover"]).await;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!("failover"), &json!("https://accounts.google.com")));
}

#[tokio::test]
async fn gcloud_copies_a_file_into_a_bucket_and_back() {
    let ours = Ours::new().await;
    let Some(gcloud) = Gcloud::of_operator(&ours.sandbox).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("sent"), "some text").unwrap();
    let place = format!("gs://{BUCKET}/clients/sent");
    gcloud.text(&["storage", "cp", &at("sent"), &place]).await;
    assert_eq!(ours.sandbox.world.storage.read(BUCKET, "clients/sent").unwrap(), "some text");
    gcloud.text(&["storage", "cp", &place, &at("back")]).await;
    assert_eq!(std::fs::read_to_string(at("back")).unwrap(), "some text");
}
