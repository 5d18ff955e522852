//! One site's post: looks at it in its rhythm, and publishes what becomes certain.
//!
//! Looking never waits for publishing: an outage of Pub/Sub makes reports late, not blind.

use std::{pin::Pin, sync::Arc, time::Duration};

use failover_core::{IncidentState, Served, SiteName, report::ProbeReport};
use futures::{StreamExt, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    Tools,
    eye::Look,
    outbox::{Outage, Outbox},
    sight::{Sight, Turn},
    watched::{Change, Rules, Watched},
};
use crate::{
    announce::{Announcement, Kind},
    clouds::Severity,
    probe::{Targets, certificate::Expiry},
};

/// Looks vary by this share, so that sites don't fall into step.
const JITTER: f64 = 0.1;

/// What a post waited for.
enum Happening {
    Looked(Box<Look>),
    Asked { online: bool },
    Sent { published: bool },
}

type UnderWay = FuturesUnordered<Pin<Box<dyn Future<Output = Happening> + Send>>>;

/// One site under watch.
#[derive(Debug)]
pub(super) struct Post {
    site: SiteName,
    targets: Arc<Targets>,
    rules: Rules,
    watched: Watched,
    outbox: Outbox,
    expiry: Expiry,
    sight: Sight,
    /// What the last failure met.
    failure: String,
    greeted: bool,
    tools: Arc<Tools>,
}

impl Post {
    /// A post whose first look is at `first`.
    pub(super) fn new(
        (site, targets): (SiteName, Targets),
        rules: Rules,
        first: Instant,
        tools: Arc<Tools>,
    ) -> Self {
        Self {
            site,
            targets: Arc::new(targets),
            rules,
            watched: Watched::new(rules, first),
            outbox: Outbox::new(rules.every, rules.agree),
            expiry: Expiry::default(),
            sight: Sight::new(rules.threshold),
            failure: String::new(),
            greeted: false,
            tools,
        }
    }

    /// Watches until `ending` says so. `answers` tells when the function last took an outage of the site up.
    pub(super) async fn keep(
        mut self,
        mut ending: watch::Receiver<bool>,
        mut answers: watch::Receiver<Timestamp>,
    ) {
        let mut under_way = UnderWay::new();
        loop {
            let due = [self.watched.next_look(), self.outbox.due()].into_iter().flatten().min();
            tokio::select! {
                _ = ending.wait_for(|ending| *ending) => return,
                Some(happening) = under_way.next(), if !under_way.is_empty() => {
                    self.note(happening, &under_way);
                }
                Ok(()) = answers.changed() => self.hear(*answers.borrow_and_update()),
                () = at(due) => self.act(&under_way),
            }
        }
    }

    /// Does what is due.
    fn act(&mut self, under_way: &UnderWay) {
        let now = Instant::now();
        if self.watched.next_look().is_some_and(|next| next <= now) {
            self.watched.begin(now, jittered(self.rules.every));
            let (tools, targets) = (Arc::clone(&self.tools), Arc::clone(&self.targets));
            under_way
                .push(Box::pin(async move { Happening::Looked(Box::new(tools.eye.look(&targets).await)) }));
        }
        if let Some((outage, state)) = self.outbox.take(now) {
            let report = self.report(outage, state, now);
            let tools = Arc::clone(&self.tools);
            under_way
                .push(Box::pin(async move { Happening::Sent { published: tools.publish(&report).await } }));
        }
    }

    /// An answer to an earlier outage, which was read late, is none to this one.
    fn hear(&mut self, answered: Timestamp) {
        let since = self.outbox.outage().map(|outage| wall_time(outage.since, Instant::now()));
        if since.is_some_and(|since| since <= answered) {
            tracing::info!(site = %self.site, "the function has taken it up");
            self.outbox.answered();
        }
    }

    fn note(&mut self, happening: Happening, under_way: &UnderWay) {
        let now = Instant::now();
        match happening {
            Happening::Looked(look) => self.looked(&look, now, under_way),
            Happening::Asked { online } => {
                let change = self.watched.judge(online);
                self.tell(&change, now);
            }
            Happening::Sent { published } => self.outbox.sent(published, now),
        }
    }

    fn looked(&mut self, look: &Look, now: Instant, under_way: &UnderWay) {
        self.tell_look(look);
        self.tell_sight(&look.served);
        if let Some(expires) = look.seen.expires {
            self.notice(expires);
        }
        if let Served::Silent(why) = &look.served {
            self.failure.clone_from(why);
        }
        let change = self.watched.saw(&look.served, now);
        if change == Change::Doubted {
            let tools = Arc::clone(&self.tools);
            under_way
                .push(Box::pin(async move { Happening::Asked { online: tools.anchors.is_online().await } }));
        }
        self.tell(&change, now);
    }

