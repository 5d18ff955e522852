//! Whether the watcher itself is online: places of the user's choice that answer whenever its own network works.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::select_ok;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use url::Url;

use crate::probe::dialer::Dialer;

/// An answer of the anchors holds for this long: sites that fail together ask them once.
const FRESH: Duration = Duration::from_secs(2);

/// The anchors, asked by one at a time.
#[derive(Debug)]
pub(super) struct Anchors {
    urls: Vec<Url>,
    dialer: Arc<Dialer>,
    patience: Duration,
    known: Mutex<Option<Known>>,
    cut_off: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    at: Instant,
    online: bool,
}

impl Anchors {
    pub(super) fn new(urls: Vec<Url>, dialer: Arc<Dialer>, patience: Duration) -> Self {
        Self { urls, dialer, patience, known: Mutex::default(), cut_off: AtomicBool::new(false) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.urls.len()
    }

    /// Whether no anchor answered when they were asked last.
    pub(super) fn are_silent(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Whether any anchor answers. Without anchors nobody can tell, and the site is believed to be at fault.
    pub(super) async fn is_online(&self) -> bool {
        if self.urls.is_empty() {
            return true;
        }
        let mut known = self.known.lock().await;
        if let Some(known) = known.filter(|known| known.at.elapsed() < FRESH) {
            return known.online;
        }
        let asked = select_ok(self.urls.iter().map(|url| Box::pin(self.ask(url)))).await;
        let online = asked.is_ok();
        tell_change(known.is_none_or(|known| known.online), &asked.map(|_| ()));
        self.cut_off.store(!online, Ordering::Relaxed);
        *known = Some(Known { at: Instant::now(), online });
        online
    }

    /// Any answer will do, also one that refuses.
    async fn ask(&self, url: &Url) -> Result<(), String> {
        let line = self.dialer.line();
        let answer = async {
            match url.scheme() {
                "tcp" => line.connect(url, None).await.map(|_| ()).map_err(|why| why.to_string()),
                _ => line.ask(url).await.map(|_| ()),
            }
        };
        timeout(self.patience, answer).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}

fn tell_change(was_online: bool, asked: &Result<(), String>) {
    match (was_online, asked) {
        (true, Err(why)) => tracing::warn!(
            "no anchor answers ({why}): this watcher itself is cut off, so it says nothing about its sites"
        ),
        (false, Ok(())) => tracing::info!("an anchor answers: this watcher is online again"),
        _ => {}
    }
}
