//! The status page as people, machines and browsers meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../harness/mod.rs"]
mod harness;

mod browser;
mod door;
mod live;
mod markup;
mod overview;
mod server;
mod story;
