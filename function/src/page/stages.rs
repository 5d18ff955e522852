//! Stages: where the time of an outage went, from the first silence to the last step of the move.

use failover_core::StageTime;
use jiff::Timestamp;
use serde::Serialize;

/// An order that is written down so late was held back, and not slow: own choice.
const HELD_MS: u64 = 5_000;

/// One stage of an outage that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// `detected`, `decided`, `opened`, `answered`, `routed`, `verified`, `paused`, `closed`, `resumed`,
    /// `unrouted` or `powered`.
    pub name: &'static str,
    /// When it was over.
    pub at: Timestamp,
    /// Since the stage before it.
    pub took_ms: u64,
    /// Since the beginning.
    pub total_ms: u64,
}

impl Stage {
    /// What its name means, for somebody who reads it for the first time.
    pub fn meaning(&self) -> &'static str {
        match self.name {
            "detected" => "the alert arrived",
            "decided" if self.took_ms >= HELD_MS => "held back until then",
            "decided" => "the order was written down",
            "opened" => "the standby lets the public in",
            "answered" => "the standby has answered us",
            "routed" => "visitors are led there",
            "verified" => "a visitor was served",
            "paused" => "monitoring is paused",
            "closed" => "the standby is closed",
            "resumed" => "monitoring watches again",
            "unrouted" => "visitors are led back",
            "powered" => "the primary was started",
            _ => "",
        }
    }
}

impl From<&StageTime> for Stage {
    fn from(time: &StageTime) -> Self {
        Self { name: time.stage.as_str(), at: time.at, took_ms: time.took_ms, total_ms: time.total_ms }
    }
}
