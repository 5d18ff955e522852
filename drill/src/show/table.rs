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
use crate::{moves::MoveReport, report::Report};

/// The first version, from the outage to a visitor who was served.
const FIRST: Duration = Duration::from_mins(13);
/// The second.
const SECOND: Duration = Duration::from_mins(3);
/// Of those, until its function heard of it.
const SECOND_NOTICED: Duration = Duration::from_secs(157);

/// What a visitor waits for, in order; the pause of the check comes after they are served.
const UNTIL_SERVED: [(&str, &str); 6] = [
    ("detected", "to notice"),
    ("decided", "to decide"),
    ("opened", "to open the standby"),
    ("answered", "until it answers"),
    ("routed", "to set the rule"),
    ("verified", "until visitors follow"),
];

/// Columns of the table.
const WIDTH: usize = 66;

/// A row where there is no room for columns.
fn told(what: &str, first: &str, second: &str, here: &str) -> String {
    let what = if what.is_empty() { "" } else { &format!("{what}: ") };
    let others = [("version 1", first), ("version 2", second)];
    let others = others.into_iter().filter(|(name, figure)| *figure != "-" && figure != name);
    others.fold(format!("{what}{here}"), |row, (name, figure)| format!("{row}, {name} {figure}"))
}

/// The comparison, for a drill with realistic latencies.
pub(super) fn draw(report: &Report, failover: &MoveReport, style: &Style) -> String {
    let dark = report.visitors.without_site();
    let mut out = format!("  {}\n", style.paint(Paint::Strong, "Beside the write-up"));
    let mut row = |what: &str, first: &str, second: &str, here: &str| {
        if style.width < WIDTH {
            out.push_str(&layout::paragraph(&told(what, first, second, here), style));
            return;
        }
        let _ = writeln!(out, "    {what:<24}{first:>12}{second:>14}{here:>12}");
    };
    row("", "version 1", "version 2", "this drill");
    for (stage, what) in UNTIL_SERVED {
        let took = failover.stages.iter().find(|known| known.stage == stage).map(|known| known.took);
        let second = if stage == "detected" { rounded(SECOND_NOTICED) } else { "-".to_owned() };
        row(what, "-", &second, &took.map_or_else(|| "-".to_owned(), span));
    }
    let all = failover.reached("verified").unwrap_or(dark);
    let acted = all.saturating_sub(failover.reached("detected").unwrap_or_default());
    row("to act, all in all", "-", &rounded(SECOND.saturating_sub(SECOND_NOTICED)), &span(acted));
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
        "Not simulated: the watcher's pace and the function's own work. Simulated: the providers' latency; the page \
         rule's way to the edge ({}\u{a0}s); and the wait of {} for the standby's grant to spread, which Google says is \
         typically 2\u{a0}minutes. The write-up notices by Monitoring's check, and of its other stages it tells only \
         the sum.",
        simulated.page_rule_propagation.as_secs(),
        span(waited).replace(' ', "\u{a0}"),
    )
}

fn rounded(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 180 { format!("{} min", seconds / 60) } else { format!("{seconds} s") }
}
