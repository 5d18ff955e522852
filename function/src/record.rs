//! Record: a site's journal as its decisions and executors see it.
//!
//! It knows the newest entry that this process has seen (the head), finds newer ones, and appends. What executors give
//! it while the journal is away it accepts, and writes before it reads on (`writing`). What it never does: change or
//! remove an entry, or decide anything.

use std::{
    ops::RangeInclusive,
    sync::{Arc, Mutex as Lock, PoisonError},
};

use failover_core::{ENTRY_VERSION, Entry, Event, SiteName, State};
use jiff::Timestamp;
use tokio::{
    sync::{Mutex, Notify, watch},
    time::Instant,
};

mod error;
mod unwritten;
mod writing;

pub use error::RecordError;
pub(crate) use unwritten::{Away, Owner, Written};

use crate::{
    journal::{Create, Journal, JournalError, Newest},
    pace::Pace,
};
use unwritten::Unwritten;

/// How many unreadable entries in a row an operator's command looks past to find a state; behind more than that it goes
/// on as if the journal were new. Own choice: a plan that waits for an hour writes as many.
const LOOK_PAST: u64 = 1024;

/// So many of them are read at a time.
const READ_AT_A_TIME: u64 = 32;

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
    journal: Journal,
    site: SiteName,
    pace: Pace,
    /// Held while an entry is written, so that this process doesn't compete with itself for a number.
    writing: Mutex<()>,
    /// Held while the newest entry is searched for: whoever comes meanwhile takes what is found.
    finding: Mutex<()>,
    head: watch::Sender<Option<Head>>,
    /// When the store last said that the head is the newest.
    read_at: Lock<Option<Instant>>,
    unwritten: Lock<Unwritten>,
    /// How often something could not be written; told of whenever something was.
    tried: watch::Sender<u64>,
    /// Has what could not be written tried at once.
    hurry: Notify,
}

impl Record {
    /// The journal of `site`, of which nothing is known yet.
    pub fn new(journal: Journal, site: SiteName, pace: Pace) -> Self {
        Self {
            journal,
            site,
            pace,
            writing: Mutex::default(),
            finding: Mutex::default(),
            head: watch::Sender::new(None),
            read_at: Lock::default(),
            unwritten: Lock::default(),
            tried: watch::Sender::new(0),
            hurry: Notify::new(),
        }
    }

    /// The newest head that this process knows, without asking the store.
    pub fn known(&self) -> Option<Head> {
        self.head.borrow().clone()
    }

    /// Tells whenever this process learns of a newer head.
    pub fn heads(&self) -> watch::Receiver<Option<Head>> {
        self.head.subscribe()
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
        self.write_first().await?;
        let head = self.look_on().await?;
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(head)
    }

    async fn look_on(&self) -> Result<Head, RecordError> {
        let Some(mut head) = self.known() else { return self.find_newest().await };
        loop {
            match self.read(head.number + 1).await {
                Ok(Some(entry)) => head = self.learn(entry),
                Ok(None) => return Ok(head),
                Err(unreadable @ RecordError::Unreadable { .. }) => head = self.look_over(unreadable).await?,
                Err(other) => return Err(other),
            }
        }
    }

    /// Each entry carries the whole state: one that can't be read matters only as long as nobody has gone on after it.
    async fn look_over(&self, unreadable: RecordError) -> Result<Head, RecordError> {
        let RecordError::Unreadable { number, .. } = unreadable else { return Err(unreadable) };
        match self.newest_number().await? {
            Some(newest) if newest > number => match self.read(newest).await? {
                Some(entry) => Ok(self.learn(entry)),
                None => Err(unreadable),
            },
            _ => Err(unreadable),
        }
    }

    /// As `look`, but an operator's command looks past entries that can't be read, however many: it goes on from the
    /// newest state that can be, after the newest number.
    ///
    /// # Errors
    /// When the store can't be reached.
    pub async fn look_past(&self) -> Result<Head, RecordError> {
        let unreadable = match self.look().await {
            Err(RecordError::Unreadable { number, .. }) => number,
            other => return other,
        };
        let newest = self.newest_number().await?.unwrap_or(unreadable);
        let known = self.known().filter(|known| known.number < newest);
        let oldest = newest.saturating_sub(LOOK_PAST).max(known.as_ref().map_or(0, |known| known.number)) + 1;
        let mut last = newest;
        while last >= oldest {
            let first = oldest.max(last.saturating_sub(READ_AT_A_TIME - 1));
            match self.newest_readable(first..=last).await? {
                // It can be read after all.
                Some(entry) if entry.number == newest => return Ok(self.learn(entry)),
                Some(entry) => return Ok(Head { number: newest, state: Arc::new(entry.state) }),
                None => last = first - 1,
            }
        }
        tracing::warn!(site = %self.site, newest, "no entry could be read: the journal goes on as if it were new");
        Ok(Head { number: newest, state: known.map(|known| known.state).unwrap_or_default() })
    }