    fn tell_look(&mut self, look: &Look) {
        let (site, times) = (&self.site, look.seen.times.told());
        match &look.served {
            Served::By(who) if !self.greeted => {
                self.greeted = true;
                tracing::info!(%site, "the {who} answers ({times})");
            }
            Served::By(who) => tracing::debug!(%site, "the {who} answers ({times})"),
            Served::Silent(why) => tracing::debug!(%site, "{why} ({times})"),
            Served::Unknown(why) => tracing::debug!(%site, "nothing can be said: {why} ({times})"),
        }
    }

    /// Whoever relies on this watcher has to know that it can't see.
    fn tell_sight(&mut self, served: &Served) {
        let site = &self.site;
        match self.sight.saw(served) {
            Turn::Nothing => {}
            Turn::Blind(why) => {
                self.tools.unseen.note(site, Some(&why));
                let sentence = format!(
                    "the watcher {} can't judge {site}, so it guards nothing there: {why}; let its user agent \
                     \"cloud-failover-watch\" pass, or give it a public_url that answers programs",
                    self.tools.name
                );
                tracing::warn!(%site, "{sentence}");
                let news = Announcement::new(Kind::Trouble, Some(site.clone()), sentence, Timestamp::now());
                self.tools.announcer.tell(news.with_severity(Severity::Warning));
            }
            Turn::Seeing => {
                self.tools.unseen.note(site, None);
                tracing::info!(%site, "can be judged again");
            }
        }
    }

    fn tell(&mut self, change: &Change, now: Instant) {
        let (site, failure) = (&self.site, &self.failure);
        match change {
            Change::Nothing => {}
            // That was said once, for all sites.
            Change::Faltered | Change::Doubted if self.tools.anchors.are_silent() => {
                tracing::debug!(%site, "fails, as everything does from here: {failure}");
            }
            Change::Faltered => tracing::info!(%site, "looked at again: {failure}"),
            Change::Steadied => tracing::info!(%site, "answers again; it was no outage"),
            Change::Doubted => tracing::info!(%site, "{} failures in a row: {failure}", self.rules.threshold),
            Change::Fell(since) => self.fell(*since, now),
            Change::Rose => {
                tracing::info!(%site, "answered {} times in a row: the outage is over", self.rules.recovery);
                self.outbox.close(now);
            }
        }
    }

    fn fell(&mut self, since: Instant, now: Instant) {
        let began = wall_time(since, now);
        // A clock that was set back must not give two outages one name.
        let id = format!(
            "{}-{:04x}",
            ProbeReport::id_of(&self.tools.name, &self.site, began),
            rand::random::<u16>()
        );
        tracing::warn!(site = %self.site, incident = %id, "is down, and is reported: {}", self.failure);
        let summary =
            format!("{} saw {} failures in a row: {}", self.tools.name, self.rules.threshold, self.failure);
        self.outbox.open(Outage { id, since, summary }, now);
    }

    fn report(&self, outage: Outage, state: IncidentState, now: Instant) -> ProbeReport {
        ProbeReport {
            site: self.site.clone(),
            watcher: self.tools.name.clone(),
            incident: outage.id,
            state,
            // Told from the monotonic clock, so that a wall clock which is set meanwhile sets it right too.
            started_at: wall_time(outage.since, now),
            at: Timestamp::now(),
            summary: outage.summary,
        }
    }

    fn notice(&mut self, expires: Timestamp) {
        let now = Timestamp::now();
        let Some(days) = self.expiry.notice(expires, now) else { return };
        let host = self.targets.public.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        let sentence = format!("the certificate of {host} expires in {days} days, at {expires}; renew it");
        let severity = if days <= 1 { Severity::Critical } else { Severity::Warning };
        let news = Announcement::new(Kind::Check, Some(self.site.clone()), sentence, now);
        let details = serde_json::json!({ "certificate_expires": expires });
        self.tools.announcer.tell(news.with_details(details).with_severity(severity));
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// What the wall clock shows for an instant of the past.
fn wall_time(then: Instant, now: Instant) -> Timestamp {
    let ago = SignedDuration::try_from(now.saturating_duration_since(then)).unwrap_or_default();
    Timestamp::now().checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn jittered(every: Duration) -> Duration {
    every.mul_f64(rand::random_range(1.0 - JITTER..=1.0 + JITTER))
}
