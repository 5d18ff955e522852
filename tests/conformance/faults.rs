//! What goes wrong at a provider, and what a switch makes of it: one table for all kinds.

use std::time::Duration;

use cloud_failover::api::ApiErrorKind::{self, Conflict, Denied, Missing, Refused, Transient};
use failover_core::Position;
use futures::future::join_all;
use sandbox::Fault;

use crate::{
    bench::Bench,
    kinds::{KINDS, Kind, Provider},
};

const ALWAYS: u32 = u32::MAX;

/// How often which fault, and what comes of it; `None` for success in the end.
type Row = (&'static str, u32, Fault, Option<ApiErrorKind>);

fn table(kind: &Kind) -> Vec<Row> {
    let mut rows = vec![
        ("refused for want of permission", ALWAYS, Fault::status(403), Some(Denied)),
        ("missing", ALWAYS, Fault::status(404), Some(Missing)),
        ("refused as wrong", ALWAYS, Fault::status(400), Some(Refused)),
        ("throttled once", 1, Fault::status(429), None),
        ("throttled for ever", ALWAYS, Fault::status(429), Some(Transient)),
        ("busy once", 1, Fault::status(503), None),
        ("busy twice, with a wish to wait", 2, Fault::retry_after(503, 0), None),
        ("busy for ever", ALWAYS, Fault::status(500), Some(Transient)),
        ("late once", 1, Fault::Hang, None),
        ("silent for ever", ALWAYS, Fault::Hang, Some(Transient)),
        ("a web page once", 1, Fault::Garbage, None),
        ("a web page for ever", ALWAYS, Fault::Garbage, Some(Transient)),
        ("a web page that refuses, once", 1, blocked(), None),
        ("a web page that refuses, for ever", ALWAYS, blocked(), Some(Transient)),
        ("not implemented", ALWAYS, Fault::status(501), Some(Refused)),
        ("cut off once", 1, Fault::Reset, None),
        ("cut off for ever", ALWAYS, Fault::Reset, Some(Transient)),
    ];
    if kind.provider == Provider::Cloudflare {
        rows.push(("success: false once", 1, Fault::SuccessFalse, None));
        rows.push(("success: false for ever", ALWAYS, Fault::SuccessFalse, Some(Transient)));
        let codes =
            r#"{"success":false,"errors":[{"code":81057,"message":"no"}],"messages":[],"result":null}"#;
        let huge = Fault::Status { code: 400, retry_after: None, body: Some(codes.to_owned()) };
        rows.push(("refused with a code that the client can't hold", ALWAYS, huge, Some(Refused)));
        let page =
            Fault::Status { code: 502, retry_after: None, body: Some("<html>Bad Gateway</html>".to_owned()) };
        rows.push(("a web page with a bad status once", 1, page, None));
    }
    rows
}

/// What stands in front of a provider says no; the provider itself was never asked.
fn blocked() -> Fault {
    let page = "<!DOCTYPE html><title>Attention Required!</title>Sorry, you have been blocked";
    Fault::Status { code: 403, retry_after: None, body: Some(page.to_owned()) }
}

const NO_ITEMS: &str = r#"{"success":true,"errors":[],"messages":[],"result":[]}"#;

/// Answers that some provider could give to something, or somebody in between, and none to this.
fn strange(kind: &Kind) -> Vec<Row> {
    const BODIES: [&str; 10] = [
        "",
        "{}",
        "[]",
        "null",
        "\"ok\"",
        "true",
        r#"{"result":"ok"}"#,
        r#"{"success":true,"errors":[],"messages":[],"result":null}"#,
        NO_ITEMS,
        r#"{"kind":"Status","apiVersion":"v1","status":"Success"}"#,
    ];
    const REFUSALS: [(u16, &str); 4] =
        [(404, "{}"), (404, r#"{"message":"no route"}"#), (403, r#"{"login":"/sign-in"}"#), (400, "[]")];
    // A zone may have no routes.
    let is_said = |body: &&str| kind.key != "cloudflare_worker_route" || *body != NO_ITEMS;
    let good = BODIES.into_iter().filter(is_said).map(|body| (200, body));
    let rows = good.chain(REFUSALS).map(|(code, body)| {
        let fault = Fault::Status { code, retry_after: None, body: Some(body.to_owned()) };
        (body, ALWAYS, fault, Some(Transient))
    });
    rows.collect()
}

/// Faults after which the change has been made all the same.
fn landed() -> Vec<Row> {
    vec![
        ("the answer was lost", 1, Fault::LostAnswer, None),
        ("the answer never came", 1, Fault::HangAfter, None),
        ("the answer came too late", 1, Fault::Late(Duration::from_secs(3)), None),
    ]
}

/// Those that never end are tried for less long.
fn budget(row: &Row) -> Duration {
    if row.3.is_some() { Duration::from_millis(600) } else { Duration::from_secs(4) }
}

/// A bench for each row, all built and used once before anything breaks: building clients takes its time.
async fn benches(kind: &'static Kind, rows: Vec<Row>) -> Vec<(Bench, Row)> {
    let mut benches = Vec::new();
    for row in rows {
        let bench = Bench::patient(kind, budget(&row)).await;
        bench.look().await;
        benches.push((bench, row));
    }
    benches
}

async fn write((bench, row): (Bench, Row)) {
    let (kind, (sentence, hits, fault, expected)) = (bench.kind, row);
    bench.break_write(hits, fault);
    let set = bench.set(Position::Standby).await;
    let told = set.as_ref().map_err(|error| error.cause.kind);
    assert_eq!(told.err(), expected, "{}, {sentence}: {set:?}", kind.name);
    if let Err(error) = &set {
        let known = error.cause.message.contains(bench.switch.id().resource.split('/').next_back().unwrap());
        assert!(
            known || ["cloudflare_redirect_rule", "cloudflare_worker_route"].contains(&kind.key),
            "{}, {sentence}: {}",
            kind.name,
            error.cause
        );
    }
    let moved = if expected.is_none() { Position::Standby } else { Position::Primary };
    assert_eq!(bench.truth(), moved, "{}, {sentence}", kind.name);
}

async fn read((bench, row): (Bench, Row)) {
    let (kind, (sentence, hits, fault, expected)) = (bench.kind, row);
    bench.break_reads(hits, &fault);
    let seen = bench.switch.observe().await;
    let told = seen.as_ref().map_err(|error| error.cause.kind);
    assert_eq!(told.err(), expected, "{}, {sentence}: {seen:?}", kind.name);
    assert_eq!(bench.truth(), Position::Primary, "{}, {sentence}", kind.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_write_is_told_by_its_kind_or_outlived() {
    for kind in &KINDS {
        let rows = table(kind).into_iter().chain(landed()).collect();
        join_all(benches(kind, rows).await.into_iter().map(write)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_to_be_able_to_look_is_never_a_position() {
    for kind in &KINDS {
        join_all(benches(kind, table(kind)).await.into_iter().map(read)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_something_else_is_neither_a_position_nor_a_success() {
    for kind in &KINDS {
        join_all(benches(kind, strange(kind)).await.into_iter().map(read)).await;
        join_all(benches(kind, strange(kind)).await.into_iter().map(write)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_that_does_not_end_is_given_to_the_caller() {
    for kind in KINDS.iter().filter(|kind| kind.provider != Provider::Cloudflare) {
        // At Azure 409 means that somebody works on it just now, which passes.
        let status = if kind.provider == Provider::Azure { 412 } else { 409 };
        let row = ("changed by others for ever", ALWAYS, Fault::status(status), Some(Conflict));
        write((Bench::of(kind).await, row)).await;
    }
}
