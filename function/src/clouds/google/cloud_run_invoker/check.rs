//! The standby's service: whether it could serve, whether it is closed, and whether it may be opened.

use failover_core::{Observed, Position};
use serde_json::Value;

use crate::clouds::{Problem, Situation, google::names::ServiceName};

/// What could not serve if it were opened, each with the command for it.
pub fn of_service(service: &Value, name: &ServiceName) -> Vec<Problem> {
    let obstacles = [no_revision, inward_only, parked, newer_failed, behind_proxy, pinned, placeholder];
    obstacles.into_iter().filter_map(|look| look(service, name)).collect()
}

/// A standby that everybody may invoke although the site is on its primary.
pub fn of_door(observed: &Observed, name: &ServiceName, situation: &Situation) -> Option<Problem> {
    let open = match observed {
        Observed::At(Position::Standby) => "it is open".to_owned(),
        Observed::Mixed(how) => format!("it is open in part ({how})"),
        Observed::At(Position::Primary) | Observed::Unknown(_) => return None,
    };
    situation.is_at_home().then(|| {
        let sentence = format!(
            "the standby {} costs money and hides what a rehearsal proves: {open} although the \
             site is on its primary",
            name.service()
        );
        Problem::warning(sentence, format!("failover send failback --site {}", situation.site))
    })
}

/// Permissions that would be missing when the standby is to be opened.
pub fn of_permissions(missing: &[&str], name: &ServiceName, member: &str) -> Option<Problem> {
    (!missing.is_empty()).then(|| {
        let sentence = format!(
            "the standby {} could not be opened: {member} lacks {}",
            name.service(),
            missing.join(", ")
        );
        Problem::critical(sentence, granting(name, member))
    })
}

/// Who may not read operations can't tell when an update of the service is done.
pub fn blind_to_operations(name: &ServiceName, member: &str) -> Problem {
    let sentence = format!(
        "whether {} is open could not be awaited: {member} lacks run.operations.get in the project {}",
        name.service(),
        name.project()
    );
    let mend = format!(
        "gcloud projects add-iam-policy-binding {} --member {member} --role roles/run.viewer",
        name.project()
    );
    Problem::critical(sentence, mend)
}

/// An organisation policy that restricts whom policies may name refuses `allUsers`.
pub fn of_organisation(policy: &Value, name: &ServiceName) -> Option<Problem> {
    let rules = policy["spec"]["rules"].as_array().into_iter().flatten();
    let mut restricted = false;
    for rule in rules {
        // The last rule without a condition that allows everything would win, so one such rule clears it.
        if rule["allowAll"] == true {
            return None;
        }
        restricted |= rule["denyAll"] == true || rule["values"].is_object() || rule["enforce"] == true;
    }
    restricted.then(|| {
        let sentence = format!(
            "the organisation refuses allUsers in policies (iam.allowedPolicyMemberDomains), so {} could not be opened",
            name.service()
        );
        Problem::critical(sentence, "gate = \"iam_check\"   # in the configuration, for this cloud_run_invoker")
    })
}

fn gcloud(name: &ServiceName, rest: &str) -> String {
    format!("gcloud run services {rest} --project {} --region {}", name.project(), name.location())
}

fn granting(name: &ServiceName, member: &str) -> String {
    let what = format!("add-iam-policy-binding {} --member {member} --role roles/run.admin", name.service());
    gcloud(name, &what)
}

fn update(name: &ServiceName, what: &str) -> String {
    gcloud(name, &format!("update {} {what}", name.service()))
}

fn no_revision(service: &Value, name: &ServiceName) -> Option<Problem> {
    let ready = text(&service["latestReadyRevision"]);
    ready.is_empty().then(|| {
        let sentence = format!(
            "the standby {} has no revision that is ready to serve{}",
            name.service(),
            reason(service)
        );
        Problem::critical(
            sentence,
            gcloud(name, &format!("deploy {} --image IMAGE", name.service())).replacen(
                "services deploy",
                "deploy",
                1,
            ),
        )
    })
}

