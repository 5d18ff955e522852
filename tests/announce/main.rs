//! Announcements as those who are told receive them: webhooks over real HTTP, Pub/Sub by gRPC, and what a broken one
//! costs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod announcer;
mod events;
mod golden;
mod log;
mod receiver;
mod topic;
mod webhooks;

use cloud_failover::announce::{Announcement, Kind};
use serde_json::json;

/// What is told in most of these tests.
fn ended() -> Announcement {
    let at = "2026-11-20T03:00:00Z".parse().unwrap();
    let sentence = "the failover of resume ended Done: <served> from the standby & proven";
    Announcement::new(Kind::Ended, Some("resume".parse().unwrap()), sentence, at)
        .of_incident(Some("0.abc".to_owned()))
        .with_details(json!({ "end": "done" }))
}
