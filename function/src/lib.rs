//! cloud-failover: fails a site over to a standby on Cloud Run, and back.
//!
//! One way through, and the parts in the order in which an alert meets them:
//!
//! 1. [`push`] is the door: who sends what, and how it is answered. `failover_core` reads the signal.
//! 2. [`cycle`] finds whom it concerns, has `failover_core` decide, and sees plans through; reconcile is in it, too.
//! 3. [`act`] executes a plan, line by line of its table, by the switches of [`clouds`], one folder a provider.
//! 4. [`probe`] says what a visitor gets, before and after.
//! 5. [`record`] is a site's journal as this process knows it, over the store in [`journal`].
//! 6. [`announce`] and [`page`] tell people; [`cli`] is what an operator types; [`check`] finds what would break in an outage.
//!
//! [`config`] reads what the operator decided, [`site`] has one guarded site with its parts, and [`app`] wires all of it.
//! [`watch`] is a program of its own. Which part may use which is a table in `tests/layers`. Read [`cycle`] first.

// Stories of the page's tests are told to tests in here too, and name this library as they do there.
#[cfg(test)]
extern crate self as cloud_failover;

pub mod act;
pub mod announce;
pub mod api;
pub mod app;
pub mod check;
pub mod cli;
pub mod clock;
pub mod clouds;
pub mod config;
pub mod cycle;
pub mod edge;
pub mod host;
pub mod journal;
pub mod log;
pub mod monitors;
pub(crate) mod nearest;
pub mod pace;
pub mod page;
pub mod probe;
pub mod pubsub;
pub mod push;
pub mod record;
pub mod site;
pub mod watch;
