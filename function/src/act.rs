//! Act: executes a plan: sets switches in the order in which they wait for each other, and has each step recorded.
//!
//! One executor per site and plan. It is told to stop by its scribe (a newer order, a lost claim) or by the end of
//! this process, and obeys wherever it waits; a cloud write that was begun is finished first.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use failover_core::{
    Direction, End, OpenPlan, Order, Position, Role, StageTime, State, Step, StepRecord, Trouble, stages,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::{sync::watch, time::Instant};

use crate::{
    announce::{Announcement, Kind, Severity},
    site::Guarded,
    switch::{Observation, Readiness, SwitchError},
};

pub(crate) mod backlog;
mod failback;
mod failover;
mod progress;
mod pulse;
mod rehearsal;
pub(crate) mod scribe;
mod set;
mod settle;
pub(crate) mod turn;
mod wait;
mod writer;

use backlog::Backlog;
use progress::Stop;
use scribe::Scribe;
use writer::Note;

/// How long the same permanent error is tried before a plan is stuck.
const TRYING_FOR: SignedDuration = SignedDuration::from_mins(30);

/// How an executor's attempt came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How the plan ended, if it ended.
    pub end: Option<End>,
    /// What happened, or what to mend, for an operator.
    pub sentence: String,
    /// Whether the journal has it.
    pub recorded: bool,
    /// Whether another executor has the plan now.
    pub lost: bool,
}

/// What was read beside the intent, so that it costs no time.
#[derive(Debug, Default)]
pub struct Ahead {
    /// What the gate switches showed, in the order of the configuration.
    pub gates: Option<tokio::task::JoinHandle<Vec<Option<Observation>>>>,
    /// Whether the standby could serve.
    pub readiness: Option<tokio::task::JoinHandle<Vec<Result<Readiness, SwitchError>>>>,
    /// When the primary was asked for the answers that the gate of a failback had.
    pub answered: Option<Instant>,
}

/// Which plan to execute, and what its executor has to know of it.
#[derive(Debug)]
pub struct Assignment {
    /// The plan's number; `None` while the journal can't be reached.
    pub plan: Option<u64>,
    /// This executor's word.
    pub nonce: String,
    /// When its first claim was begun to be written.
    pub claimed_at: Instant,
    /// Which way.
    pub direction: Direction,
    /// What was asked for.
    pub order: Order,
    /// Why.
    pub reason: String,
    /// What earlier executors did.
    pub steps: Vec<StepRecord>,
    /// What kept earlier executors from going on.
    pub trouble: Option<Trouble>,
    /// Whether an earlier executor may have written to a cloud.
    pub resumed: bool,
    /// The site's state when this executor began.
    pub state: Arc<State>,
    /// What was read beside the intent.
    pub ahead: Ahead,
}

impl Outcome {
    /// Not settled here, for this reason.
    pub fn unsettled(why: &str) -> Self {
        Self { end: None, sentence: why.to_owned(), recorded: false, lost: false }
    }

    /// As another process's executor recorded it.
    pub fn of(ended: Option<&failover_core::EndedPlan>) -> Self {
        match ended {
            Some(ended) => {
                let (end, sentence) = (Some(ended.end), ended.sentence.clone());
                Self { end, sentence, recorded: true, lost: false }
            }
            None => Self::unsettled(
                "the plan is not open any more, and how it ended is not among the latest ends",
            ),
        }
    }
}

impl Assignment {
    /// To carry `plan` on, claimed under `nonce`.
    pub fn carrying_on(plan: &OpenPlan, nonce: String, claimed_at: Instant, state: Arc<State>) -> Self {
        Self {
            plan: Some(plan.id),
            nonce,
            claimed_at,
            direction: plan.direction,
            order: plan.order.clone(),
            reason: plan.reason.clone(),
            steps: plan.steps.clone(),
            trouble: plan.trouble.clone(),
            resumed: true,
            state,
            ahead: Ahead::default(),
        }
    }
}

