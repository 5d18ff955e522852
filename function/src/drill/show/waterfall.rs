//! A move's stages as a waterfall: each bar begins where the one before it ended.

use super::style::{Paint, Style};
use crate::drill::moves::MoveReport;

/// Columns before the bars.
const LABELS: usize = 22;

/// One line a stage.
pub(super) fn draw(report: &MoveReport, style: &Style) -> String {
    let room = style.width.saturating_sub(LABELS + 2);
    let whole = report.stages.last().map_or(0.0, |stage| stage.at_s).max(f64::MIN_POSITIVE);
    let column = |seconds: f64| ((seconds / whole * room as f64).round() as usize).min(room);
    let mut out = String::new();
    for stage in &report.stages {
        let begin = column(stage.at_s - stage.took_s).min(room.saturating_sub(1));
        let end = column(stage.at_s).max(begin + 1);
        let bar = style.sign("━", "=").repeat(end - begin);
        let took = style.paint(Paint::Faint, &format!("{:>9}", span(stage.took_s)));
        let bar = style.paint(Paint::Standby, &bar);
        out.push_str(&format!("    {:<8}{took} {:begin$}{bar}\n", stage.stage, ""));
    }
    out
}

/// A time as one says it: milliseconds while they are few.
pub(super) fn span(seconds: f64) -> String {
    if seconds < 0.9995 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_as_one_says_it() {
        assert_eq!(span(0.0), "0 ms");
        assert_eq!(span(0.012), "12 ms");
        assert_eq!(span(1.284), "1.28 s");
    }
}
