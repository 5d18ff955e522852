//! Every request the sandbox received, in the order it arrived.
//! Written by the framework alone; tests read it, and wait on it instead of sleeping.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use tokio::sync::watch;

use crate::frame::call::Call;
use crate::frame::lock::lock;
use crate::frame::provider::Kind;
use crate::service::Service;

/// What became of a call, as far as the sandbox knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Still being worked on, or held.
    Open,
    /// Answered with this status.
    Answered(u16),
    /// Closed without an answer.
    Dropped,
    /// The caller hung up before it was answered.
    Abandoned,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the ledger, from 1.
    pub sequence: u64,
    /// Who was asked.
    pub service: Service,
    /// The address it was sent to.
    pub local: SocketAddr,
    /// What was asked, `"run.set_iam_policy"`.
    pub operation: &'static str,
    /// What it means for whoever counts.
    pub kind: Kind,
    /// The method.
    pub method: Method,
    /// Path and query, as sent.
    pub path: String,
    /// When it arrived.
    pub arrived: Instant,
    /// When it was answered, dropped or abandoned.
    pub ended: Option<Instant>,
    /// Whether the provider carried it out; an error answer of its own counts too.
    pub effect: bool,
    /// What became of it.
    pub fate: Fate,
}

impl Record {
    /// From arrival to its end.
    pub fn duration(&self) -> Option<Duration> {
        self.ended.map(|ended| ended - self.arrived)
    }

    /// The status it was answered with.
    pub fn status(&self) -> Option<u16> {
        if let Fate::Answered(status) = self.fate { Some(status) } else { None }
    }
}

/// All records, to be read and waited for.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Where they are kept.
    pub book: Book,
}

/// All records, to be written.
#[derive(Debug)]
pub struct Book {
    records: Mutex<Vec<Record>>,
    /// So many that came before those are forgotten.
    forgotten: AtomicU64,
    changed: watch::Sender<u64>,
}

impl Default for Book {
    fn default() -> Self {
        Self { records: Mutex::default(), forgotten: AtomicU64::default(), changed: watch::Sender::new(0) }
    }
}

impl Ledger {
    /// Every call so far.
    pub fn calls(&self) -> Vec<Record> {
        lock(&self.book.records).clone()
    }

    /// Calls after this place in the ledger: take `position` before an act to see what it caused.
    pub fn since(&self, position: u64) -> Vec<Record> {
        self.select(|record| record.sequence > position)
    }

    /// The place of the newest call; 0 if there was none.
    pub fn position(&self) -> u64 {
        lock(&self.book.records).last().map_or(0, |record| record.sequence)
    }

    /// Calls that asked a cloud for a change; the journal's entries are not among them.
    pub fn writes(&self) -> Vec<Record> {
        self.select(|record| record.kind == Kind::Write)
    }

    /// Calls that appended to the journal.
    pub fn journal_writes(&self) -> Vec<Record> {
        self.select(|record| record.kind == Kind::Journal)
    }

    /// How often this operation was asked for.
    pub fn count(&self, operation: &str) -> usize {
        self.number(|record| record.operation == operation)
    }

    /// How many records fit.
    pub fn number(&self, fits: impl Fn(&Record) -> bool) -> usize {
        lock(&self.book.records).iter().filter(|record| fits(record)).count()
    }

    /// Calls of routes that no provider has: each is a bug in whoever called.
    pub fn unknown(&self) -> Vec<Record> {
        self.select(|record| record.operation.ends_with(".unknown"))
    }

    /// The records that fit.
    pub fn select(&self, fits: impl Fn(&Record) -> bool) -> Vec<Record> {
        lock(&self.book.records).iter().filter(|record| fits(record)).cloned().collect()
    }

    /// The first record that fits.
    pub fn find(&self, fits: impl Fn(&Record) -> bool) -> Option<Record> {
        lock(&self.book.records).iter().find(|record| fits(record)).cloned()
    }

    /// Whether a record fits, looked for from the newest back to the first that isn't recent.
    pub(crate) fn newest_while(
        &self,
        recent: impl Fn(&Record) -> bool,
        fits: impl Fn(&Record) -> bool,
    ) -> bool {
        lock(&self.book.records).iter().rev().take_while(|record| recent(record)).any(fits)
    }

    /// Fires at every change of the ledger.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.book.changed.subscribe()
    }

    /// Waits until the n-th call of this operation has arrived.
    pub async fn arrived(&self, operation: &str, nth: usize) {
        self.until(|records| of(records, operation).count() >= nth).await;
    }

    /// Waits until n calls of this operation have come to their end.
    pub async fn ended(&self, operation: &str, nth: usize) {
        let ended = |record: &&Record| record.ended.is_some();
        self.until(|records| of(records, operation).filter(ended).count() >= nth).await;
    }

    /// Waits until the records are as wished.
    pub async fn until(&self, wished: impl Fn(&[Record]) -> bool) {
        let mut changed = self.watch();
        while !wished(&lock(&self.book.records)) {
            // The sender lives as long as the ledger.
            let _never_closed = changed.changed().await;
        }
    }
}

