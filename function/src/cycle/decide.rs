//! Decides one site's signals, one after the other, and has the plans seen through that come of them.

use std::sync::Arc;

use failover_core::{
    Decision, Direction, Event, Facts, Looks, Position, Role, Signal, SignalKind, State, Verb, Verdict,
    decide, looks,
};
use jiff::Timestamp;

use super::{again::Again, announce, answer, plans::Plans, prefetch::Prefetch, seen::Seen};
use crate::{
    clock::Instant,
    push::Reply,
    record::{Head, RecordError},
    site::Guarded,
};

/// How often a decision is made again because somebody else wrote to the journal meanwhile.
const DECIDE_AGAIN: usize = 32;

/// Decides what comes to one site.
#[derive(Debug)]
pub(super) struct Decider {
    pub(super) site: Arc<Guarded>,
    pub(super) plans: Arc<Plans>,
    again: Arc<Again>,
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
    prefetch: Prefetch,
}

impl Decider {
    pub(super) fn new(site: Arc<Guarded>, plans: Arc<Plans>, again: Arc<Again>) -> Self {
        Self { site, plans, again }
    }

    /// Decides `signal` and sees through what comes of it; pending incidents are decided again afterwards.
    pub(super) async fn handle(&self, signal: &Signal) -> Reply {
        let nonce = uuid::Uuid::new_v4().to_string();
        let begun = match self.decide_patiently(signal, &nonce).await {
            Ok(begun) => Ok(begun),
            Err(error) => self.decide_without_journal(signal, &error, &nonce).await,
        };
        match begun {
            Ok(Begun::Settled(decision)) => {
                let reply = answer::decided(&self.site, &decision);
                if decision.verdict == Verdict::Stay {
                    return self.again.decide(signal).await.unwrap_or(reply);
                }
                reply
            }
            Ok(Begun::Plan(plan, direction, reason)) => {
                let outcome = self.plans.see_through(plan, &nonce).await;
                let reply = answer::executed(&self.site, &reason, &outcome);
                if direction != Direction::Failover {
                    self.again.decide(signal).await;
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
        let mut known = Known {
            deadline: tokio::time::Instant::now() + patience,
            seen: None,
            prefetch: Prefetch::default(),
        };
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
        let _deciding = self.plans.deciding().await;
        // Others were decided meanwhile: that says nothing about the journal.
        known.deadline += queued.elapsed();
        if known.seen.is_none() {
            known.prefetch = Prefetch::begin(&self.site, signal);
        }
        let head = self.in_time(known.deadline, look_for(&self.site, signal)).await?;
        known.prefetch.look_at_gates(&self.site, &head);
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
            known.prefetch = Prefetch::default();
        }
        let begun = Instant::now();
        let facts = self.facts(looks, &mut known.prefetch).await;
        // How long a site takes to answer says nothing about the journal either.
        known.deadline += begun.elapsed();
        let twice = looks.primary && facts.primary.is_by(Position::Primary);
        known.prefetch.for_plan.answered = twice.then_some(begun);
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

    async fn facts(&self, looks: Looks, prefetch: &mut Prefetch) -> Facts {
        let all = [Role::Gate, Role::Route, Role::Monitor];
        let primary = async { if looks.primary { Some(self.site.ask_primary_twice().await) } else { None } };
        let switches =
            async { if looks.switches { self.site.switches.look_at(&all).await } else { Vec::new() } };
        let places =
            async { if looks.public { Some(prefetch.places(&self.site, looks.beside).await) } else { None } };
        let (primary, switches, places) = tokio::join!(primary, switches, places);
        let none = Facts::none();
        let mut facts = Facts { switches, ..none };
        if let Some((public, primary)) = places {
            (facts.public, facts.primary) = (public, primary);
        }
        if let Some(primary) = primary {
            // A primary that is off can't answer: it is started first. What answers needs no such look.
            if !primary.is_by(Position::Primary) {
                facts.switches.extend(self.site.switches.look_at_power().await);
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
        announce::decision(&self.site, signal, &decision);
        let reason = decision.reason.to_string();
        match decision.verdict {
            Verdict::Start(direction, order) => {
                let (told, nonce_told) = (reason.clone(), nonce.to_owned());
                let intent = Event::Intent { direction, order: *order, reason: told, nonce: nonce_told };
                let prefetched = std::mem::take(&mut known.prefetch.for_plan);
                let plan = self.plans.begin(&head, &intent, nonce, prefetched).await?;
                Ok(Begun::Plan(plan, direction, reason))
            }
            Verdict::CarryOn(plan) => {
                let direction = head.state.plan(plan).map_or(Direction::Failover, |plan| plan.direction);
                self.plans.own(&head.state, plan, nonce);
                Ok(Begun::Plan(plan, direction, reason))
            }
            _ => Ok(Begun::Settled(decision)),
        }
    }
}

/// An operator looks past entries that can't be read; automatic moves stop at them.
pub(super) async fn look_for(site: &Guarded, signal: &Signal) -> Result<Head, RecordError> {
    match &signal.kind {
        SignalKind::Command(command) if command.verb != Verb::Reconcile => site.record.look_past().await,
        _ => site.record.look().await,
    }
}
