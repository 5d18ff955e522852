//! A site's entries in the store, each by its number.

use std::ops::RangeInclusive;

use failover_core::{Entry, SiteName};

use super::RecordError;
use crate::journal::{Create, Journal, JournalError, Newest};

/// What is read from the store and created there; what was read before, nobody here knows.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) journal: Journal,
    pub(super) site: SiteName,
}

impl Entries {
    pub(super) async fn read(&self, number: u64) -> Result<Option<Entry>, RecordError> {
        let bytes = self.journal.read(&self.site, number).await.map_err(|source| self.store(source))?;
        let read = |bytes: bytes::Bytes| Entry::read(&bytes, &self.site, number);
        bytes.map(read).transpose().map_err(|why| self.unreadable(number, &why.to_string()))
    }

    pub(super) async fn newest(&self) -> Result<Option<Newest>, RecordError> {
        self.journal.newest(&self.site).await.map_err(|source| self.store(source))
    }

    pub(super) async fn newest_number(&self) -> Result<Option<u64>, RecordError> {
        Ok(self.newest().await?.map(|newest| newest.number))
    }

    pub(super) async fn newest_readable(
        &self,
        numbers: RangeInclusive<u64>,
    ) -> Result<Option<Entry>, RecordError> {
        for read in futures::future::join_all(numbers.rev().map(|number| self.read(number))).await {
            match read {
                Ok(Some(entry)) => return Ok(Some(entry)),
                Ok(None) | Err(RecordError::Unreadable { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(None)
    }

    /// The entries of these numbers, newest last; those that can't be read are left out.
    pub(super) async fn between(&self, numbers: RangeInclusive<u64>) -> Result<Vec<Entry>, RecordError> {
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

    /// Whether the entry is the one that has its number now; false where somebody else wrote that first.
    pub(super) async fn create(&self, entry: &Entry) -> Result<bool, RecordError> {
        let bytes = entry.to_bytes().into();
        let created = self.journal.create(&self.site, entry.number, bytes).await;
        Ok(matches!(created.map_err(|source| self.store(source))?, Create::Created))
    }

    fn store(&self, source: JournalError) -> RecordError {
        RecordError::Store { site: self.site.clone(), source }
    }

    pub(super) fn unreadable(&self, number: u64, why: &str) -> RecordError {
        RecordError::Unreadable { site: self.site.clone(), number, why: why.to_owned() }
    }
}
