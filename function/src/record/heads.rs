//! The newest entry that this process knows, and how newer ones are found.

use std::sync::Arc;

use failover_core::{Entry, State};
use tokio::sync::{Mutex, watch};

use super::{Head, RecordError, entries::Entries};
use crate::journal::Newest;

/// How many unreadable entries in a row an operator's command looks past to find a state; behind more than that it goes
/// on as if the journal were new. Own choice: a plan that waits for an hour writes as many.
const LOOK_PAST: u64 = 1024;

/// So many of them are read at a time.
const READ_AT_A_TIME: u64 = 32;

/// What is known of the newest entry. Nothing is written here.
#[derive(Debug)]
pub(super) struct Heads {
    entries: Arc<Entries>,
    /// Held while the newest entry is searched for: whoever comes meanwhile takes what is found.
    finding: Mutex<()>,
    newest: watch::Sender<Option<Head>>,
}

impl Heads {
    pub(super) fn new(entries: Arc<Entries>) -> Self {
        Self { entries, finding: Mutex::default(), newest: watch::Sender::new(None) }
    }

    pub(super) fn known(&self) -> Option<Head> {
        self.newest.borrow().clone()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Head>> {
        self.newest.subscribe()
    }

    pub(super) async fn known_or_look(&self) -> Result<Head, RecordError> {
        match self.known() {
            Some(head) => Ok(head),
            None => self.look_on().await,
        }
    }

    pub(super) async fn look_on(&self) -> Result<Head, RecordError> {
        let Some(mut head) = self.known() else { return self.find_newest().await };
        loop {
            match self.entries.read(head.number + 1).await {
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
        match self.entries.newest_number().await? {
            Some(newest) if newest > number => match self.entries.read(newest).await? {
                Some(entry) => Ok(self.learn(entry)),
                None => Err(unreadable),
            },
            _ => Err(unreadable),
        }
    }

    /// The newest state that can be read, after the newest number, although entry `unreadable` can't be.
    pub(super) async fn look_past(&self, unreadable: u64) -> Result<Head, RecordError> {
        let newest = self.entries.newest_number().await?.unwrap_or(unreadable);
        let known = self.known().filter(|known| known.number < newest);
        let oldest = newest.saturating_sub(LOOK_PAST).max(known.as_ref().map_or(0, |known| known.number)) + 1;
        let mut last = newest;
        while last >= oldest {
            let first = oldest.max(last.saturating_sub(READ_AT_A_TIME - 1));
            match self.entries.newest_readable(first..=last).await? {
                // It can be read after all.
                Some(entry) if entry.number == newest => return Ok(self.learn(entry)),
                Some(entry) => return Ok(Head { number: newest, state: Arc::new(entry.state) }),
                None => last = first - 1,
            }
        }
        Ok(Head { number: newest, state: self.known_or_new(known, newest) })
    }

    /// What is gone on from where no entry up to the `newest` can be read.
    fn known_or_new(&self, known: Option<Head>, newest: u64) -> Arc<State> {
        let site = &self.entries.site;
        if let Some(Head { number, state }) = known {
            tracing::warn!(%site, newest, known = number, "no newer entry could be read: the journal goes on from the one that was known");
            return state;
        }
        tracing::warn!(%site, newest, "no entry could be read: the journal goes on as if it were new");
        Arc::default()
    }

    async fn find_newest(&self) -> Result<Head, RecordError> {
        let _finding = self.finding.lock().await;
        if let Some(found) = self.known() {
            return Ok(found);
        }
        let Some(Newest { number, copy }) = self.entries.newest().await? else {
            return Ok(self.publish(Head { number: 0, state: Arc::default() }));
        };
        let copied = copy.and_then(|copy| Entry::read(&copy, &self.entries.site, number).ok());
        if let Some(entry) = copied {
            return Ok(self.learn(entry));
        }
        match self.entries.read(number).await? {
            Some(entry) => Ok(self.learn(entry)),
            None => Err(self.entries.unreadable(number, "it was listed, and is not there")),
        }
    }

    pub(super) fn learn(&self, entry: Entry) -> Head {
        self.publish(Head { number: entry.number, state: Arc::new(entry.state) })
    }

    fn publish(&self, head: Head) -> Head {
        self.newest.send_if_modified(|known| {
            let newer = known.as_ref().is_none_or(|known| known.number < head.number);
            if newer {
                *known = Some(head.clone());
            }
            newer
        });
        head
    }
}
