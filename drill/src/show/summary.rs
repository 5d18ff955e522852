//! The end of a drill: who served when, both moves stage by stage, the figures, and whether all is well.

use std::fmt::Write;

use failover_core::Direction;
use sandbox::Visitors;

use super::{
    layout, strip,
    style::{Paint, Style},
    table, waterfall,
};
use crate::{calls::CallsReport, findings::Finding, moves::MoveReport, report::Report};

/// Columns before a figure's text.
const LABEL: usize = 12;

/// All of it.
pub(crate) fn of(report: &Report, visitors: &Visitors, style: &Style) -> String {
    let mut out = format!("\n{}\n\n", style.paint(Paint::Strong, "What happened"));
    out.push_str(&strip::timeline(&visitors.visits(), style));
    for told in &report.moves {
        let _ = write!(out, "\n{}{}", heading(told, report.scenario, style), waterfall::draw(told, style));
    }
    let failover = report.moves.iter().find(|told| told.direction == Direction::Failover);
    if let Some(failover) = failover.filter(|_| report.simulated.slow) {
        let _ = write!(out, "\n{}", table::draw(report, failover, style));
    }
    out.push('\n');
    out.push_str(&figure("visitors", &visits(report), style));
    out.push_str(&figure("calls", &calls(&report.calls), style));
    out.push_str(&promises(&report.promises, style));
    out.push_str(&verdict(report, style));
    out
}

fn heading(told: &MoveReport, scenario: &str, style: &Style) -> String {
    let (name, since) = match told.direction {
        Direction::Failback => ("Failback", "the operator's message"),
        Direction::Failover if scenario == "kubernetes" => ("Failover", "the scaling down"),
        Direction::Failover => ("Failover", "the power cut"),
        Direction::Rehearsal => ("Rehearsal", "its command"),
        Direction::Maintenance => ("Maintenance", "its round"),
    };
    let end = told.end.map_or_else(|| "still open".to_owned(), |end| end.to_string());
    let rest = format!(": {end}, {} after {since}", waterfall::span(told.total));
    layout::paragraph(&format!("{}{rest}", style.paint(Paint::Strong, name)), style)
}

fn visits(report: &Report) -> String {
    let seen = &report.visitors;
    let lost = format!("{} of {} requests lost", seen.lost, seen.requests);
    let dark = waterfall::span(seen.without_site());
    match seen.outages.len() {
        0 => format!("never without the site, in {} requests", seen.requests),
        1 => format!("without the site once, for {dark}; {lost}"),
        times => format!("without the site {times} times, for {dark} in all; {lost}"),
    }
}

fn calls(calls: &[CallsReport]) -> String {
    let asked = calls.iter().filter(|calls| calls.calls > 0);
    asked.map(provider).collect::<Vec<_>>().join(", ")
}

fn provider(calls: &CallsReport) -> String {
    let parts =
        [(calls.writes, "writes"), (calls.journal_entries, "journal entries"), (calls.failed, "failed")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{number}\u{a0}{what}")).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("{}\u{a0}{}{parts}", calls.provider, calls.calls)
}

fn promises(promises: &[Finding], style: &Style) -> String {
    let broken = promises.iter().filter(|promise| !promise.good).count();
    let told = match broken {
        0 => format!("{} watched, none broken:", promises.len()),
        broken => format!("{} watched, {broken} BROKEN:", promises.len()),
    };
    let found = promises.iter().map(|promise| {
        let found = found(promise, style);
        if style.is_narrow() {
            figure("", found.trim_end(), style)
        } else {
            format!("  {:LABEL$}{found}", "")
        }
    });
    found.fold(figure("promises", &told, style), |out, line| out + &line)
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
    if style.is_narrow() {
        let label = if label.is_empty() { String::new() } else { format!("  {label}\n") };
        return label + &layout::paragraph(text, style);
    }
    let lines = layout::wrap(text, style.width.saturating_sub(LABEL + 4));
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(lines).fold(String::new(), |mut out, (label, line)| {
        let _ = writeln!(out, "  {label:<LABEL$}{line}");
        out
    })
}

/// What else there is to try, of what this scenario can do.
fn hint(report: &Report) -> String {
    let more =
        [("--slow", !report.simulated.slow), ("--fault list", report.scenario == "site"), ("--keep", true)];
    let more: Vec<&str> = more.into_iter().filter(|(_, fits)| *fits).map(|(option, _)| option).collect();
    format!("Try {}.", more.join(", "))
}

fn verdict(report: &Report, style: &Style) -> String {
    let mut out = String::from("\n");
    if report.ended_well {
        let text = format!(
            "Everything ended where it should, in {:.1} s: the primary serves, the page rule is off, the standby is \
             closed, the uptime check runs.",
            report.took.as_secs_f64()
        );
        out.push_str(&layout::painted(Paint::Good, &text, style));
        out.push_str(&layout::painted(Paint::Faint, &hint(report), style));
        out.push('\n');
        return out;
    }
    if let Some(stopped) = &report.stopped {
        out.push_str(&layout::paragraph(&format!("The story broke off: {stopped}."), style));
    }
    for finding in report.ends.iter().filter(|finding| !finding.good) {
        let _ = write!(out, "  {}", found(finding, style));
    }
    let _ = write!(out, "  {}\n\n", style.paint(Paint::Bad, "Not everything ended where it should."));
    out
}
