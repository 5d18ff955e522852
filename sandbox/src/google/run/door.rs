//! What a visitor without a token meets at a service's address, and how long a policy takes to get there.
//!
//! "Typically 2 minutes, potentially 7 minutes or longer" (IAM documentation, "Access change propagation").

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Service;

/// What Cloud Run's front end does with a visitor who shows no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontDoor {
    /// The request reaches the container.
    Open,
    /// 403: nobody may invoke it, as far as the front end has heard.
    Forbidden,
    /// 404: ingress keeps outsiders away, or there is no such service.
    Hidden,
    /// 503: no revision is ready, or it is scaled to nothing by hand.
    Unready,
}

/// How a change of the policy reaches the front end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spreading {
    /// All at once, after this long.
    After(Duration),
    /// Old and new take turns until it has settled.
    Flicker {
        /// How long old and new take turns.
        settled_after: Duration,
        /// How long each turn is.
        turn: Duration,
    },
    /// It doesn't arrive.
    Never,
}

impl Spreading {
    /// At once.
    pub const IMMEDIATE: Self = Self::After(Duration::ZERO);

    /// Whether the front end acts on the new policy, this long after the change.
    fn has_arrived(self, elapsed: Duration) -> bool {
        match self {
            Self::After(delay) => elapsed >= delay,
            Self::Flicker { settled_after, turn } => {
                elapsed >= settled_after || (elapsed.as_nanos() / turn.as_nanos().max(1)) % 2 == 1
            }
            Self::Never => false,
        }
    }
}

/// What the front end knows of a policy.
#[derive(Debug)]
pub(super) struct Spread {
    granting: Spreading,
    revoking: Spreading,
    wanted: bool,
    before: bool,
    changed: Option<Instant>,
}

impl Spread {
    /// Nobody is let in, and both ways spread alike.
    pub(super) fn new(spreading: Spreading) -> Self {
        Self { granting: spreading, revoking: spreading, wanted: false, before: false, changed: None }
    }

    /// From now on changes arrive like this; so does one that is under way.
    pub(super) fn set(&mut self, granting: Spreading, revoking: Spreading) {
        self.granting = granting;
        self.revoking = revoking;
    }

    /// The policy lets everybody in, or doesn't any more.
    pub(super) fn note(&mut self, granted: bool, now: Instant) {
        if granted != self.wanted {
            self.before = self.effective(now);
            self.wanted = granted;
            self.changed = Some(now);
        }
    }

    /// What the front end does at this instant.
    pub(super) fn effective(&self, now: Instant) -> bool {
        let spreading = if self.wanted { self.granting } else { self.revoking };
        let elapsed = self.changed.map_or(Duration::MAX, |changed| now.saturating_duration_since(changed));
        if spreading.has_arrived(elapsed) { self.wanted } else { self.before }
    }
}

impl Service {
    /// Whether the stored policy or the switched-off invoker check lets everybody in.
    pub(super) fn is_granted(&self) -> bool {
        self.policy.lets_everybody_invoke()
            || self.fields.get("invokerIamDisabled") == Some(&Value::Bool(true))
    }

    /// Tells the front end of the policy, which may take its time to listen.
    pub(super) fn note_gate(&mut self, now: Instant) {
        let granted = self.is_granted();
        self.spread.note(granted, now);
    }

    pub(super) fn front_door(&self, now: Instant) -> FrontDoor {
        if self.text("ingress") != "INGRESS_TRAFFIC_ALL"
            || self.fields.get("defaultUriDisabled") == Some(&Value::Bool(true))
        {
            return FrontDoor::Hidden;
        }
        if !self.spread.effective(now) {
            return FrontDoor::Forbidden;
        }
        if self.can_run() { FrontDoor::Open } else { FrontDoor::Unready }
    }

    /// A revision is ready and instances may start. A failed newer revision takes nothing away.
    fn can_run(&self) -> bool {
        let scaling = &self.fields.get("scaling");
        let mode = scaling.and_then(|scaling| scaling["scalingMode"].as_str());
        let instances =
            scaling.and_then(|scaling| scaling["manualInstanceCount"].as_i64()).unwrap_or_default();
        !self.text("latestReadyRevision").is_empty() && (mode != Some("MANUAL") || instances > 0)
    }

    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn granted(granting: Spreading, start: Instant) -> Spread {
        let mut spread = Spread::new(Spreading::IMMEDIATE);
        spread.set(granting, Spreading::Never);
        spread.note(true, start);
        spread
    }

    #[test]
    fn a_grant_arrives_after_its_delay_and_not_before() {
        let start = Instant::now();
        let spread = granted(Spreading::After(4 * SECOND), start);
        assert!(!spread.effective(start + 3 * SECOND));
        assert!(spread.effective(start + 4 * SECOND));
    }

    #[test]
    fn a_flickering_grant_takes_turns_until_it_settles() {
        let start = Instant::now();
        let spread = granted(Spreading::Flicker { settled_after: 4 * SECOND, turn: SECOND }, start);
        let seen: Vec<bool> = (0..6).map(|second| spread.effective(start + second * SECOND)).collect();
        assert_eq!(seen, [false, true, false, true, true, true]);
    }

    #[test]
    fn a_grant_that_never_arrives_leaves_the_door_shut() {
        let start = Instant::now();
        assert!(!granted(Spreading::Never, start).effective(start + 3600 * SECOND));
    }

    #[test]
    fn a_revocation_spreads_too() {
        let start = Instant::now();
        let mut spread = granted(Spreading::IMMEDIATE, start);
        spread.set(Spreading::IMMEDIATE, Spreading::After(2 * SECOND));
        spread.note(false, start + SECOND);
        assert!(spread.effective(start + 2 * SECOND));
        assert!(!spread.effective(start + 3 * SECOND));
    }

    #[test]
    fn a_change_of_something_else_does_not_start_the_wait_again() {
        let start = Instant::now();
        let mut spread = granted(Spreading::After(4 * SECOND), start);
        spread.note(true, start + 3 * SECOND);
        assert!(spread.effective(start + 4 * SECOND));
    }
}
