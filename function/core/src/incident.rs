//! What Cloud Monitoring, or a prober in its shape, says happened; and which site it means.
//!
//! Monitoring's payload changes within its major version and differs between its own senders, so only what is
//! needed is read, everything but the id and the state may be missing, and unknown fields are left alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    SiteName,
    filter::compared,
    reading::{Fitting, Leaf, Unreadable, clean, object},
};

/// Metrics that say whether an uptime check passed begin with this.
const UPTIME_METRICS: &str = "monitoring.googleapis.com/uptime_check/";
/// The policy's user label with which an operator names the site.
const SITE_LABEL: &str = "failover_site";
/// A label that people use for other things too: it counts only where it names a configured site.
const LOOSE_SITE_LABEL: &str = "site";
/// The label in which a probe report carries its watcher's name.
const WATCHER_LABEL: &str = "failover_watcher";

/// The id of a report that reconcile made of its own looks begins so.
pub const OUR_REPORT: &str = "reconcile-";

/// Whether nobody but reconcile's own looks raised the alarm that has this id.
pub(crate) fn is_our_report(id: &str) -> bool {
    id.starts_with(OUR_REPORT)
}

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
    /// The uptime checks that its condition watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched_checks: Vec<String>,
    /// The hosts that its condition watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched_hosts: Vec<String>,
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
    #[serde(rename = "conditionThreshold")]
    threshold: Fitting<RawFilter>,
    #[serde(rename = "conditionAbsent")]
    absent: Fitting<RawFilter>,
    #[serde(rename = "conditionMonitoringQueryLanguage")]
    monitoring_query: Fitting<RawFilter>,
    #[serde(rename = "conditionPrometheusQueryLanguage")]
    prometheus_query: Fitting<RawFilter>,
}

/// What a condition watches: a filter, or a query.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawFilter {
    filter: Leaf,
    query: Leaf,
}

impl RawCondition {
    /// All that it watches, in whatever language.
    fn watched(&self) -> Vec<&str> {
        let kinds = [&self.threshold, &self.absent, &self.monitoring_query, &self.prometheus_query];
        let leaves =
            kinds.into_iter().filter_map(|kind| kind.0.as_ref()).flat_map(|raw| [&raw.filter, &raw.query]);
        leaves
            .filter_map(|leaf| if let Leaf::Text(text) = leaf { Some(text.as_str()) } else { None })
            .collect()
    }
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
    let condition = raw.condition.0.unwrap_or_default();
    let watched = condition.watched();
    let named = |field: &str| -> Vec<String> {
        watched.iter().flat_map(|filter| compared(filter, field)).map(clean).collect()
    };
    let uptime = |metric: &String| metric.starts_with(UPTIME_METRICS);
    Ok(Incident {
        state: read_state(&raw.state)?,
        started_at: read_time(&raw.started_at),
        summary: raw.summary.text().unwrap_or_default(),
        // Where the notification itself names no metric, its condition may.
        metric: metric.r#type.text().or_else(|| named("metric.type").into_iter().find(uptime)),
        policy: read_policy(&condition.name),
        watched_checks: named("check_id"),
        watched_hosts: named("host"),
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

/// No outage began so many seconds after 1970 (in the year 5138): that many are thousandths of them.
const THOUSANDTHS: i64 = 100_000_000_000;

/// Seconds since 1970, whole or not, or their thousandths, or a time as RFC 3339 writes it; 0, null and nothing mean that
/// nobody said.
fn read_time(value: &Leaf) -> Option<Timestamp> {
    let text = value.text()?;
    let whole = text.split_once('.').map_or(&*text, |(whole, _)| whole);
    let time = match whole.parse::<i64>() {
        Ok(number) => {
            Timestamp::from_second(if number < THOUSANDTHS { number } else { number / 1000 }).ok()?
        }
        Err(_) => text.parse().ok()?,
    };
    (time > Timestamp::UNIX_EPOCH).then_some(time)
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

/// What an incident is to the configured sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concern {
    /// It acts on this site.
    Site(SiteName),
    /// It names this site, but neither its metric nor its policy counts there.
    Unheeded(SiteName),
    /// It names none of them.
    NoSite,
}

impl Incident {
    /// An open incident of which no more is known.
    pub fn opened(id: String, started_at: Timestamp, summary: String) -> Self {
        Self {
            id,
            state: IncidentState::Open,
            started_at: Some(started_at),
            summary,
            metric: None,
            policy: None,
            labels: BTreeMap::new(),
            check_id: None,
            host: None,
            watched_checks: Vec::new(),
            watched_hosts: Vec::new(),
            reporter: None,
        }
    }

    /// Which of `sites` it acts on: the one it names, if its metric or its policy may act there.
    pub fn concerns(&self, sites: &[&SiteMarks]) -> Concern {
        match self.named(sites) {
            None => Concern::NoSite,
            Some(site) if self.is_about_uptime() || self.has_policy_of(site) => {
                Concern::Site(site.name.clone())
            }
            Some(site) => Concern::Unheeded(site.name.clone()),
        }
    }

    /// Why it moves nothing, for whoever expected that it would.
    pub fn dropped_because(&self, concern: &Concern) -> Option<String> {
        let id = &self.id;
        match concern {
            Concern::Site(_) => None,
            Concern::Unheeded(site) => {
                let metric = self
                    .metric
                    .as_ref()
                    .map_or("it names no metric".to_owned(), |metric| format!("its metric is \"{metric}\""));
                let policy = self.policy.as_deref().unwrap_or("projects/…/alertPolicies/…");
                Some(format!(
                    "incident {id} names the site {site} and moves nothing: {metric}, and only that of an uptime check \
                     counts by itself; let it count by policies = [\"{policy}\"] in that site's configuration"
                ))
            }
            Concern::NoSite => {
                Some(format!("incident {id} is of no site that is configured here{}", self.marks_told()))
            }
        }
    }

    /// By what it might have been recognised.
    fn marks_told(&self) -> String {
        let checks = self.check_id.iter().chain(&self.watched_checks).map(|check| format!("check {check}"));
        let hosts = self.host.iter().chain(&self.watched_hosts).map(|host| format!("host {host}"));
        let labels = [SITE_LABEL, LOOSE_SITE_LABEL]
            .into_iter()
            .filter_map(|label| self.labels.get(label).map(|site| format!("label {label} = {site}")));
        let policy = self.policy.iter().map(|policy| format!("policy {policy}"));
        let mut marks: Vec<String> = labels.chain(checks).chain(hosts).chain(policy).collect();
        marks.dedup();
        if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) }
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
            .or_else(|| only(sites, |site| self.watches_host_of(site)))
    }

    fn has_check_of(&self, site: &SiteMarks) -> bool {
        let named = |id: &String| site.check_ids.contains(id);
        match &self.check_id {
            Some(id) => named(id),
            None => self.watched_checks.iter().any(named),
        }
    }

    fn has_policy_of(&self, site: &SiteMarks) -> bool {
        self.policy.as_ref().is_some_and(|policy| site.policies.contains(policy))
    }

    fn has_host_of(&self, site: &SiteMarks) -> bool {
        let (Some(ours), Some(theirs)) = (&self.host, &site.host) else { return false };
        ours.eq_ignore_ascii_case(theirs)
    }

    fn watches_host_of(&self, site: &SiteMarks) -> bool {
        let Some(ours) = site.host.as_ref().filter(|_| self.host.is_none()) else { return false };
        self.watched_hosts.iter().any(|theirs| ours.eq_ignore_ascii_case(theirs))
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
