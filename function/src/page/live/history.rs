//! What the page remembers of a journal between two looks.

use failover_core::{Entry, Event, State};
use tokio::{sync::Mutex, time::timeout};

use super::PATIENCE;
use crate::record::{Record, RecordError};

/// Entries kept, claims not counted: own choice, some ten moves with their steps.
const KEPT: usize = 200;

/// So many entries are read at a time while those to be kept are searched for, at most so many times: a plan that waits
/// writes a claim every few seconds.
const READ_AT_A_TIME: usize = 200;
const READS: usize = 10;

/// The newest entries that were read so far.
#[derive(Default)]
pub(super) struct History(Mutex<Vec<Entry>>);

/// A journal as it was read, or as far as it could be.
pub(super) struct Told {
    pub(super) state: Option<State>,
    pub(super) entries: Vec<Entry>,
    pub(super) troubles: Vec<String>,
}

impl History {
    /// Reads what is new. What can't be read is said; then the journal is told as it was read before.
    pub(super) async fn look(&self, record: &Record) -> Told {
        let mut kept = self.0.lock().await;
        let troubles = match timeout(PATIENCE, catch_up(&mut kept, record)).await {
            Ok(Ok(number)) => return told(&kept, number, Vec::new()),
            Ok(Err(error)) => vec![error.to_string()],
            Err(_) => vec!["the journal gave no answer in time".to_owned()],
        };
        told(&kept, u64::MAX, troubles)
    }
}

/// Fetches the entries that are new, and gives the newest one's number.
async fn catch_up(kept: &mut Vec<Entry>, record: &Record) -> Result<u64, RecordError> {
    let looked = record.look().await;
    let known = kept.last().map_or(0, |entry| entry.number);
    let newest = match &looked {
        Ok(head) => head.number,
        Err(RecordError::Unreadable { number, .. }) => *number,
        Err(_) => known,
    };
    if newest > known {
        kept.extend(fetch(record, known, newest).await?);
        forget(kept);
    }
    looked.map(|head| head.number)
}

/// The entries after `known`, oldest first, as far back as is worth reading.
async fn fetch(record: &Record, known: u64, newest: u64) -> Result<Vec<Entry>, RecordError> {
    let (mut last, mut fetched, mut telling) = (newest, Vec::new(), 0);
    for _ in 0..READS {
        let first = last.saturating_sub(READ_AT_A_TIME as u64 - 1).max(known + 1);
        let mut read = record.entries_between(first..=last).await?;
        telling += read.iter().filter(|entry| tells(entry)).count();
        read.append(&mut fetched);
        fetched = read;
        if first == known + 1 || telling >= KEPT {
            break;
        }
        last = first - 1;
    }
    Ok(fetched)
}

/// A claim tells no more than the entries around it; the newest entry has the newest state.
fn forget(kept: &mut Vec<Entry>) {
    let newest = kept.last().map_or(0, |entry| entry.number);
    kept.retain(|entry| tells(entry) || entry.number == newest);
    let surplus = kept.len().saturating_sub(KEPT);
    kept.drain(..surplus);
}

fn tells(entry: &Entry) -> bool {
    !matches!(entry.event, Event::Claim { .. })
}

/// A journal without entries is an answer too: the site never moved.
fn told(kept: &[Entry], number: u64, troubles: Vec<String>) -> Told {
    let newest = kept.last().map(|entry| entry.state.clone());
    let state = if number == 0 { Some(State::default()) } else { newest };
    Told { state, entries: kept.to_vec(), troubles }
}
