//! The soak: many sites for a month, with outages, flapping and tokens that fail, through one process whose clocks are
//! ours. Its memory and its descriptors stay as they are, and the journal has what happened and nothing else.
//!
//! By default a day of a few sites; `SOAK_WHOLE=1 cargo test --release -p cloud-failover --test soak -- --nocapture` plays
//! a thousand sites for thirty days, looked at every hour, and then a few of them for thirty days, every minute.

mod happenings;
mod month;
mod tally;

use month::{Month, is_whole};

#[tokio::test(flavor = "multi_thread")]
async fn many_sites_are_guarded_for_a_month_and_nothing_grows() {
    let (sites, rounds) = if is_whole() { (1000, 30 * 24) } else { (24, 24) };
    month::play(Month { sites, rounds, minutes: 60, every: 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_sites_are_looked_at_every_minute_for_a_month() {
    let rounds = if is_whole() { 30 * 24 * 60 } else { 240 };
    month::play(Month { sites: 12, rounds, minutes: 1, every: 40 }).await;
}
