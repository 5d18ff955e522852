//! No token, key or password in anything the function prints or keeps, whatever goes wrong.

use sandbox::{Aim, Fault, Options};
use serde_json::json;

use crate::harness::{Drill, Settings};

/// Webhook whose URL holds a secret; nobody listens there, so that its failure is logged too.
const WEBHOOK: &str = "http://hooks.invalid/services/T000/webhook-secret-in-the-path";

async fn verbose() -> Drill {
    let settings = Settings {
        rest: "\n[[webhooks]]\nkind = \"slack\"\nurl_env = \"TEAM_WEBHOOK\"\n".to_owned(),
        environment: vec![("FAILOVER_LOG", "trace".to_owned()), ("TEAM_WEBHOOK", WEBHOOK.to_owned())],
        ..Settings::default()
    };
    Drill::with(settings, Options::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_or_kept_whatever_goes_wrong() {
    let drill = verbose().await;
    let world = &drill.sandbox.world;
    drill.cut_power();
    let operations = [
        "cloudflare.patch_page_rule",
        "run.get_iam_policy",
        "run.set_iam_policy",
        "monitoring.patch_check",
        "storage.create",
    ];
    for operation in operations {
        for fault in
            [Fault::status(403), Fault::status(500), Fault::Garbage, Fault::Reset, Fault::SuccessFalse]
        {
            world.fault(Aim::at(operation).nth(1), fault);
            drill.open_incident("0.outage").await;
            drill.order("reconcile").await;
            world.faults.clear();
        }
    }
    drill.restore_power();
    drill.order("failback").await.is(200, "move", Some("Done"));
    drill.order("check").await;
    drill.function.push(&json!({ "message": "not a push" })).await;

    let mut kept = drill.function.output();
    assert!(kept.contains("begins"), "the log was not verbose: {kept}");
    for (_, entry) in world.storage.objects(&Options::default().bucket) {
        kept.push_str(&String::from_utf8_lossy(&entry));
    }
    // Google's access tokens begin so, the metadata server's in the sandbox too.
    for secret in [Options::default().cloudflare_token.as_str(), "webhook-secret", "ya29.", "Bearer "] {
        let at = kept.find(secret);
        let around = at.map(|at| &kept[at.saturating_sub(200)..(at + 40).min(kept.len())]);
        assert!(at.is_none(), "{secret:?} is in there: …{}…", around.unwrap_or_default());
    }
}
