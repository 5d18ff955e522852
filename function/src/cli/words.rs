//! Times and paragraphs as people read them on a terminal.

use std::fmt::Write;

use failover_core::clock;
use jiff::Timestamp;

pub(super) use crate::page::words::{relative, sentence, took};

/// When it was, and how long ago: `2026-11-20 03:14:00 UTC (2 h 14 min ago)`.
pub(super) fn when(now: Timestamp, time: Timestamp) -> String {
    format!("{} ({})", clock(time), relative(now, time))
}

/// `text` broken into lines of at most `width` characters, every line but the first indented by `indent`.
pub(super) fn wrap(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let (mut wrapped, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > room {
            let _ = write!(wrapped, "\n{:indent$}", "");
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_with_how_long_ago_it_was() {
        let at = |time: &str| time.parse().expect("a time");
        let told = when(at("2026-11-20T03:14:00Z"), at("2026-11-20T03:09:50Z"));
        assert_eq!(told, "2026-11-20 03:09:50 UTC (4 min 10 s ago)");
    }

    #[test]
    fn lines_are_broken_between_words_and_long_words_stand_alone() {
        assert_eq!(wrap("one two three four five six", 2, 22), "one two three four\n  five six");
        let long = "x".repeat(30);
        assert_eq!(wrap(&format!("a {long} b"), 0, 20), format!("a\n{long}\nb"));
        assert_eq!(wrap("  ", 2, 80), "");
    }
}
