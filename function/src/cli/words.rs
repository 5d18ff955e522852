//! Times and paragraphs as people read them on a terminal.

use std::fmt::Write;

use anstyle::Style;
use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};

pub(super) use crate::page::words::{relative, sentence, took};

/// Screens narrower than this have no room for a second column: own choice.
const NARROW: usize = 50;
/// The least room for a text, however far it is indented: what is longer the terminal breaks.
const LEAST_ROOM: usize = 8;
/// How far a text is indented that has no column of its own.
const BELOW: usize = 4;

/// Whether a screen has no room for a second column.
pub(super) fn is_narrow(width: usize) -> bool {
    width < NARROW
}

/// Where the second column begins.
pub(super) fn column(wanted: usize, width: usize) -> usize {
    if is_narrow(width) { wanted.min(BELOW) } else { wanted }
}

/// A label and its text in a column beside it; below it where there is no room.
pub(super) fn labelled(label: &str, style: Style, text: &str, wanted: usize, width: usize) -> String {
    let column = column(wanted, width);
    let text = wrap(text, column, width);
    if !is_narrow(width) {
        let room = column.saturating_sub(2);
        let line = format!("  {style}{label:<room$}{style:#}{text}");
        return format!("{}\n", line.trim_end());
    }
    let label =
        if label.is_empty() { String::new() } else { format!("  {style}{}{style:#}\n", label.trim_end()) };
    format!("{label}{}\n", format!("{:column$}{text}", "").trim_end())
}

/// The time zone of this machine; tests read the same everywhere.
fn here() -> TimeZone {
    if cfg!(test) { TimeZone::UTC } else { TimeZone::system() }
}

/// The time where this machine is, with how far that is from UTC.
pub(super) fn clock(time: Timestamp) -> String {
    let here = time.to_zoned(here());
    if here.offset() == Offset::UTC {
        return failover_core::clock(time).to_string();
    }
    here.strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// When it was, and how long ago: `2026-11-20 03:14:00 UTC (2 h 14 min ago)`.
pub(super) fn when(now: Timestamp, time: Timestamp) -> String {
    format!("{} ({})", clock(time), relative(now, time))
}

/// `text` broken into lines of at most `width` characters, colours not counted, every line but the first indented by
/// `indent`.
pub(super) fn wrap(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(LEAST_ROOM);
    let (mut wrapped, mut column) = (String::new(), 0);
    for word in text.split_whitespace() {
        let length = visible(word);
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

/// How many columns it takes.
pub(super) fn visible(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(|part| part.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_take_no_room() {
        assert_eq!(wrap("\u{1b}[1mone\u{1b}[0m two three", 0, 8), "\u{1b}[1mone\u{1b}[0m two\nthree");
    }

    #[test]
    fn a_text_stands_below_its_label_where_there_is_no_room_beside_it() {
        let told = |width| labelled("visitors", Style::new(), "are served by the standby", 13, width);
        assert_eq!(told(80), "  visitors   are served by the standby\n");
        assert_eq!(told(20), "  visitors\n    are served by\n    the standby\n");
    }

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
