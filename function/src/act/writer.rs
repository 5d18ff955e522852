//! The writer behind a scribe: writes notes in order, keeps the claim alive, and watches for others.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use failover_core::{Direction, End, Event, Illegal, Order, Position, State, StepRecord};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};

use super::progress::{OutOfReach, Progress, Stop};
use crate::{
    clock::Instant,
    pace::Pace,
    record::{Head, Record, RecordError},
};

/// What there is to write, before the plan's number is known.
#[derive(Debug, Clone)]
pub(crate) enum Note {
    /// The plan begins; only for a plan that began while the journal could not be reached.
    Intent { direction: Direction, order: Box<Order>, reason: String },
    /// The executor still works on it.
    Claim,
    /// A step was finished.
    Step(StepRecord),
    /// The executor gives up for now.
    AttemptEnded { trouble: Option<String>, about: Option<String> },
    /// The plan ended.
    Ended { end: End, active: Position, sentence: String, drain_until: Option<Timestamp>, retry: bool },
}

/// A note to write, and for how many notes of the executor it stands.
struct Queued {
    note: Note,
    counted: u64,
}

/// Writes one executor's notes, in a task of its own.
pub(super) struct Writer {
    record: Arc<Record>,
    nonce: String,
    pace: Pace,
    queue: VecDeque<Queued>,
    progress: watch::Sender<Progress>,
    failures: u32,
    /// Told when it may be worth trying again at once.
    hurry: Arc<Notify>,
}

impl Writer {
    /// A writer for the executor `nonce`, who reads in `progress` how far it is.
    pub(super) fn new(
        record: Arc<Record>,
        nonce: String,
        pace: Pace,
        progress: watch::Sender<Progress>,
        hurry: Arc<Notify>,
    ) -> Self {
        Self { record, nonce, pace, queue: VecDeque::new(), progress, failures: 0, hurry }
    }

