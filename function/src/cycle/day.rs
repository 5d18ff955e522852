//! A word a day about a site on its standby.

use std::time::Duration;

use failover_core::{Position, Role, State, clock};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::timeout;

use super::desk::Desk;
use crate::announce::Kind;

/// So long may a restart have kept a process from its round: own choice, twice Cloud Scheduler's minute.
const RESTART_TAKES: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// A standby's requests are counted within this, or not told: own choice, once a day and in nobody's way.
const COUNT_WITHIN: Duration = Duration::from_secs(5);

impl Desk {
    /// Once a day while the site is on its standby: it is easy to forget where nobody misses anything.
    pub(super) async fn standby_day(&self, state: &State) {
        let now = Timestamp::now();
        let before = self.counts().last_round.replace(now);
        let Some(since) = state.since.filter(|_| state.active == Position::Standby) else { return };
        // The first round of a process may have missed the hour by a restart.
        let before = before.or_else(|| now.checked_sub(RESTART_TAKES).ok()).unwrap_or(now);
        let days = |at: Timestamp| at.duration_since(since).as_hours() / 24;
        if days(now) > days(before) {
            self.announce_day(since, days(now)).await;
        }
    }

    async fn announce_day(&self, since: Timestamp, days: i64) {
        let told = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
        let requests = self.requests_since(since).await;
        let served = requests.map_or_else(String::new, |requests| {
            let noun = if requests == 1 { "request" } else { "requests" };
            format!(", with {requests} {noun} so far")
        });
        let sentence =
            format!("{} has been on its standby for {told}, since {}{served}", self.site.name, clock(since));
        let details = json!({ "days": days, "since": since, "requests": requests });
        self.site.announce(Kind::StandbyDay, &sentence, details, None);
    }

    /// How many requests the standby has had; nothing where nobody can tell, or not soon.
    async fn requests_since(&self, since: Timestamp) -> Option<u64> {
        let counts = join_all(self.site.of(Role::Gate).map(|gate| gate.requests_since(since)));
        let counts = timeout(COUNT_WITHIN, counts).await.ok()?;
        counts.into_iter().filter_map(|count| count.ok().flatten()).reduce(|one, other| one + other)
    }
}
