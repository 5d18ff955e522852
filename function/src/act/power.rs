//! Starting the primary before it is asked to answer, where a switch can.
//!
//! Only a failback does so. What answers already is not held up by whoever can't say how it is; and what was started
//! stays on, however the failback ends: a primary that nobody is led to does no harm, one switched off again would.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use failover_core::{Position, Role, Step, Unless};

use super::{
    Halt,
    done::Done,
    switches::{Setting, Switches},
};
use crate::{clock::Instant, clouds::Change, site::Guarded};

/// What starts the primary, and waits for it.
pub(super) struct PowerUp<'a> {
    pub(super) site: &'a Guarded,
    pub(super) switches: &'a Switches,
    pub(super) done: &'a Done,
}

/// What starting it came to.
pub(super) struct Started {
    /// Whether it had to be started.
    pub(super) was_off: bool,
    /// What an operator may want to know of it.
    pub(super) note: Option<String>,
}

impl PowerUp<'_> {
    /// Starts the primary and waits until it is ready. Where that is no matter, since it answers already or somebody
    /// insists, it is gone on without a look that can't be had.
    ///
    /// # Errors
    /// To be undone where it isn't ready in time: nobody was led there.
    pub(super) async fn start(&self, setting: Setting, no_matter: bool) -> Result<Started, Halt> {
        if no_matter && let Some(unseen) = self.unseen().await? {
            tracing::warn!(site = %self.site.name, "{unseen}; the failback goes on without it");
            return Ok(Started { was_off: false, note: Some(unseen) });
        }
        self.switches.answers.waits_for("the primary to be started");
        let change = self.switches.set(&setting, Vec::new()).await?;
        let was_off = self.await_power().await? || change == Change::Made;
        Ok(Started { was_off, note: was_off.then(|| "it was started".to_owned()) })
    }

    /// Why it could not be seen whether the primary is on; one look each.
    async fn unseen(&self) -> Result<Option<String>, Halt> {
        for switch in self.site.switches.of(Role::Power) {
            if let Err(error) = self.switches.permit.unless_stopped(switch.observe()).await? {
                return Ok(Some(crate::log::chain(&error)));
            }
        }
        Ok(None)
    }

    /// Waits until every one was seen on, for as long as they may take since the plan began; true if that took more
    /// than a look. Who insists doesn't wait for long.
    async fn await_power(&self) -> Result<bool, Halt> {
        let looked = AtomicBool::new(false);
        tokio::select! {
            biased;
            seen = self.seen_on(&looked) => seen,
            () = self.waited_enough(&looked) => self.not_ready(looked.load(Ordering::Relaxed)),
        }
    }

    /// Whoever carries a plan on late gives up no sooner than it could have looked.
    async fn waited_enough(&self, looked: &AtomicBool) {
        let (forced, late) = (self.done.order.force, self.site.waits.failback_patience);
        let patience = if forced { late } else { self.left() };
        tokio::time::sleep(patience.max(self.site.pace.call_timeout)).await;
        if !forced && !looked.load(Ordering::Relaxed) {
            tokio::time::sleep(late).await;
        }
    }

    fn not_ready(&self, looked: bool) -> Result<bool, Halt> {
        if self.done.order.force {
            return Ok(true);
        }
        let found = if looked { " and isn't ready" } else { ", and whether it is ready could not be seen" };
        Err(Halt::Unwind(format!(
            "the primary was started{found} within {}; it stays on, and visitors stay on the standby",
            humantime::format_duration(self.within())
        )))
    }

    async fn seen_on(&self, looked: &AtomicBool) -> Result<bool, Halt> {
        let begun = Instant::now();
        let mut waited = false;
        self.switches.answers.waits_for("the primary to be ready");
        for switch in self.site.switches.of(Role::Power) {
            loop {
                let observed = self.switches.observe(switch, Unless::Nothing).await?.observed;
                looked.store(true, Ordering::Relaxed);
                if observed.is_at(Position::Primary) {
                    break;
                }
                tracing::debug!(site = %self.site.name, switch = %switch.id(), %observed, "not ready yet");
                waited = true;
                self.switches.permit.rest(self.site.pace.between_probes(begun.elapsed())).await?;
            }
        }
        Ok(waited)
    }

    fn within(&self) -> Duration {
        self.site.switches.of(Role::Power).map(|switch| switch.takes_at_most()).max().unwrap_or_default()
    }

    /// What is left of that since this plan began, by whichever executor.
    fn left(&self) -> Duration {
        let plan = self.switches.permit.plan().and_then(|plan| self.done.state.plan(plan));
        let so_far = plan.map(|plan| jiff::Timestamp::now().duration_since(plan.begun_at));
        let so_far = so_far.and_then(|so_far| so_far.try_into().ok()).unwrap_or_default();
        self.within().saturating_sub(so_far)
    }

    /// Asks the primary until it has answered twice in a row. Whoever led visitors there already is left to what
    /// waits for them.
    ///
    /// # Errors
    /// To be undone where it doesn't answer in time.
    pub(super) async fn await_primary(&self) -> Result<(), Halt> {
        if self.done.order.force || !self.site.policy.has_primary_url || self.done.has(Step::Route) {
            return Ok(());
        }
        // Nobody waits in the dark meanwhile: visitors are on the standby.
        let patience = self.left().max(self.site.waits.failback_patience);
        let Switches { permit, answers, .. } = self.switches;
        answers.waits_for("the primary to answer");
        let answered = tokio::time::timeout(patience, answers.primary_twice());
        permit.unless_stopped(answered).await?.map_err(|_| {
            Halt::Unwind(format!(
                "the primary is on and hasn't answered within {} s; visitors stay on the standby",
                patience.as_secs()
            ))
        })
    }
}
