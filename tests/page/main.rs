//! The status page as people, machines and browsers meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod browser;
mod calm;
mod door;
mod golden;
mod live;
mod maintenance;
mod markup;
mod metrics;
mod nights;
mod overview;
mod public;
mod scenes;
mod server;
mod story;
