//! The sites as figures, in the `OpenMetrics` text format: `GET /metrics`. Names are added to it, never changed.
//!
//! Times are given as times, not as ages, so that a scrape that fails makes nothing look young: an age is `time()` less
//! the time. What isn't known has no sample, and is no zero.

use jiff::Timestamp;
use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::{Evidence, Look, Move, Overview, Place};
use crate::clouds::Severity;

/// What the text is (`OpenMetrics` 1.0, "Overall structure").
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

/// Samples of one name.
struct Metric {
    name: &'static str,
    help: &'static str,
    in_seconds: bool,
    samples: Vec<(Labels, f64)>,
}

/// All figures of a look.
pub(super) fn text(look: &Look, now: Timestamp) -> String {
    let mut registry = Registry::with_prefix("failover");
    let all = whole(look).into_iter().chain(of_sites(&look.sites, now)).chain(calm(&look.sites));
    for metric in all.filter(|metric| !metric.samples.is_empty()) {
        register(&mut registry, metric);
    }
    let mut text = String::new();
    // Written to memory, which can't fail; a text without its end would be refused by whoever reads it.
    let _ = encode(&mut text, &registry);
    text
}

fn register(registry: &mut Registry, metric: Metric) {
    let family = Family::<Labels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
    for (labels, value) in metric.samples {
        family.get_or_create(&labels).set(value);
    }
    if metric.in_seconds {
        registry.register_with_unit(metric.name, metric.help, Unit::Seconds, family);
    } else {
        registry.register(metric.name, metric.help, family);
    }
}

fn whole(look: &Look) -> [Metric; 3] {
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    [
        figure("build", "The release that tells this, as a label", vec![(version, 1.0)]),
        figure(
            "look_late",
            "Whether a newer look has not answered in time",
            vec![(Vec::new(), flag(look.late))],
        ),
        time(
            "look_timestamp",
            "When the sites were looked at",
            look.at.map(|at| (Vec::new(), seconds(at))).into_iter().collect(),
        ),
    ]
}

fn of_sites(sites: &[Overview], now: Timestamp) -> Vec<Metric> {
    let each = |value: fn(&Overview) -> Option<f64>| one_each(sites, value);
    vec![
        figure("serving", "Where the site is: 1 at its place, 0 at the others", many(sites, serving)),
        figure(
            "answered",
            "Whether a visitor was answered within the last minute; none where nobody could tell",
            one_each(sites, |site| match site.answered_lately(now) {
                Some(_) => Some(1.0),
                None => site.dark.is_some().then_some(0.0),
            }),
        ),
        time(
            "serving_since_timestamp",
            "Since when it is there",
            each(|site| site.serving.since.map(seconds)),
        ),
        figure("pending", "Incidents that were held back", each(|site| Some(count(site.pending.len())))),
        figure(
            "move_open",
            "Whether a move is under way",
            many(sites, |site| {
                site.open.iter().map(|open| (vec![("direction", open.direction.to_string())], 1.0)).collect()
            }),
        ),
        figure(
            "move_in_trouble",
            "Whether a move can't go on",
            each(|site| Some(flag(site.open.as_ref().is_some_and(|open| open.trouble.is_some())))),
        ),
        figure(
            "maintenance_in_trouble",
            "Whether maintenance is refused: a switch that is to be set, and can't be",
            each(|site| Some(flag(site.maintenance.is_some()))),
        ),
        figure(
            "stuck",
            "Whether a plan is stuck until somebody acknowledges it",
            each(|site| Some(flag(site.stuck.is_some()))),
        ),
        figure("held", "Whether a hold is on", each(|site| Some(flag(site.hold.is_some())))),
        figure(
            "ready",
            "Whether it would fail over by itself; none on the standby and while it moves",
            each(|site| Some(flag(site.automatic.as_ref()?.ready))),
        ),
        figure(
            "switches_drifted",
            "Switches that are not where they belong",
            each(|site| Some(count(site.switches.iter().filter(|seen| seen.drifted).count()))),
        ),
        figure(
            "unread",
            "Things that could not be read for this",
            each(|site| Some(count(site.troubles.len()))),
        ),
        figure("recent_moves", "Ended moves that the page shows, by direction and end", many(sites, moves)),
        time(
            "last_move_timestamp",
            "When the last move ended",
            many(sites, |site| {
                last(site).filter_map(|made| Some((direction(made), seconds(made.ended_at?)))).collect()
            }),
        ),
        time(
            "last_move_stage",
            "How long each stage of the last move took",
            many(sites, |site| last(site).flat_map(stages).collect()),
        ),
    ]
}

