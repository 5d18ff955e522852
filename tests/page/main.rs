//! The status page as people and machines see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod overview;
mod story;
