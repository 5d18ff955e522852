//! Record: a site's journal as its decisions and executors see it.
//!
//! It knows the newest entry that this process has seen (the head), finds newer ones, and appends. What executors give
//! it while the journal is away it accepts, and writes before it reads on (`writing`). What it never does: change or
//! remove an entry, or decide anything.

use std::{
    ops::RangeInclusive,
    sync::{Arc, Mutex as Lock, PoisonError},
};

use failover_core::{Entry, Event, SiteName, State};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

mod appender;
mod entries;
mod error;
mod heads;
mod unwritten;
mod writing;

pub use error::RecordError;
pub(crate) use unwritten::{Away, Owner, Written};

use crate::{journal::Journal, pace::Pace};
use appender::Appender;
use entries::Entries;
use heads::Heads;
use writing::ExecutorEntries;

/// The newest entry that is known, and the state it led to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 when the journal is empty.
    pub number: u64,
    /// The state after it.
    pub state: Arc<State>,
}

/// One site's journal.
#[derive(Debug)]
pub struct Record {
    entries: Arc<Entries>,
    heads: Arc<Heads>,
    appender: Arc<Appender>,
    pub(crate) executors: Arc<ExecutorEntries>,
    /// When the store last said that the head is the newest.
    read_at: Lock<Option<Instant>>,
}

impl Record {
    /// The journal of `site`, of which nothing is known yet.
    pub fn new(journal: Journal, site: SiteName, pace: Pace) -> Self {
        let entries = Arc::new(Entries { journal, site: site.clone() });
        let heads = Arc::new(Heads::new(Arc::clone(&entries)));
        let appender = Arc::new(Appender::new(Arc::clone(&entries), Arc::clone(&heads)));
        let executors = Arc::new(ExecutorEntries {
            site,
            pace,
            heads: Arc::clone(&heads),
            appender: Arc::clone(&appender),
            unwritten: Lock::default(),
            tried: watch::Sender::new(0),
            hurry: Notify::new(),
        });
        Self { entries, heads, appender, executors, read_at: Lock::default() }
    }

    /// The newest head that this process knows, without asking the store.
    pub fn known(&self) -> Option<Head> {
        self.heads.known()
    }

    /// Tells whenever this process learns of a newer head.
    pub fn heads(&self) -> watch::Receiver<Option<Head>> {
        self.heads.subscribe()
    }

    /// When this process last read all that there was.
    pub fn last_read(&self) -> Option<Instant> {
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest head, after what this process has to tell was written: one listing page and at most one entry at first
    /// (none where the listing brings it along), afterwards the next number.
    ///
    /// # Errors
    /// When the store can't be reached, or the newest entry can't be read.
    pub async fn look(&self) -> Result<Head, RecordError> {
        self.executors.write_first().await?;
        let head = self.heads.look_on().await?;
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(head)
    }

    /// As `look`, but an operator's command looks past entries that can't be read, however many: it goes on from the
    /// newest state that can be, after the newest number.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn look_past(&self) -> Result<Head, RecordError> {
        match self.look().await {
            Err(RecordError::Unreadable { number, .. }) => self.heads.look_past(number).await,
            other => other,
        }
    }

    /// Appends `event` right after `head`: what was decided on that head holds only if nobody wrote meanwhile.
    ///
    /// # Errors
    /// `Moved` when somebody did; else as `look`, or when the event is illegal.
    pub async fn append_after(&self, head: &Head, event: &Event) -> Result<Head, RecordError> {
        self.appender.append_after(head, event).await
    }

    /// Appends `event` after whatever the newest entry is.
    ///
    /// # Errors
    /// As `look`, or when the event may not follow the newest state.
    pub async fn append(&self, event: &Event) -> Result<Head, RecordError> {
        self.appender.append(event).await
    }

    /// Every entry from `number` on, newest last; for people, never for a decision.
    ///
    /// # Errors
    /// When the store can't be reached; entries that can't be read are left out.
    pub async fn entries(&self, newest: usize) -> Result<Vec<Entry>, RecordError> {
        let last = self.entries.newest_number().await?.unwrap_or(0);
        self.entries_between(last.saturating_sub(newest as u64) + 1..=last).await
    }

    /// The entries of these numbers, newest last; for people, never for a decision.
    ///
    /// # Errors
    /// As `entries`.
    pub async fn entries_between(&self, numbers: RangeInclusive<u64>) -> Result<Vec<Entry>, RecordError> {
        self.entries.between(numbers).await
    }

    /// The state as this process knows it, without asking the store: what isn't written yet has happened as well.
    pub fn state(&self) -> Arc<State> {
        self.executors.state()
    }
}
