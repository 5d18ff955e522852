//! The proof: what can go wrong is generated from a recorded run, made to go wrong, and survived.
//!
//! A *story* (`story`) is played once to record every call that the function makes; then each call becomes a point
//! at which the process is killed (`crash`) or the call itself goes wrong (`fault`). The sandbox judges the promises
//! at every change; `verdict` judges where everything is in the end and what the journal tells.
//!
//! By default a fixed selection of each table is played (`selection`), `PROOF_WHOLE=1` plays all,
//! `PROOF_WHOLE=crash,pair` all of these tables.
//! `PROOF=crash/failover/storage.create` plays the cases whose names contain that; `PROOF_AT_ONCE=1` one at a time.

mod address;
mod by_hand;
mod cast;
mod chronicle;
mod conditions;
mod crash;
mod descriptors;
mod disturbance;
mod evidence;
mod fault;
mod freeze;
mod machines;
mod meanwhile;
mod pair;
mod recording;
mod runner;
mod selection;
mod snapshot;
mod spread;
mod stage;
mod stories;
mod story;
mod suspended;
mod switches;
mod unreadable;
mod verdict;
mod waits;

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

#[tokio::test(flavor = "multi_thread")]
async fn whoever_moves_a_switch_meanwhile_leaves_nobody_in_the_dark() {
    meanwhile::moved_back().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_comes_during_our_own_work_leaves_nobody_in_the_dark() {
    meanwhile::own_work().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_suspension_between_any_two_calls_is_noticed() {
    suspended::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_asks_for_patience_gets_a_minute_at_most() {
    waits::retry_after().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_hang_are_dealt_with_at_the_default_times() {
    waits::hanging().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn few_descriptors_are_enough_for_every_story() {
    descriptors::table().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_goes_on_after_whatever_can_not_be_read() {
    unreadable::table().await;
}
