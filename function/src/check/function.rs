//! The function's own service: closed to all but Pub/Sub, patient, and alone.

use serde_json::Value;

use crate::clouds::{Problem, google::names::ServiceName};

/// Who everybody is, in a policy.
const EVERYBODY: [&str; 2] = ["allUsers", "allAuthenticatedUsers"];

/// Whether anybody could push. With `verify = "cloud_run_iam"` Cloud Run's check is the only lock.
pub fn of_doors(service: &Value, policy: &Value, name: &ServiceName) -> Option<Problem> {
    let run = |rest: &str| {
        format!("gcloud run services {rest} --project {} --region {}", name.project(), name.location())
    };
    if service["invokerIamDisabled"] == true {
        let sentence = format!(
            "the function {} is open to all, since its invoker check is off: anybody could command it",
            name.service()
        );
        return Some(Problem::critical(
            sentence,
            run(&format!("update {} --invoker-iam-check", name.service())),
        ));
    }
    let bindings = policy["bindings"].as_array().into_iter().flatten();
    let invokers = bindings.filter(|binding| binding["role"] == "roles/run.invoker");
    let members = invokers.flat_map(|binding| binding["members"].as_array().into_iter().flatten());
    let everybody = members.filter_map(Value::as_str).find(|member| EVERYBODY.contains(member))?;
    let sentence = format!(
        "the function {} is open to all: {everybody} may invoke it, and so command it",
        name.service()
    );
    let mend =
        format!("remove-iam-policy-binding {} --member {everybody} --role roles/run.invoker", name.service());
    Some(Problem::critical(sentence, run(&mend)))
}

/// Whether it has the time, and doesn't compete with itself.
pub fn of_settings(service: &Value, name: &ServiceName) -> Vec<Problem> {
    let update = |what: &str| {
        format!(
            "gcloud run services update {} {what} --project {} --region {}",
            name.service(),
            name.project(),
            name.location()
        )
    };
    let mut problems = Vec::new();
    let timeout = service["template"]["timeout"].as_str().unwrap_or("300s");
    let seconds: f64 = timeout.strip_suffix('s').and_then(|seconds| seconds.parse().ok()).unwrap_or(0.0);
    if seconds < 600.0 {
        let sentence = format!(
            "the function {} has {timeout} for an answer, and a failover may wait for minutes",
            name.service()
        );
        problems.push(Problem::warning(sentence, update("--timeout 600")));
    }
    let most = |scaling: &Value| scaling["maxInstanceCount"].as_i64().filter(|most| *most > 0);
    let most = most(&service["scaling"]).or_else(|| most(&service["template"]["scaling"]));
    if most != Some(1) {
        let sentence =
            format!("the function {} may run more than once, which costs claims and probes", name.service());
        problems.push(Problem::warning(sentence, update("--max-instances 1")));
    }
    // Cloud Run's default is 80.
    let abreast = service["template"]["maxInstanceRequestConcurrency"].as_i64().unwrap_or(80);
    if abreast < 80 {
        let sentence = format!(
            "the function {} takes {abreast} requests at once: a failover that waits would lock commands out",
            name.service()
        );
        problems.push(Problem::warning(sentence, update("--concurrency 80")));
    }
    problems
}
