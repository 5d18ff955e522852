//! What Cloud Monitoring, or a prober in its shape, says happened; and which site it means.
//!
//! Monitoring's payload changes within its major version and differs between its own senders, so only what is
//! needed is read, everything but the id and the state may be missing, and unknown fields are left alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    SiteName,
    reading::{Fitting, Leaf, Unreadable, object},
};

/// Metrics that say whether an uptime check passed begin with this.
const UPTIME_METRICS: &str = "monitoring.googleapis.com/uptime_check/";
/// The policy's user label with which an operator names the site.
const SITE_LABEL: &str = "failover_site";
/// A label that people use for other things too: it counts only where it names a configured site.
const LOOSE_SITE_LABEL: &str = "site";
/// The label in which a probe report carries its watcher's name.
const WATCHER_LABEL: &str = "failover_watcher";

/// What an alert or a probe report says happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Monitoring's name of it: the same in every message about it.
    pub id: String,
    /// Whether it has just opened or closed.
    pub state: IncidentState,
    /// When the outage began, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// The sender's own sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The metric's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The alert policy's resource name, `projects/p/alertPolicies/id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The alert policy's user labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The uptime check's id, where the condition did not aggregate it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_id: Option<String>,
    /// The host that was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The watcher that sent it, if it is a probe report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<String>,
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// The outage began.
    Open,
    /// The incident ended, which does not prove that the primary is well.
    Closed,
}

/// What an alerts subscription delivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and nearly always it is an incident")]
pub enum Notification {
    /// An incident opened or closed.
    Incident(Incident),
    /// Somebody pressed "Send test" on the notification channel.
    Test,
}

impl Notification {
    /// Reads a notification of schema `1.x`, or Monitoring's test message.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let body: Body = object(bytes, "notification")?;
        let version = body.version.text().ok_or_else(|| {
            Unreadable("the notification says no schema version; expected \"1.2\" or another 1.x".to_owned())
        })?;
        // Before anything else: the test message says "OPEN".
        if version.eq_ignore_ascii_case("test") {
            return Ok(Self::Test);
        }
        if !is_understood(&version) {
            return Err(Unreadable(format!(
                "the notification has schema version \"{version}\", of which nothing is known; expected 1.x"
            )));
        }
        read_incident(body.incident.0.unwrap_or_default()).map(Self::Incident)
    }
}

