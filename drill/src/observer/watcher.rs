//! What our own watcher says of itself, shortened to a line.

use crate::{
    happening::{Happening, Tone, Who},
    logbook::LogLine,
    stage::Stage,
};

/// How far its log was read.
#[derive(Debug, Default)]
pub(super) struct WatchPlace {
    known: usize,
}

impl WatchPlace {
    /// The lines that matter to the story.
    pub(super) fn look(&mut self, stage: &Stage) -> Vec<Happening> {
        let lines = stage.watchbook.after(self.known);
        self.known += lines.len();
        let told = |said: &LogLine| {
            line(said).map(|(tone, text)| Happening::line(said.at, Who::Watcher, tone, text))
        };
        lines.iter().filter_map(told).collect()
    }
}

fn line(said: &LogLine) -> Option<(Tone, String)> {
    let message = said.text("message");
    if message.starts_with("looked at again: ") {
        return Some((Tone::Doubtful, "gets no good answer, and looks again at once".to_owned()));
    }
    if message.starts_with("is down, ") {
        return Some((
            Tone::Bad,
            "is certain after 3 failures in a row, and publishes its report".to_owned(),
        ));
    }
    if message.ends_with("the outage is over") {
        return Some((Tone::Good, "has seen enough answers in a row: the outage is over".to_owned()));
    }
    said.is_complaint().then(|| (Tone::Doubtful, message.to_owned()))
}
