//! The rules of cloud-failover, without I/O.

mod site;
mod switch;

pub use site::{Approval, BadSiteName, Failback, Policy, Roles, RouteOrder, SiteName};
pub use switch::{Observed, Position, Role, SwitchId};
