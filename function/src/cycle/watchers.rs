//! What the cycle knows of watchers: whether enough of them agree, and whether each of them lives.

use std::sync::{Mutex, PoisonError};

use failover_core::{Heard, Incident, IncidentState, SiteName, report};
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::{
    agree::{Agreement, Count},
    heartbeats::Heartbeats,
};
use crate::{
    announce::{Announcement, Announcer, Kind},
    clouds::Severity,
    config,
    push::{Reply, ReplyVerdict},
};

/// The watchers, as far as this process has heard of them.
#[derive(Debug)]
pub(super) struct Watchers {
    agreement: Mutex<Agreement>,
    heartbeats: Mutex<Heartbeats>,
}

impl Watchers {
    pub(super) fn new(watch: &config::Watch) -> Self {
        Self {
            agreement: Mutex::new(Agreement::new(watch.agree, watch.every)),
            heartbeats: Mutex::new(Heartbeats::of(&watch.watchers, Instant::now())),
        }
    }

    /// A message of a watcher's came. A sign of life is answered here; everything else goes on.
    pub(super) fn hear(&self, incident: &Incident, announcer: &Announcer) -> Option<Reply> {
        let watcher = incident.reporter.as_deref()?;
        let (now, is_heartbeat) = (Instant::now(), report::is_heartbeat(incident));
        let mut beats = lock(&self.heartbeats);
        let was_missed = if is_heartbeat { beats.beat(watcher, now) } else { beats.spoke(watcher, now) };
        drop(beats);
        if was_missed {
            let sentence = format!("the watcher {watcher} is heard of again");
            announcer.tell(about(watcher, Kind::Recovered, sentence));
        }
        is_heartbeat.then(|| Reply::stay(None, format!("the watcher {watcher} lives")))
    }

    /// The answer to a report that too few watchers agree with.
    pub(super) fn disagree(&self, incident: &Incident, site: &SiteName, at: Timestamp) -> Option<Reply> {
        let watcher = incident.reporter.as_deref()?;
        let mut agreement = lock(&self.agreement);
        if incident.state == IncidentState::Closed {
            agreement.withdrawn(site, watcher);
            return None;
        }
        let Count::Short(count, needed) = agreement.reported(site, watcher, at) else { return None };
        let reason = format!(
            "{count} of {needed} watchers: {watcher} reports {site}; it is acted on when {} more report it too",
            needed - count
        );
        tracing::info!(%site, incident = %incident.id, "{reason}");
        Some(Reply::new(Some(site.as_str()), ReplyVerdict::Pending, reason, 200))
    }

    /// Every watcher that was heard of, and when.
    pub(super) fn heard(&self) -> Vec<Heard> {
        let now = Timestamp::now();
        let beats = lock(&self.heartbeats);
        let at = |ago| now.checked_sub(ago).unwrap_or(now);
        beats.heard(Instant::now()).map(|(who, ago)| Heard { who: who.to_owned(), at: at(ago) }).collect()
    }

    /// Announces watchers that have fallen silent; each delivery asks, and Cloud Scheduler sends one every minute.
    pub(super) fn tell_of_the_missing(&self, announcer: &Announcer) {
        for (watcher, silence) in lock(&self.heartbeats).newly_missed(Instant::now()) {
            let minutes = silence.as_secs() / 60;
            let sentence = format!(
                "nothing was heard of the watcher {watcher} for {minutes} minutes; look after it, outages may be \
                 noticed later meanwhile"
            );
            announcer.tell(about(&watcher, Kind::Trouble, sentence));
        }
    }
}

fn about(watcher: &str, kind: Kind, sentence: String) -> Announcement {
    let news = Announcement::new(kind, None, sentence, Timestamp::now());
    let severity = kind.severity().min(Severity::Warning);
    news.with_details(json!({ "watcher": watcher })).with_severity(severity)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use async_trait::async_trait;
    use tokio::time::advance;

    use super::*;
    use crate::{announce::Outlet, api::ApiError};

    /// Keeps what is announced.
    #[derive(Debug, Default)]
    struct News(Mutex<Vec<(Severity, String)>>);

    #[async_trait]
    impl Outlet for News {
        fn name(&self) -> String {
            "the test".to_owned()
        }

        async fn deliver(&self, announcement: &Announcement) -> Result<(), ApiError> {
            lock(&self.0).push((announcement.severity, announcement.sentence.clone()));
            Ok(())
        }
    }

    fn heartbeat() -> Incident {
        let message = report::heartbeat("pi", "pi watches 1 site").to_string();
        match failover_core::Notification::read(message.as_bytes()) {
            Ok(failover_core::Notification::Incident(incident)) => incident,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_watcher_that_falls_silent_and_comes_back_is_announced_twice() {
        let settings = config::Watch {
            every: Duration::from_secs(5),
            threshold: 3,
            recovery: 5,
            agree: 1,
            anchors: Vec::new(),
            watchers: vec!["pi".to_owned()],
            events: None,
        };
        let news = Arc::new(News::default());
        let announcer = Announcer::new(vec![Arc::clone(&news) as Arc<dyn Outlet>]);
        let watchers = Watchers::new(&settings);
        for _ in 0..12 {
            watchers.tell_of_the_missing(&announcer);
            advance(Duration::from_mins(1)).await;
        }
        assert!(watchers.hear(&heartbeat(), &announcer).is_some(), "a sign of life goes no further");
        assert!(announcer.settle(Duration::from_mins(1)).await);
        let told = lock(&news.0).clone();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].1.starts_with("nothing was heard of the watcher pi for 10 minutes"), "{told:?}");
        assert_eq!(told[0].0, Severity::Warning);
        assert_eq!(told[1].1, "the watcher pi is heard of again");
    }
}
