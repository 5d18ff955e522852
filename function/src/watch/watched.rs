//! One site as a watcher knows it: what was seen of it, and when it is looked at again.
//!
//! Pure: it is fed with what looks saw and with when that was, and says what changed. A look that fails is repeated
//! at once, and one that is late is joined by the next, so that an outage is certain within seconds, whether the
//! site refuses visitors or keeps them waiting.

use std::time::Duration;

use failover_core::Served;
use tokio::time::Instant;

/// From a failed look to the next: long enough for a server that restarts a worker, short enough for three failures
/// within two seconds.
const AGAIN: Duration = Duration::from_millis(500);

/// A look that takes longer is joined by the next: a dark site then takes one timeout to be certain of, not three.
const LATE: Duration = Duration::from_secs(1);

/// How a site is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// From one look to the next while all is well.
    pub every: Duration,
    /// So many failures in a row are an outage.
    pub threshold: u32,
    /// So many answers in a row end it.
    pub recovery: u32,
    /// So many watchers have to report it within three intervals.
    pub agree: u32,
}

/// What an observation changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing that anybody needs to know.
    Nothing,
    /// The first failure after answers.
    Faltered,
    /// It answers again, before it was called an outage.
    Steadied,
    /// So many failures in a row that it is an outage, unless the watcher itself is cut off.
    Doubted,
    /// It is an outage, which began then.
    Fell(Instant),
    /// The outage is over.
    Rose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Well,
    /// Failures so far, and when the first of them was seen.
    Shaky {
        failures: u32,
        since: Instant,
    },
    /// Enough failures; whether the watcher is cut off is being found out.
    Doubtful {
        since: Instant,
    },
    /// An outage, and the answers in a row since.
    Down {
        answers: u32,
    },
}

/// What is known of one site.
#[derive(Debug, Clone)]
pub struct Watched {
    rules: Rules,
    standing: Standing,
    /// Looks that have begun and not ended.
    under_way: u32,
    /// When the latest look began, and how long after it the next is usual.
    begun: Instant,
    gap: Duration,
    next: Instant,
}

impl Watched {
    /// A site that is taken to be well until a look says otherwise; the first one is at `first`.
    pub fn new(rules: Rules, first: Instant) -> Self {
        Self { rules, standing: Standing::Well, under_way: 0, begun: first, gap: rules.every, next: first }
    }

    /// When the next look begins; `None` while the outcome of those under way is waited for.
    pub fn next_look(&self) -> Option<Instant> {
        match self.standing {
            Standing::Doubtful { .. } => None,
            _ if self.under_way == 0 => Some(self.next),
            Standing::Down { .. } => None,
            Standing::Well => self.joining(0),
            Standing::Shaky { failures, .. } => self.joining(failures),
        }
    }

    /// A late look is joined by others, together as many as would be failures enough.
    fn joining(&self, failures: u32) -> Option<Instant> {
        let enough = failures + self.under_way >= self.rules.threshold;
        (!enough).then(|| self.begun + LATE.min(self.rules.every))
    }

    /// A look begins; the next one is usual after `gap`.
    pub fn begin(&mut self, now: Instant, gap: Duration) {
        self.under_way += 1;
        self.begun = now;
        self.gap = gap;
    }

    /// A look has ended.
    pub fn saw(&mut self, served: &Served, now: Instant) -> Change {
        self.under_way = self.under_way.saturating_sub(1);
        self.next = self.begun + self.gap;
        match served {
            // Neither silence nor proof: it neither counts nor resets.
            Served::Unknown(_) => Change::Nothing,
            Served::By(_) => self.answered(),
            Served::Silent(_) => self.failed(now),
        }
    }

    fn answered(&mut self) -> Change {
        let (standing, change) = match self.standing {
            Standing::Well => (Standing::Well, Change::Nothing),
            Standing::Shaky { .. } | Standing::Doubtful { .. } => (Standing::Well, Change::Steadied),
            Standing::Down { answers } if answers + 1 >= self.rules.recovery => {
                (Standing::Well, Change::Rose)
            }
            Standing::Down { answers } => (Standing::Down { answers: answers + 1 }, Change::Nothing),
        };
        self.standing = standing;
        change
    }

    fn failed(&mut self, now: Instant) -> Change {
        let (failures, since) = match self.standing {
            Standing::Well => (1, now),
            Standing::Shaky { failures, since } => (failures + 1, since),
            Standing::Doubtful { .. } => return Change::Nothing,
            Standing::Down { .. } => {
                self.standing = Standing::Down { answers: 0 };
                return Change::Nothing;
            }
        };
        if failures >= self.rules.threshold {
            self.standing = Standing::Doubtful { since };
            return Change::Doubted;
        }
        self.next = now + AGAIN.min(self.rules.every);
        self.standing = Standing::Shaky { failures, since };
        if failures == 1 { Change::Faltered } else { Change::Nothing }
    }

    /// Whether the watcher is online has been found out, after [`Change::Doubted`]. What was seen while it was cut
    /// off says nothing about the site, and is forgotten.
    pub fn judge(&mut self, online: bool) -> Change {
        let Standing::Doubtful { since } = self.standing else { return Change::Nothing };
        self.next = self.begun + self.gap;
        if online {
            self.standing = Standing::Down { answers: 0 };
            Change::Fell(since)
        } else {
            self.standing = Standing::Well;
            Change::Nothing
        }
    }
}

#[cfg(test)]
mod tests;
