//! One look at a site's public URL: who answered, and how long each phase took.

use std::{sync::Arc, time::Duration};

use failover_core::Served;
use tokio::sync::Semaphore;

use crate::probe::{
    self, Targets,
    dialer::{Dialer, Seen, Times},
};

/// Looks at the same time: own choice. With a thousand dark sites each takes its whole patience, and memory is what
/// they share.
const AT_ONCE: usize = 256;

/// What a look saw.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) served: Served,
    pub(super) seen: Seen,
}

/// Looks at sites, a bounded number at a time.
#[derive(Debug)]
pub(super) struct Eye {
    dialer: Arc<Dialer>,
    patience: Duration,
    places: Semaphore,
}

impl Eye {
    pub(super) fn new(dialer: Arc<Dialer>, patience: Duration) -> Self {
        Self { dialer, patience, places: Semaphore::new(AT_ONCE) }
    }

    /// Looks once. Waiting for a place is not held against the site.
    pub(super) async fn look(&self, targets: &Targets) -> Look {
        let _place = self.places.acquire().await;
        let line = self.dialer.line();
        let served = probe::public_through(&line, targets, self.patience).await.served;
        let seen = line.seen();
        Look { served: with_phase(served, &seen), seen }
    }
}

/// A look that ran out of time says where it got stuck.
fn with_phase(served: Served, seen: &Seen) -> Served {
    match (served, seen.stuck_in) {
        (Served::Silent(why), Some(phase)) => Served::Silent(format!("{why}: {}", phase.waiting_for())),
        (served, _) => served,
    }
}

impl Times {
    /// As a sentence shows them: `dns 2 ms, tcp 11 ms, tls 24 ms, http 31 ms`.
    pub(super) fn told(&self) -> String {
        let phases = [("dns", self.dns), ("tcp", self.tcp), ("tls", self.tls), ("http", self.http)];
        let told = phases.into_iter().filter_map(|(name, took)| Some(format!("{name} {}", in_ms(took?))));
        told.collect::<Vec<_>>().join(", ")
    }
}

fn in_ms(took: Duration) -> String {
    match took.as_millis() {
        0 => "<1 ms".to_owned(),
        ms => format!("{ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::dialer::Phase;

    #[test]
    fn phases_are_told_in_their_order() {
        let ms = |ms| Some(Duration::from_millis(ms));
        let times = Times { dns: None, tcp: ms(0), tls: ms(24), http: ms(131) };
        assert_eq!(times.told(), "tcp <1 ms, tls 24 ms, http 131 ms");
    }

    #[test]
    fn a_look_that_ran_out_of_time_says_where() {
        let stuck = Seen { stuck_in: Some(Phase::Tcp), ..Seen::default() };
        let silent = with_phase(Served::Silent("no answer within 5s".to_owned()), &stuck);
        assert_eq!(silent, Served::Silent("no answer within 5s: no connection came about".to_owned()));
    }
}
