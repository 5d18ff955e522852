//! `failover history`: the last moves, where the time of each went, and the decisions with their reasons.

use std::fmt::Write;

use failover_core::{End, Entry, SiteName};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    exit::{Exit, Failure},
    paint::{BAD, BOLD, DIM, GOOD, WARN, in_style},
    session::Session,
    words,
};
use crate::{
    page::{Decided, Move, Stage, Tone, decisions, moves},
    site::Guarded,
};

/// A move writes about so many entries.
const ENTRIES_PER_MOVE: usize = 12;
/// The fewest entries that are read.
const FEWEST: usize = 60;
/// Cells of the longest bar.
const BAR: usize = 30;
/// Columns before a bar.
const BEFORE_BAR: usize = 27;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site; without it all of them.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    site: Option<SiteName>,
    /// How many moves, and how many decisions.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    last: u16,
}

/// What a site's journal tells.
#[derive(Debug, Serialize)]
struct Tale {
    site: SiteName,
    moves: Vec<Move>,
    decisions: Vec<Decided>,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let sites = session.sites(args.site.as_ref())?;
    let progress = super::progress::Progress::of(session.screen, "reading the journal");
    let mut tales = Vec::new();
    for site in sites {
        tales.push(tale(site, usize::from(args.last)).await?);
    }
    drop(progress);
    let now = Timestamp::now();
    session.screen.show(&json!({ "sites": tales }), |width| {
        let told: Vec<String> = tales.iter().map(|tale| tale.told(now, width)).collect();
        told.join("\n")
    });
    Ok(Exit::Done)
}

/// Reads as many entries as it takes to tell `last` moves from their beginning.
async fn tale(site: &Guarded, last: usize) -> Result<Tale, Failure> {
    let mut wanted = (last * ENTRIES_PER_MOVE).max(FEWEST);
    loop {
        let entries = site.record.entries(wanted).await?;
        let all = entries.first().is_none_or(|first| first.number == 1) || entries.len() < wanted;
        let mut moves = moves(&entries, entries.last().map(|entry| &entry.state), &site.policy);
        let whole = |told: &Move| entries.first().is_some_and(|first| told.plan >= first.number);
        if all || moves.iter().filter(|told| whole(told)).count() >= last {
            moves.truncate(last);
            return Ok(Tale { site: site.name.clone(), moves, decisions: newest(&entries, last) });
        }
        wanted *= 2;
    }
}

/// Decisions that are no part of a move that is told anyway.
fn newest(entries: &[Entry], last: usize) -> Vec<Decided> {
    use failover_core::Event;
    let apart = |entry: &&Entry| !matches!(entry.event, Event::Intent { .. } | Event::Ended { .. });
    let apart: Vec<Entry> = entries.iter().filter(apart).cloned().collect();
    decisions(&apart, last)
}

impl Tale {
    fn told(&self, now: Timestamp, width: usize) -> String {
        let mut text = format!("{BOLD}{}{BOLD:#}\n", self.site);
        if self.moves.is_empty() && self.decisions.is_empty() {
            let _ = writeln!(
                text,
                "  {}",
                words::wrap("Nothing has happened yet: the journal is empty.", 2, width)
            );
        }
        for told in &self.moves {
            tell(&mut text, told, now, width);
        }
        if !self.decisions.is_empty() {
            let title = format!("{BOLD}decided, newest first{BOLD:#}");
            let _ = writeln!(text, "\n  {}", words::wrap(&title, 2, width));
        }
        for decided in &self.decisions {
            let (style, what) = (style_of(decided.tone), &decided.what);
            let why = words::wrap(&words::sentence(&decided.why), 4, width);
            let what = format!("{} {}", words::clock(decided.at), in_style(style, what));
            let _ = writeln!(text, "  {}\n    {why}", words::wrap(&what, 4, width));
        }
        text
    }
}

