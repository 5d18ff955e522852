//! The timeline of a move as a drawing: where its bars are, in percent, so that text keeps its size on a phone.

use failover_core::{End, Step};
use jiff::Timestamp;

use super::{
    Move,
    words::{milliseconds, took},
};

/// Pixels from one row to the next.
const ROW: u32 = 34;
/// Pixels of the band above the rows that sets the move beside the time before it was begun.
const BAND: u32 = 52;
/// The thinnest bar, in percent.
const THINNEST: f64 = 1.2;

/// A drawing of one move.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timeline {
    /// Pixels.
    pub(super) height: u32,
    /// What it shows, in one sentence.
    pub(super) description: String,
    /// The time before the move was begun, where it is worth a look.
    pub(super) band: Option<Band>,
    /// A row for each step.
    pub(super) rows: Vec<Row>,
}

/// The whole outage as one bar: first the time until the move was begun, then the move.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Band {
    /// Until when it was noticed, in percent.
    pub(super) held: String,
    /// For how long it was held back then, in percent.
    pub(super) holding: String,
    /// Where the move begins, in percent.
    pub(super) split: String,
    /// What is left of the bar, in percent.
    pub(super) rest: String,
    /// How long it took until the move was begun.
    pub(super) before: String,
    /// How long the move took, or has taken.
    pub(super) during: String,
}

/// A step's bar.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// The step.
    pub(super) name: String,
    /// How long it took, or how it stands.
    pub(super) took: String,
    /// `done`, `doing`, `waiting` or `undone`.
    pub(super) state: &'static str,
    /// Where the bar begins, in percent.
    pub(super) x: String,
    /// How long it is, in percent.
    pub(super) width: String,
    /// Pixels from the top to the text's baseline.
    pub(super) text_y: u32,
    /// Pixels from the top to the bar.
    pub(super) bar_y: u32,
}

/// Draws a move as it is at `now`; none if there is nothing to draw.
pub(super) fn timeline(made: &Move, now: Timestamp) -> Option<Timeline> {
    if made.steps.is_empty() && made.to_do.is_empty() {
        return None;
    }
    let scale = Scale::of(made, now);
    let band = band(made, &scale);
    let top = if band.is_some() { BAND } else { 0 };
    let mut rows: Vec<Row> = done(made, &scale).chain(to_do(made, &scale)).collect();
    let mut y = top;
    for row in &mut rows {
        (row.text_y, row.bar_y) = (y + 13, y + 19);
        y += ROW;
    }
    Some(Timeline { height: y, description: description(made), band, rows })
}

/// From the move's beginning to its end.
struct Scale {
    begin: Timestamp,
    end: Timestamp,
}

impl Scale {
    fn of(made: &Move, now: Timestamp) -> Self {
        let begin = made.steps.iter().map(|part| part.begun_at).fold(made.begun_at, Timestamp::min);
        let last = made.steps.iter().map(|part| part.at).fold(made.begun_at, Timestamp::max);
        Self { begin, end: made.ended_at.unwrap_or(now).max(last) }
    }

    fn bar(&self, from: Timestamp, to: Timestamp) -> (String, String) {
        let whole = milliseconds(self.begin, self.end).max(1);
        let width = share(milliseconds(from, to), whole).max(THINNEST);
        let x = share(milliseconds(self.begin, from), whole).min(100.0 - width);
        (percent(x), percent(width))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a drawing needs no more than a few digits")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share.clamp(0.0, 100.0))
}

fn done<'a>(made: &'a Move, scale: &'a Scale) -> impl Iterator<Item = Row> + 'a {
    let undone = |step| {
        let unrouted = made.steps.iter().any(|part| part.step == Step::Unroute);
        unrouted && matches!(step, Step::Route | Step::Verify)
    };
    made.steps.iter().map(move |part| {
        let state = if undone(part.step) { "undone" } else { "done" };
        row(part.step, took(part.took_ms), state, scale.bar(part.begun_at, part.at))
    })
}

fn to_do<'a>(made: &'a Move, scale: &'a Scale) -> impl Iterator<Item = Row> + 'a {
    let since = made.steps.iter().map(|part| part.at).fold(made.begun_at, Timestamp::max);
    made.to_do.iter().enumerate().map(move |(index, step)| match index {
        0 if made.trouble.is_some() => {
            row(*step, "can't go on".to_owned(), "waiting", scale.bar(since, scale.end))
        }
        0 => row(*step, "now".to_owned(), "doing", scale.bar(since, scale.end)),
        _ => row(*step, "to do".to_owned(), "waiting", (percent(0.0), percent(0.0))),
    })
}

fn row(step: Step, took: String, state: &'static str, (x, width): (String, String)) -> Row {
    Row { name: step.to_string(), took, state, x, width, text_y: 0, bar_y: 0 }
}

/// Worth a look only where it is a good part of the whole.
fn band(made: &Move, scale: &Scale) -> Option<Band> {
    let before = milliseconds(made.started_at, scale.begin);
    let during = milliseconds(scale.begin, scale.end);
    if before < 1_000 || made.stages.first()?.name != "detected" {
        return None;
    }
    let noticed = made.stages.first()?.took_ms.min(before);
    let split = share(before, before + during).clamp(THINNEST, 100.0 - THINNEST);
    let held = split * share(noticed, before) / 100.0;
    let verb = match made.end {
        Some(End::Done) => "moved in",
        Some(_) => "tried for",
        None => "moving for",
    };
    let (holding, rest) = (percent(split - held), percent(100.0 - split));
    let (before, during) = (told_before(noticed, before), format!("{verb} {}", took(during)));
    Some(Band { held: percent(held), holding, split: percent(split), rest, before, during })
}

/// An outage that was noticed at once and held back by a rule was not noticed late.
fn told_before(noticed: u64, before: u64) -> String {
    match before - noticed {
        0..1_000 => format!("noticed after {}", took(before)),
        held => format!("noticed after {}, held back {}", took(noticed), took(held)),
    }
}

fn description(made: &Move) -> String {
    let steps: Vec<String> =
        made.steps.iter().map(|part| format!("{} {}", part.step, took(part.took_ms))).collect();
    let steps = if steps.is_empty() { "no step is done yet".to_owned() } else { steps.join(", ") };
    match made.end {
        Some(End::Done) => steps,
        Some(end) => format!("{steps}; ended {end}"),
        None => format!("{steps}; still going on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_always_seen_and_never_leaves_the_drawing() {
        let begin: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
        let after = |seconds| begin + jiff::SignedDuration::from_secs(seconds);
        let scale = Scale { begin, end: after(100) };
        assert_eq!(scale.bar(after(10), after(30)), ("10.00%".to_owned(), "20.00%".to_owned()));
        assert_eq!(scale.bar(after(100), after(100)), ("98.80%".to_owned(), "1.20%".to_owned()));
        let instant = Scale { begin, end: begin };
        assert_eq!(instant.bar(begin, begin), ("0.00%".to_owned(), "1.20%".to_owned()));
    }
}
