//! The report: all figures of a drill, for people (`show`) and for machines (`--json`, `docs/drill.md`).

use std::time::Duration;

use sandbox::{Visitors, visitors::Outage};
use serde::Serialize;

use super::{
    calls::{self, CallsReport},
    findings::{self, Finding},
    logbook::in_seconds,
    moves::{self, MoveReport},
    places::Places,
    stage::Stage,
    story::Marks,
};

/// The version of the report's form: it grows with every change that a reader could trip over.
const VERSION: u32 = 1;

/// Everything that a drill found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    /// The form's version.
    pub(super) version: u32,
    /// What was moved.
    pub(super) scenario: &'static str,
    /// What was broken on purpose.
    pub(super) fault: Option<&'static str>,
    /// Whether everything ended where it should and no promise was broken.
    pub(super) ended_well: bool,
    /// Why the story didn't come to its end.
    pub(super) stopped: Option<String>,
    /// How long the story took.
    #[serde(rename = "took_s", serialize_with = "in_seconds")]
    pub(super) took: Duration,
    /// What is only like the real thing.
    pub(super) simulated: Simulated,
    /// What visitors saw.
    pub(super) visitors: VisitorsReport,
    /// The moves that the journal tells of, in order.
    pub(super) moves: Vec<MoveReport>,
    /// What the function asked of the providers.
    pub(super) calls: Vec<CallsReport>,
    /// Where everything ended.
    pub(super) ends: Vec<Finding>,
    /// The promises that were watched.
    pub(super) promises: Vec<Finding>,
    /// With `--keep`, where everything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kept: Option<Places>,
}

/// What is only like the real thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Simulated {
    /// Whether the providers have realistic latency.
    pub(super) slow: bool,
    /// How often the uptime check asks; Monitoring's asks once a minute at best.
    #[serde(rename = "uptime_check_every_s", serialize_with = "in_seconds")]
    pub(super) uptime_check_every: Duration,
    /// How often our own watcher looks, where there is one.
    pub(super) watcher_every_s: Option<f64>,
    /// How long a changed IAM policy takes to spread.
    #[serde(rename = "iam_propagation_s", serialize_with = "in_seconds")]
    pub(super) iam_propagation: Duration,
    /// How long a changed page rule takes to reach the edge.
    #[serde(rename = "page_rule_propagation_s", serialize_with = "in_seconds")]
    pub(super) page_rule_propagation: Duration,
    /// How often a visitor comes.
    pub(super) visitors_per_s: f64,
}

/// What visitors saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct VisitorsReport {
    /// Requests.
    pub(super) requests: usize,
    /// Those that nobody served.
    pub(super) lost: usize,
    /// The times without the site.
    pub(super) outages: Vec<OutageReport>,
}

/// One time without the site.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct OutageReport {
    /// From the first request that failed to the end of the first that was served again.
    #[serde(rename = "lasted_s", serialize_with = "in_seconds")]
    pub(super) lasted: Duration,
    /// The requests that failed.
    pub(super) lost: usize,
    /// Whether it was over when the drill was.
    pub(super) over: bool,
}

impl Report {
    /// Draws the sum of it all; `stopped` says why the story broke off, if it did.
    pub(super) fn draw(stage: &Stage, visitors: &Visitors, marks: &Marks, stopped: Option<String>) -> Self {
        let ends = findings::ends(stage, visitors);
        let promises = findings::promises(stage, marks);
        let all_good = ends.iter().chain(&promises).all(|finding| finding.good);
        let began = visitors.visits().first().map(|visit| visit.began);
        let took = began.zip(marks.over).map_or(Duration::ZERO, |(began, over)| over - began);
        Self {
            version: VERSION,
            scenario: stage.home.scenario(),
            fault: stage.fault.map(super::fault::FaultName::name),
            ended_well: all_good && stopped.is_none(),
            stopped,
            took,
            simulated: Simulated::of(stage),
            visitors: VisitorsReport::of(visitors),
            moves: moves::of(stage, marks),
            calls: calls::of(stage),
            ends,
            promises,
            kept: None,
        }
    }

    /// Adds what was looked at last.
    pub(super) fn add_end(&mut self, finding: Finding) {
        self.ended_well &= finding.good;
        self.ends.push(finding);
    }

    /// For machines.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl Simulated {
    fn of(stage: &Stage) -> Self {
        let pace = &stage.pace;
        Self {
            slow: !pace.latencies.is_empty(),
            uptime_check_every: pace.check_every,
            watcher_every_s: pace.watch_every.map(|every| every.as_secs_f64()),
            iam_propagation: pace.iam,
            page_rule_propagation: pace.rules,
            visitors_per_s: 1.0 / pace.visitor_every.as_secs_f64(),
        }
    }
}

impl VisitorsReport {
    fn of(visitors: &Visitors) -> Self {
        let outages: Vec<OutageReport> = visitors.outages().iter().map(OutageReport::of).collect();
        let lost = outages.iter().map(|outage| outage.lost).sum();
        Self { requests: visitors.visits().len(), lost, outages }
    }

    /// The whole time without the site.
    pub(super) fn without_site(&self) -> Duration {
        self.outages.iter().map(|outage| outage.lasted).sum()
    }
}

impl OutageReport {
    fn of(outage: &Outage) -> Self {
        Self { lasted: outage.duration(), lost: outage.lost, over: outage.until.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use sandbox::Power;

    use super::*;
    use crate::stage::{Home, Pace};

    #[tokio::test]
    async fn a_site_that_nobody_moved_is_no_good_end() {
        let stage = Stage::set(Pace::fast(), None, Home::Server).await.unwrap();
        stage.world().set_primary(stage.site.name(), Power::Off);
        let visitors = Visitors::start(&stage.site.public_url(), Duration::from_millis(10)).unwrap();
        visitors.watch().wait_for(|count| *count > 0).await.unwrap();
        let report = Report::draw(&stage, &visitors, &Marks::default(), None);
        assert!(!report.ended_well);
        let bad = report.ends.iter().filter(|finding| !finding.good).map(|finding| finding.what);
        let expected =
            ["the failover ended Done", "the failback ended Done", "visitors are served by the primary"];
        assert_eq!(bad.collect::<Vec<_>>(), expected);
    }

    #[tokio::test]
    async fn what_no_provider_has_is_not_asked_for_in_vain() {
        let stage = Stage::set(Pace::fast(), None, Home::Server).await.unwrap();
        let visitors = Visitors::start(&stage.site.public_url(), Duration::from_secs(1)).unwrap();
        stage.world().set_primary(stage.site.name(), Power::Off);
        // Somebody asks for what no provider has.
        let unknown = stage.sandbox.url(sandbox::Service::Run).join("v9/nothing").unwrap();
        reqwest::Client::builder().no_proxy().build().unwrap().get(unknown).send().await.unwrap();
        let report = Report::draw(&stage, &visitors, &Marks::default(), None);
        let asked =
            report.ends.iter().find(|finding| finding.what == "nobody was asked for what doesn't exist");
        assert_eq!(
            asked.map(|finding| (finding.good, finding.seen.as_str())),
            Some((false, "GET /v9/nothing"))
        );
    }
}