fn tell(text: &mut String, told: &Move, now: Timestamp, width: usize) {
    let end = in_style(told.end.map_or(WARN, style_of_end), told.end_word());
    let took = words::took(told.took_ms(now));
    let begun = words::when(now, told.begun_at);
    let head = format!("{BOLD}{}{BOLD:#} {end} in {took}, {begun}", told.direction);
    let asked = format!("{DIM}asked by {}, entry {}{DIM:#}", told.asked_by, told.plan);
    let _ = writeln!(text, "\n  {}", words::wrap(&head, 4, width));
    let _ = writeln!(text, "    {}", words::wrap(&asked, 4, width));
    let _ = writeln!(text, "    {}", words::wrap(&words::sentence(&told.reason), 4, width));
    if let Some(remark) = told.remark() {
        let _ = writeln!(text, "    {}", words::wrap(&words::sentence(remark), 4, width));
    }
    if let Some(trouble) = &told.trouble {
        let sentence = words::wrap(&words::sentence(&trouble.sentence), 4, width);
        let _ = writeln!(text, "    {BAD}{sentence}{BAD:#}");
    }
    let longest = told.stages.iter().map(|stage| stage.took_ms).max().unwrap_or(0);
    for stage in &told.stages {
        text.push_str(&line(stage.name, stage.took_ms, &bar(stage, longest, room(width)), width));
    }
    if let Some(total) = told.stages.last().filter(|_| told.stages.len() > 1) {
        text.push_str(&line("in all", total.total_ms, "", width));
    }
    for part in told.steps.iter().filter(|part| part.note.is_some()) {
        let note = part.note.as_deref().unwrap_or_default();
        let _ = writeln!(text, "    {DIM}{}: {}{DIM:#}", part.step, words::wrap(note, 6, width));
    }
}

/// A stage and its time, and its bar where there is room for one.
fn line(name: &str, took_ms: u64, bar: &str, width: usize) -> String {
    let took = words::took(took_ms);
    if words::is_narrow(width) {
        return format!("    {}\n", words::wrap(&format!("{name} {took}"), 6, width));
    }
    let bar = if bar.is_empty() { String::new() } else { format!("  {DIM}{bar}{DIM:#}") };
    format!("    {name:<9} {took:>11}{bar}\n")
}

/// Cells that are left for a bar.
fn room(width: usize) -> usize {
    width.saturating_sub(BEFORE_BAR).min(BAR)
}

/// As long as the stage took, compared with the longest of its move.
fn bar(stage: &Stage, longest: u64, room: usize) -> String {
    let eighths = (stage.took_ms * 8 * room as u64).checked_div(longest).unwrap_or(0).max(1);
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][usize::try_from(eighths % 8).unwrap_or(0)];
    "█".repeat(usize::try_from(eighths / 8).unwrap_or(0)) + rest
}

fn style_of(tone: Tone) -> anstyle::Style {
    match tone {
        Tone::Calm => GOOD,
        Tone::Notice => BOLD,
        Tone::Warning => WARN,
        Tone::Alarm => BAD,
    }
}

fn style_of_end(end: End) -> anstyle::Style {
    match end {
        End::Done => GOOD,
        End::Overtaken => BOLD,
        End::Unwound => WARN,
        End::Stuck => BAD,
    }
}

#[cfg(test)]
mod tests {
    use super::super::told_tests::{
        Print, keep,
        nights::{halted, pending, stuck},
        story::{Story, calm, during, returned},
    };
    use super::*;

    fn told(story: &Story, width: usize) -> String {
        let facts = &story.facts;
        let moves = moves(&facts.entries, facts.state.as_ref(), &facts.policy);
        let tale = Tale { site: facts.name.clone(), moves, decisions: newest(&facts.entries, 5) };
        tale.told(story.now, width)
    }

    #[test]
    fn golden_files_show_history() {
        let stories = [
            ("nothing", Story::new("resume")),
            ("during", during()),
            ("returned", returned()),
            ("calm", calm()),
            ("pending", pending()),
            ("halted", halted()),
            ("stuck", stuck()),
        ];
        let prints = stories.each_ref().map(|(name, story)| (*name, move |width| told(story, width)));
        keep("history", &prints.each_ref().map(|(name, print)| (*name, print as Print<'_>)));
    }
}