/// What is worth looking at when nothing moves.
fn calm(sites: &[Overview]) -> Vec<Metric> {
    let each = |value: fn(&Evidence) -> Option<f64>| one_each(sites, |site| value(&site.evidence));
    vec![
        time(
            "check_timestamp",
            "When the last check looked that the journal tells of",
            each(|known| known.checked.as_ref().map(|checked| seconds(checked.at))),
        ),
        figure("check_findings", "What the last check found, by severity", many(sites, findings)),
        figure(
            "check_unseen",
            "Things that the last check could not look at",
            each(|known| {
                let extent = known.checked.as_ref()?.extent?;
                Some(count(extent.things.saturating_sub(extent.looked_at)))
            }),
        ),
        time(
            "rehearsal_timestamp",
            "When the last rehearsal ended",
            each(|known| known.rehearsed.as_ref().map(|rehearsed| seconds(rehearsed.at))),
        ),
        figure(
            "rehearsal_done",
            "Whether it ended Done",
            each(|known| Some(flag(known.rehearsed.as_ref()?.end == failover_core::End::Done))),
        ),
        time(
            "rehearsal_opened",
            "How long it took until the standby was open and answered",
            each(|known| known.rehearsed.as_ref()?.opened_ms.map(in_seconds)),
        ),
        time(
            "certificate_end_timestamp",
            "When the certificate ends that visitors are shown",
            each(|known| known.certificate.map(seconds)),
        ),
        time(
            "heard_timestamp",
            "When the last check had heard of those that work unseen",
            many(sites, |site| {
                let heard = site.evidence.heard.iter();
                heard.map(|heard| (vec![("who", heard.who.clone())], seconds(heard.at))).collect()
            }),
        ),
        figure(
            "outages_90d",
            "Outages within 90 days, as far as the journal tells",
            each(|known| Some(count(known.uptime.as_ref()?.outages.len()))),
        ),
        time(
            "down_90d",
            "How long visitors were without an answer within 90 days",
            each(|known| Some(in_seconds(known.uptime.as_ref()?.down_s * 1_000))),
        ),
        time(
            "told_90d",
            "Of how much of the 90 days the journal tells",
            each(|known| Some(in_seconds(known.uptime.as_ref()?.told_s * 1_000))),
        ),
    ]
}

fn figure(name: &'static str, help: &'static str, samples: Vec<(Labels, f64)>) -> Metric {
    Metric { name, help, in_seconds: false, samples }
}

fn time(name: &'static str, help: &'static str, samples: Vec<(Labels, f64)>) -> Metric {
    Metric { name, help, in_seconds: true, samples }
}

fn one_each(sites: &[Overview], value: impl Fn(&Overview) -> Option<f64>) -> Vec<(Labels, f64)> {
    many(sites, |site| value(site).map(|value| (Vec::new(), value)).into_iter().collect())
}

fn many(sites: &[Overview], values: impl Fn(&Overview) -> Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let named = |site: &Overview| {
        let site_label = ("site", site.site.clone());
        let values = values(site).into_iter();
        values
            .map(move |(labels, value)| ([site_label.clone()].into_iter().chain(labels).collect(), value))
            .collect::<Vec<_>>()
    };
    sites.iter().flat_map(named).collect()
}

fn serving(site: &Overview) -> Vec<(Labels, f64)> {
    let places = [Place::Primary, Place::Standby, Place::Moving, Place::Unknown];
    places.map(|place| (vec![("place", place.as_str().to_owned())], flag(site.serving.by == place))).to_vec()
}

fn findings(site: &Overview) -> Vec<(Labels, f64)> {
    if site.evidence.checked.is_none() {
        return Vec::new();
    }
    let number = |severity| site.findings.iter().filter(|finding| finding.severity == severity).count();
    [Severity::Critical, Severity::Warning]
        .map(|severity| (vec![("severity", severity.as_str().to_owned())], count(number(severity))))
        .to_vec()
}

fn moves(site: &Overview) -> Vec<(Labels, f64)> {
    let mut counted: Vec<(Labels, f64)> = Vec::new();
    for made in &site.moves {
        let labels = vec![("direction", made.direction.to_string()), ("end", made.end_word())];
        match counted.iter_mut().find(|(known, _)| *known == labels) {
            Some((_, number)) => *number += 1.0,
            None => counted.push((labels, 1.0)),
        }
    }
    counted
}

fn last(site: &Overview) -> impl Iterator<Item = &Move> {
    site.moves.first().into_iter()
}

fn direction(made: &Move) -> Labels {
    vec![("direction", made.direction.to_string())]
}

fn stages(made: &Move) -> Vec<(Labels, f64)> {
    let stage = |stage: &super::Stage| {
        let labels = [("direction", made.direction.to_string()), ("stage", stage.name.to_owned())];
        (labels.to_vec(), in_seconds(stage.took_ms))
    };
    made.stages.iter().map(stage).collect()
}

fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "no site has 2^52 of anything")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "no stage lasts 2^52 ms")]
fn in_seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "2^52 ms are a long way off")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1_000.0
}
