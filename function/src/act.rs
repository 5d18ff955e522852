//! Act: executes a plan: sets switches in the order in which they wait for each other, and has each step recorded.
//!
//! One executor per site and plan. It is told to stop by its scribe (a newer order, a lost claim) or by the end of
//! this process, and obeys wherever it waits; a cloud write that was begun is finished first.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32},
    },
    time::Duration,
};

use failover_core::{Direction, End, Position, Role, Step, StepRecord};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::{clock::Instant, site::Guarded};

mod assignment;
pub(crate) mod backlog;
mod ending;
mod failback;
mod failover;
mod news;
mod overdue;
mod patience;
mod power;
mod progress;
mod pulse;
mod rehearsal;
mod scribe;
mod set;
mod settle;
pub(crate) mod turn;
mod wait;
mod writer;

use backlog::Backlog;
use ending::{Finish, Halt};
use overdue::Waiting;
use progress::Stop;
use scribe::Scribe;
use writer::Note;

pub use assignment::{Ahead, Assignment, Outcome};

/// Executes one plan of one site.
#[derive(Debug)]
pub struct Executor {
    site: Arc<Guarded>,
    task: Assignment,
    scribe: Scribe,
    shutdown: watch::Receiver<bool>,
    /// Whether another executor of this process takes the site over.
    overtaken: watch::Receiver<bool>,
    begun: Instant,
    /// When the place that visitors are to be led to answered last.
    answered_at: Mutex<Option<(Position, Instant)>>,
    /// How often in a row the primary was found to answer visitors.
    answers_in_a_row: AtomicU32,
    waiting: Waiting,
    /// Whether a cloud may have been changed by this executor.
    has_written: AtomicBool,
    /// Whether visitors may have been led to the standby by this executor.
    has_asked_to_lead: AtomicBool,
    /// Whether what was done is being undone.
    undoing: bool,
    /// Whether its turn came so late that what was looked at before is old.
    has_waited: bool,
}

impl Executor {
    /// Is given its plan; nothing is done yet.
    pub fn new(
        site: Arc<Guarded>,
        task: Assignment,
        shutdown: watch::Receiver<bool>,
        overtaken: watch::Receiver<bool>,
    ) -> Self {
        let claim = (task.plan, task.claimed_at);
        let scribe = Scribe::start(Arc::clone(&site.record), task.nonce.clone(), claim, site.pace);
        if task.plan.is_none() {
            scribe.note(Note::Intent {
                direction: task.direction,
                order: Box::new(task.order.clone()),
                reason: task.reason.clone(),
            });
        }
        let begun = Instant::now();
        Self {
            site,
            task,
            scribe,
            shutdown,
            overtaken,
            begun,
            answered_at: Mutex::new(None),
            answers_in_a_row: AtomicU32::new(0),
            waiting: Waiting::default(),
            has_written: AtomicBool::new(false),
            has_asked_to_lead: AtomicBool::new(false),
            undoing: false,
            has_waited: false,
        }
    }

    /// What the journal has still to be told of this plan.
    pub(crate) fn backlog(&self) -> Backlog {
        self.scribe.backlog()
    }

    /// Executes the plan until it ends, or this attempt does.
    ///
    /// # Guarantees
    /// Nothing is written to a cloud without a claim that is younger than `claim_for`, except by a failover while
    /// the journal can't be reached.
    ///
    /// # Cancellation
    /// The process may end at any await: the next executor observes and goes on.
    pub async fn execute(mut self) -> Outcome {
        self.announce_start();
        let _teller = self.tell_if_it_takes_long();
        match self.come_out().await {
            Ok(finish) => self.finish(finish).await,
            Err(Halt::Permanent(refusal)) => self.give_up(refusal).await,
            // Every script turns its own unwinding into a finish; what arrives here has nothing left to undo.
            Err(Halt::Unwind(why)) => {
                self.finish(Finish::new(End::Unwound, self.task.state.active, why)).await
            }
            Err(Halt::Stop(stop)) => self.stop(stop).await,
        }
    }

    async fn come_out(&mut self) -> Result<Finish, Halt> {
        self.waiting.is_for("an older plan's end");
        let asked = Instant::now();
        self.await_turn().await?;
        // One writer a site in this process: also a move that the journal doesn't know yet, and work outside any plan.
        let clouds = Arc::clone(&self.site.clouds);
        let _writer = self.unless_stopped(clouds.lock_owned()).await?;
        self.has_waited = asked.elapsed() >= wait::ANSWER_HOLDS;
        match self.task.direction {
            Direction::Failover => Box::pin(self.failover()).await,
            Direction::Failback => Box::pin(self.failback()).await,
            Direction::Rehearsal => Box::pin(self.rehearsal()).await,
        }
    }

    /// Where visitors are led, as far as the steps tell.
    fn active_by_steps(&self) -> Position {
        if self.has_done(Step::Route) { self.task.direction.leads_to() } else { self.task.state.active }
    }

    fn has_done(&self, step: Step) -> bool {
        self.task.steps.iter().any(|record| record.step == step)
    }

    /// Whether something may have been moved already when this executor began: by an earlier one, by an older plan
    /// that this one overtook, or by the last move.
    fn follows_another(&self) -> bool {
        let moved = self.task.state.active == self.task.direction.leads_to();
        self.task.resumed || self.task.state.plans.len() > 1 || moved
    }

    fn is_automatic(&self) -> bool {
        self.task.order.is_automatic()
    }

    /// Has `step` recorded as finished, having taken since `begun`.
    fn record(&mut self, step: Step, begun: Instant, note: Option<String>) {
        self.record_verified(step, begun, note, None);
    }

    fn record_verified(
        &mut self,
        step: Step,
        begun: Instant,
        note: Option<String>,
        redirect_lives: Option<Duration>,
    ) {
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let redirect_lives_s = redirect_lives.map(|lives| lives.as_secs());
        let record = StepRecord { step, at: Timestamp::now(), took_ms, note, redirect_lives_s };
        tracing::info!(site = %self.site.name, %step, took_ms, "{} {step}: done", self.task.direction);
        self.task.steps.retain(|done| done.step != step);
        self.task.steps.push(record.clone());
        self.scribe.note(Note::Step(record));
    }

    /// Whether the executor has to stop now.
    fn check(&self) -> Result<(), Halt> {
        match self.scribe.stop() {
            Some(stop) => Err(Halt::Stop(stop)),
            None if *self.overtaken.borrow() => Err(Halt::Stop(Stop::Overtaken)),
            None if *self.shutdown.borrow() => Err(Halt::Stop(Stop::Shutdown)),
            None => Ok(()),
        }
    }

    /// Waits for `work` unless the executor has to stop meanwhile. Never wrap a cloud write in it.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        let (mut shutdown, mut overtaken) = (self.shutdown.clone(), self.overtaken.clone());
        tokio::select! {
            biased;
            stop = self.scribe.stopped() => Err(Halt::Stop(stop)),
            Ok(_) = overtaken.wait_for(|taken| *taken) => Err(Halt::Stop(Stop::Overtaken)),
            Ok(_) = shutdown.wait_for(|ending| *ending) => Err(Halt::Stop(Stop::Shutdown)),
            done = work => Ok(done),
        }
    }

    async fn rest(&self, how_long: Duration) -> Result<(), Halt> {
        self.unless_stopped(tokio::time::sleep(how_long)).await
    }

    fn has(&self, role: Role) -> bool {
        self.site.switches.iter().any(|switch| switch.role() == role)
    }
}
