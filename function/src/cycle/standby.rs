//! What is told of a site on its standby: that its primary answers again, that not all visitors are served, and a reminder a
//! day.

use std::{sync::Arc, time::Duration};

use failover_core::{Failback, Position, Role, Served, State, clock};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::timeout;

use super::{counts::Counters, reconcile::Around};
use crate::{announce::Kind, site::Guarded};

/// So long may a restart have kept a process from its round: own choice, twice Cloud Scheduler's minute.
const RESTART_TAKES: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// A standby's requests are counted within this, or not told: own choice, once a day and in nobody's way.
const COUNT_WITHIN: Duration = Duration::from_secs(5);

/// Tells people of a site that is on its standby.
#[derive(Debug)]
pub(super) struct OnStandby {
    site: Arc<Guarded>,
    counters: Counters,
}

impl OnStandby {
    pub(super) fn new(site: Arc<Guarded>, counters: Counters) -> Self {
        Self { site, counters }
    }

    /// Tells what is new of both places, once each.
    pub(super) fn tell_of_both_places(&self, around: &Around) {
        if around.head.state.active == Position::Standby {
            self.tell_of_the_primary(&around.primary, &around.head.state);
            self.tell_of_a_flicker(&around.public);
        }
    }

    /// The first answer of the primary's own URL after an outage. Whether there was one, this process has seen, or the
    /// failover was an alert's.
    fn tell_of_the_primary(&self, primary: &Served, state: &State) {
        let answers = match primary {
            Served::By(Position::Primary) => true,
            Served::Silent(_) => false,
            _ => return,
        };
        let before = self.counters.now().primary_answers.replace(answers);
        let since = state.since;
        let by_alert = state.automatic.last().is_some_and(|moved| since.is_some_and(|since| since <= *moved));
        let was_silent = before.map_or(by_alert, |answered| !answered);
        if answers && was_silent {
            let told = since.map_or_else(String::new, |since| format!(" since {}", clock(since)));
            let sentence = format!(
                "the primary answers again, while visitors are served by the standby{told}; {}",
                self.way_back()
            );
            self.site.announce(Kind::PrimaryAnswers, &sentence, json!({ "since": since }), None);
        }
    }

    fn way_back(&self) -> String {
        match self.site.policy.failback {
            Failback::Automatic { well_for } => format!(
                "they are led back once every reconcile for {} has seen it answer",
                humantime::format_duration(well_for)
            ),
            Failback::Manual => format!("lead them back: failover send failback --site {}", self.site.name),
        }
    }

    /// Some looks are answered and some are not: never three misses in a row, and visitors are lost all the same.
    fn tell_of_a_flicker(&self, public: &Served) {
        let mut counts = self.counters.now();
        let flicker = counts.flicker();
        let before = std::mem::replace(&mut counts.is_flickering, flicker.is_some());
        drop(counts);
        let Some((misses, looks)) = flicker.filter(|_| !before) else { return };
        let met = match public {
            Served::Silent(why) => format!(" (the last: {why})"),
            _ => String::new(),
        };
        let sentence = format!(
            "not all visitors are served by the standby: {misses} of the last {looks} looks at the public URL got no \
             answer{met}; look whether its name has another record, and whether the standby is whole"
        );
        self.site.announce(Kind::Trouble, &sentence, json!({ "misses": misses, "looks": looks }), None);
    }

    /// Once a day while the site is on its standby: it is easy to forget where nobody misses anything.
    pub(super) async fn remind(&self, state: &State) {
        let now = Timestamp::now();
        let before = self.counters.now().last_round.replace(now);
        let Some(since) = state.since.filter(|_| state.active == Position::Standby) else { return };
        // The first round of a process may have missed the hour by a restart.
        let before = before.or_else(|| now.checked_sub(RESTART_TAKES).ok()).unwrap_or(now);
        let days = |at: Timestamp| at.duration_since(since).as_hours() / 24;
        if days(now) > days(before) {
            self.announce_reminder(since, days(now)).await;
        }
    }

    async fn announce_reminder(&self, since: Timestamp, days: i64) {
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
        let counts = join_all(self.site.switches.of(Role::Gate).map(|gate| gate.requests_since(since)));
        let counts = timeout(COUNT_WITHIN, counts).await.ok()?;
        counts.into_iter().filter_map(|count| count.ok().flatten()).reduce(|one, other| one + other)
    }
}
