//! Our figures beside those of the system that this one comes from, with what is only simulated called by its name.
//!
//! Its author's write-up gives 13 minutes for the first version and about 3 for the second, 157 s of them to detect;
//! it doesn't tell its other stages apart.

use super::{
    layout,
    style::{Paint, Style},
    waterfall::span,
};
use crate::drill::{moves::MoveReport, report::Report};

/// The first version, from the outage to a served visitor.
const FIRST_S: f64 = 780.0;
/// The second.
const SECOND_S: f64 = 180.0;
/// Of those, until the function heard of it.
const SECOND_DETECTED_S: f64 = 157.0;

/// The comparison, for a drill with realistic latencies.
pub(super) fn draw(report: &Report, failover: &MoveReport, style: &Style) -> String {
    let detected = reached(failover, "detected").unwrap_or_default();
    let answered = reached(failover, "answered").zip(reached(failover, "opened"));
    let waited = answered.map_or(0.0, |(answered, opened)| answered - opened);
    let dark = report.visitors.without_site_s();
    let rest = (dark - detected - waited).max(0.0);
    let mut out = format!("  {}\n", style.paint(Paint::Strong, "Beside the write-ups"));
    out.push_str(&row("", "version 1", "version 2", "here", ""));
    out.push_str(&row(
        "to notice",
        "-",
        &minutes(SECOND_DETECTED_S),
        &span(detected),
        &format!("simulated: checked every {:.0} s", report.simulated.uptime_check_every_s),
    ));
    let spreading = format!("simulated: {:.0} s; Google: ~2 min", report.simulated.iam_propagation_s);
    out.push_str(&row("grant spreads", "-", "-", &span(waited), &spreading));
    out.push_str(&row(
        "the rest",
        "-",
        &minutes(SECOND_S - SECOND_DETECTED_S),
        &span(rest),
        "the function's own work",
    ));
    out.push_str(&row("in the dark", &minutes(FIRST_S), &minutes(SECOND_S), &span(dark), ""));
    out.push_str(&layout::paragraph(
        "A dash is what a write-up doesn't tell apart: its grants spread within \"the rest\".",
        style,
    ));
    out
}

fn row(what: &str, first: &str, second: &str, here: &str, note: &str) -> String {
    let line = format!("    {what:<14}{first:>10}{second:>10}{here:>10}   {note}");
    format!("{}\n", line.trim_end())
}

fn minutes(seconds: f64) -> String {
    if seconds >= 180.0 { format!("{:.0} min", seconds / 60.0) } else { format!("{seconds:.0} s") }
}

fn reached(report: &MoveReport, stage: &str) -> Option<f64> {
    report.stages.iter().find(|known| known.stage == stage).map(|known| known.at_s)
}
