//! Maintenance, in a byte or two: what it is to bring about.

use failover_core::{Position, Role, UpkeepTask};

use crate::clouds::{role, switch};

/// What maintenance is to bring about, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Chore {
    /// Visitors are not served on the standby.
    Outage,
    /// They are again.
    Recovered,
    /// The standby is drained.
    Drained,
    /// A switch is set again.
    Repaired(Role, Position),
}

/// What is to be so.
pub(crate) fn task_of(chore: Chore) -> UpkeepTask {
    match chore {
        Chore::Outage => UpkeepTask::ResumeMonitoring,
        Chore::Recovered => UpkeepTask::PauseMonitoring,
        Chore::Drained => UpkeepTask::CloseStandby,
        Chore::Repaired(role, position) => UpkeepTask::Repair(switch(role), position),
    }
}

/// The chore that brings this about.
pub(crate) fn chore_of(task: &UpkeepTask) -> Option<Chore> {
    match task {
        UpkeepTask::ResumeMonitoring => Some(Chore::Outage),
        UpkeepTask::PauseMonitoring => Some(Chore::Recovered),
        UpkeepTask::CloseStandby => Some(Chore::Drained),
        UpkeepTask::Repair(id, position) => role(id).map(|role| Chore::Repaired(role, *position)),
        UpkeepTask::Later(_) => None,
    }
}
