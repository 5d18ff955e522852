//! Starting the primary before it is asked to answer, where a switch can.
//!
//! Only a failback does so. What answers already is not held up by whoever can't say how it is; and what was started
//! stays on, however the failback ends: a primary that nobody is led to does no harm, one switched off again would.

use std::time::Duration;

use super::{Executor, Halt, patience::Unless, set::Before};
use crate::{clock::Instant, switch::Change};
use failover_core::{Position, Role, Served, Step};

impl Executor {
    /// Starts the primary and waits until it is ready and has answered twice.
    ///
    /// # Errors
    /// To be undone where it isn't ready or doesn't answer in time: nobody was led there.
    pub(super) async fn power_up(&mut self) -> Result<(), Halt> {
        if !self.has(Role::Power) {
            return Ok(());
        }
        let begun = Instant::now();
        let sure = self.needs_no_power();
        if sure && let Some(unseen) = self.power_unseen().await? {
            tracing::warn!(site = %self.site.name, "{unseen}; the failback goes on without it");
            self.record(Step::Power, begun, Some(unseen));
            return Ok(());
        }
        let before = Before { look: true, answers: None };
        let change = self.set(Role::Power, Position::Primary, Vec::new(), before).await?;
        let was_off = self.await_power().await? || change == Change::Made;
        self.record(Step::Power, begun, was_off.then(|| "it was started".to_owned()));
        if was_off || !sure { self.await_primary().await } else { Ok(()) }
    }

    /// Whether the failback goes ahead however the power is: the primary has answered, or nobody asks for that.
    fn needs_no_power(&self) -> bool {
        self.task.order.force || self.task.order.unfinished || self.task.ahead.answered.is_some()
    }

    /// Why it could not be seen whether the primary is on; one look each.
    async fn power_unseen(&self) -> Result<Option<String>, Halt> {
        for switch in self.site.of(Role::Power) {
            if let Err(error) = self.unless_stopped(switch.observe()).await? {
                return Ok(Some(crate::log::chain(&error)));
            }
        }
        Ok(None)
    }

    /// Waits until every one was seen on, for as long as they may take since the plan began; true if that took more
    /// than a look. Who insists doesn't wait for long.
    async fn await_power(&self) -> Result<bool, Halt> {
        let forced = self.task.order.force;
        let patience = if forced { self.site.failback_patience } else { self.power_left() };
        match tokio::time::timeout(patience.max(self.site.pace.call_timeout), self.seen_on()).await {
            Ok(seen) => seen,
            Err(_) if forced => Ok(true),
            Err(_) => Err(Halt::Unwind(format!(
                "the primary was started and isn't ready within {}; it stays on, and visitors stay on the standby",
                humantime::format_duration(self.power_within())
            ))),
        }
    }

    async fn seen_on(&self) -> Result<bool, Halt> {
        let begun = Instant::now();
        let mut waited = false;
        self.waiting.is_for("the primary to be ready");
        for switch in self.site.of(Role::Power) {
            loop {
                let observed = self.observe(switch, Unless::Nothing).await?.observed;
                if observed.is_at(Position::Primary) {
                    break;
                }
                tracing::debug!(site = %self.site.name, switch = %switch.id(), %observed, "not ready yet");
                waited = true;
                self.rest(self.site.pace.between_probes(begun.elapsed())).await?;
            }
        }
        Ok(waited)
    }

    fn power_within(&self) -> Duration {
        self.site.of(Role::Power).map(|switch| switch.takes_at_most()).max().unwrap_or_default()
    }

    /// What is left of that since this plan began, by whichever executor.
    fn power_left(&self) -> Duration {
        let plan = self.scribe.plan().and_then(|plan| self.task.state.plan(plan));
        let so_far = plan.map(|plan| jiff::Timestamp::now().duration_since(plan.begun_at));
        let so_far = so_far.and_then(|so_far| so_far.try_into().ok()).unwrap_or_default();
        self.power_within().saturating_sub(so_far)
    }

    /// Asks the primary until it has answered twice in a row. Whoever led visitors there already is left to what
    /// waits for them.
    async fn await_primary(&self) -> Result<(), Halt> {
        if self.task.order.force || !self.site.policy.has_primary_url || self.has_done(Step::Route) {
            return Ok(());
        }
        // Nobody waits in the dark meanwhile: visitors are on the standby.
        let patience = self.power_left().max(self.site.failback_patience);
        self.waiting.is_for("the primary to answer");
        let answered = async {
            let begun = Instant::now();
            loop {
                let asked = Instant::now();
                match self.site.ask_primary_twice().await {
                    Served::By(Position::Primary) => return self.has_answered(Position::Primary, asked),
                    served => {
                        tracing::debug!(site = %self.site.name, ?served, "the primary doesn't answer yet");
                    }
                }
                tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
            }
        };
        match self.unless_stopped(tokio::time::timeout(patience, answered)).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Halt::Unwind(format!(
                "the primary is on and hasn't answered within {} s; visitors stay on the standby",
                patience.as_secs()
            ))),
        }
    }
}
