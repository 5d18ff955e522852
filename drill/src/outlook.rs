//! What a story waits for: it looks at what the function, Pub/Sub and visitors tell, and changes nothing.

use std::time::{Duration, Instant};

use failover_core::Direction;
use sandbox::{Kind, Served, Service, Visitors, ledger::Record, pubsub};

use super::{
    journal,
    patience::{InVain, until},
    stage::Stage,
    watcher::Alert,
};

/// No act takes longer, even with the slowest fault.
pub(super) const ACT_ENDS_WITHIN: Duration = Duration::from_secs(90);

/// Where it looks.
#[derive(Debug)]
pub(super) struct Outlook<'a> {
    pub(super) stage: &'a Stage,
    pub(super) visitors: &'a Visitors,
}

impl Outlook<'_> {
    pub(super) async fn alert_after(&self, cut: Instant) -> Result<String, InVain> {
        let alerts = pubsub::subscription("failover-alerts");
        let pubsub = &self.stage.world().pubsub;
        let found = || {
            let outcomes = pubsub.outcomes().into_iter();
            let fresh = outcomes.filter(|it| it.subscription == alerts && it.started >= cut);
            let mut opening = fresh.filter(|it| Alert::of(self.stage.world(), &it.message).opens());
            opening.next().map(|it| it.message)
        };
        until("the alert", ACT_ENDS_WITHIN, found).await
    }

    pub(super) async fn ended(&self, direction: Direction) -> Result<(), InVain> {
        let what = match direction {
            Direction::Failback => "the failback's end in the journal",
            _ => "the failover's end in the journal",
        };
        let ended = || journal::last(self.stage, direction).and_then(|told| told.ended).map(|_| ());
        until(what, ACT_ENDS_WITHIN, ended).await
    }

    pub(super) async fn settled(&self, message: Option<String>) -> Result<(), InVain> {
        let Some(message) = message else { return Ok(()) };
        let settled = || (!self.stage.world().pubsub.fates(&message).is_empty()).then_some(());
        until("Pub/Sub's message to be acknowledged", ACT_ENDS_WITHIN, settled).await
    }

    pub(super) async fn see(&self, who: Served) -> Result<(), InVain> {
        let (now, what) = (Instant::now(), "a visitor who is served as expected");
        let served = || {
            let visits = self.visitors.visits();
            visits.iter().rev().any(|visit| visit.began >= now && visit.served == who).then_some(())
        };
        until(what, ACT_ENDS_WITHIN, served).await
    }

    pub(super) fn writes(&self) -> usize {
        let ledger = &self.stage.world().ledger;
        // What is published is the watcher's.
        let changes = |record: &Record| matches!(record.kind, Kind::Write | Kind::Journal);
        ledger.number(|record| changes(record) && record.service != Service::Pubsub)
    }
}
