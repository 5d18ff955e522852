//! Our figures beside those of the system that this one comes from, with what is only simulated called by its name.
//!
//! Its author's write-up gives 13 minutes for the first version, and about 3 for the second, 157 s of them to notice;
//! it doesn't tell its other stages apart.

use std::{fmt::Write, time::Duration};

use super::{
    layout,
    style::{Paint, Style},
    waterfall::span,
};
use crate::drill::{moves::MoveReport, report::Report};

/// The first version, from the outage to a visitor who was served.
const FIRST: Duration = Duration::from_mins(13);
/// The second.
const SECOND: Duration = Duration::from_mins(3);
/// Of those, until its function heard of it.
const SECOND_NOTICED: Duration = Duration::from_secs(157);

/// The comparison, for a drill with realistic latencies.
pub(super) fn draw(report: &Report, failover: &MoveReport, style: &Style) -> String {
    let noticed = failover.reached("detected").unwrap_or_default();
    let dark = report.visitors.without_site();
    let mut out = format!("  {}\n", style.paint(Paint::Strong, "Beside the write-up"));
    let mut row = |what: &str, first: &str, second: &str, here: &str| {
        let _ = writeln!(out, "    {what:<24}{first:>12}{second:>14}{here:>12}");
    };
    row("", "version 1", "version 2", "this drill");
    row("to notice", "-", &rounded(SECOND_NOTICED), &span(noticed));
    row(
        "to act, until served",
        "-",
        &rounded(SECOND.saturating_sub(SECOND_NOTICED)),
        &span(dark.saturating_sub(noticed)),
    );
    row("in the dark", &rounded(FIRST), &rounded(SECOND), &span(dark));
    out.push_str(&layout::paragraph(&caveat(report, failover), style));
    out
}

/// What of it is only like the real thing.
fn caveat(report: &Report, failover: &MoveReport) -> String {
    let simulated = &report.simulated;
    let spreading = failover.reached("answered").zip(failover.reached("opened"));
    let waited = spreading.map_or(Duration::ZERO, |(answered, opened)| answered.saturating_sub(opened));
    format!(
        "Simulated here: the check, asked every {}\u{a0}s; the providers' latency; the page rule's way to the edge \
         ({}\u{a0}s); and the wait of {} for the standby's grant to spread, which Google says is typically \
         2\u{a0}minutes. The write-up doesn't tell its other stages apart.",
        simulated.uptime_check_every.as_secs(),
        simulated.page_rule_propagation.as_secs(),
        span(waited).replace(' ', "\u{a0}"),
    )
}

fn rounded(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 180 { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}