    async fn newest_readable(&self, numbers: RangeInclusive<u64>) -> Result<Option<Entry>, RecordError> {
        for read in futures::future::join_all(numbers.rev().map(|number| self.read(number))).await {
            match read {
                Ok(Some(entry)) => return Ok(Some(entry)),
                Ok(None) | Err(RecordError::Unreadable { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(None)
    }

    /// Appends `event` right after `head`: what was decided on that head holds only if nobody wrote meanwhile.
    ///
    /// # Errors
    /// `Moved` when somebody did; else as `look`, or when the event is illegal.
    pub async fn append_after(&self, head: &Head, event: &Event) -> Result<Head, RecordError> {
        let _writing = self.writing.lock().await;
        if self.known().is_some_and(|known| known.number > head.number) {
            return Err(RecordError::Moved(self.site.clone()));
        }
        match self.create(head, event).await? {
            Ok(head) => Ok(head),
            Err(number) => {
                if let Some(entry) = self.read(number).await? {
                    self.learn(entry);
                }
                Err(RecordError::Moved(self.site.clone()))
            }
        }
    }

    /// Appends `event` after whatever the newest entry is.
    ///
    /// # Errors
    /// As `look`, or when the event may not follow the newest state.
    pub async fn append(&self, event: &Event) -> Result<Head, RecordError> {
        let _writing = self.writing.lock().await;
        let mut head = self.known_or_look().await?;
        loop {
            match self.create(&head, event).await? {
                Ok(head) => return Ok(head),
                Err(_) => head = self.look_on().await?,
            }
        }
    }

    async fn known_or_look(&self) -> Result<Head, RecordError> {
        match self.known() {
            Some(head) => Ok(head),
            None => self.look_on().await,
        }
    }

    /// Every entry from `number` on, newest last; for people, never for a decision.
    ///
    /// # Errors
    /// When the store can't be reached; entries that can't be read are left out.
    pub async fn entries(&self, newest: usize) -> Result<Vec<Entry>, RecordError> {
        let last = self.newest_number().await?.unwrap_or(0);
        self.entries_between(last.saturating_sub(newest as u64) + 1..=last).await
    }

    /// The entries of these numbers, newest last; for people, never for a decision.
    ///
    /// # Errors
    /// As `entries`.
    pub async fn entries_between(&self, numbers: RangeInclusive<u64>) -> Result<Vec<Entry>, RecordError> {
        let reads = numbers.map(|number| self.read(number));
        let mut entries = Vec::new();
        for read in futures::future::join_all(reads).await {
            match read {
                Ok(entry) => entries.extend(entry),
                Err(RecordError::Unreadable { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(entries)
    }

    async fn find_newest(&self) -> Result<Head, RecordError> {
        let _finding = self.finding.lock().await;
        if let Some(found) = self.known() {
            return Ok(found);
        }
        let Some(Newest { number, copy }) = self.newest().await? else {
            return Ok(self.publish(Head { number: 0, state: Arc::default() }));
        };
        let copied = copy.and_then(|copy| Entry::read(&copy, &self.site, number).ok());
        if let Some(entry) = copied {
            return Ok(self.learn(entry));
        }
        match self.read(number).await? {
            Some(entry) => Ok(self.learn(entry)),
            None => Err(self.unreadable(number, "it was listed, and is not there")),
        }
    }

    async fn newest_number(&self) -> Result<Option<u64>, RecordError> {
        Ok(self.newest().await?.map(|newest| newest.number))
    }

    async fn newest(&self) -> Result<Option<Newest>, RecordError> {
        self.journal.newest(&self.site).await.map_err(|source| self.store(source))
    }

    /// Tries to be the one who writes the number after `head`; the inner error names the number that somebody
    /// else wrote first.
    async fn create(&self, head: &Head, event: &Event) -> Result<Result<Head, u64>, RecordError> {
        let number = head.number + 1;
        let at = Timestamp::now();
        let state = head.state.after(number, at, event)?;
        let writer = uuid::Uuid::new_v4().to_string();
        let (site, event) = (self.site.clone(), event.clone());
        let entry = Entry { v: ENTRY_VERSION, site, number, at, writer, event, state };
        let bytes = entry.to_bytes().into();
        match self.journal.create(&self.site, number, bytes).await.map_err(|source| self.store(source))? {
            Create::Created => Ok(Ok(self.learn(entry))),
            Create::Exists(_) => Ok(Err(number)),
        }
    }

    async fn read(&self, number: u64) -> Result<Option<Entry>, RecordError> {
        let bytes = self.journal.read(&self.site, number).await.map_err(|source| self.store(source))?;
        let read = |bytes: bytes::Bytes| Entry::read(&bytes, &self.site, number);
        bytes.map(read).transpose().map_err(|why| self.unreadable(number, &why.to_string()))
    }

    fn learn(&self, entry: Entry) -> Head {
        self.publish(Head { number: entry.number, state: Arc::new(entry.state) })
    }

    fn publish(&self, head: Head) -> Head {
        self.head.send_if_modified(|known| {
            let newer = known.as_ref().is_none_or(|known| known.number < head.number);
            if newer {
                *known = Some(head.clone());
            }
            newer
        });
        head
    }

    fn store(&self, source: JournalError) -> RecordError {
        RecordError::Store { site: self.site.clone(), source }
    }

    fn unreadable(&self, number: u64, why: &str) -> RecordError {
        RecordError::Unreadable { site: self.site.clone(), number, why: why.to_owned() }
    }
}
