//! How a drill looks: line by line while it happens, with a strip of visitors below where there is a terminal.
//!
//! Everything that is printed is printed here. A terminal's last line is drawn again in place, in one write, and only
//! when it changed; anywhere else there are plain lines and nothing that moves.

pub(super) mod layout;
pub(super) mod strip;
pub(super) mod style;
pub(super) mod summary;
mod table;
mod waterfall;

use std::{
    io::Write,
    time::{Duration, Instant},
};

use sandbox::Visitors;

use super::{
    happening::{Board, Happening, Tone, What},
    observer::Observer,
    stage::Stage,
};
use style::{Paint, Style};

/// Sources are read one after the other, so lines wait this long to be put in order.
const IN_ORDER_AFTER: Duration = Duration::from_millis(120);
/// The time that one cell of the live strip stands for.
const CELL: Duration = Duration::from_millis(150);

/// Writes to standard output.
pub(super) fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody is left to be told that nobody reads.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub(super) fn write_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Where a drill is shown.
#[derive(Debug)]
pub(super) struct DrillScreen {
    style: Style,
    silent: bool,
    observer: Observer,
    waiting: Vec<Happening>,
    chapter: Option<Instant>,
    /// The strip as it stands there now.
    drawn: String,
}

impl DrillScreen {
    /// What fits standard output; silent where only a report is wanted.
    pub(super) fn fitting(silent: bool) -> Self {
        Self {
            style: Style::of_stdout(),
            silent,
            observer: Observer::default(),
            waiting: Vec::new(),
            chapter: None,
            drawn: String::new(),
        }
    }

    /// How it is written.
    pub(super) fn style(&self) -> Style {
        self.style
    }

    /// What there is to see, before anything happens.
    pub(super) fn open(&mut self, stage: &Stage) {
        self.say(&layout::opening(stage, &self.style));
    }

    /// Looks around and shows what is new.
    pub(super) fn look(&mut self, stage: &Stage, visitors: &Visitors, board: &Board) {
        self.waiting.extend(self.observer.look(stage, visitors, board));
        self.waiting.sort_by_key(|happening| happening.at);
        let ripe = Instant::now().checked_sub(IN_ORDER_AFTER);
        let ripe = self.waiting.partition_point(|happening| ripe.is_some_and(|ripe| happening.at <= ripe));
        let text = self.lines(ripe);
        let strip = if self.style.moves { self.strip(visitors) } else { String::new() };
        self.draw(&text, strip);
    }

    /// Shows what still waits, and takes the strip away.
    pub(super) fn settle(&mut self) {
        let text = self.lines(self.waiting.len());
        self.draw(&text, String::new());
    }

    /// Writes some lines above the strip.
    pub(super) fn say(&mut self, text: &str) {
        let strip = std::mem::take(&mut self.drawn);
        self.draw(text, strip);
    }

    fn lines(&mut self, ripe: usize) -> String {
        let ripe: Vec<Happening> = self.waiting.drain(..ripe).collect();
        ripe.iter().map(|happening| self.line(happening)).collect()
    }

    fn line(&mut self, happening: &Happening) -> String {
        match &happening.what {
            What::Chapter(title) => {
                self.chapter = Some(happening.at);
                format!("\n{}\n", self.style.paint(Paint::Strong, title))
            }
            What::Line { who, tone, text } => {
                let since = happening.at.saturating_duration_since(self.chapter.unwrap_or(happening.at));
                layout::line(since, who.name(), paint_of(*tone), text, &self.style)
            }
        }
    }

    fn strip(&self, visitors: &Visitors) -> String {
        let since = self.chapter.map_or(Duration::ZERO, |began| began.elapsed());
        let visits = visitors.visits();
        let room = self.style.width.saturating_sub(layout::TEXT + 14).min(60);
        let now = Instant::now();
        let cells = strip::latest(&visits, now, CELL, room);
        let latest = strip::who(visits.last());
        let told = format!("{} {latest}", strip::paint(&cells, &self.style));
        layout::line(since, "visitors", Paint::Plain, &told, &self.style).trim_end().to_owned()
    }

    /// One write for all of it, so that nothing flickers.
    fn draw(&mut self, text: &str, strip: String) {
        if self.silent || (text.is_empty() && strip == self.drawn) {
            return;
        }
        let mut out = String::new();
        if !self.drawn.is_empty() {
            out.push_str("\r\x1b[K");
        }
        out.push_str(text);
        if !strip.is_empty() {
            // Between the lines and the strip the cursor rests at the left, where it is in nobody's way.
            out.push_str(&strip);
            out.push('\r');
        }
        self.drawn = strip;
        write(&out);
    }
}

fn paint_of(tone: Tone) -> Paint {
    match tone {
        Tone::Plain => Paint::Plain,
        Tone::Good => Paint::Good,
        Tone::Doubtful => Paint::Doubtful,
        Tone::Bad => Paint::Bad,
    }
}
