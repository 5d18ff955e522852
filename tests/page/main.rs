//! The status page as people, machines and browsers meet it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod browser;
mod door;
mod markup;
mod overview;
mod server;
mod story;
