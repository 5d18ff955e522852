//! Whether a service could serve if it were opened now, read from the service itself.
//!
//! Source: the discovery document of `run` v2, `GoogleCloudRunV2Service`, read 2026-11-20.

use serde_json::Value;

use crate::clouds::Readiness;

pub(super) fn of(service: &Value) -> Readiness {
    let obstacles: Vec<String> =
        [no_revision(service), inward_only(service), parked(service)].into_iter().flatten().collect();
    if !obstacles.is_empty() {
        return Readiness::Unable(obstacles.join("; "));
    }
    let doubts: Vec<String> = [newer_failed(service), behind_proxy(service)].into_iter().flatten().collect();
    if doubts.is_empty() { Readiness::Ready } else { Readiness::Doubtful(doubts.join("; ")) }
}

fn no_revision(service: &Value) -> Option<String> {
    let ready = text(&service["latestReadyRevision"]);
    // One that is just being made may be ready in a moment.
    (ready.is_empty() && service["reconciling"] != true)
        .then(|| format!("no revision is ready to serve{}", reason(service)))
}

fn inward_only(service: &Value) -> Option<String> {
    let ingress = text(&service["ingress"]);
    let open = matches!(ingress, "" | "INGRESS_TRAFFIC_ALL" | "INGRESS_TRAFFIC_UNSPECIFIED");
    (!open).then(|| format!("ingress is {ingress}: visitors only get in with INGRESS_TRAFFIC_ALL"))
}

fn parked(service: &Value) -> Option<String> {
    let scaling = &service["scaling"];
    let none =
        scaling["scalingMode"] == "MANUAL" && scaling["manualInstanceCount"].as_i64().unwrap_or(0) == 0;
    none.then(|| "scaling is manual with 0 instances, so nothing would answer".to_owned())
}

fn newer_failed(service: &Value) -> Option<String> {
    let (ready, created) = (short(&service["latestReadyRevision"]), short(&service["latestCreatedRevision"]));
    if service["reconciling"] == true {
        let last = match ready {
            "" => ", and no revision is ready yet".to_owned(),
            ready => format!("; {ready} was the last revision to be ready"),
        };
        return Some(format!("it is being changed just now{last}"));
    }
    let failed = service["terminalCondition"]["state"] == "CONDITION_FAILED";
    if !created.is_empty() && created != ready {
        return Some(format!("the newer revision {created} is not ready, {ready} serves{}", reason(service)));
    }
    failed.then(|| format!("its last change failed, {ready} serves{}", reason(service)))
}

fn behind_proxy(service: &Value) -> Option<String> {
    (service["iapEnabled"] == true)
        .then(|| "Identity-Aware Proxy is on and may ask visitors to sign in".to_owned())
}

fn reason(service: &Value) -> String {
    let message = text(&service["terminalCondition"]["message"]);
    if message.is_empty() { String::new() } else { format!(" ({message})") }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A revision's own name, at the end of its path.
fn short(value: &Value) -> &str {
    text(value).rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service() -> Value {
        json!({
            "latestReadyRevision": "projects/p/locations/l/services/s/revisions/s-1",
            "latestCreatedRevision": "projects/p/locations/l/services/s/revisions/s-1",
            "ingress": "INGRESS_TRAFFIC_ALL",
            "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
        })
    }

    #[track_caller]
    fn check(change: &Value, expected: &Readiness) {
        let mut service = service();
        for (key, value) in change.as_object().unwrap() {
            service[key] = value.clone();
        }
        assert_eq!(of(&service), *expected);
    }

    fn unable(why: &str) -> Readiness {
        Readiness::Unable(why.to_owned())
    }

    fn doubtful(why: &str) -> Readiness {
        Readiness::Doubtful(why.to_owned())
    }

    #[test]
    fn a_settled_service_is_ready() {
        check(&json!({}), &Readiness::Ready);
        check(&json!({"scaling": {"scalingMode": "MANUAL", "manualInstanceCount": 1}}), &Readiness::Ready);
        check(&json!({"scaling": {"minInstanceCount": 0}}), &Readiness::Ready);
    }

    #[test]
    fn what_could_not_serve_says_why() {
        let failed = json!({"latestReadyRevision": null,
            "terminalCondition": {"state": "CONDITION_FAILED", "message": "image not found"}});
        check(&failed, &unable("no revision is ready to serve (image not found)"));
        check(
            &json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "scaling": {"scalingMode": "MANUAL"}}),
            &unable(
                "ingress is INGRESS_TRAFFIC_INTERNAL_ONLY: visitors only get in with INGRESS_TRAFFIC_ALL; \
                     scaling is manual with 0 instances, so nothing would answer",
            ),
        );
    }

    #[test]
    fn a_revision_that_is_being_made_may_be_ready_in_a_moment() {
        let starting = json!({"latestReadyRevision": null, "reconciling": true});
        check(&starting, &doubtful("it is being changed just now, and no revision is ready yet"));
        let parked =
            json!({"latestReadyRevision": "", "reconciling": true, "scaling": {"scalingMode": "MANUAL"}});
        check(&parked, &unable("scaling is manual with 0 instances, so nothing would answer"));
    }

    #[test]
    fn a_failed_newer_revision_is_only_a_warning() {
        let newer = json!({"latestCreatedRevision": "projects/p/locations/l/services/s/revisions/s-2",
            "terminalCondition": {"state": "CONDITION_FAILED", "message": "it crashed"}});
        check(&newer, &doubtful("the newer revision s-2 is not ready, s-1 serves (it crashed)"));
        check(
            &json!({"reconciling": true}),
            &doubtful("it is being changed just now; s-1 was the last revision to be ready"),
        );
        check(
            &json!({"iapEnabled": true}),
            &doubtful("Identity-Aware Proxy is on and may ask visitors to sign in"),
        );
        check(
            &json!({"terminalCondition": {"state": "CONDITION_FAILED"}}),
            &doubtful("its last change failed, s-1 serves"),
        );
    }
}
