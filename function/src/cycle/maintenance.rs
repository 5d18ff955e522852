//! Maintenance: begins and sees through the plan that is due while nothing moves, and tells of switches that strayed.
//!
//! What is due is decided in the core (`failover_core::Round`), and executed as any plan is (`act`).

use std::sync::Arc;

use failover_core::{Due, Event, OpenPlan, Order, Round, Signal, SignalKind, State, UpkeepTask};
use serde_json::json;

use super::{counts::Counters, plans::Plans};
use crate::{act::Prefetched, announce::Kind, record::RecordError, site::Guarded};

/// What keeps a site in order while nothing moves.
#[derive(Debug)]
pub(super) struct Maintenance {
    site: Arc<Guarded>,
    plans: Arc<Plans>,
    counters: Counters,
}

impl Maintenance {
    pub(super) fn new(site: Arc<Guarded>, plans: Arc<Plans>, counters: Counters) -> Self {
        Self { site, plans, counters }
    }

    /// What was begun and not ended, drained standbys, outages on the standby, switches that strayed: done where it is
    /// due. Some text is why something could not be.
    pub(super) async fn see_to_all(
        &self,
        signal: &Signal,
        round: &Round<'_>,
    ) -> Result<Option<String>, RecordError> {
        let (mut known, mut trouble) = (round.state.clone(), self.rests(signal, round));
        if let Some(due) = round.due().filter(|_| trouble.is_none()) {
            self.tell_of_outage(&due, round.state);
            let (state, failed) = self.see_to(signal, (due.task(), due.reason()), &known).await?;
            (known, trouble) = (state.unwrap_or(known), failed);
        }
        if let Some(said) = self.counters.now().strays(&round.strayed(), round.seen) {
            self.site.announce(Kind::Drift, &said, json!({ "repair": self.site.repair }), None);
        }
        for (sighting, position) in round.repairs() {
            let task = UpkeepTask::Repair(sighting.switch.clone(), position);
            let reason = format!("{} is at {} and belongs at {position}", sighting.switch, sighting.observed);
            let (state, failed) = self.see_to(signal, (task, reason), &known).await?;
            (known, trouble) = (state.unwrap_or(known), trouble.or(failed));
        }
        Ok(trouble)
    }

    /// What was refused again and again is left alone for some rounds, unless somebody asks for this round: why it could
    /// not be done when it was tried last.
    fn rests(&self, signal: &Signal, round: &Round<'_>) -> Option<String> {
        let open = round.state.maintenance.as_ref().filter(|_| !is_asked_for(signal))?;
        let trouble = open.trouble.as_ref().filter(|_| matches!(round.due(), Some(Due::TakenUp(_))))?;
        let rests = self.counters.now().rests(open.id)?;
        let again = match rests {
            0 => "the next round".to_owned(),
            rounds => format!("{} rounds", rounds + 1),
        };
        Some(format!("{}; it is tried again in {again}", trouble.sentence))
    }

    /// An outage of the standby and its end are told before the write that follows them.
    fn tell_of_outage(&self, due: &Due, state: &State) {
        let kind = match due {
            Due::Outage(_) => Kind::Outage,
            Due::Recovered => Kind::Recovered,
            Due::TakenUp(_) | Due::Drained => return,
        };
        self.site.announce(kind, &due.reason(), json!({ "since": state.outage }), None);
    }

    /// Begins a plan for the task, or carries on what is open, and sees it through: the state after it, and why it could
    /// not be done. It was decided on in the state `decided`: whatever moved since then may be what it was to mend, so it
    /// isn't done any more.
    async fn see_to(
        &self,
        signal: &Signal,
        what: (UpkeepTask, String),
        decided: &State,
    ) -> Result<(Option<State>, Option<String>), RecordError> {
        let nonce = uuid::Uuid::new_v4().to_string();
        // A move of this process goes first, also one that the journal doesn't know yet.
        let is_free = self.site.clouds.try_lock().is_ok();
        let plan = if is_free { self.begin(signal, what, decided, &nonce).await? } else { None };
        let Some(plan) = plan else { return Ok((None, None)) };
        let outcome = self.plans.see_through(plan, &nonce).await;
        let trouble = outcome.end.is_none().then_some(outcome.sentence);
        let after = self.site.record.known().map(|head| (*head.state).clone());
        if after.as_ref().and_then(|state| state.plan(plan)).is_some_and(OpenPlan::is_refused) {
            self.counters.now().was_refused(plan);
        }
        let ours = |state: &State| state.maintained.as_ref().is_some_and(|ended| ended.plan == plan);
        Ok((after.filter(ours), trouble))
    }

    /// The plan that is to be seen through, if any.
    async fn begin(
        &self,
        signal: &Signal,
        (task, reason): (UpkeepTask, String),
        decided: &State,
        nonce: &str,
    ) -> Result<Option<u64>, RecordError> {
        let _deciding = self.plans.deciding().await;
        let head = self.site.record.look().await?;
        let is_news = head.state.has_moved_since(decided) || head.state.upkeep != decided.upkeep;
        if is_news || !head.state.plans.is_empty() {
            return Ok(None);
        }
        if let Some(open) = head.state.maintenance.as_ref().filter(|open| !open.gives_way_to(&task)) {
            return Ok((!self.plans.work_on(open.id)).then_some(open.id));
        }
        let (order, claimed_by) = (Order::standing(signal), nonce.to_owned());
        let intent = Event::Maintenance { task, order, reason, nonce: claimed_by };
        self.plans.begin(&head, &intent, nonce, Prefetched::default()).await.map(Some)
    }
}

/// Whether a person sent this reconcile, and not the schedule: that one names nobody and no site.
fn is_asked_for(signal: &Signal) -> bool {
    matches!(&signal.kind, SignalKind::Command(command) if command.by.is_some() || command.site.is_some())
}
