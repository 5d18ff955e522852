//! The proof: what can go wrong is generated from a recorded run, made to go wrong, and survived.
//!
//! A *story* (`story`) is played once to record every call that the function makes; then each call becomes a point
//! at which the process is killed (`crash`) or the call itself goes wrong (`fault`). The sandbox judges the promises
//! at every change; `verdict` judges where everything is in the end and what the journal tells.
//!
//! `PROOF=crash/failover/storage.create` plays only the cases whose names contain that; `PROOF_AT_ONCE=1` one at
//! a time.

#[path = "../harness/mod.rs"]
mod harness;

mod cast;
mod chronicle;
mod crash;
mod evidence;
mod recording;
mod runner;
mod stage;
mod story;
mod verdict;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_call_leaves_nothing_undone() {
    crash::table().await;
}
