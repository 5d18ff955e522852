//! One site's desk: decides its signals one after the other, and sees the plans through that come of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as Lock},
    time::Duration,
};

use failover_core::{
    Decision, Direction, Event, Facts, Looks, Order, Position, Role, Signal, SignalKind, State, Verb,
    Verdict, decide, looks,
};
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::{ahead::Ahead, counts::Counts, motor::Running, rota::Rota, seen::Seen, waiting::Waiting};
use crate::{
    act::Assignment,
    clock::Instant,
    push::Reply,
    record::{Head, RecordError},
    site::Guarded,
};

/// How often a decision is made again because somebody else wrote to the journal meanwhile.
const DECIDE_AGAIN: usize = 32;

/// A site and what this process does for it now.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) site: Arc<Guarded>,
    pub(super) shutdown: watch::Receiver<bool>,
    /// Held while a decision is made and its entry written; not while a plan executes.
    pub(super) deciding: Mutex<()>,
    /// The executors of this process, by the number that their plan had when they began.
    pub(super) running: Lock<HashMap<u64, Running>>,
    pub(super) counts: Lock<Counts>,
    /// When it is this site's turn to be looked at, where looks are rationed.
    pub(super) rota: Rota,
    /// How often the schedule sends reconcile.
    pub(super) reconcile_every: Duration,
    /// The requests of this process that wait for a plan of this site.
    pub(super) waiting: Waiting,
}

/// What a decision led to.
pub(super) enum Begun {
    /// Nothing more to wait for.
    Settled(Decision),
    /// A plan that is to be seen through, for this reason.
    Plan(u64, Direction, String),
}

/// What one delivery knows from one try to the next.
struct Known {
    /// The journal is waited for until then.
    deadline: tokio::time::Instant,
    seen: Option<Seen>,
    ahead: Ahead,
}

impl Desk {
    pub(super) fn new(
        site: Arc<Guarded>,
        rota: Rota,
        reconcile_every: Duration,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        let (running, counts) = (Lock::default(), Lock::default());
        let (deciding, waiting) = (Mutex::default(), Waiting::default());
        Self { site, shutdown, deciding, running, counts, rota, reconcile_every, waiting }
    }

    /// Decides `signal` and sees through what comes of it; pending incidents are decided again afterwards.
    pub(super) async fn handle(&self, signal: &Signal) -> Reply {
        let nonce = uuid::Uuid::new_v4().to_string();
        let begun = match self.decide_patiently(signal, &nonce).await {
            Ok(begun) => Ok(begun),
            Err(error) => self.decide_away(signal, &error, &nonce).await,
        };
        match begun {
            Ok(Begun::Settled(decision)) => {
                let reply = self.decided(&decision);
                if decision.verdict == Verdict::Stay {
                    return self.reconsider(signal).await.unwrap_or(reply);
                }
                reply
            }
            Ok(Begun::Plan(plan, direction, reason)) => {
                let outcome = self.see_through(plan, &nonce).await;
                let reply = self.executed(&reason, &outcome);
                if direction != Direction::Failover {
                    self.reconsider(signal).await;
                }
                reply
            }
            Err(reply) => reply,
        }
    }

