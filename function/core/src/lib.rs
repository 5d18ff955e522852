//! The rules of cloud-failover, without I/O.

mod command;
mod incident;
mod reading;
mod site;
mod switch;

pub use command::{Command, DEFAULT_HOLD, LONGEST_HOLD, Verb, is_meant_as_command, read_hold};
pub use incident::{Incident, IncidentState, Notification, SiteMarks};
pub use reading::Unreadable;
pub use site::{Approval, BadSiteName, Failback, Policy, Roles, RouteOrder, SiteName};
pub use switch::{Observed, Position, Role, SwitchId};
