//! The uptime check: whether it watches, how often, and whether an old incident would swallow the next alert.

use failover_core::{Observed, Position};
use serde_json::Value;

use super::{Problem, Situation};
use crate::api::{google::Alert, names::CheckName};

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