    /// Decides, again where somebody wrote meanwhile or the journal can't be reached, for as long as the journal
    /// is worth waiting for.
    async fn decide_patiently(&self, signal: &Signal, nonce: &str) -> Result<Begun, RecordError> {
        let patience = self.site.pace.journal_patience;
        let mut known =
            Known { deadline: tokio::time::Instant::now() + patience, seen: None, ahead: Ahead::default() };
        let mut moved = 0;
        let mut tries = 0;
        loop {
            let decided = self.decide_once(signal, nonce, &mut known).await;
            match decided {
                Err(RecordError::Moved(_) | RecordError::Illegal(_)) if moved < DECIDE_AGAIN => {
                    moved += 1;
                    // The journal was heard, or there was no time to hear it.
                    known.deadline = known.deadline.max(tokio::time::Instant::now() + patience / 2);
                }
                Err(error @ RecordError::Store { .. }) if !error.is_permanent() => {
                    let wait = self.site.pace.backoff(tries);
                    if tokio::time::Instant::now() + wait >= known.deadline {
                        return Err(error);
                    }
                    tokio::time::sleep(wait).await;
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    async fn decide_once(
        &self,
        signal: &Signal,
        nonce: &str,
        known: &mut Known,
    ) -> Result<Begun, RecordError> {
        let queued = Instant::now();
        let _deciding = self.deciding.lock().await;
        // Others were decided meanwhile: that says nothing about the journal.
        known.deadline += queued.elapsed();
        if known.seen.is_none() {
            known.ahead = Ahead::begin(self, signal, &self.site.record.state());
        }
        let head = self.in_time(known.deadline, self.look_for(signal)).await?;
        known.ahead.look_at_gates(self, &head);
        let facts = self.seen(looks(&head.state, signal), &head.state, known).await;
        let decision = decide(&self.site.policy, &head.state, &facts, signal, Timestamp::now());
        let deadline = known.deadline.max(tokio::time::Instant::now() + self.site.pace.journal_patience / 2);
        self.in_time(deadline, self.begin(signal, head, decision, nonce, known)).await
    }

    /// What a decision wants to know. One that is made again since somebody wrote to the journal meanwhile takes what
    /// was just seen, unless something was moved: an executor renews its claim more often than a failback's gate takes
    /// to look, and would keep it out for ever.
    async fn seen(&self, looks: Looks, state: &Arc<State>, known: &mut Known) -> Facts {
        if let Some(seen) = known.seen.as_ref().filter(|seen| seen.fits(looks, state)) {
            return seen.facts.clone();
        }
        if known.seen.take().is_some() {
            // So is what was looked at ahead.
            known.ahead = Ahead::default();
        }
        let begun = Instant::now();
        let facts = self.facts(looks, &mut known.ahead).await;
        // How long a site takes to answer says nothing about the journal either.
        known.deadline += begun.elapsed();
        let twice = looks.primary && facts.primary.is_by(Position::Primary);
        known.ahead.act.answered = twice.then_some(begun);
        known.seen = Some(Seen { looks, at: Instant::now(), state: Arc::clone(state), facts: facts.clone() });
        facts
    }

    /// A journal that gives no answer is one that can't be reached; but not where this process stood still until long after
    /// the deadline, and nobody was there to hear it. Others may have gone on meanwhile.
    async fn in_time<T>(
        &self,
        deadline: tokio::time::Instant,
        work: impl Future<Output = Result<T, RecordError>>,
    ) -> Result<T, RecordError> {
        match tokio::time::timeout_at(deadline, work).await {
            Ok(done) => done,
            Err(_) if deadline.elapsed() >= self.site.pace.claim_for / 2 => {
                Err(RecordError::Moved(self.site.name.clone()))
            }
            Err(_) => Err(RecordError::Silent(self.site.name.clone())),
        }
    }

    /// An operator looks past entries that can't be read; automatic moves stop at them.
    pub(super) async fn look_for(&self, signal: &Signal) -> Result<Head, RecordError> {
        match &signal.kind {
            SignalKind::Command(command) if command.verb != Verb::Reconcile => {
                self.site.record.look_past().await
            }
            _ => self.site.record.look().await,
        }
    }

    async fn facts(&self, looks: Looks, ahead: &mut Ahead) -> Facts {
        let all = [Role::Gate, Role::Route, Role::Monitor];
        let primary = async { if looks.primary { Some(self.site.ask_primary_twice().await) } else { None } };
        let switches = async { if looks.switches { self.site.look_at(&all).await } else { Vec::new() } };
        let places = async { if looks.public { Some(ahead.places(self, looks.beside).await) } else { None } };
        let (primary, switches, places) = tokio::join!(primary, switches, places);
        let none = Facts::none();
        let mut facts = Facts { switches, ..none };
        if let Some((public, primary)) = places {
            (facts.public, facts.primary) = (public, primary);
        }
        if let Some(primary) = primary {
            // A primary that is off can't answer: it is started first. What answers needs no such look.
            if !primary.is_by(Position::Primary) {
                facts.switches.extend(self.site.look_at_power().await);
            }
            facts.primary = primary;
        }
        facts
    }

    /// Writes what was decided, and has a new plan executed.
    async fn begin(
        &self,
        signal: &Signal,
        mut head: Head,
        decision: Decision,
        nonce: &str,
        known: &mut Known,
    ) -> Result<Begun, RecordError> {
        for event in &decision.record {
            head = self.site.record.append_after(&head, event).await?;
        }
        self.announce_decision(signal, &decision);
        let reason = decision.reason.to_string();
        match decision.verdict {
            Verdict::Start(direction, order) => {
                let order = *order;
                let plan = self.start(&head, (direction, order, &reason), nonce, &mut known.ahead).await?;
                Ok(Begun::Plan(plan, direction, reason))
            }
            Verdict::CarryOn(plan) => {
                let direction = head.state.plan(plan).map_or(Direction::Failover, |plan| plan.direction);
                self.own(&head.state, plan, nonce);
                Ok(Begun::Plan(plan, direction, reason))
            }
            _ => Ok(Begun::Settled(decision)),
        }
    }

    /// Writes a plan's intent and has it executed.
    pub(super) async fn start(
        &self,
        head: &Head,
        (direction, order, reason): (Direction, Order, &str),
        nonce: &str,
        ahead: &mut Ahead,
    ) -> Result<u64, RecordError> {
        let claimed_at = Instant::now();
        let intent = Event::Intent {
            direction,
            order: order.clone(),
            reason: reason.to_owned(),
            nonce: nonce.to_owned(),
        };
        let head = self.site.record.append_after(head, &intent).await?;
        let task = Assignment {
            plan: head.number,
            nonce: nonce.to_owned(),
            claimed_at,
            direction,
            task: None,
            order,
            reason: reason.to_owned(),
            steps: Vec::new(),
            trouble: None,
            resumed: false,
            state: Arc::clone(&head.state),
            ahead: std::mem::take(&mut ahead.act),
        };
        self.execute(head.number, task);
        Ok(head.number)
    }

    /// A plan whose intent was stored although its answer was lost is ours to execute.
    fn own(&self, state: &Arc<State>, plan: u64, nonce: &str) {
        let Some(open) = state.plan(plan) else { return };
        let ours = open.claim.as_ref().is_some_and(|claim| claim.nonce == nonce);
        if ours && !self.is_running(plan) {
            let task = Assignment::carrying_on(open, nonce.to_owned(), Instant::now(), Arc::clone(state));
            self.execute(plan, task);
        }
    }
}
