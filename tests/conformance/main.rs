//! What every switch promises, proved for each kind against the sandbox.
//!
//! `kinds` describes the switches, `bench` puts one into a world of its own, `faults` is the table of what may go
//! wrong. A new provider adds itself to `kinds`.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod bench;
mod contents;
mod faults;
mod front;
mod identities;
mod interfaces;
mod kinds;
mod kubernetes;
mod machines;
mod particular;
mod probing;
mod tokens;

use bench::Bench;
use cloud_failover::{
    api::ApiErrorKind,
    clouds::{Change, Readiness},
};
use failover_core::{
    Observed,
    Position::{Primary, Standby},
};
use kinds::KINDS;

#[tokio::test]
async fn what_was_set_is_seen_there_and_back() {
    for kind in &KINDS {
        let bench = Bench::of(kind).await;
        assert_eq!(bench.look().await.observed, Observed::At(Primary), "{}", kind.name);
        for position in [Standby, Primary, Standby] {
            assert_eq!(bench.move_to(position).await, Change::Made, "{}", kind.name);
        }
    }
}

#[tokio::test]
async fn what_was_set_by_hand_is_seen() {
    for kind in &KINDS {
        let bench = Bench::of(kind).await;
        (kind.by_hand)(bench.world(), &bench.site);
        assert_eq!(bench.look().await.observed, Observed::At(Standby), "{}", kind.name);
        bench.move_to(Primary).await;
    }
}

/// What is written as a whole and has no fingerprint is read right before, however lately it was seen.
fn reads_whatever_was_seen(kind: &kinds::Kind) -> usize {
    usize::from(["cloudflare_redirect_rule", "cloudflare_worker_route"].contains(&kind.name))
}

#[tokio::test]
async fn setting_again_what_was_seen_writes_nothing_and_reads_nothing() {
    for kind in &KINDS {
        let mut bench = Bench::of(kind).await;
        bench.move_to(Standby).await;
        let seen = bench.look().await;
        bench.begin();
        let change = bench.switch.set(Standby, Some(seen)).await.unwrap();
        let expected = (Change::Already, 0, reads_whatever_was_seen(kind));
        assert_eq!((change, bench.writes(), bench.reads()), expected, "{}", kind.name);
    }
}

#[tokio::test]
async fn setting_again_without_a_look_changes_nothing() {
    for kind in &KINDS {
        let mut bench = Bench::of(kind).await;
        bench.move_to(Standby).await;
        let rest = bench.rest();
        bench.begin();
        let change = bench.move_to(Standby).await;
        let expected = if kind.reads_first { (Change::Already, 0) } else { (Change::Made, 1) };
        assert_eq!((change, bench.writes()), expected, "{}", kind.name);
        assert_eq!(bench.rest(), rest, "{}", kind.name);
    }
}

#[tokio::test]
async fn a_set_reads_only_what_its_write_needs() {
    for kind in &KINDS {
        let mut bench = Bench::of(kind).await;
        let seen = bench.look().await;
        bench.begin();
        bench.switch.set(Standby, Some(seen)).await.unwrap();
        // An operation is followed to its end.
        let reads = kind.follows + reads_whatever_was_seen(kind);
        assert_eq!((bench.writes(), bench.reads()), (kind.writes, reads), "{}", kind.name);
    }
}

#[tokio::test]
async fn what_is_not_ours_survives() {
    for kind in &KINDS {
        let bench = Bench::of(kind).await;
        let rest = bench.rest();
        for position in [Standby, Primary] {
            bench.move_to(position).await;
            assert_eq!(bench.rest(), rest, "{} at {position}", kind.name);
        }
    }
}

#[tokio::test]
async fn a_touch_writes_once_and_changes_nothing() {
    for kind in &KINDS {
        let mut bench = Bench::of(kind).await;
        for position in [Primary, Standby] {
            bench.move_to(position).await;
            let rest = bench.rest();
            bench.begin();
            bench.switch.touch().await.unwrap();
            assert_eq!((bench.writes(), bench.truth()), (kind.touches, position), "{}", kind.name);
            assert_eq!(bench.rest(), rest, "{}", kind.name);
        }
    }
}

#[tokio::test]
async fn a_touch_finds_a_missing_permission_and_its_sentence_says_what_to_grant() {
    for kind in &KINDS {
        let bench = Bench::of(kind).await;
        (kind.forbid)(bench.world());
        let touched = bench.switch.touch().await.unwrap_err().cause;
        let set = bench.set(Standby).await.unwrap_err().cause;
        for cause in [touched, set] {
            assert_eq!(cause.kind, ApiErrorKind::Denied, "{}: {cause}", kind.name);
            assert!(cause.message.ends_with(kind.remedy) || cause.message.contains(kind.remedy), "{cause}");
        }
        assert_eq!(bench.look().await.observed, Observed::At(Primary), "{}", kind.name);
    }
}

#[tokio::test]
async fn what_is_not_there_is_missing_and_never_at_a_position() {
    for kind in &KINDS {
        let bench = Bench::astray(kind).await;
        let seen = bench.switch.observe().await.unwrap_err().cause;
        let set = bench.set(Standby).await.unwrap_err().cause;
        let touched = bench.switch.touch().await.unwrap_err().cause;
        for cause in [seen, set, touched] {
            assert_eq!(cause.kind, kind.nowhere, "{}: {cause}", kind.name);
        }
        assert_eq!(bench.truth(), Primary, "{}", kind.name);
    }
}

#[tokio::test]
async fn a_switch_in_order_is_ready() {
    for kind in &KINDS {
        assert_eq!(
            Bench::of(kind).await.switch.readiness().await.unwrap(),
            Readiness::Ready,
            "{}",
            kind.name
        );
    }
}
