//! What the page remembers of a journal between two looks.

use failover_core::{Entry, State};
use tokio::{sync::Mutex, time::timeout};

use super::PATIENCE;
use crate::record::{Record, RecordError};

/// Entries kept: own choice, some ten moves with their steps.
const KEPT: usize = 200;

/// Entries asked for beyond those that are missing: some may be written between two questions.
const MARGIN: usize = 16;

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
        let missing = usize::try_from(newest - known).unwrap_or(KEPT).saturating_add(MARGIN);
        let fetched = record.entries(missing.min(KEPT)).await?;
        kept.extend(fetched.into_iter().filter(|entry| entry.number > known));
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
    }
    looked.map(|head| head.number)
}

/// A journal without entries is an answer too: the site never moved.
fn told(kept: &[Entry], number: u64, troubles: Vec<String>) -> Told {
    let newest = kept.last().map(|entry| entry.state.clone());
    let state = if number == 0 { Some(State::default()) } else { newest };
    Told { state, entries: kept.to_vec(), troubles }
}
