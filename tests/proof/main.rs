//! The proof: what can go wrong is generated from a recorded run, made to go wrong, and survived.
//!
//! A *story* (`story`) is played once to record every call that the function makes; then each call becomes a point
//! at which the process is killed (`crash`) or the call itself goes wrong (`fault`). The sandbox judges the promises
//! at every change; `verdict` judges where everything is in the end and what the journal tells.
//!
//! By default a fixed selection of each table is played (`selection`), `PROOF_WHOLE=1` plays all.
//! `PROOF=crash/failover/storage.create` plays the cases whose names contain that; `PROOF_AT_ONCE=1` one at a time.

#[path = "../harness/mod.rs"]
mod harness;

mod address;
mod cast;
mod chronicle;
mod crash;
mod evidence;
mod fault;
mod freeze;
mod machines;
mod pair;
mod recording;
mod runner;
mod selection;
mod snapshot;
mod spread;
mod stage;
mod stories;
mod story;
mod switches;
mod verdict;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_call_leaves_nothing_undone() {
    crash::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_call_may_go_wrong_in_any_way() {
    fault::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_at_once_make_one_move() {
    pair::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_its_plan_leaves_it_alone() {
    freeze::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_takes_its_time_is_waited_for() {
    spread::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_killed_at_any_call_is_made_good_by_the_next() {
    machines::crashes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_outlives_any_call_that_goes_wrong_once() {
    machines::broken_calls().await;
}
