//! A move's stages as a waterfall: each bar begins where the one before it ended.

use std::{fmt::Write, time::Duration};

use super::style::{Paint, Style};
use crate::moves::MoveReport;

/// Columns before the bars.
const LABELS: usize = 23;
/// A shorter bar compares nothing.
const SHORTEST: usize = 8;

/// One line a stage.
pub(super) fn draw(report: &MoveReport, style: &Style) -> String {
    let room = style.width.saturating_sub(LABELS + 2).max(1);
    if room < SHORTEST {
        let lines =
            report.stages.iter().map(|stage| format!("  {:<9}{:>9}\n", stage.stage, span(stage.took)));
        return lines.fold(String::new(), |out, line| out + &line);
    }
    let whole = report.stages.last().map_or(Duration::ZERO, |stage| stage.at);
    let mut out = String::new();
    for stage in &report.stages {
        let begin = column(stage.at.saturating_sub(stage.took), whole, room).min(room - 1);
        let end = column(stage.at, whole, room).max(begin + 1);
        let bar = style.paint(Paint::Standby, &style.sign("━", "=").repeat(end - begin));
        let took = style.paint(Paint::Faint, &format!("{:>9}", span(stage.took)));
        let _ = writeln!(out, "    {:<9}{took} {:begin$}{bar}", stage.stage, "");
    }
    out
}

/// Which of `room` columns a time is in, if `whole` is the last one.
fn column(at: Duration, whole: Duration, room: usize) -> usize {
    let share = at.as_micros() * room as u128 / whole.as_micros().max(1);
    usize::try_from(share).unwrap_or(room).min(room)
}

/// A time as one says it: milliseconds while they are few.
pub(super) fn span(time: Duration) -> String {
    let millis = time.as_micros().div_ceil(1000);
    if millis < 1000 { format!("{millis} ms") } else { format!("{:.2} s", time.as_secs_f64()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moves::StageTook;

    #[test]
    fn a_time_is_said_as_one_says_it() {
        let said = [0, 12, 1284].map(|millis| span(Duration::from_millis(millis)));
        assert_eq!(said, ["0 ms", "12 ms", "1.28 s"]);
    }

    #[test]
    fn bars_follow_each_other_and_none_is_too_short_to_see() {
        let stage = |stage, at, took| StageTook {
            stage,
            at: Duration::from_millis(at),
            took: Duration::from_millis(took),
        };
        let report = MoveReport {
            direction: failover_core::Direction::Failover,
            asked_by: String::new(),
            reason: String::new(),
            end: None,
            sentence: String::new(),
            total: Duration::from_secs(1),
            stages: vec![stage("detected", 500, 500), stage("decided", 500, 0), stage("opened", 1000, 500)],
            steps: Vec::new(),
        };
        let style = Style { colour: false, moves: false, unicode: false, width: 45 };
        let drawn = draw(&report, &style);
        let bars: Vec<&str> = drawn.lines().map(|line| &line[LABELS..]).collect();
        assert_eq!(bars, ["==========", "          =", "          =========="]);
    }
}
