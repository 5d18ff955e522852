//! A round of reconcile over sites: all their looks first, so many at a time, then what comes of them.
//!
//! What this process can't do itself is nobody's outage: looks are bounded, and where most sites fall silent at once it
//! is this process that sees nothing.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use failover_core::{Served, Signal, SiteName};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::Semaphore;

use super::{
    answer,
    one_site::OneSite,
    reconcile::{Look, Round},
};
use crate::{
    announce::{Announcement, Announcer, Kind},
    clock::Instant,
    push::Reply,
    record::RecordError,
};

/// Sites that are looked at side by side: each takes some descriptors, and a process has few.
const SIDE_BY_SIDE: usize = 64;

/// From so many sites on, most of them silent at once is our own outage.
const ENOUGH_TO_TELL: usize = 3;

/// A reconcile that was published so long before the newest stood in a queue: it says nothing about how often the site was
/// looked at.
const BACKLOG: SignedDuration = SignedDuration::from_mins(5);

/// So many messages are known again: own choice, many more than Pub/Sub has under way.
const KNOWN_MESSAGES: usize = 256;

/// What this process knows from one round to the next about all sites together.
#[derive(Debug)]
pub(super) struct Rounds {
    looking: Semaphore,
    messages: Mutex<VecDeque<String>>,
    /// When the newest message was published, by its publisher's clock, and when it came. This machine's own clock may be
    /// ahead by any time, and would make all of them old.
    newest: Mutex<Option<(Timestamp, Instant)>>,
    cut_off: AtomicBool,
    /// The sites whose journal was out of order in their last round.
    unrecorded: Mutex<BTreeSet<SiteName>>,
    /// When the last round was seen to its end.
    last: Mutex<Option<Timestamp>>,
}

impl Default for Rounds {
    fn default() -> Self {
        Self {
            looking: Semaphore::new(SIDE_BY_SIDE),
            messages: Mutex::default(),
            newest: Mutex::default(),
            cut_off: AtomicBool::default(),
            unrecorded: Mutex::default(),
            last: Mutex::default(),
        }
    }
}

impl Rounds {
    /// One round over `sites`, on behalf of `signal`.
    pub(super) async fn reconcile(
        &self,
        sites: Vec<&OneSite>,
        signal: &Signal,
        announcer: &Announcer,
    ) -> Reply {
        let is_a_look = self.is_a_look(signal);
        let mut looks = join_all(sites.iter().map(|site| self.look(site, signal))).await;
        if self.are_we_cut_off(&looks, announcer) {
            looks.iter_mut().for_each(doubt);
        }
        let rounds = sites.iter().zip(looks).map(async |(site, look)| {
            let done = site.reconciler.conclude(signal, Round { look: look?, is_a_look }).await;
            done.map_err(|error| (*site, error))
        });
        let done = join_all(rounds).await;
        self.tell_of_the_journal(&done, announcer);
        *lock(&self.last) = Some(Timestamp::now());
        let replies = done
            .into_iter()
            .map(|done| done.unwrap_or_else(|(site, error)| answer::unrecorded(&site.site, &error)));
        answer::together(replies.collect())
    }

    /// When this process last saw a round to its end.
    pub(super) fn last(&self) -> Option<Timestamp> {
        *lock(&self.last)
    }

    async fn look<'a>(&self, site: &'a OneSite, signal: &Signal) -> Result<Look, (&'a OneSite, RecordError)> {
        let _place = self.looking.acquire().await;
        site.reconciler.look_around(signal).await.map_err(|error| (site, error))
    }

    /// Whether looks made on behalf of this message count: a redelivery is no second look, and a queue of old ones is
    /// none at all.
    fn is_a_look(&self, signal: &Signal) -> bool {
        if self.stood_in_a_queue(signal.order_time()) {
            return false;
        }
        let mut messages = lock(&self.messages);
        if messages.contains(&signal.message) {
            return false;
        }
        messages.push_back(signal.message.clone());
        let surplus = messages.len().saturating_sub(KNOWN_MESSAGES);
        messages.drain(..surplus);
        true
    }

    fn stood_in_a_queue(&self, published: Timestamp) -> bool {
        let mut newest = lock(&self.newest);
        let Some((latest, came)) = newest.filter(|(latest, _)| published < *latest) else {
            *newest = Some((published, Instant::now()));
            return false;
        };
        let since = SignedDuration::try_from(came.elapsed()).unwrap_or(SignedDuration::MAX);
        latest.duration_since(published).saturating_add(since) > BACKLOG
    }

    /// Whether so many sites are silent that it must be us; said once until it is over.
    fn are_we_cut_off<E>(&self, looks: &[Result<Look, E>], announcer: &Announcer) -> bool {
        let seen: Vec<&Served> = looks.iter().filter_map(|look| look.as_ref().ok()?.public()).collect();
        let silent = seen.iter().filter(|served| served.is_silent()).count();
        let cut_off = seen.len() >= ENOUGH_TO_TELL && silent * 2 > seen.len();
        if seen.len() < ENOUGH_TO_TELL || self.cut_off.swap(cut_off, Ordering::SeqCst) == cut_off {
            return cut_off;
        }
        let (kind, sentence) = if cut_off {
            let sentence = format!(
                "{silent} of {} sites are silent at once: that is this function's own outage rather than theirs, so \
                 reconcile counts nothing; alerts are acted on as ever",
                seen.len()
            );
            (Kind::Trouble, sentence)
        } else {
            (Kind::Recovered, "most sites answer reconcile again, which counts again".to_owned())
        };
        announcer.tell(Announcement::new(kind, None, sentence, Timestamp::now()));
        cut_off
    }

    /// A journal that can't be read or written is announced once, until it can.
    fn tell_of_the_journal(&self, done: &[Result<Reply, (&OneSite, RecordError)>], announcer: &Announcer) {
        let broken: Vec<(&SiteName, &RecordError)> = done
            .iter()
            .filter_map(|done| done.as_ref().err().map(|(site, error)| (&site.site.name, error)))
            .filter(|(_, error)| error.is_of_the_store())
            .collect();
        let names: BTreeSet<SiteName> = broken.iter().map(|(name, _)| Clone::clone(*name)).collect();
        let before = std::mem::replace(&mut *lock(&self.unrecorded), names);
        let news: Vec<_> = broken.iter().filter(|(name, _)| !before.contains(*name)).collect();
        let Some((first, error)) = news.first() else { return };
        let others = match news.len() {
            1 => String::new(),
            many => format!("; so it is with {} other sites", many - 1),
        };
        let site = (news.len() == 1).then(|| Clone::clone(*first));
        // One with an entry that can't be read moves nobody, and says so itself.
        let meanwhile = if matches!(error, RecordError::Unreadable { .. }) {
            ""
        } else {
            "; an outage that begins now is acted on as far as it is known where the site is and what holds it"
        };
        let sentence = format!("{error}{others}{meanwhile}");
        let news = Announcement::new(Kind::Trouble, site, sentence, Timestamp::now());
        announcer.tell(news.with_details(json!({ "sites": news_names(&broken) })));
    }
}

fn news_names(broken: &[(&SiteName, &RecordError)]) -> Vec<String> {
    broken.iter().map(|(name, _)| name.to_string()).collect()
}

/// What was seen while we were cut off is neither silence nor proof.
fn doubt<E>(look: &mut Result<Look, E>) {
    let Ok(Look::Around(around)) = look else { return };
    for served in [&mut around.public, &mut around.primary] {
        if let Served::Silent(why) = served {
            *served = Served::Unknown(format!("most sites were silent at once; {why}"));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
