//! Has each finished step recorded, beside the work.

use std::sync::Arc;

use failover_core::{Direction, Event, Step, StepRecord};

use super::{answers::Answers, done::Done, permit::Permit};
use crate::{clock::Instant, site::Guarded};

/// What tells the log and the journal of steps.
#[derive(Debug)]
pub(super) struct StepTeller {
    pub(super) site: Arc<Guarded>,
    pub(super) direction: Direction,
    pub(super) permit: Arc<Permit>,
    pub(super) answers: Arc<Answers>,
}

impl StepTeller {
    /// Has `step` recorded as finished, having taken since `begun`.
    pub(super) fn record(&self, done: &mut Done, step: Step, begun: Instant, note: Option<String>) {
        self.tell(done.add(step, begun, note));
    }

    pub(super) fn tell(&self, record: &StepRecord) {
        let (step, took_ms) = (record.step, record.took_ms);
        tracing::info!(site = %self.site.name, %step, took_ms, "{} {step}: done", self.direction);
        if step == Step::Route {
            self.answers.are_led_away();
        }
        let record = record.clone();
        self.permit.journal.tell(|plan, nonce| Event::Step { plan, nonce, record });
    }
}
