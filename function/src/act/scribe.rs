//! The scribe of an executor: writes its entries in order, beside its work, and keeps its claim alive.
//!
//! It also tells the executor to stop when it reads another's claim or a newer order. It never decides how a plan
//! ends, and while the journal can't be reached it keeps what there is to write.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use failover_core::{Direction, End, Event, Illegal, Order, Position, State, StepRecord};
use jiff::Timestamp;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};

use super::{backlog::Backlog, pulse::Pulse};
use crate::{
    api::fence::Standing,
    pace::Pace,
    record::{Head, Record, RecordError},
};

/// What an executor without a claim is told.
const LOST: &str = "the claim was lost";

/// Why an executor has to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A newer order was written.
    Overtaken,
    /// Another holds the claim, or the plan has ended.
    Lost,
    /// This process ends.
    Shutdown,
}

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
    AttemptEnded { trouble: Option<String> },
    /// The plan ended.
    Ended { end: End, active: Position, sentence: String, drain_until: Option<Timestamp> },
}

/// How far the scribe is.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// Notes written so far.
    pub(crate) written: u64,
    /// When the newest entry of this executor was begun to be written.
    pub(crate) claimed_at: Instant,
    /// Why the executor has to stop, once it has to.
    pub(crate) stop: Option<Stop>,
    /// Why the journal can't be written now.
    pub(crate) trouble: Option<OutOfReach>,
    /// How often it could not be written.
    pub(crate) failures: u64,
    /// The plan's number, once it is known.
    pub(crate) plan: Option<u64>,
}

/// A journal that could not be written.
#[derive(Debug, Clone)]
pub(crate) struct OutOfReach {
    /// When the try was begun.
    begun: Instant,
    why: String,
}

/// An executor's line to the journal.
#[derive(Debug)]
pub(crate) struct Scribe {
    notes: mpsc::UnboundedSender<Note>,
    progress: watch::Receiver<Progress>,
    sent: Arc<AtomicU64>,
    hurry: Arc<Notify>,
    pulse: Arc<Pulse>,
}

/// A note to write, and whether the executor waits for it to be counted.
struct Queued {
    note: Note,
    counted: bool,
}

struct Writer {
    record: Arc<Record>,
    nonce: String,
    pace: Pace,
    queue: VecDeque<Queued>,
    progress: watch::Sender<Progress>,
    failures: u32,
    /// Told when it may be worth trying again at once.
    hurry: Arc<Notify>,
}

impl Scribe {
    /// Writes for the executor `nonce` of `plan`, claimed at `claimed_at`, or of a plan whose intent is still to
    /// be written.
    pub(crate) fn start(
        record: Arc<Record>,
        nonce: String,
        (plan, claimed_at): (Option<u64>, Instant),
        pace: Pace,
    ) -> Self {
        let progress = Progress { written: 0, claimed_at, stop: None, trouble: None, failures: 0, plan };
        let (progress, seen) = watch::channel(progress);
        let (notes, inbox) = mpsc::unbounded_channel();
        let hurry = Arc::new(Notify::new());
        let queue = VecDeque::new();
        let writer = Writer { record, nonce, pace, queue, progress, failures: 0, hurry: Arc::clone(&hurry) };
        tokio::spawn(writer.run(inbox));
        // Who renews a claim at half its life stands still for no more than the other half unnoticed.
        let pulse = Pulse::start(pace.claim_for / 2);
        Self { notes, progress: seen, sent: Arc::default(), hurry, pulse }
    }

    /// What there is still to write, also after the executor has come out.
    pub(crate) fn backlog(&self) -> Backlog {
        Backlog::new(self.progress.clone(), Arc::clone(&self.sent), Arc::clone(&self.hurry))
    }

