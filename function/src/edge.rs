//! The gate: the Worker in front of a site, which asks home first and the standby where home can't answer.
//!
//! It is written in `edge/gate.js`, deployed by Terraform, and carried in here so that what is deployed and what is
//! checked can't be of two versions.

/// The script, as it is deployed.
pub const GATE: &str = include_str!("../../edge/gate.js");
