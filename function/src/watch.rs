//! `failover watch`: our own detector. Looks at every site every few seconds, and publishes what becomes certain.
//!
//! Each site has a [`post`](self) of its own on one thread: a pure account of what was seen (`watched`), a pure
//! account of what is to be published (`outbox`), and looks over connections of their own (`probe::dialer`). A watcher
//! moves nothing and asks no cloud anything but Pub/Sub; what its reports lead to is the function's to decide.

mod anchors;
pub mod command;
mod events;
mod eye;
mod heartbeat;
pub mod letterbox;
mod outbox;
mod post;
mod sight;
mod watched;

use std::{collections::HashMap, sync::Arc, time::Duration};

use failover_core::{SiteName, report::ProbeReport};
use jiff::Timestamp;
use tokio::{sync::watch, task::JoinSet, time::Instant};
use url::Url;

use crate::{announce::Announcer, probe::Targets};
use anchors::Anchors;
use eye::Eye;
use post::Post;

pub use crate::probe::dialer::{Dialer, Phase, Seen, Times, VisitLine};
pub use heartbeat::EVERY as HEARTBEAT;
pub use letterbox::{AlertsTopic, Letterbox};
pub use outbox::{Outage, Outbox};
pub use watched::{Change, Rules, Watched};

/// Threads for what can't be done otherwise than by waiting: reading files.
pub const BLOCKING_THREADS: usize = 8;

/// What a watcher watches, and how.
#[derive(Debug)]
pub struct Settings {
    /// What it is called in its reports; every watcher of a site has a name of its own.
    pub name: String,
    /// How it watches.
    pub rules: Rules,
    /// The sites.
    pub sites: Vec<(SiteName, Targets)>,
    /// How long one look may take, redirects included.
    pub patience: Duration,
    /// Places that answer whenever the watcher's own network works.
    pub anchors: Vec<Url>,
}

/// What all posts share.
#[derive(Debug)]
struct Tools {
    name: String,
    eye: Eye,
    anchors: Anchors,
    letterbox: Arc<dyn Letterbox>,
    announcer: Announcer,
    unseen: sight::Unseen,
}

impl Tools {
    /// Publishes a report; a failure is told, and left to be tried again.
    async fn publish(&self, report: &ProbeReport) -> bool {
        let posted = self.letterbox.post(&report.message()).await;
        let (site, incident) = (&report.site, &report.incident);
        match &posted {
            Ok(()) => tracing::info!(%site, %incident, "reported as {:?}", report.state),
            Err(error) => tracing::warn!(%site, %incident, "could not be reported yet: {error}"),
        }
        posted.is_ok()
    }
}

/// Tells the posts when the function said something about their sites.
#[derive(Debug, Default)]
pub struct Ears(HashMap<SiteName, watch::Sender<Timestamp>>);

impl Ears {
    /// The function has taken an outage of this site up, at that time.
    pub fn heard(&self, site: &SiteName, at: Timestamp) {
        if let Some(post) = self.0.get(site) {
            post.send_replace(at);
        }
    }
}

/// A watcher, ready to begin.
#[derive(Debug)]
pub struct Watcher {
    tools: Arc<Tools>,
    settings: Settings,
    ears: Ears,
}

impl Watcher {
    /// A watcher with these tools.
    pub fn new(
        mut settings: Settings,
        dialer: Dialer,
        letterbox: Arc<dyn Letterbox>,
        announcer: Announcer,
    ) -> Self {
        let dialer = Arc::new(dialer);
        let anchors = std::mem::take(&mut settings.anchors);
        let tools = Arc::new(Tools {
            name: settings.name.clone(),
            eye: Eye::new(Arc::clone(&dialer), settings.patience),
            anchors: Anchors::new(anchors, dialer, settings.patience),
            letterbox,
            announcer,
            unseen: sight::Unseen::default(),
        });
        let ears = settings
            .sites
            .iter()
            .map(|(site, _)| (site.clone(), watch::Sender::new(Timestamp::MIN)))
            .collect();
        Self { tools, settings, ears: Ears(ears) }
    }

    /// Watches until `ending` says so; `listen` tells the ears what the function answers.
    pub async fn run<L>(self, ending: impl Future<Output = ()>, listen: impl FnOnce(Arc<Ears>) -> L)
    where
        L: Future<Output = ()>,
    {
        self.introduce();
        let (tell, told) = watch::channel(false);
        let ears = Arc::new(self.ears);
        let mut posts = JoinSet::new();
        posts.spawn(heartbeat::beat(Arc::clone(&self.tools), summary(&self.settings), told.clone()));
        for (post, site) in staggered(self.settings, &self.tools) {
            if let Some(answers) = ears.0.get(&site).map(watch::Sender::subscribe) {
                posts.spawn(post.keep(told.clone(), answers));
            }
        }
        tokio::select! {
            () = ending => {}
            () = listen(ears) => {}
        }
        tell.send_replace(true);
        posts.join_all().await;
    }

    fn introduce(&self) {
        let settings = &self.settings;
        tracing::info!(name = %settings.name, version = env!("CARGO_PKG_VERSION"), "{}", summary(settings));
        match self.tools.anchors.count() {
            0 => tracing::warn!(
                "there are no anchors, so this watcher can't tell its own outage from a site's: once it is back \
                 online it may report sites that were never gone, and only the function's own look then keeps \
                 traffic where it is; set [watch] anchors to two URLs that are independent of your sites and of \
                 each other"
            ),
            1 => tracing::warn!("there is one anchor; when it is down, outages are missed: set a second one"),
            _ => {}
        }
    }
}

fn summary(settings: &Settings) -> String {
    let (name, every) = (&settings.name, humantime::format_duration(settings.rules.every));
    match settings.sites.len() {
        1 => format!("{name} watches 1 site every {every}"),
        count => format!("{name} watches {count} sites, each every {every}"),
    }
}

/// A post for each site; their first looks are spread over one interval.
fn staggered(settings: Settings, tools: &Arc<Tools>) -> impl Iterator<Item = (Post, SiteName)> {
    let (now, rules) = (Instant::now(), settings.rules);
    let step = rules.every / u32::try_from(settings.sites.len().max(1)).unwrap_or(u32::MAX);
    let starts = std::iter::successors(Some(now), move |start| Some(*start + step));
    settings.sites.into_iter().zip(starts).map(move |((site, targets), first)| {
        let name = site.clone();
        (Post::new((site, targets), rules, first, Arc::clone(tools)), name)
    })
}
