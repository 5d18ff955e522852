//! What the function said, line by line, across restarts.
//!
//! Its own clock is this machine's, so its times fit among everybody's.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

use super::lock;

/// Two clocks read at the same instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    instant: Instant,
    timestamp: Timestamp,
}

impl Clock {
    /// Reads both.
    pub(super) fn start() -> Self {
        Self { instant: Instant::now(), timestamp: Timestamp::now() }
    }

    /// The instant of a time that somebody wrote down.
    pub(super) fn at(&self, written: Timestamp) -> Instant {
        let since = written.duration_since(self.timestamp);
        let apart = since.unsigned_abs();
        let moved = if since.is_negative() {
            self.instant.checked_sub(apart)
        } else {
            self.instant.checked_add(apart)
        };
        moved.unwrap_or(self.instant)
    }
}

/// One line of the function's log.
#[derive(Debug, Clone)]
pub(super) struct LogLine {
    /// When it was written.
    pub(super) at: Instant,
    /// All of it.
    pub(super) fields: Value,
}

impl LogLine {
    fn read(text: &str, clock: &Clock) -> Option<Self> {
        let fields: Value = serde_json::from_str(text).ok()?;
        let written = fields["time"].as_str()?.parse().ok()?;
        Some(Self { at: clock.at(written), fields })
    }

    /// A field's text, or nothing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap_or_default()
    }

    /// What an announcement is about, or nothing.
    pub(super) fn kind(&self) -> &str {
        self.text("kind")
    }

    /// One of an announcement's details.
    pub(super) fn detail(&self, name: &str) -> &str {
        self.fields["details"][name].as_str().unwrap_or_default()
    }

    /// Whether it asks somebody to look.
    pub(super) fn is_complaint(&self) -> bool {
        matches!(self.text("severity"), "WARNING" | "ERROR")
    }
}

/// All lines so far, and a file that has them as they were written.
#[derive(Debug)]
pub(super) struct LogBook {
    /// The file.
    pub(super) file: PathBuf,
    /// A convenience: where it can't be had, there is none.
    copy: Option<File>,
    clock: Clock,
    lines: Mutex<Vec<LogLine>>,
}

impl LogBook {
    /// An empty one, which is also written to `file`.
    pub(super) fn new(file: PathBuf, clock: Clock) -> Self {
        let copy = OpenOptions::new().create(true).append(true).open(&file).ok();
        Self { file, copy, clock, lines: Mutex::default() }
    }

    /// Notes a line.
    pub(super) fn note(&self, text: &str) {
        if let Some(mut copy) = self.copy.as_ref() {
            // A full disk must not end the drill.
            let _ = copy.write_all(format!("{text}\n").as_bytes());
        }
        lock(&self.lines).extend(LogLine::read(text, &self.clock));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        lock(&self.lines).len()
    }

    /// Those after the first `known`.
    pub(super) fn after(&self, known: usize) -> Vec<LogLine> {
        lock(&self.lines).get(known..).unwrap_or_default().to_vec()
    }

    /// The first line after the first `known` that fits.
    pub(super) fn find(&self, known: usize, fits: impl Fn(&LogLine) -> bool) -> Option<LogLine> {
        lock(&self.lines).get(known..)?.iter().find(|line| fits(line)).cloned()
    }

    /// The last complaint, for somebody who wonders why the function ended.
    pub(super) fn last_complaint(&self) -> Option<String> {
        let lines = lock(&self.lines);
        lines.iter().rev().find(|line| line.is_complaint()).map(|line| line.text("message").to_owned())
    }
}

/// Writes a duration in seconds, to the millisecond.
pub(super) fn in_seconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_was_written_down_becomes_an_instant() {
        let clock = Clock::start();
        let later = clock.timestamp + jiff::SignedDuration::from_millis(1500);
        assert_eq!(clock.at(later), clock.instant + Duration::from_millis(1500));
    }

    #[test]
    fn what_is_no_line_of_a_log_is_passed_over() {
        let clock = Clock::start();
        assert!(LogLine::read("thread 'main' panicked", &clock).is_none());
        let line = r#"{"severity":"WARNING","message":"x","time":"2026-11-20T03:00:00Z","kind":"started"}"#;
        let line = LogLine::read(line, &clock).unwrap();
        assert_eq!((line.kind(), line.is_complaint()), ("started", true));
    }
}
