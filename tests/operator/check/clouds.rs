//! What is at Google, the site itself and the journal.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sandbox::{
    Power,
    google::access::FUNCTION_ACCOUNT,
    monitoring::{Alert, Monitoring},
    pubsub::{PUSH_ACCOUNT, Subscription, subscription},
};
use serde_json::{Value, json};
use stage::switches;

use super::deployment::{AT, Deployment, FUNCTION, each};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_standby_is_found() {
    const CRITICAL: (&str, &str) = ("standby", "critical");
    each(&[
        (
            |d| d.standby("latestReadyRevision", json!("")),
            CRITICAL,
            "no revision that is ready",
            "gcloud run deploy resume",
        ),
        (
            |d| d.standby("ingress", json!("INGRESS_TRAFFIC_NONE")),
            CRITICAL,
            "its ingress is INGRESS_TRAFFIC_NONE",
            "--ingress all",
        ),
        (
            |d| d.standby("scaling", json!({"scalingMode": "MANUAL", "manualInstanceCount": 0})),
            CRITICAL,
            "by hand to 0",
            "--scaling auto",
        ),
        (|d| d.standby("iapEnabled", json!(true)), CRITICAL, "sign in", "--no-iap"),
        (
            |d| {
                let image = json!("us-docker.pkg.dev/cloudrun/container/hello@sha256:00");
                let service = d.sandbox.site("resume").seed.service;
                d.world().run.edit(&service, |service| service["template"]["containers"][0]["image"] = image);
            },
            CRITICAL,
            "is Google's placeholder (us-docker.pkg.dev/cloudrun/container/hello@sha256:00), not the site",
            "gcloud run services update resume --image IMAGE",
        ),
        (
            |d| {
                let share = json!({"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "resume-00000-old", "percent": 100});
                d.standby("trafficStatuses", json!([share]));
            },
            ("standby", "warning"),
            "would show visitors its revision resume-00000-old, not the newest",
            "gcloud run services update-traffic resume --to-latest",
        ),
        (
            |d| {
                let failed = json!({"type": "Ready", "state": "CONDITION_FAILED", "message": "it crashed"});
                d.standby("terminalCondition", failed);
                d.standby("latestCreatedRevision", json!("projects/p/revisions/resume-00002-xyz"));
            },
            ("standby", "warning"),
            "newest revision resume-00002-xyz is not ready, an older one would serve (it crashed)",
            "gcloud run revisions describe resume-00002-xyz",
        ),
        (
            |d| {
                let service = d.sandbox.site("resume").seed.service;
                d.world().run.grant(&service, "roles/run.invoker", "allUsers");
            },
            ("standby", "warning"),
            "it is open although the site is on its primary",
            "failover send failback --site resume",
        ),
        (
            |d| d.world().deny("run.services.setIamPolicy"),
            CRITICAL,
            "lacks run.services.setIamPolicy",
            FUNCTION_ACCOUNT,
        ),
        (
            |d| d.world().deny("run.services.getIamPolicy"),
            CRITICAL,
            "lacks run.services.getIamPolicy",
            "add-iam-policy-binding resume",
        ),
        (
            |d| d.world().run.forbid_all_users(true),
            CRITICAL,
            "the organisation refuses allUsers",
            "gate = \"iam_check\"",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_is_the_invoker_check_is_looked_at_as_such() {
    let sound = || async {
        let mut deployment = Deployment::sound().await;
        let seed = deployment.sandbox.site("resume").seed;
        let gate = format!("{}gate = \"iam_check\"\n", switches::invoker(&seed));
        deployment.settings.switches = Some(format!("{gate}\n{}", switches::page_rule(&seed)));
        // Such an organisation refuses allUsers, which no longer matters.
        deployment.world().run.forbid_all_users(true);
        deployment
    };
    sound().await.run(&["check"], &[]).await.ends(0);
    for (permission, role) in
        [("run.services.update", "roles/run.admin"), ("run.operations.get", "roles/run.viewer")]
    {
        let deployment = sound().await;
        deployment.world().deny(permission);
        let report = deployment.report().await;
        Deployment::assert_found(&report, ("standby", "critical"), &format!("lacks {permission}"), role);
    }
}

fn policy(deployment: &Deployment, field: &str, value: &Value) {
    let check = deployment.sandbox.site("resume").seed.check;
    deployment.world().monitoring.edit_policy(&Monitoring::policy_of(&check), field, value);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_monitoring_is_found() {
    const CRITICAL: (&str, &str) = ("monitoring", "critical");
    each(&[
        (
            |d| d.check("period", json!("300s")),
            ("monitoring", "warning"),
            "looks only every 300s",
            "--period 1",
        ),
        (
            |d| d.check("disabled", json!(true)),
            CRITICAL,
            "is paused although the site is on its primary",
            "failover send failback",
        ),
        (
            |d| d.world().deny("monitoring.uptimeCheckConfigs.update"),
            CRITICAL,
            "lacks monitoring.uptimeCheckConfigs.update",
            "gcloud projects add-iam-policy-binding",
        ),
        (
            |d| d.world().deny("monitoring.uptimeCheckConfigs.get"),
            CRITICAL,
            "lacks monitoring.uptimeCheckConfigs.get",
            FUNCTION_ACCOUNT,
        ),
        (
            |d| d.world().deny("monitoring.alerts.list"),
            ("monitoring", "warning"),
            "lacks monitoring.alerts.list",
            "roles/monitoring.viewer",
        ),
        (
            |d| policy(d, "enabled", &json!(false)),
            CRITICAL,
            "no alert policy that is switched on watches the uptime check",
            "make a policy for this check",
        ),
        (
            |d| policy(d, "conditions", &json!([{"conditionThreshold": {"filter": "metric.type=\"run.googleapis.com/request_count\""}}])),
            CRITICAL,
            "no alert policy that is switched on watches the uptime check",
            "console.cloud.google.com/monitoring/alerting?project=gleich-tech",
        ),
        (
            |d| policy(d, "notificationChannels", &json!([])),
            CRITICAL,
            "has no notification channel: it tells nobody",
            "give it the channel",
        ),
        (
            |d| {
                let seed = d.sandbox.site("resume").seed;
                d.world().monitoring.put_alert(Alert {
                    project: "gleich-tech".to_owned(),
                    id: "0.old".to_owned(),
                    policy: Monitoring::policy_of(&seed.check),
                    site: "resume".to_owned(),
                    host: "will.gleich.tech".to_owned(),
                    opened: Timestamp::now(),
                    closed: None,
                });
            },
            ("monitoring", "warning"),
            "incident 0.old of \"resume uptime failure\" is still open although the site answers",
            "\"autoClose\":\"1800s\"",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_subscription_is_found() {
    fn alerts(deployment: &Deployment, change: impl FnOnce(&mut Subscription)) {
        deployment.world().pubsub.configure(&subscription("failover-alerts"), change);
    }
    const WARNING: (&str, &str) = ("push", "warning");
    const CRITICAL: (&str, &str) = ("push", "critical");
    each(&[
        (
            |d| alerts(d, |s| s.ack_deadline = Duration::from_secs(10)),
            WARNING,
            "waits only 10 s",
            "--ack-deadline 600",
        ),
        (
            |d| alerts(d, |s| s.dead_letter.as_mut().expect("one").attempts = 5),
            WARNING,
            "after 5 deliveries",
            "--max-delivery-attempts 100",
        ),
        (|d| alerts(d, |s| s.dead_letter = None), WARNING, "no dead-letter topic", "--dead-letter-topic"),
        (
            |d| alerts(d, |s| s.expires_after = Some(Duration::from_hours(31 * 24))),
            CRITICAL,
            "is deleted after 31 days without a message",
            "--expiration-period never",
        ),
        (
            |d| alerts(d, |s| s.maximum_backoff = Duration::from_mins(10)),
            WARNING,
            "waits 1s to 10m",
            "--max-retry-delay 60s",
        ),
        (
            |d| alerts(d, |s| s.audience = "other".to_owned()),
            CRITICAL,
            "audience \"other\"",
            "--push-auth-token-audience failover",
        ),
        (
            |d| alerts(d, |s| s.account = "x@p.iam.gserviceaccount.com".to_owned()),
            CRITICAL,
            "every push is refused",
            PUSH_ACCOUNT,
        ),
        (
            |d| alerts(d, |s| s.wrapped = false),
            CRITICAL,
            "without an envelope",
            "--clear-push-no-wrapper-config",
        ),
        (
            |d| alerts(d, |s| s.filter = "attributes.x = \"y\"".to_owned()),
            CRITICAL,
            "alerts carry no attributes",
            "terraform apply",
        ),
        (
            |d| alerts(d, |s| s.topic = "_deleted-topic_".to_owned()),
            CRITICAL,
            "has lost its topic",
            "terraform apply",
        ),
        (
            |d| alerts(d, |s| s.endpoint = Some(format!("{AT}/"))),
            CRITICAL,
            "pushes are taken at /push",
            "--push-endpoint",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_function_itself_is_found() {
    fn template(deployment: &Deployment, field: &str, value: Value) {
        deployment.world().run.edit(FUNCTION, |service| service["template"][field] = value);
    }
    each(&[
        (
            |d| d.world().run.grant(FUNCTION, "roles/run.invoker", "allUsers"),
            ("function", "critical"),
            "allUsers may invoke it",
            "remove-iam-policy-binding failover --member allUsers",
        ),
        (
            |d| {
                d.world().run.edit(FUNCTION, |service| {
                    drop(service.insert("invokerIamDisabled".to_owned(), json!(true)));
                });
            },
            ("function", "critical"),
            "its invoker check is off",
            "--invoker-iam-check",
        ),
        (
            |d| template(d, "timeout", json!("300s")),
            ("function", "warning"),
            "has 300s for an answer",
            "--timeout 600",
        ),
        (
            |d| template(d, "scaling", json!({"maxInstanceCount": 3})),
            ("function", "warning"),
            "more than once",
            "--max-instances 1",
        ),
        (
            |d| template(d, "maxInstanceRequestConcurrency", json!(1)),
            ("function", "warning"),
            "takes 1 requests at once",
            "--concurrency 80",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_site_its_journal_and_the_clock_is_found() {
    each(&[
        (
            |d| d.world().edge.set("resume", |edge| edge.challenge = true),
            ("probes", "critical"),
            "bot protection challenges our probes",
            "cloud-failover-probe",
        ),
        (
            |d| d.world().set_primary("resume", Power::Off),
            ("probes", "critical"),
            "visitors get no answer right now",
            "failover status",
        ),
        (
            |d| d.world().deny("storage.objects.create"),
            ("journal", "critical"),
            "lacks storage.objects.create",
            "roles/storage.objectCreator",
        ),
        (
            |d| d.world().deny("storage.objects.list"),
            ("journal", "critical"),
            "lacks storage.objects.list",
            "roles/storage.objectViewer",
        ),
        (
            |d| d.world().keys.set_skew(SignedDuration::from_mins(-3)),
            ("clock", "critical"),
            "ahead of Google's",
            "timedatectl",
        ),
    ])
    .await;
    let mut deployment = Deployment::sound().await;
    deployment.settings.primary_url = false;
    deployment.settings.site += "primary_url = \"http://127.0.0.1:9/\"\n";
    let report = deployment.report().await;
    Deployment::assert_found(&report, ("probes", "critical"), "doesn't answer at primary_url", "primary_url");

    let deployment = Deployment::sound().await;
    deployment.run(&["rehearse", "--here"], &[]).await.ends(0);
    let (newest, _) = deployment.world().storage.objects("gleich-tech-failover").swap_remove(0);
    deployment.world().storage.put("gleich-tech-failover", &newest, "half an ent");
    let report = deployment.report().await;
    Deployment::assert_found(
        &report,
        ("journal", "critical"),
        "can't be read",
        "failover send acknowledge --site resume",
    );
}