fn inward_only(service: &Value, name: &ServiceName) -> Option<Problem> {
    let ingress = text(&service["ingress"]);
    let outward = matches!(ingress, "" | "INGRESS_TRAFFIC_ALL" | "INGRESS_TRAFFIC_UNSPECIFIED");
    (!outward).then(|| {
        let sentence =
            format!("visitors could not reach the standby {}: its ingress is {ingress}", name.service());
        Problem::critical(sentence, update(name, "--ingress all"))
    })
}

fn parked(service: &Value, name: &ServiceName) -> Option<Problem> {
    let scaling = &service["scaling"];
    let none =
        scaling["scalingMode"] == "MANUAL" && scaling["manualInstanceCount"].as_i64().unwrap_or(0) == 0;
    none.then(|| {
        let sentence = format!(
            "nothing would answer at the standby {}: it is scaled by hand to 0 instances",
            name.service()
        );
        Problem::critical(sentence, update(name, "--scaling auto"))
    })
}

fn newer_failed(service: &Value, name: &ServiceName) -> Option<Problem> {
    let (ready, created) = (text(&service["latestReadyRevision"]), text(&service["latestCreatedRevision"]));
    let failed = service["terminalCondition"]["state"] == "CONDITION_FAILED";
    (!ready.is_empty() && failed && service["reconciling"] != true).then(|| {
        let newest = created.rsplit('/').next().unwrap_or_default();
        let sentence = format!(
            "the standby's newest revision {newest} is not ready, an older one would serve{}",
            reason(service)
        );
        Problem::warning(
            sentence,
            format!(
                "gcloud run revisions describe {newest} --project {} --region {}",
                name.project(),
                name.location()
            ),
        )
    })
}

fn behind_proxy(service: &Value, name: &ServiceName) -> Option<Problem> {
    (service["iapEnabled"] == true).then(|| {
        let sentence =
            format!("Identity-Aware Proxy would ask the visitors of {} to sign in", name.service());
        Problem::critical(sentence, update(name, "--no-iap"))
    })
}

/// Traffic that is fixed to a revision doesn't follow deployments: visitors would be shown the site of that day.
fn pinned(service: &Value, name: &ServiceName) -> Option<Problem> {
    let newest = short(&service["latestReadyRevision"]);
    let shares = service["trafficStatuses"].as_array().filter(|shares| !shares.is_empty());
    let shares = shares.or_else(|| service["traffic"].as_array())?;
    let elsewhere = shares.iter().find(|share| {
        share["percent"].as_i64().unwrap_or(0) > 0
            && share["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
            && short(&share["revision"]) != newest
    })?;
    let sentence = format!(
        "the standby {} would show visitors its revision {}, not the newest, {newest}: its traffic is pinned",
        name.service(),
        short(&elsewhere["revision"])
    );
    let mend = gcloud(name, &format!("update-traffic {} --to-latest", name.service()));
    (!newest.is_empty()).then(|| Problem::warning(sentence, mend))
}

/// What Google shows before anybody deployed anything, which any probe that asks for no text is content with.
fn placeholder(service: &Value, name: &ServiceName) -> Option<Problem> {
    const HELLO: [&str; 2] = ["/cloudrun/container/hello", "gcr.io/cloudrun/hello"];
    let containers = service["template"]["containers"].as_array().into_iter().flatten();
    let mut images = containers.map(|container| text(&container["image"]));
    let image = images.find(|image| HELLO.iter().any(|hello| image.contains(hello)))?;
    let sentence = format!(
        "the standby {} is Google's placeholder ({image}), not the site: visitors would be greeted by \"It's running!\"",
        name.service()
    );
    Some(Problem::critical(sentence, update(name, "--image IMAGE   # the site's own")))
}

/// A revision's own name, at the end of its path.
fn short(value: &Value) -> &str {
    text(value).rsplit('/').next().unwrap_or_default()
}

fn reason(service: &Value) -> String {
    let message = text(&service["terminalCondition"]["message"]);
    if message.is_empty() { String::new() } else { format!(" ({message})") }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