    /// Writes what comes in, until nothing can come any more or the claim is lost.
    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Note>) {
        let mut heads = self.record.heads();
        loop {
            self.watch_for_others(&mut heads);
            if self.progress.borrow().stop == Some(Stop::Lost) {
                return;
            }
            let wait = self.next_wait();
            tokio::select! {
                biased;
                note = inbox.recv(), if !inbox.is_closed() || !inbox.is_empty() => match note {
                    Some(note) => self.enqueue(note),
                    None if self.queue.is_empty() => return,
                    None => {}
                },
                changed = heads.changed() => if changed.is_err() { return },
                () = self.hurry.notified() => {}
                () = tokio::time::sleep(wait) => if self.queue.is_empty() {
                    self.queue.push_back(Queued { note: Note::Claim, counted: 0 });
                },
            }
            if inbox.is_closed() && inbox.is_empty() && self.queue.is_empty() {
                return;
            }
            self.write_some().await;
        }
    }

    /// Any entry renews the claim: one asked for behind others that wait is renewed by those.
    fn enqueue(&mut self, note: Note) {
        match self.queue.back_mut().filter(|_| matches!(note, Note::Claim)) {
            Some(last) => last.counted += 1,
            None => self.queue.push_back(Queued { note, counted: 1 }),
        }
    }

    fn next_wait(&self) -> Duration {
        if self.failures > 0 {
            return self.pace.backoff(self.failures);
        }
        let age = self.progress.borrow().claimed_at.elapsed();
        (self.pace.claim_for / 2).saturating_sub(age)
    }

    async fn write_some(&mut self) {
        while let Some(note) = self.queue.front().map(|queued| queued.note.clone()) {
            let begun = Instant::now();
            let event = self.event(&note);
            let written = match note {
                Note::Claim => self.renew(&event).await,
                Note::Intent { direction, .. } => self.tell_of(direction, &event).await,
                Note::Ended { .. } => self.end(&event).await,
                _ => self.record.append(&event).await,
            };
            match written {
                Ok(head) => self.wrote(begun, head.number),
                Err(RecordError::Illegal(_)) => match self.landed_before(&note) {
                    Some(number) => self.wrote(begun, number),
                    None => return self.halt(Stop::Lost),
                },
                Err(why) => return self.failed(begun, &why),
            }
        }
    }

    /// Renews the claim only while it is ours: an executor that was kept from running while another took its plan
    /// over must not take it back.
    async fn renew(&self, claim: &Event) -> Result<Head, RecordError> {
        loop {
            let head = match self.record.known() {
                Some(head) => head,
                None => self.record.look().await?,
            };
            let plan = self.progress.borrow().plan.unwrap_or_default();
            if self.stop_in(&head.state, plan) == Some(Stop::Lost) {
                return Err(RecordError::Illegal(Illegal::NotTheExecutor(plan)));
            }
            match self.record.append_after(&head, claim).await {
                Err(RecordError::Moved(_)) => {}
                written => return written,
            }
        }
    }

    /// Tells of a move that began while the journal could not be reached, unless another process made the same one
    /// meanwhile and told of it: one outage is one move.
    async fn tell_of(&self, direction: Direction, intent: &Event) -> Result<Head, RecordError> {
        loop {
            let head = self.record.look().await?;
            if head.state.active == direction.leads_to() {
                return Err(RecordError::Illegal(Illegal::AlreadyOpen(direction)));
            }
            match self.record.append_after(&head, intent).await {
                Err(RecordError::Moved(_)) => {}
                told => return told,
            }
        }
    }

    /// Older plans end before this one does: it has gone on without them, and none may be carried on after it and take
    /// visitors back. Only while it is open may it end them, so that its own end waits for theirs.
    async fn end(&self, ended: &Event) -> Result<Head, RecordError> {
        let ours = self.progress.borrow().plan.unwrap_or_default();
        let known = self.record.known().map(|head| head.state).unwrap_or_default();
        let older = known.plans.iter().filter(|plan| plan.id < ours);
        let older: Vec<(u64, Direction)> = older.map(|plan| (plan.id, plan.direction)).collect();
        for (plan, direction) in older {
            let sentence = format!(
                "a newer order took the place of this {direction} while the journal could not be reached"
            );
            let (nonce, active) = (self.nonce.clone(), known.active);
            let (end, drain_until, retry) = (End::Overtaken, None, false);
            let over = Event::Ended { plan, nonce, end, active, sentence, drain_until, retry };
            match self.record.append(&over).await {
                // Its own executor may have ended it just now.
                Ok(_) | Err(RecordError::Illegal(_)) => {}
                Err(why) => return Err(why),
            }
        }
        self.record.append(ended).await
    }

    /// The number of our own intent, where it was stored by a try whose answer was lost.
    fn landed_before(&self, note: &Note) -> Option<u64> {
        let state = self.record.known()?.state;
        let plan = state.newest().filter(|_| matches!(note, Note::Intent { .. }))?;
        plan.claim.as_ref().filter(|claim| claim.nonce == self.nonce).map(|_| plan.id)
    }

    fn wrote(&mut self, begun: Instant, number: u64) {
        let Some(Queued { note, counted }) = self.queue.pop_front() else { return };
        self.failures = 0;
        self.progress.send_modify(|progress| {
            progress.written += counted;
            progress.claimed_at = begun;
            progress.trouble = None;
            if matches!(note, Note::Intent { .. }) {
                progress.plan = Some(number);
            }
        });
    }

    fn failed(&mut self, begun: Instant, why: &RecordError) {
        self.failures = self.failures.saturating_add(1);
        let why = why.to_string();
        tracing::warn!(%why, "an entry could not be written; it is tried again");
        self.progress.send_modify(|progress| {
            progress.failures += 1;
            progress.trouble = Some(OutOfReach { begun, why });
        });
    }

    fn halt(&self, stop: Stop) {
        self.progress.send_modify(|progress| progress.stop = progress.stop.or(Some(stop)));
    }

    fn watch_for_others(&self, heads: &mut watch::Receiver<Option<Head>>) {
        let state = heads.borrow_and_update().as_ref().map(|head| Arc::clone(&head.state));
        let Some((state, plan)) = state.zip(self.progress.borrow().plan) else { return };
        if let Some(stop) = self.stop_in(&state, plan) {
            self.progress.send_modify(|progress| progress.stop = progress.stop.or(Some(stop)));
        }
    }

    fn stop_in(&self, state: &State, plan: u64) -> Option<Stop> {
        let Some(open) = state.plan(plan) else { return Some(Stop::Lost) };
        let ours = open.claim.as_ref().is_some_and(|claim| claim.nonce == self.nonce);
        if !ours {
            Some(Stop::Lost)
        } else if state.is_overtaken(plan) {
            Some(Stop::Overtaken)
        } else {
            None
        }
    }

    fn event(&self, note: &Note) -> Event {
        let nonce = self.nonce.clone();
        let plan = self.progress.borrow().plan.unwrap_or_default();
        match note.clone() {
            Note::Intent { direction, order, reason } => {
                Event::Intent { direction, order: *order, reason, nonce }
            }
            Note::Claim => Event::Claim { plan, nonce },
            Note::Step(record) => Event::Step { plan, nonce, record },
            Note::AttemptEnded { trouble, about } => Event::AttemptEnded { plan, nonce, trouble, about },
            Note::Ended { end, active, sentence, drain_until, retry } => {
                Event::Ended { plan, nonce, end, active, sentence, drain_until, retry }
            }
        }
    }
}