/// What is looked at of Monitoring's payload.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    version: Leaf,
    incident: Fitting<RawIncident>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawIncident {
    incident_id: Leaf,
    state: Leaf,
    started_at: Leaf,
    summary: Leaf,
    metric: Fitting<RawMetric>,
    resource: Fitting<RawResource>,
    condition: Fitting<RawCondition>,
    policy_user_labels: Fitting<Labels>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMetric {
    r#type: Leaf,
    labels: Fitting<Labels>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawResource {
    labels: Fitting<Labels>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCondition {
    name: Leaf,
}

type Labels = BTreeMap<String, Leaf>;

fn is_understood(version: &str) -> bool {
    version == "1" || version.strip_prefix("1.").is_some_and(|minor| !minor.is_empty())
}

fn read_incident(raw: RawIncident) -> Result<Incident, Unreadable> {
    let id = raw.incident_id.text().ok_or_else(|| {
        Unreadable("the notification names no incident: incident.incident_id is missing".to_owned())
    })?;
    let labels = read_labels(raw.policy_user_labels);
    let metric = raw.metric.0.unwrap_or_default();
    Ok(Incident {
        state: read_state(&raw.state)?,
        started_at: read_time(&raw.started_at),
        summary: raw.summary.text().unwrap_or_default(),
        metric: metric.r#type.text(),
        policy: raw.condition.0.and_then(|condition| read_policy(&condition.name)),
        check_id: read_labels(metric.labels).remove("check_id"),
        host: raw.resource.0.and_then(|resource| read_labels(resource.labels).remove("host")),
        reporter: labels.get(WATCHER_LABEL).cloned(),
        labels,
        id,
    })
}

/// The state, in whatever case: 1.2 writes it small, the test message in capitals.
fn read_state(value: &Leaf) -> Result<IncidentState, Unreadable> {
    let state = value
        .text()
        .ok_or_else(|| Unreadable("the incident has no state; expected \"open\" or \"closed\"".to_owned()))?;
    match state.to_ascii_lowercase().as_str() {
        "open" => Ok(IncidentState::Open),
        "closed" => Ok(IncidentState::Closed),
        _ => Err(Unreadable(format!("the incident's state is \"{state}\"; expected \"open\" or \"closed\""))),
    }
}

/// Seconds since 1970; 0, null and nothing mean that nobody said.
fn read_time(value: &Leaf) -> Option<Timestamp> {
    let seconds: i64 = value.text()?.parse().ok()?;
    (seconds > 0).then(|| Timestamp::from_second(seconds).ok()).flatten()
}

/// `projects/p/alertPolicies/id` out of the condition's name; `policy_name` is only what people call it.
fn read_policy(condition: &Leaf) -> Option<String> {
    let name = condition.text()?;
    let policy = name.split_once("/conditions/").map_or(name.as_str(), |(policy, _)| policy);
    (policy.starts_with("projects/") && policy.contains("/alertPolicies/")).then(|| policy.to_owned())
}

fn read_labels(labels: Fitting<Labels>) -> BTreeMap<String, String> {
    let labels = labels.0.unwrap_or_default().into_iter();
    labels.filter_map(|(name, value)| Some((name, value.text()?))).collect()
}

/// By what an incident recognises a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteMarks {
    /// Its name.
    pub name: SiteName,
    /// The ids of its uptime checks.
    pub check_ids: Vec<String>,
    /// The host of its public URL.
    pub host: Option<String>,
    /// Alert policies that act whatever their metric is.
    pub policies: Vec<String>,
}

impl Incident {
    /// Which of `sites` it acts on: the one it names, if its metric or its policy may act there.
    pub fn concerns<'a>(&self, sites: &[&'a SiteMarks]) -> Option<&'a SiteMarks> {
        self.named(sites).filter(|site| self.is_about_uptime() || self.has_policy_of(site))
    }

    /// Whether it tells of an uptime check or of a probe.
    pub fn is_about_uptime(&self) -> bool {
        self.metric.as_deref().is_some_and(|metric| metric.starts_with(UPTIME_METRICS))
    }

    /// The site it names: by its policy's label, else by check, else by listed policy, else by host.
    fn named<'a>(&self, sites: &[&'a SiteMarks]) -> Option<&'a SiteMarks> {
        let called = |name: &String| sites.iter().copied().find(|site| site.name.as_str() == name);
        if let Some(name) = self.labels.get(SITE_LABEL) {
            return called(name);
        }
        self.labels
            .get(LOOSE_SITE_LABEL)
            .and_then(called)
            .or_else(|| only(sites, |site| self.has_check_of(site)))
            .or_else(|| only(sites, |site| self.has_policy_of(site)))
            .or_else(|| only(sites, |site| self.has_host_of(site)))
    }

    fn has_check_of(&self, site: &SiteMarks) -> bool {
        self.check_id.as_ref().is_some_and(|id| site.check_ids.contains(id))
    }

    fn has_policy_of(&self, site: &SiteMarks) -> bool {
        self.policy.as_ref().is_some_and(|policy| site.policies.contains(policy))
    }

    fn has_host_of(&self, site: &SiteMarks) -> bool {
        let (Some(ours), Some(theirs)) = (&self.host, &site.host) else { return false };
        ours.eq_ignore_ascii_case(theirs)
    }
}

/// The only site that matches; two that match equally well are none.
fn only<'a>(sites: &[&'a SiteMarks], matches: impl Fn(&SiteMarks) -> bool) -> Option<&'a SiteMarks> {
    let mut matching = sites.iter().copied().filter(|site| matches(site));
    matching.next().filter(|_| matching.next().is_none())
}

#[cfg(test)]
#[path = "incident_tests.rs"]
mod tests;
