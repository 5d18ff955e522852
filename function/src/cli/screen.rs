//! The one place where commands print: answers to standard output, troubles and progress to standard error.
//!
//! A broken pipe is no trouble: whoever reads has read enough.

use std::{
    fmt::{Display, Write as _},
    io::{IsTerminal, Write},
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    exit::Failure,
    paint::{BAD, BOLD},
    words,
};

/// Wider lines are hard to read: own choice.
const WIDEST: usize = 100;
/// Where nobody says how wide a line may be.
const USUAL: usize = 80;
/// Nobody reads on a narrower one.
const NARROWEST: usize = 16;

/// Who reads, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    json: bool,
    lively: bool,
    width: usize,
}

impl Screen {
    /// For machines with `json`, else for people.
    pub(super) fn new(json: bool) -> Self {
        let lively = !json && std::io::stderr().is_terminal();
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self { json, lively, width: columns.unwrap_or(USUAL).clamp(NARROWEST, WIDEST) }
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether a person watches while something takes time.
    pub(super) fn is_lively(&self) -> bool {
        self.lively
    }

    /// The answer: as JSON for machines, in its own words for people.
    pub(super) fn show(&self, answer: &impl Serialize, human: impl FnOnce(usize) -> String) {
        if self.json {
            out(&serde_json::to_string_pretty(answer).unwrap_or_default());
        } else {
            out(human(self.width).trim_end());
        }
    }

    /// The answer of what was told to people on the way already: for machines only.
    pub(super) fn answer(&self, answer: &impl Serialize) {
        if self.json {
            self.show(answer, |_| String::new());
        }
    }

    /// Something on the way to the answer, for people only.
    pub(super) fn remark(&self, line: impl Display) {
        if !self.json {
            out(&line.to_string());
        }
    }

    /// The same with a sentence, which is broken where it doesn't fit; a command may never be.
    pub(super) fn remark_sentence(&self, line: impl Display) {
        self.remark(self.broken(&line.to_string()));
    }

    fn broken(&self, line: &str) -> String {
        let text = line.trim_start();
        let begins = line.len() - text.len();
        if words::visible(line) <= self.width {
            return line.to_owned();
        }
        format!("{:begins$}{}", "", words::wrap(text, begins + 2, self.width))
    }

    /// Something on the way that nobody has to read: to standard error, whoever reads the answer.
    pub(super) fn aside(&self, line: &str) {
        self.draw("");
        let _ = writeln!(anstream::stderr(), "failover: {line}");
    }

    /// What has nothing to do with `--json`: a script for a shell.
    pub(super) fn raw(bytes: &[u8]) {
        let _ = std::io::stdout().write_all(bytes);
    }

    /// Why it could not be done, and what to do next.
    pub(super) fn fail(&self, failure: &Failure) {
        if self.json {
            return out(&serde_json::to_string_pretty(&failed(failure)).unwrap_or_default());
        }
        // A list of problems has lines of its own.
        let sentence = match failure.sentence.lines().count() {
            1 => words::wrap(&failure.sentence, 7, self.width),
            _ => failure.sentence.clone(),
        };
        let mut told = format!("{BAD}error:{BAD:#} {sentence}");
        if let Some(next) = &failure.next {
            let _ = write!(told, "\n{BOLD} next:{BOLD:#} {}", words::wrap(next, 7, self.width));
        }
        let _ = writeln!(anstream::stderr(), "{told}");
    }

    /// Draws on the line that the cursor is in, without ending it.
    pub(super) fn draw(&self, line: &str) {
        if self.lively {
            let mut terminal = anstream::stderr();
            let shown: String = line.chars().take(self.width.saturating_sub(1)).collect();
            let _ = write!(terminal, "\r\u{1b}[2K{shown}").and_then(|()| terminal.flush());
        }
    }
}

/// A failure, for machines.
fn failed(failure: &Failure) -> Value {
    let mut error = json!({ "sentence": failure.sentence, "next": failure.next });
    if !failure.problems.is_empty() {
        error["problems"] = json!(failure.problems);
    }
    match &failure.published {
        Some(published) => json!({ "error": error, "published": published }),
        None => json!({ "error": error }),
    }
}

fn out(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that has published an order has to know it, whatever came after.
    #[test]
    fn a_failure_tells_what_was_published_before_it() {
        let failure = Failure::new("the journal is silent").next("look again");
        let error = json!({ "sentence": "the journal is silent", "next": "look again" });
        assert_eq!(failed(&failure), json!({ "error": error }));
        let published = json!({ "message_id": "17" });
        let after = Failure { published: Some(published.clone()), ..failure };
        assert_eq!(failed(&after), json!({ "error": error, "published": published }));
    }
}
