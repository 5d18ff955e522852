//! Why an entry may not follow a state.

use crate::Direction;

/// Why an entry may not follow a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The plan is not open.
    #[error("plan {0} is not open")]
    NoSuchPlan(u64),
    /// Somebody else executes the plan.
    #[error("plan {0} is executed by another")]
    NotTheExecutor(u64),
    /// A plan that goes the same way is open already.
    #[error("a {0} is open already")]
    AlreadyOpen(Direction),
    /// No newer order took the plan's place.
    #[error("plan {0} has not been overtaken")]
    NotOvertaken(u64),
    /// Something runs that must not be disturbed.
    #[error("a plan is open, a hold is on or the standby serves")]
    Busy,
    /// Visitors may still be led to the standby.
    #[error("the standby is not drained")]
    NotDrained,
    /// Visitors are not known to be without the standby.
    #[error("there is no outage of the standby")]
    NoOutage,
}
