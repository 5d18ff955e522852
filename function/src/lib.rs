//! cloud-failover: fails a site over to a standby on Cloud Run, and back.

pub mod act;
pub mod announce;
pub mod api;
pub mod app;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cycle;
#[cfg(feature = "drill")]
pub mod drill;
pub mod edge;
pub mod journal;
pub mod log;
pub mod machine;
pub mod monitors;
pub mod pace;
pub mod page;
pub mod probe;
pub mod pubsub;
pub mod push;
pub mod record;
pub mod report;
pub mod site;
pub mod switch;
pub mod watch;
