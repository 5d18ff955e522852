//! A plan that takes long says once what it waits for.

use std::sync::{Arc, Mutex, PoisonError};

use failover_core::{Direction, span};
use jiff::SignedDuration;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::{announce::Kind, site::Guarded};

/// What an executor waits for now.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<Waits>>);

#[derive(Debug, Clone, Default)]
struct Waits {
    what: String,
    seen: Option<String>,
}

/// Ends with what it tells of.
pub(super) struct Reminder(JoinHandle<()>);

impl Drop for Reminder {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Waiting {
    /// This is waited for from now on.
    pub(super) fn is_for(&self, what: &str) {
        *self.waits() = Waits { what: what.to_owned(), seen: None };
    }

    /// This was seen instead of it.
    pub(super) fn saw(&self, instead: impl Into<String>) {
        self.waits().seen = Some(instead.into());
    }

    fn told(&self) -> String {
        let Waits { what, seen } = self.waits().clone();
        seen.map_or(what.clone(), |seen| format!("{what} ({seen})"))
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells people once what a plan waits for, if it takes longer than an operator is expected to wait. A rehearsal ends by
/// itself then, and maintenance much sooner.
pub(super) fn tell_if_it_takes_long(
    site: &Arc<Guarded>,
    waiting: &Waiting,
    (direction, plan): (Direction, Option<u64>),
) -> Reminder {
    let (site, waiting) = (Arc::clone(site), waiting.clone());
    Reminder(tokio::spawn(async move {
        if matches!(direction, Direction::Rehearsal | Direction::Maintenance) {
            return;
        }
        // Who ends by then has had a last answer to wait for.
        tokio::time::sleep(site.waits.verify_within + site.pace.probe_timeout).await;
        let within = span(SignedDuration::try_from(site.waits.verify_within).unwrap_or_default());
        let sentence = format!(
            "the {direction} of {} goes on for longer than {within}: it waits for {}",
            site.name,
            waiting.told()
        );
        site.announce(Kind::Trouble, &sentence, json!({ "direction": direction, "plan": plan }), None);
    }))
}