    /// Has `note` written, without waiting for it.
    pub(crate) fn note(&self, note: Note) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        // The writer ends only when it was told to stop; what it didn't write then is not ours to write.
        let _ = self.notes.send(note);
    }

    /// The plan's number, once it is known.
    pub(crate) fn plan(&self) -> Option<u64> {
        self.progress.borrow().plan
    }

    /// Why the executor has to stop, if it has to.
    pub(crate) fn stop(&self) -> Option<Stop> {
        self.progress.borrow().stop
    }

    /// Waits until the executor has to stop; for ever if it never has to.
    pub(crate) async fn stopped(&self) -> Stop {
        let mut progress = self.progress.clone();
        let stop = progress.wait_for(|progress| progress.stop.is_some()).await.map(|seen| seen.stop);
        match stop {
            Ok(Some(stop)) => stop,
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Waits until all that was noted is written: true; false when the claim was lost instead.
    pub(crate) async fn flush(&self) -> bool {
        let mut progress = self.progress.clone();
        let sent = self.sent.load(Ordering::SeqCst);
        let done = |progress: &Progress| progress.written >= sent || progress.stop == Some(Stop::Lost);
        match progress.wait_for(done).await {
            Ok(progress) => progress.written >= sent,
            Err(_) => false,
        }
    }

    /// Waits until all that was noted is written or the journal proved to be out of reach.
    pub(crate) async fn flush_or_trouble(&self) -> Result<(), String> {
        let mut progress = self.progress.clone();
        let sent = self.sent.load(Ordering::SeqCst);
        let done = |progress: &Progress| {
            progress.written >= sent
                || progress.stop == Some(Stop::Lost)
                || progress.out_of_reach(&self.pulse).is_some()
        };
        match progress.wait_for(done).await {
            Ok(progress) if progress.written >= sent => Ok(()),
            Ok(progress) => Err(progress.trouble.as_ref().map_or(LOST, |trouble| &trouble.why).to_owned()),
            Err(_) => Err(LOST.to_owned()),
        }
    }

    /// How old the executor's claim is.
    pub(crate) fn claim_age(&self) -> Duration {
        self.progress.borrow().claimed_at.elapsed()
    }

    /// Says at any time whether the claim is younger than `claim_for`. An executor that goes on `blind` keeps its
    /// right while the journal can't be reached.
    pub(crate) fn standing(&self, claim_for: Duration, blind: bool) -> Standing {
        let (progress, pulse) = (self.progress.clone(), Arc::clone(&self.pulse));
        Arc::new(move || {
            let seen = progress.borrow();
            seen.claimed_at.elapsed() < claim_for || (blind && seen.out_of_reach(&pulse).is_some())
        })
    }

    /// Has the claim renewed and waits for it; the error says why the journal can't be written.
    pub(crate) async fn renew(&self) -> Result<(), String> {
        self.note(Note::Claim);
        self.flush_or_trouble().await
    }
}

impl Progress {
    /// Why the journal can't be written. A try that was under way while the process stood still tells nothing: its
    /// answer may have come in time, with nobody there to read it.
    fn out_of_reach(&self, pulse: &Pulse) -> Option<&OutOfReach> {
        self.trouble.as_ref().filter(|trouble| trouble.begun >= pulse.awake_since())
    }
}

impl Writer {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Note>) {
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
                    Some(note) => self.queue.push_back(Queued { note, counted: true }),
                    None if self.queue.is_empty() => return,
                    None => {}
                },
                changed = heads.changed() => if changed.is_err() { return },
                () = self.hurry.notified() => {}
                () = tokio::time::sleep(wait) => if self.queue.is_empty() {
                    self.queue.push_back(Queued { note: Note::Claim, counted: false });
                },
            }
            if inbox.is_closed() && inbox.is_empty() && self.queue.is_empty() {
                return;
            }
            self.write_some().await;
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
                written => return written,
            }
        }
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
            progress.written += u64::from(counted);
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
            Note::AttemptEnded { trouble } => Event::AttemptEnded { plan, nonce, trouble },
            Note::Ended { end, active, sentence, drain_until } => {
                Event::Ended { plan, nonce, end, active, sentence, drain_until }
            }
        }
    }
}