/// Why an executor can't simply go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It has to stop.
    Stop(Stop),
    /// A permanent error ends the attempt; the sentence says what to mend.
    Permanent(String),
    /// What was done is to be undone, for this reason.
    Unwind(String),
}

/// How a plan ends.
#[derive(Debug)]
pub(crate) struct Finish {
    end: End,
    active: Position,
    sentence: String,
    drain_until: Option<Timestamp>,
}

impl Finish {
    fn new(end: End, active: Position, sentence: impl Into<String>) -> Self {
        Self { end, active, sentence: sentence.into(), drain_until: None }
    }
}

/// Executes one plan of one site.
#[derive(Debug)]
pub struct Executor {
    site: Arc<Guarded>,
    task: Assignment,
    scribe: Scribe,
    shutdown: watch::Receiver<bool>,
    begun: Instant,
    /// When the place that visitors are to be led to answered last.
    answered_at: Mutex<Option<Instant>>,
}

impl Executor {
    /// Is given its plan; nothing is done yet.
    pub fn new(site: Arc<Guarded>, task: Assignment, shutdown: watch::Receiver<bool>) -> Self {
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
        Self { site, task, scribe, shutdown, begun, answered_at: Mutex::new(None) }
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
        match self.come_out().await {
            Ok(finish) => self.finish(finish).await,
            Err(Halt::Permanent(sentence)) => self.give_up(sentence).await,
            // Every script turns its own unwinding into a finish; what arrives here has nothing left to undo.
            Err(Halt::Unwind(why)) => {
                self.finish(Finish::new(End::Unwound, self.task.state.active, why)).await
            }
            Err(Halt::Stop(stop)) => self.stop(stop).await,
        }
    }

    async fn come_out(&mut self) -> Result<Finish, Halt> {
        self.await_turn().await?;
        match self.task.direction {
            Direction::Failover => Box::pin(self.failover()).await,
            Direction::Failback => Box::pin(self.failback()).await,
            Direction::Rehearsal => Box::pin(self.rehearsal()).await,
        }
    }

    async fn finish(&self, finish: Finish) -> Outcome {
        let Finish { end, active, sentence, drain_until } = finish;
        self.scribe.note(Note::Ended { end, active, sentence: sentence.clone(), drain_until });
        let recorded = self.scribe.flush_or_trouble().await;
        self.announce_end(end, active, &sentence);
        match recorded {
            Ok(()) => Outcome { end: Some(end), sentence, recorded: true, lost: false },
            Err(_) if self.scribe.stop() == Some(Stop::Lost) => self.lost(),
            Err(why) => Outcome {
                end: Some(end),
                sentence: format!("{sentence}; it is not recorded yet: {why}"),
                recorded: self.record_later().await,
                lost: false,
            },
        }
    }

    /// The scribe goes on trying for as long as a delivery may wait.
    async fn record_later(&self) -> bool {
        let patience = crate::push::ANSWER_WITHIN.saturating_sub(self.begun.elapsed()) / 2;
        tokio::time::timeout(patience.min(self.site.pace.journal_patience), self.scribe.flush())
            .await
            .unwrap_or(false)
    }

    async fn give_up(&self, sentence: String) -> Outcome {
        let tried_long = self.task.trouble.as_ref().is_some_and(|trouble| {
            trouble.sentence == sentence && Timestamp::now().duration_since(trouble.since) >= TRYING_FOR
        });
        if tried_long {
            let active = self.active_by_steps();
            return self.finish(Finish::new(End::Stuck, active, sentence)).await;
        }
        self.scribe.note(Note::AttemptEnded { trouble: Some(sentence.clone()) });
        let recorded = self.scribe.flush_or_trouble().await.is_ok();
        self.announce(Kind::Trouble, &sentence, json!({}));
        Outcome { end: None, sentence, recorded, lost: false }
    }

