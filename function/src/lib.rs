//! cloud-failover: fails a site over to a standby on Cloud Run, and back.

pub mod announce;
pub mod api;
pub mod config;
pub mod journal;
pub mod log;
pub mod probe;
pub mod pubsub;
pub mod push;
pub mod switch;
