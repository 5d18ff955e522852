//! What a plan has done so far, by whichever executor, and from where it began.

use std::{sync::Arc, time::Duration};

use failover_core::{
    Direction, Order, Position, StageTime, State, Step, StepRecord, Trouble, UpkeepTask, stages,
};
use jiff::{SignedDuration, Timestamp};

use crate::clock::Instant;

/// A redirect that says it may be cached for longer is not waited for: nobody should keep a standby open for a
/// browser's sake for more than about an hour.
const DRAIN_AT_MOST: Duration = Duration::from_mins(65);

/// The steps that were finished, and the site as it was when this executor began.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) direction: Direction,
    pub(super) order: Order,
    /// Maintenance: what is to be so.
    pub(super) task: Option<UpkeepTask>,
    /// Why it was decided so.
    pub(super) reason: String,
    pub(super) steps: Vec<StepRecord>,
    pub(super) state: Arc<State>,
    /// Whether an earlier executor may have written to a cloud.
    pub(super) resumed: bool,
    /// What kept earlier executors from going on.
    pub(super) trouble: Option<Trouble>,
    /// Whether it is being undone.
    pub(super) undoing: bool,
}

impl Done {
    pub(super) fn has(&self, step: Step) -> bool {
        self.steps.iter().any(|record| record.step == step)
    }

    /// Has `step` among those that are finished, having taken since `begun`.
    pub(super) fn add(&mut self, step: Step, begun: Instant, note: Option<String>) -> &mut StepRecord {
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let record = StepRecord { step, at: Timestamp::now(), took_ms, note, redirect_lives_s: None };
        self.steps.retain(|done| done.step != step);
        self.steps.push(record);
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    /// What is known of a step that was finished.
    pub(super) fn record(&self, step: Step) -> Option<&StepRecord> {
        self.steps.iter().find(|record| record.step == step)
    }

    /// Where visitors are led, as far as the steps tell.
    pub(super) fn active(&self) -> Position {
        // The newest step is the last one.
        let mut led = self.steps.iter().rev().filter(|done| matches!(done.step, Step::Route | Step::Unroute));
        match led.next().map(|done| done.step) {
            Some(Step::Route) => self.direction.leads_to(),
            Some(_) => self.undone_at(),
            None => self.state.active,
        }
    }

    /// Where the site is when all of it is undone.
    pub(super) fn undone_at(&self) -> Position {
        match self.direction {
            Direction::Failover | Direction::Failback => self.direction.leads_to().opposite(),
            Direction::Rehearsal | Direction::Maintenance => self.state.active,
        }
    }

    /// Where the site is when all of it is done.
    pub(super) fn done_at(&self) -> Position {
        match self.direction {
            Direction::Maintenance => self.state.active,
            moved => moved.leads_to(),
        }
    }

    /// Whether something may have been moved already when this executor began: by an earlier one, by an older plan
    /// that this one overtook, or by the last move.
    pub(super) fn follows_another(&self) -> bool {
        let moved = self.state.active == self.direction.leads_to();
        self.resumed || self.state.plans.len() > 1 || moved
    }

    /// Whether all that an earlier executor of plan `id` did is among the steps: it ended its attempt, and there was no
    /// other.
    pub(super) fn earlier_told_all(&self, id: Option<u64>) -> bool {
        let one = id.and_then(|id| self.state.plan(id)).is_some_and(|plan| plan.attempts == 2);
        !self.resumed || self.trouble.is_some() && one
    }

    /// Whether nobody was led away and nothing is left to undo: another try can only bring light.
    pub(super) fn is_no_risk(&self) -> bool {
        self.direction == Direction::Failover && !self.undoing && !self.has(Step::Route)
    }

    /// Until when a visitor may come by a cached redirect, `drain` at least; `None` if none can any more.
    pub(super) fn drain_until(&self, drain: Duration) -> Option<Timestamp> {
        let routed = self.record(Step::Route).map(|record| record.at);
        let lives = Duration::from_secs(self.state.redirect_lives_s).min(DRAIN_AT_MOST);
        let until = routed.and_then(|at| at.checked_add(drain.max(lives)).ok()).or(self.state.draining)?;
        (Timestamp::now() < until).then_some(until)
    }

    /// Where the time went since the site fell silent, or since the order was given.
    pub(super) fn stages(&self, id: Option<u64>) -> Vec<StageTime> {
        let open = id.and_then(|id| self.state.plan(id));
        let first = self.steps.iter().filter_map(|done| {
            done.at.checked_sub(SignedDuration::from_millis(i64::try_from(done.took_ms).ok()?)).ok()
        });
        // A plan that began while the journal could not be reached is told from its first step on.
        let begun_at = open.map(|plan| plan.begun_at).or_else(|| first.min());
        begun_at.map_or_else(Vec::new, |begun_at| stages(&self.order, begun_at, &self.steps))
    }
}

#[cfg(test)]
mod tests {
    use failover_core::Asker;

    use super::*;

    fn failing_over(steps: &[Step]) -> Done {
        let order = Order {
            at: Timestamp::UNIX_EPOCH,
            message: "m".to_owned(),
            asker: Asker::Incident,
            reason: None,
            force: false,
            unfinished: false,
            incidents: Vec::new(),
        };
        let mut done = Done {
            direction: Direction::Failover,
            order,
            task: None,
            reason: String::new(),
            steps: Vec::new(),
            state: Arc::default(),
            resumed: false,
            trouble: None,
            undoing: false,
        };
        for step in steps {
            done.add(*step, Instant::now(), None);
        }
        done
    }

    #[test]
    fn visitors_are_where_the_newest_step_has_led_them() {
        use Step::{Open, Route, Unroute, Verify};
        let table: [(&[Step], Position); 5] = [
            (&[], Position::Primary),
            (&[Open], Position::Primary),
            (&[Open, Route, Verify], Position::Standby),
            (&[Open, Route, Verify, Unroute], Position::Primary),
            (&[Open, Route, Unroute, Route], Position::Standby),
        ];
        for (steps, place) in table {
            assert_eq!(failing_over(steps).active(), place, "{steps:?}");
        }
    }
}