    async fn stop(&self, stop: Stop) -> Outcome {
        match stop {
            Stop::Lost => self.lost(),
            Stop::Overtaken => {
                let active = self.task.state.active;
                let sentence = format!("a newer order took the place of this {}", self.task.direction);
                self.finish(Finish::new(End::Overtaken, active, sentence)).await
            }
            Stop::Shutdown => {
                self.scribe.note(Note::AttemptEnded { trouble: None });
                let recorded = self.scribe.flush_or_trouble().await.is_ok();
                let sentence = "this process ends; the next delivery carries the plan on".to_owned();
                Outcome { end: None, sentence, recorded, lost: false }
            }
        }
    }

    fn lost(&self) -> Outcome {
        let sentence = format!("another executor carries this {} on", self.task.direction);
        Outcome { end: None, sentence, recorded: true, lost: true }
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
            None if *self.shutdown.borrow() => Err(Halt::Stop(Stop::Shutdown)),
            None => Ok(()),
        }
    }

    /// Waits for `work` unless the executor has to stop meanwhile. Never wrap a cloud write in it.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            biased;
            stop = self.scribe.stopped() => Err(Halt::Stop(stop)),
            Ok(_) = shutdown.wait_for(|ending| *ending) => Err(Halt::Stop(Stop::Shutdown)),
            done = work => Ok(done),
        }
    }

    async fn rest(&self, how_long: Duration) -> Result<(), Halt> {
        self.unless_stopped(tokio::time::sleep(how_long)).await
    }

    fn announce_start(&self) {
        let (direction, site) = (self.task.direction, &self.site.name);
        let sentence = if self.task.resumed {
            format!("the {direction} of {site} is carried on: {}", self.task.reason)
        } else {
            format!("the {direction} of {site} begins: {}", self.task.reason)
        };
        self.announce(Kind::Started, &sentence, json!({ "resumed": self.task.resumed }));
    }

    fn announce_end(&self, end: End, active: Position, sentence: &str) {
        let (direction, site) = (self.task.direction, &self.site.name);
        let details = json!({
            "end": end,
            "active": active,
            "steps": self.task.steps,
            "stages": self.stages(),
            "direction": direction,
            "plan": self.scribe.plan(),
        });
        if direction == Direction::Rehearsal {
            let said = format!("the rehearsal of {site} ended {end}: {sentence}");
            return self.announce_rehearsal(end, said, details);
        }
        let said = format!("the {direction} of {site} ended {end}: {sentence}; served from the {active}");
        self.announce(Kind::Ended, &said, details);
    }

    /// A standby that could not be proven is told like an outage: in the next one it would be missing.
    fn announce_rehearsal(&self, end: End, said: String, details: serde_json::Value) {
        let news = Announcement::new(Kind::Rehearsal, Some(self.site.name.clone()), said, Timestamp::now());
        let interrupted = self.task.resumed || end == End::Overtaken;
        let severity = match end {
            End::Done => Severity::Info,
            _ if interrupted => Severity::Warning,
            _ => Severity::Critical,
        };
        self.site.announcer.tell(news.with_details(details).with_severity(severity));
    }

    /// Where the time went since the site fell silent, or since the order was given.
    fn stages(&self) -> Vec<StageTime> {
        let open = self.scribe.plan().and_then(|plan| self.task.state.plan(plan));
        let first = self.task.steps.iter().filter_map(|done| {
            done.at.checked_sub(SignedDuration::from_millis(i64::try_from(done.took_ms).ok()?)).ok()
        });
        // A plan that began while the journal could not be reached is told from its first step on.
        let begun_at = open.map(|plan| plan.begun_at).or_else(|| first.min());
        begun_at.map_or_else(Vec::new, |begun_at| stages(&self.task.order, begun_at, &self.task.steps))
    }

    fn announce(&self, kind: Kind, sentence: &str, mut details: serde_json::Value) {
        details["direction"] = json!(self.task.direction);
        details["plan"] = json!(self.scribe.plan());
        let incident = self.task.order.incidents.first().map(|incident| incident.id.clone());
        self.site.announce(kind, sentence, details, incident);
    }

    fn has(&self, role: Role) -> bool {
        self.site.switches.iter().any(|switch| switch.role() == role)
    }
}