impl Book {
    /// All that happened so far was so much longer ago: whoever asked was suspended meanwhile.
    pub fn suspended(&self, how_long: Duration) {
        let earlier = |then: Instant| then.checked_sub(how_long).unwrap_or(then);
        for record in lock(&self.records).iter_mut() {
            record.arrived = earlier(record.arrived);
            record.ended = record.ended.map(earlier);
        }
    }

    /// Forgets all calls up to the first that hasn't ended: a month of them would fill the memory of whoever looks on.
    pub fn forget(&self) {
        let mut records = lock(&self.records);
        let ended = records.iter().take_while(|record| record.ended.is_some()).count();
        records.drain(..ended);
        self.forgotten.fetch_add(ended as u64, Ordering::Relaxed);
    }

    pub(crate) fn arrive(&self, call: &Call, operation: &'static str, kind: Kind) -> u64 {
        let mut records = lock(&self.records);
        let sequence = self.forgotten.load(Ordering::Relaxed) + records.len() as u64 + 1;
        records.push(Record {
            sequence,
            service: call.service,
            local: call.local,
            operation,
            kind,
            method: call.method.clone(),
            path: path_and_query(call),
            arrived: Instant::now(),
            ended: None,
            effect: false,
            fate: Fate::Open,
        });
        drop(records);
        self.changed.send_modify(|version| *version += 1);
        sequence
    }

    pub(crate) fn effect(&self, sequence: u64) {
        self.amend(sequence, |record| record.effect = true);
    }

    /// The first end counts: a call that was abandoned isn't answered any more.
    pub(crate) fn end(&self, sequence: u64, fate: Fate) {
        self.amend(sequence, |record| {
            if record.ended.is_none() {
                record.ended = Some(Instant::now());
                record.fate = fate;
            }
        });
    }

    fn amend(&self, sequence: u64, amend: impl FnOnce(&mut Record)) {
        let mut records = lock(&self.records);
        let index = sequence.checked_sub(self.forgotten.load(Ordering::Relaxed) + 1);
        let index = index.and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
        if let Some(record) = records.get_mut(index) {
            amend(record);
        }
        drop(records);
        self.changed.send_modify(|version| *version += 1);
    }
}

fn of<'a>(records: &'a [Record], operation: &'a str) -> impl Iterator<Item = &'a Record> {
    records.iter().filter(move |record| record.operation == operation)
}

fn path_and_query(call: &Call) -> String {
    call.raw_query.as_ref().map_or_else(|| call.path.clone(), |query| format!("{}?{query}", call.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: Method) -> Call {
        let local = SocketAddr::from(([127, 0, 0, 1], 80));
        Call::new(Service::Run, local, method, &"/v2/x?y=1".parse().expect("a uri"))
    }

    #[test]
    fn writes_to_clouds_and_to_the_journal_are_counted_apart() {
        let ledger = Ledger::default();
        ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read);
        ledger.book.arrive(&call(Method::POST), "run.set", Kind::Write);
        ledger.book.arrive(&call(Method::PUT), "storage.create", Kind::Journal);
        assert_eq!(ledger.writes().len(), 1);
        assert_eq!(ledger.journal_writes().len(), 1);
        assert_eq!(ledger.calls()[0].path, "/v2/x?y=1");
    }

    #[test]
    fn the_first_end_of_a_call_counts() {
        let ledger = Ledger::default();
        let sequence = ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read);
        ledger.book.end(sequence, Fate::Abandoned);
        ledger.book.end(sequence, Fate::Answered(200));
        assert_eq!(ledger.calls()[0].fate, Fate::Abandoned);
        assert_eq!(ledger.calls()[0].status(), None);
    }

    #[test]
    fn what_was_slept_through_is_longer_ago() {
        let ledger = Ledger::default();
        let sequence = ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read);
        ledger.book.end(sequence, Fate::Answered(200));
        let before = ledger.calls();
        ledger.book.suspended(Duration::from_hours(1));
        let after = ledger.calls();
        assert_eq!(before[0].arrived - after[0].arrived, Duration::from_hours(1));
        assert_eq!(before[0].duration(), after[0].duration());
    }

    #[test]
    fn what_is_forgotten_keeps_its_place() {
        let ledger = Ledger::default();
        let [first, second] = [(); 2].map(|()| ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read));
        ledger.book.end(first, Fate::Answered(200));
        ledger.book.forget();
        assert_eq!(ledger.calls().iter().map(|record| record.sequence).collect::<Vec<_>>(), [second]);
        ledger.book.end(second, Fate::Answered(404));
        assert_eq!(ledger.calls()[0].status(), Some(404));
        assert_eq!(ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read), second + 1);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_nth_call() {
        let ledger = std::sync::Arc::new(Ledger::default());
        let waiting = tokio::spawn({
            let ledger = ledger.clone();
            async move { ledger.arrived("run.get", 2).await }
        });
        ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read);
        ledger.book.arrive(&call(Method::GET), "run.get", Kind::Read);
        waiting.await.expect("both have arrived");
    }
}
