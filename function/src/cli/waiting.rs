//! Waiting: a bound of time that is one, what is waited for said on standard error every few seconds, and signals.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{signal, task::JoinHandle, time::Instant};

use super::{exit::Failure, screen::Screen};
use crate::log;

/// So often it is said what is waited for: own choice, between silence and chatter.
const SAID_EVERY: Duration = Duration::from_secs(3);

/// What was begun when time was up is waited for this long: a change that is half made is worse than one that is late.
const GRACE: Duration = Duration::from_secs(10);

/// Where nobody would live to see the end.
const FAR: Duration = Duration::from_hours(24 * 365);

/// Until when something is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    within: Duration,
    at: Instant,
}

impl Bound {
    /// From now on, for so long.
    pub(super) fn within(within: Duration) -> Self {
        Self { within, at: Instant::now() + within.min(FAR) }
    }

    /// When time is up.
    pub(super) fn at(self) -> Instant {
        self.at
    }

    /// When what was begun is waited for no longer.
    pub(super) fn at_last(self) -> Instant {
        self.at + GRACE
    }

    /// Waits before another try; false where there is no time for one.
    pub(super) async fn rest(self, pause: Duration) -> bool {
        if Instant::now() + pause >= self.at {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        humantime::format_duration(self.within).fmt(f)
    }
}

/// Says what is waited for until it is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    screen: Screen,
    told: Arc<Mutex<Told>>,
    saying: JoinHandle<()>,
}

#[derive(Debug)]
struct Told {
    doing: String,
    trouble: Option<String>,
}

impl Waiting {
    /// Begins with this.
    pub(super) fn begin(screen: Screen, doing: &str) -> Self {
        let told = Arc::new(Mutex::new(Told { doing: doing.to_owned(), trouble: None }));
        let saying = tokio::spawn(say(screen, Arc::clone(&told)));
        Self { screen, told, saying }
    }

    /// Goes on with something else.
    pub(super) fn now(&self, doing: impl Into<String>) {
        *lock(&self.told) = Told { doing: doing.into(), trouble: None };
    }

    /// What keeps it.
    pub(super) fn trouble(&self, trouble: impl Into<String>) {
        lock(&self.told).trouble = Some(trouble.into());
    }

    /// What last kept it.
    pub(super) fn last_trouble(&self) -> Option<String> {
        let mut told = lock(&self.told);
        hear(&mut told);
        told.trouble.clone()
    }

    /// Says something at once.
    pub(super) fn say(&self, line: &str) {
        self.screen.aside(line);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.saying.abort();
    }
}

async fn say(screen: Screen, told: Arc<Mutex<Told>>) {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(SAID_EVERY).await;
        let line = {
            let mut told = lock(&told);
            hear(&mut told);
            let why = told.trouble.as_deref().unwrap_or("no answer yet");
            format!("{} ({} s): {why}", told.doing, begun.elapsed().as_secs())
        };
        screen.aside(&line);
    }
}

/// Executors tell the log what they try again, and why.
fn hear(told: &mut Told) {
    if let Some(trouble) = log::take_trouble() {
        told.trouble = Some(trouble);
    }
}

fn lock(told: &Mutex<Told>) -> std::sync::MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The signals by which this process is asked to end. From when there is one on, it ends in its own time.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl Signals {
    /// Hears them from now on.
    pub(super) fn listen() -> Result<Self, Failure> {
        #[cfg(unix)]
        {
            let kind = signal::unix::SignalKind::terminate();
            let deaf =
                |error| Failure::new(format!("this process could not be made to hear SIGTERM: {error}"));
            Ok(Self { terminate: signal::unix::signal(kind).map_err(deaf)? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        drop(signal::ctrl_c().await);
    }
}
