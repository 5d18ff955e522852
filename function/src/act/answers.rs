//! What places answer: the standby before traffic is led to it, a visitor before monitoring is paused, the primary that
//! may be back.
//!
//! A probe is the only proof; waiting never ends a plan by itself. Nothing is written in here.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use failover_core::{Position, RouteOrder, Served, Terms, Unless};

use super::overdue::Waiting;
use crate::{clock::Instant, site::Guarded};

/// An answer is good for this long (promise 1 says five seconds; the rest is for the write to arrive).
pub(super) const ANSWER_HOLDS: Duration = Duration::from_secs(4);

/// Who answered when, as one executor asked.
#[derive(Debug)]
pub(super) struct Answers {
    site: Arc<Guarded>,
    terms: Terms,
    waiting: Waiting,
    begun: Instant,
    /// When the place that visitors are to be led to answered last.
    answered_at: Mutex<Option<(Position, Instant)>>,
    /// How often in a row the primary was found to answer visitors.
    in_a_row: AtomicU32,
    /// Whether visitors are led to the standby by this plan.
    led_away: AtomicBool,
}

impl Answers {
    pub(super) fn new(site: Arc<Guarded>, terms: Terms, waiting: Waiting, led_away: bool) -> Self {
        let begun = Instant::now();
        let led_away = AtomicBool::new(led_away);
        Self {
            site,
            terms,
            waiting,
            begun,
            answered_at: Mutex::default(),
            in_a_row: AtomicU32::new(0),
            led_away,
        }
    }

    /// This is waited for from now on, for whoever is told that it takes long.
    pub(super) fn waits_for(&self, what: &str) {
        self.waiting.is_for(what);
    }

    /// Visitors are led to the standby from now on.
    pub(super) fn are_led_away(&self) {
        self.led_away.store(true, Ordering::Relaxed);
    }

    /// An answer of one place says nothing of the other.
    pub(super) fn answered_lately(&self, place: Position) -> bool {
        let last = self.answered_at.lock().map_or(None, |last| *last);
        last.is_some_and(|(by, at)| by == place && at.elapsed() < ANSWER_HOLDS)
    }

    pub(super) fn has_answered(&self, by: Position, at: Instant) {
        if let Ok(mut answered_at) = self.answered_at.lock() {
            *answered_at = Some((by, at));
        }
    }

    /// Asks the standby at its own URL until it answers.
    pub(super) async fn standby(&self) {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let served = self.site.prober.standby(&self.site.targets).await.served;
            if served.is_by(Position::Standby) {
                return self.has_answered(Position::Standby, asked);
            }
            tracing::debug!(site = %self.site.name, ?served, "the standby doesn't answer yet");
            self.waiting.saw(told(&served));
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }

    /// One look at the primary past the redirect; why it is no place to lead visitors to, where it is none.
    pub(super) async fn primary(&self) -> Result<(), String> {
        let asked = Instant::now();
        match self.site.prober.primary(&self.site.targets).await.served {
            Served::By(Position::Primary) => {
                self.has_answered(Position::Primary, asked);
                Ok(())
            }
            Served::By(Position::Standby) => Err("the standby answered for the primary".to_owned()),
            Served::Silent(why) | Served::Unknown(why) => {
                Err(format!("the primary doesn't answer any more ({why})"))
            }
        }
    }

    /// Asks the primary past the redirect until it has answered twice in a row.
    pub(super) async fn primary_twice(&self) {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            match self.site.ask_primary_twice().await {
                Served::By(Position::Primary) => return self.has_answered(Position::Primary, asked),
                served => tracing::debug!(site = %self.site.name, ?served, "the primary doesn't answer yet"),
            }
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }

    /// Waits until a visitor of the public URL is served by `place`, and says how long the redirect to it lives.
    pub(super) async fn visitor(&self, place: Position) -> Option<Duration> {
        let begun = Instant::now();
        let mut in_a_row = 0;
        loop {
            let (served, answer) = self.site.visit_served_by(place).await;
            in_a_row = if served { in_a_row + 1 } else { 0 };
            if in_a_row >= self.site.visitors_needed() {
                return answer.redirect_lives;
            }
            if served {
                continue;
            }
            self.waiting.saw(told(&answer.served));
            tracing::debug!(site = %self.site.name, served = ?answer.served, "visitors aren't served by the {place} yet");
            tokio::time::sleep(self.site.pace.between_probes(begun.elapsed())).await;
        }
    }

    /// Ends, with the reason, once it is pointless to go on; never where nothing makes it so.
    pub(super) async fn pointless(&self, unless: Unless) -> String {
        match unless {
            Unless::PrimaryReturns => self.primary_returns().await,
            Unless::PrimaryAlone => self.primary_is_alone().await,
            Unless::PrimaryServes if self.site.has_visitors() => {
                self.visitor(Position::Primary).await;
                "a visitor was served by the primary after all".to_owned()
            }
            Unless::PrimaryServes | Unless::Nothing => std::future::pending().await,
        }
    }

    /// Ends, with the reason, when what a failover has done so far should be undone; never for one that is forced.
    async fn primary_returns(&self) -> String {
        if self.terms.force {
            return std::future::pending().await;
        }
        let automatic = self.terms.automatic;
        let wanted_in_a_row = if automatic { 2 } else { 1 };
        if !automatic {
            tokio::time::sleep(self.site.waits.verify_within.saturating_sub(self.begun.elapsed())).await;
        }
        loop {
            if automatic {
                tokio::time::sleep(self.site.pace.between_probes(self.begun.elapsed())).await;
            }
            if self.primary_in_a_row().await >= wanted_in_a_row {
                return "the primary answers visitors after all, and nobody was led to the standby yet"
                    .to_owned();
            }
            if !automatic {
                tokio::time::sleep(self.site.pace.between_probes(self.begun.elapsed())).await;
            }
        }
    }

    /// Counted over all waits of this plan: between two tries of a write there is time for one answer only.
    async fn primary_in_a_row(&self) -> u32 {
        match self.primary_as_visitors_reach_it().await {
            Served::By(Position::Primary) => self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1,
            Served::Unknown(_) => 0,
            Served::Silent(_) | Served::By(Position::Standby) => {
                self.in_a_row.store(0, Ordering::Relaxed);
                0
            }
        }
    }

    /// By the public URL, or past the redirect once they are led away.
    async fn primary_as_visitors_reach_it(&self) -> Served {
        let together = self.site.policy.order == RouteOrder::Together;
        if !together || !self.led_away.load(Ordering::Relaxed) {
            return self.site.visit().await.served;
        }
        if !self.site.policy.has_primary_url {
            return Served::Unknown("there is no way to ask the primary past the redirect".to_owned());
        }
        self.site.prober.primary(&self.site.targets).await.served
    }

    /// Visitors may be led to a standby that never answers: then the primary is watched.
    async fn primary_is_alone(&self) -> String {
        let round = self.site.pace.claim_for * 2;
        loop {
            let served = self.site.prober.standby(&self.site.targets).await.served;
            if served.is_by(Position::Standby) {
                tokio::time::sleep(round).await;
            } else if let Ok(why) = tokio::time::timeout(round, self.primary_returns()).await {
                return why;
            }
        }
    }
}

/// What was seen instead of what is waited for.
fn told(served: &Served) -> String {
    match served {
        Served::By(position) => format!("the {position} answered"),
        Served::Silent(why) | Served::Unknown(why) => why.clone(),
    }
}
