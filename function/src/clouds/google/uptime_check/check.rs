//! The uptime check: whether it watches, how often, and whether an old incident would swallow the next alert.

use failover_core::{Observed, Position};
use serde_json::Value;

use crate::clouds::{
    Problem, Situation,
    google::{Alert, alerts_on, names::CheckName},
};

/// What is wrong with the check's own settings.
pub fn of_check(check: &Value, name: &CheckName) -> Option<Problem> {
    let period = check["period"].as_str().unwrap_or("60s");
    (period != "60s").then(|| {
        let sentence =
            format!("the uptime check {} looks only every {period}; 60s is the shortest there is", name.id());
        let mend =
            format!("gcloud monitoring uptime update {} --period 1 --project {}", name.id(), name.project());
        Problem::warning(sentence, mend)
    })
}

/// A check that is paused although the site is on its primary sees no outage.
pub fn of_position(observed: &Observed, name: &CheckName, situation: &Situation) -> Option<Problem> {
    let paused = situation.is_at_home() && observed.is_at(Position::Standby);
    paused.then(|| {
        let sentence = format!(
            "the uptime check {} is paused although the site is on its primary: it would see no outage",
            name.id()
        );
        Problem::critical(sentence, format!("failover send failback --site {}", situation.site))
    })
}

/// Monitoring has one incident a time series: while one is open, the next outage publishes nothing.
pub fn of_incident(alert: &Alert, name: &CheckName, situation: &Situation) -> Option<Problem> {
    let is_well = situation.is_at_home() && situation.public.is_by(Position::Primary);
    is_well.then(|| {
        let sentence = format!(
            "incident {} of \"{}\" is still open although the site answers: it would swallow the next alert",
            alert.id(),
            alert.policy_title
        );
        let policy = alert.policy.rsplit('/').next().unwrap_or_default();
        let mend = format!(
            "gcloud monitoring policies update {policy} --project {} --fields alertStrategy.autoClose \
             --policy '{{\"alertStrategy\":{{\"autoClose\":\"1800s\"}}}}'   # then wait, or close it in the console",
            name.project()
        );
        Problem::warning(sentence, mend)
    })
}

/// Who tells the function of an outage: a policy that the check's failure makes open an incident, with somebody to tell.
pub fn of_policies(policies: &[Value], name: &CheckName) -> Option<Problem> {
    let console = format!("https://console.cloud.google.com/monitoring/alerting?project={}", name.project());
    let alerting: Vec<&Value> = policies.iter().filter(|policy| alerts_on(policy, name)).collect();
    if alerting.is_empty() {
        let sentence = format!(
            "no alert policy that is switched on watches the uptime check {}: its failures are told to nobody, and only \
             the function's own looks remain",
            name.id()
        );
        return Some(Problem::critical(sentence, format!("{console}   # make a policy for this check")));
    }
    let tells =
        |policy: &&Value| policy["notificationChannels"].as_array().is_some_and(|all| !all.is_empty());
    (!alerting.iter().any(tells)).then(|| {
        let title = alerting[0]["displayName"].as_str().unwrap_or_default();
        let sentence = format!(
            "the alert policy \"{title}\" watches the uptime check {} and has no notification channel: it tells nobody",
            name.id()
        );
        Problem::critical(sentence, format!("{console}   # give it the channel that publishes to the alerts topic"))
    })
}

/// Permissions that would be missing when monitoring is to be paused or resumed.
pub fn of_permissions(missing: &[&str], name: &CheckName, member: &str) -> Option<Problem> {
    (!missing.is_empty()).then(|| {
        let sentence = format!(
            "{member} lacks {} in the project {} of the uptime check",
            missing.join(", "),
            name.project()
        );
        let role = if missing == ["monitoring.alerts.list"] {
            "roles/monitoring.viewer"
        } else {
            "roles/monitoring.editor"
        };
        let mend = format!(
            "gcloud projects add-iam-policy-binding {} --member {member} --role {role}",
            name.project()
        );
        let lets_move = missing.iter().all(|permission| *permission == "monitoring.alerts.list");
        if lets_move { Problem::warning(sentence, mend) } else { Problem::critical(sentence, mend) }
    })
}
