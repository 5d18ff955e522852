//! What an operator sees and types, through the real binary.

#[path = "../harness/mod.rs"]
mod harness;

mod act;
mod look;
mod reconcile;
mod rehearsal;
mod usage;
