//! Time series: the requests of a service on Cloud Run, and nothing else (discovery document of monitoring v3,
//! `projects.timeSeries.list`).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::MonitoringState;
use crate::frame::call::{Call, Reply};
use crate::google::Asked;
use crate::google::refusal::Refusal;
use crate::google::strict;

const KNOWN: [&str; 9] = [
    "filter",
    "interval.startTime",
    "interval.endTime",
    "aggregation.alignmentPeriod",
    "aggregation.perSeriesAligner",
    "aggregation.crossSeriesReducer",
    "aggregation.groupByFields",
    "pageSize",
    "pageToken",
];

/// The one metric that anybody counts here.
const METRIC: &str = "metric.type=\"run.googleapis.com/request_count\"";

pub(super) fn list(
    Asked { state, access, call, name: project, .. }: Asked<MonitoringState>,
) -> Result<Reply, Refusal> {
    access.require(call, "monitoring.timeSeries.list", project)?;
    strict::check_query(call, &KNOWN)?;
    let filter = strict::query(call, "filter").ok_or_else(|| wrong("filter is required"))?;
    let end = time(call, "interval.endTime")?;
    if time(call, "interval.startTime")? > end {
        return Err(wrong("interval.startTime is after interval.endTime"));
    }
    let period = strict::query(call, "aggregation.alignmentPeriod");
    if period.is_some() != strict::query(call, "aggregation.perSeriesAligner").is_some() {
        return Err(wrong("an aligner needs a period, and a period an aligner"));
    }
    let named = |(service, _): &(&String, &u64)| filter.contains(&format!("service_name=\"{service}\""));
    let counted = state.requests.iter().find(named).filter(|_| filter.contains(METRIC));
    Ok(strict::ok(&counted.map_or_else(|| json!({}), |(_, requests)| series(*requests, end))))
}

fn series(requests: u64, end: Timestamp) -> Value {
    let hour = SignedDuration::from_hours(1);
    let halves = [(requests - requests / 2, end), (requests / 2, end - hour)];
    let points = halves.map(|(requests, end)| {
        let interval = json!({ "startTime": (end - hour).to_string(), "endTime": end.to_string() });
        json!({ "interval": interval, "value": { "int64Value": requests.to_string() } })
    });
    json!({ "timeSeries": [{ "metricKind": "DELTA", "valueType": "INT64", "points": points }] })
}

fn time(call: &Call, name: &str) -> Result<Timestamp, Refusal> {
    let time = strict::query(call, name).and_then(|text| text.parse().ok());
    time.ok_or_else(|| wrong(&format!("{name} is no RFC 3339 time")))
}

fn wrong(what: &str) -> Refusal {
    Refusal::invalid_argument(format!("Request was invalid: {what}."))
}
