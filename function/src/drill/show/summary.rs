//! The end of a drill: who served when, both moves stage by stage, the figures, and whether all is well.

use std::time::{Duration, Instant};

use failover_core::Direction;
use sandbox::{Visitors, visitors::Visited};

use super::{
    layout::{self, visible},
    strip::{self, Cell},
    style::{Paint, Style},
    table, waterfall,
};
use crate::drill::{calls::CallsReport, findings::Finding, moves::MoveReport, report::Report};

/// Columns before a figure's text.
const LABEL: usize = 13;

/// All of it.
pub(in crate::drill) fn of(report: &Report, visitors: &Visitors, style: &Style) -> String {
    let mut out = format!("\n{}\n\n", style.paint(Paint::Strong, "What happened"));
    out.push_str(&timeline(&visitors.visits(), style));
    for told in &report.moves {
        out.push_str(&format!("\n{}", heading(told, style)));
        out.push_str(&waterfall::draw(told, style));
    }
    let failover = report.moves.iter().find(|told| told.direction == Direction::Failover);
    if let Some(failover) = failover.filter(|_| report.simulated.slow) {
        out.push('\n');
        out.push_str(&table::draw(report, failover, style));
    }
    out.push('\n');
    out.push_str(&figure("visitors", &visits(report), style));
    out.push_str(&figure("calls", &calls(&report.calls), style));
    out.push_str(&promises(&report.promises, style));
    out.push_str(&verdict(report, style));
    out
}

/// The whole drill as one strip, with who served below.
fn timeline(visits: &[Visited], style: &Style) -> String {
    let (Some(first), Some(last)) =
        (visits.iter().map(|visit| visit.began).min(), visits.iter().map(|visit| visit.began).max())
    else {
        return String::new();
    };
    let room = style.width.saturating_sub(4);
    let cells = whole(visits, first, last, room);
    format!("  {}\n  {}\n", strip::paint(&cells, style), style.paint(Paint::Faint, &labels(&cells)))
}

fn whole(visits: &[Visited], first: Instant, last: Instant, room: usize) -> Vec<Cell> {
    let cell = (last - first) / u32::try_from(room).unwrap_or(1).max(1);
    let mut cells = strip::cells(visits, first, cell + Duration::from_nanos(1), room);
    // A stretch in which nobody came is as the one before it.
    for index in 1..cells.len() {
        if cells[index] == Cell::Empty {
            cells[index] = cells[index - 1];
        }
    }
    cells
}

/// Below each stretch who served it, if there is room.
fn labels(cells: &[Cell]) -> String {
    let mut out = String::new();
    let mut column = 0;
    for run in cells.chunk_by(|one, other| one == other) {
        let label = match run[0] {
            Cell::Primary => "primary",
            Cell::Standby => "standby",
            Cell::Lost => "nobody",
            Cell::Empty => "",
        };
        if visible(&out) <= column && run.len() >= label.len().min(4) {
            out.push_str(&" ".repeat(column - visible(&out)));
            out.push_str(label);
            out.push(' ');
        }
        column += run.len();
    }
    out.trim_end().to_owned()
}

fn heading(told: &MoveReport, style: &Style) -> String {
    let (name, since) = match told.direction {
        Direction::Failback => ("Failback", "the operator's message"),
        Direction::Failover => ("Failover", "the power cut"),
        Direction::Rehearsal => ("Rehearsal", "its command"),
    };
    let end = told.end.map_or_else(|| "still open".to_owned(), |end| end.to_string());
    let rest = format!(": {end} {} after {since}", waterfall::span(told.total_s));
    format!("  {}{rest}\n", style.paint(Paint::Strong, name))
}

fn visits(report: &Report) -> String {
    let seen = &report.visitors;
    let dark = waterfall::span(seen.without_site_s());
    match seen.outages.as_slice() {
        [] => format!("never without the site, in {} requests", seen.requests),
        [_] => format!("without the site for {dark}, once; {} of {} requests lost", seen.lost, seen.requests),
        outages => format!(
            "without the site for {dark} in all, {} times; {} of {} requests lost",
            outages.len(),
            seen.lost,
            seen.requests
        ),
    }
}

fn calls(calls: &[CallsReport]) -> String {
    let asked = calls.iter().filter(|calls| calls.calls > 0);
    let told = asked.map(|calls| {
        let mut parts = Vec::new();
        parts.extend((calls.writes > 0).then(|| format!("{} writes", calls.writes)));
        parts.extend(
            (calls.journal_entries > 0).then(|| format!("{} journal entries", calls.journal_entries)),
        );
        parts.extend((calls.failed > 0).then(|| format!("{} failed", calls.failed)));
        let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        format!("{} {}{parts}", calls.provider, calls.calls)
    });
    told.collect::<Vec<_>>().join(", ")
}

fn promises(promises: &[Finding], style: &Style) -> String {
    let broken = promises.iter().filter(|promise| !promise.good).count();
    let told = match broken {
        0 => format!("{} watched, none broken:", promises.len()),
        broken => format!("{} watched, {broken} BROKEN:", promises.len()),
    };
    let mut out = figure("promises", &told, style);
    for promise in promises {
        out.push_str(&format!("  {:LABEL$}{}", "", found(promise, style)));
    }
    out
}

fn found(finding: &Finding, style: &Style) -> String {
    let sign = if finding.good {
        style.paint(Paint::Good, style.sign("✓", "ok"))
    } else {
        style.paint(Paint::Bad, style.sign("✗", "NO"))
    };
    let seen = if finding.seen.is_empty() { String::new() } else { format!(": {}", finding.seen) };
    format!("{sign} {}{seen}\n", finding.what)
}

fn figure(label: &str, text: &str, style: &Style) -> String {
    let lines = layout::wrap(text, style.width.saturating_sub(LABEL + 4));
    let mut labels = std::iter::once(label).chain(std::iter::repeat(""));
    lines.iter().map(|line| format!("  {:<LABEL$}{line}\n", labels.next().unwrap_or_default())).collect()
}

fn verdict(report: &Report, style: &Style) -> String {
    let mut out = String::from("\n");
    if report.ended_well {
        let text = format!("  Everything ended where it should, in {:.1} s.", report.took_s);
        return format!("{out}{}\n\n", style.paint(Paint::Good, &text));
    }
    if let Some(stopped) = &report.stopped {
        out.push_str(&layout::paragraph(&format!("The story broke off: {stopped}."), style));
    }
    for finding in report.ends.iter().filter(|finding| !finding.good) {
        out.push_str(&format!("  {}", found(finding, style)));
    }
    let text = "  Not everything ended where it should.";
    format!("{out}{}\n\n", style.paint(Paint::Bad, text))
}
