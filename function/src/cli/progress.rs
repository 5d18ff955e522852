//! Progress: one line on a terminal that says what is waited for and for how long; nothing anywhere else.

use std::{fmt::Display, time::Duration};

use tokio::{sync::watch, task::JoinHandle, time::Instant};

use super::screen::Screen;

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const PERIOD: Duration = Duration::from_millis(100);
/// What is over sooner needs no seconds counted.
const QUIET: Duration = Duration::from_secs(2);

/// Something that takes time; the line is cleared when this is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    screen: Screen,
    doing: watch::Sender<String>,
    drawing: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to wait for this.
    pub(super) fn of(screen: Screen, doing: impl Into<String>) -> Self {
        let doing = watch::Sender::new(doing.into());
        let drawing = screen.is_lively().then(|| tokio::spawn(draw(screen, doing.subscribe())));
        Self { screen, doing, drawing }
    }

    /// Goes on to wait for something else.
    pub(super) fn now(&self, doing: impl Into<String>) {
        let doing = doing.into();
        self.doing.send_if_modified(|before| {
            let changes = *before != doing;
            *before = doing;
            changes
        });
    }

    /// Prints a sentence above.
    pub(super) fn remark(&self, line: impl Display) {
        self.screen.draw("");
        self.screen.remark_sentence(line);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(drawing) = &self.drawing {
            drawing.abort();
            self.screen.draw("");
        }
    }
}

async fn draw(screen: Screen, mut doing: watch::Receiver<String>) {
    let mut since = Instant::now();
    let mut ticks = tokio::time::interval(PERIOD);
    for frame in FRAMES.into_iter().cycle() {
        ticks.tick().await;
        if doing.has_changed().unwrap_or(false) {
            since = Instant::now();
        }
        let text = doing.borrow_and_update().clone();
        let waited = since.elapsed();
        let seconds = if waited < QUIET { String::new() } else { format!(" {} s", waited.as_secs()) };
        screen.draw(&format!("{frame} {text}…{seconds}"));
    }
}
