//! `[watch]`: how our own prober watches, and how many watchers have to agree.

use std::time::Duration;

use url::Url;

use super::{SubscriptionName, address::SiteUrl, section::Section};

/// How our own prober watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// How long from one probe to the next.
    pub every: Duration,
    /// So many silent probes in a row are an outage.
    pub threshold: u32,
    /// So many answers in a row end it.
    pub recovery: u32,
    /// So many watchers have to report within three intervals.
    pub agree: u32,
    /// Places that answer whenever the watcher's own network works.
    pub anchors: Vec<Url>,
    /// Watchers that the function misses though it never heard of them.
    pub watchers: Vec<String>,
    /// A subscription of a watcher's own on the events topic: it stops repeating a report once the function answers.
    pub events: Option<SubscriptionName>,
}

pub(super) fn read(root: &mut Section<'_, '_>) -> Watch {
    root.section("watch", read_watch).unwrap_or_else(|| Watch {
        every: Duration::from_secs(5),
        threshold: 3,
        recovery: 5,
        agree: 1,
        anchors: Vec::new(),
        watchers: Vec::new(),
        events: None,
    })
}

fn read_watch(watch: &mut Section<'_, '_>) -> Watch {
    let anchors: Vec<SiteUrl> = watch.optional_list("anchors", "https://one.one.one.one/");
    Watch {
        every: watch.some_time("every", "5s"),
        threshold: watch.number("threshold", 3, 1..=1000),
        recovery: watch.number("recovery", 5, 1..=1000),
        agree: watch.number("agree", 1, 1..=1000),
        anchors: anchors.into_iter().map(|anchor| anchor.0).collect(),
        watchers: watch.optional_list::<String>("watchers", "pi"),
        events: watch.optional("events", "projects/acme-prod/subscriptions/failover-events-pi"),
    }
}
