//! The two ways into a service, and what they say together.

use failover_core::{Observed, Position};
use serde_json::Value;

use super::{Gate, policy};

/// Both doors as they were read.
#[derive(Debug, Clone)]
pub(super) struct Doors {
    pub(super) policy: Value,
    pub(super) service: Value,
}

impl Doors {
    /// Where the switch is that moves the door of this gate.
    pub(super) fn observed(&self, gate: Gate) -> Observed {
        let members = policy::holds_all_users(&self.policy);
        let unchecked = is_unchecked(&self.service);
        match (gate, members, unchecked) {
            (Gate::AllUsers, true, _) | (Gate::IamCheck, _, true) => Observed::At(Position::Standby),
            (_, false, false) => Observed::At(Position::Primary),
            (Gate::AllUsers, false, true) => Observed::Mixed(
                "allUsers holds no role, but the invoker check is off, so anybody gets in".to_owned(),
            ),
            (Gate::IamCheck, true, false) => Observed::Mixed(
                "the invoker check is on, but allUsers holds roles/run.invoker, so anybody gets in"
                    .to_owned(),
            ),
        }
    }
}

/// Whether Cloud Run lets everybody in unchecked. What is off is left out of answers.
pub(super) fn is_unchecked(service: &Value) -> bool {
    service["invokerIamDisabled"] == true
}
