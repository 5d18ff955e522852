//! What may be announced, as the engine tells it: one night and some calm days.

use std::time::Duration;

use cloud_failover::{
    announce::{Announcement, Background, Kind},
    clouds::Severity,
};
use failover_core::{
    Approval, Asker, Direction, End, Event, Failback, Hold, Order, PendingIncident, Policy, Position, Roles,
    RouteOrder, Step, StepRecord, SwitchId, stages,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const RULE: &str = "zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac";
const SILENT: &str =
    "an incident is open and the public URL doesn't answer (https://will.gleich.tech/ answered 521, not 200)";
const NOBODY: &str = "the public URL doesn't answer";

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// When all of it is told.
fn now() -> Timestamp {
    at("2026-11-20T03:13:10Z")
}

fn policy(failback: Failback, has_primary_url: bool) -> Policy {
    Policy {
        order: RouteOrder::StandbyFirst,
        approve: Approval::Automatic,
        failback,
        cooldown: Duration::from_mins(10),
        moves_per_day: 4,
        drain: Duration::ZERO,
        has_primary_url,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: false },
    }
}

fn background(failback: Failback, has_primary_url: bool, takes_orders: bool) -> Background {
    let rule = SwitchId::new("cloudflare_page_rule", RULE);
    Background::of([&rule], "will.gleich.tech", &policy(failback, has_primary_url), takes_orders)
}

fn usual() -> Background {
    background(Failback::Manual, true, true)
}

fn incident() -> PendingIncident {
    PendingIncident {
        id: "0.nq3x4xuxwbmq".to_owned(),
        started_at: at("2026-11-20T03:10:00Z"),
        since: at("2026-11-20T03:12:37Z"),
        summary: "Check resume failed".to_owned(),
    }
}

/// Where the time went: reported after 157 s, served three seconds after that.
fn took(by_alert: bool, done: bool) -> Value {
    let begun = at("2026-11-20T03:12:37.3Z");
    let incidents = if by_alert { vec![incident()] } else { Vec::new() };
    let asker = if by_alert { Asker::Incident } else { Asker::Operator(Some("alice".to_owned())) };
    let order = Order {
        at: begun,
        message: "1".to_owned(),
        asker,
        reason: None,
        force: false,
        unfinished: false,
        incidents,
    };
    let step = |(step, after)| StepRecord {
        step,
        at: begun + SignedDuration::from_millis(after),
        took_ms: 400,
        note: None,
        redirect_lives_s: None,
    };
    let steps = [
        (Step::Open, 400),
        (Step::Answer, 1_900),
        (Step::Route, 2_300),
        (Step::Verify, 2_700),
        (Step::Pause, 3_000),
    ];
    let steps: Vec<StepRecord> = steps.into_iter().filter(|_| done).map(step).collect();
    json!(stages(&order, begun, &steps))
}

fn of(kind: Kind, sentence: &str, details: Value) -> Announcement {
    let told = Announcement::new(kind, Some("resume".parse().unwrap()), sentence, now());
    Announcement { id: "a1".to_owned(), ..told.of_site(usual()).with_details(details) }
}

fn of_all(kind: Kind, sentence: &str, details: Value) -> Announcement {
    Announcement { site: None, background: Background::default(), ..of(kind, sentence, details) }
}

fn started(direction: Direction, reason: &str, by_alert: bool) -> Announcement {
    let sentence = format!("the {direction} of resume begins: {reason}");
    let stages = took(by_alert, false);
    of(
        Kind::Started,
        &sentence,
        json!({ "direction": direction, "plan": 7, "resumed": false, "reason": reason, "stages": stages, "since": incident().started_at }),
    )
}

fn ended(
    direction: Direction,
    end: End,
    active: Position,
    (reason, outcome): (&str, &str),
    by_alert: bool,
) -> Announcement {
    let sentence = format!("the {direction} of resume ended {end}: {outcome}; served from the {active}");
    let stages = took(by_alert, true);
    of(
        Kind::Ended,
        &sentence,
        json!({ "end": end, "active": active, "direction": direction, "plan": 7, "reason": reason, "outcome": outcome, "stages": stages, "since": incident().started_at }),
    )
}

fn failed_over(background: Background) -> Announcement {
    let outcome = format!("visitors are served by the standby: {SILENT}");
    let done = ended(Direction::Failover, End::Done, Position::Standby, (SILENT, &outcome), true);
    done.of_site(background)
}

fn refused_token() -> String {
    format!(
        "observe cloudflare_page_rule {RULE}: could not read {RULE}: Cloudflare answered 400: Invalid request headers: \
         Invalid format for Authorization header (6111) (6003); that is not a Cloudflare token: it is cut short or has \
         something around it; make one at https://dash.cloudflare.com/profile/api-tokens and set CLOUDFLARE_API_TOKEN"
    )
}

fn move_events() -> Vec<(&'static str, Announcement)> {
    let power = "asked for, says alice: power is back";
    let undone = "the primary answered twice in a row before visitors were led away: what was done is undone";
    let silent = "the primary has not answered visitors within 60s (connection refused): they are led to the standby again";
    let tried = "observe cloudflare_page_rule: Cloudflare refuses the token (403, code 10000)";
    vec![
        ("started-failover", started(Direction::Failover, SILENT, true)),
        ("started-failback", started(Direction::Failback, power, false)),
        ("started-rehearsal", started(Direction::Rehearsal, "asked for by an operator", false)),
        ("ended-failover", failed_over(usual())),
        ("ended-failover-without-primary-url", failed_over(background(Failback::Manual, false, true))),
        (
            "ended-failover-where-machines-are-promoted",
            failed_over(background(Failback::Manual, false, false)),
        ),
        (
            "ended-failover-by-an-operator",
            ended(
                Direction::Failover,
                End::Done,
                Position::Standby,
                ("asked for, says alice: moving house", ""),
                false,
            ),
        ),
        (
            "ended-failback",
            ended(
                Direction::Failback,
                End::Done,
                Position::Primary,
                (power, "visitors are served by the primary: asked for, says alice: power is back"),
                false,
            ),
        ),
        (
            "ended-failover-unwound",
            ended(Direction::Failover, End::Unwound, Position::Primary, (SILENT, undone), true),
        ),
        (
            "ended-failback-unwound",
            ended(Direction::Failback, End::Unwound, Position::Standby, (power, silent), false),
        ),
        (
            "ended-overtaken",
            ended(
                Direction::Failover,
                End::Overtaken,
                Position::Primary,
                (SILENT, "a newer order took the place of this failover"),
                true,
            ),
        ),
        ("ended-stuck", ended(Direction::Failover, End::Stuck, Position::Primary, (SILENT, tried), true)),
    ]
}

fn trouble_events() -> Vec<(&'static str, Announcement)> {
    let moving = json!({ "direction": "failover", "plan": 7, "since": incident().started_at });
    let warned = |told: Announcement| told.with_severity(Severity::Warning);
    vec![
        ("trouble", of(Kind::Trouble, &refused_token(), moving.clone())),
        (
            "trouble-overdue",
            of(
                Kind::Trouble,
                "the failover of resume goes on for longer than 5 min 0 s: it waits for the standby's answer (answered 403)",
                moving,
            ),
        ),
        (
            "trouble-watcher",
            warned(of_all(
                Kind::Trouble,
                "nothing was heard of the watcher pi for 12 minutes; look after it, outages may be noticed later meanwhile",
                json!({ "watcher": "pi" }),
            )),
        ),
        (
            "trouble-everywhere",
            of_all(
                Kind::Trouble,
                "4 of 6 sites are silent at once: that is this function's own outage rather than theirs, so reconcile \
                 counts nothing; alerts are acted on as ever",
                json!({}),
            ),
        ),
        (
            "outage",
            of(
                Kind::Outage,
                "visitors are not served although the site is on its standby (503 Service Unavailable); monitoring is resumed until they are",
                json!({}),
            ),
        ),
        (
            "recovered",
            of(
                Kind::Recovered,
                "visitors are served by the standby again; monitoring is paused again",
                json!({ "since": "2026-11-20T03:02:00Z" }),
            ),
        ),
        (
            "recovered-watcher",
            of_all(Kind::Recovered, "the watcher pi is heard of again", json!({ "watcher": "pi" })),
        ),
        (
            "recovered-everywhere",
            of_all(Kind::Recovered, "most sites answer reconcile again, which counts again", json!({})),
        ),
        (
            "adopted",
            of(
                Kind::Adopted,
                "visitors are led to the standby, which the journal doesn't know: somebody else set the route",
                json!({}),
            ),
        ),
        (
            "drift",
            of(
                Kind::Drift,
                &format!(
                    "cloudflare_page_rule {RULE} is at its primary position, and belongs to the standby"
                ),
                json!({ "repair": false }),
            ),
        ),
        (
            "repaired",
            of(
                Kind::Repaired,
                &format!("cloudflare_page_rule {RULE} is set to its standby position again"),
                json!({ "position": "standby" }),
            ),
        ),
        (
            "drained",
            of(
                Kind::Drained,
                "the standby is closed: no cached redirect leads to it any more",
                json!({ "position": "primary" }),
            ),
        ),
    ]
}

fn order_events() -> Vec<(&'static str, Announcement)> {
    let until = at("2026-11-21T18:00:00Z");
    let hold =
        Hold { by: Some("alice".to_owned()), reason: Some("moving house".to_owned()), since: now(), until };
    let held =
        "automatic moves are off until 2026-11-21 18:00:00 UTC, says alice: moving house until Saturday";
    let silent = "the primary has not answered twice in a row (connection refused); start it, or send \"failback\" with \"force\": true";
    let record = |event: Event| json!({ "record": [event] });
    let refused = Event::Refused {
        message: "81".to_owned(),
        command: "failback".to_owned(),
        by: Some("alice".to_owned()),
        reason: silent.to_owned(),
    };
    let dropped = "incident 0.nq3x4xuxwbmq is closed and pending no more";
    let acknowledged = "acknowledged: neither a stuck plan nor cooldown nor budget holds anything back now";
    vec![
        (
            "pending",
            of(Kind::Pending, held, record(Event::Pending { incident: incident(), reason: held.to_owned() })),
        ),
        (
            "dropped",
            of(
                Kind::Dropped,
                dropped,
                record(Event::Dropped { incident: incident().id, reason: dropped.to_owned() }),
            ),
        ),
        ("refused", of(Kind::Refused, silent, record(refused))),
        (
            "held",
            of(
                Kind::Held,
                "automatic moves are off until 2026-11-21 18:00:00 UTC",
                record(Event::Held { hold, message: "77".to_owned() }),
            ),
        ),
        ("released", of(Kind::Released, "no hold is on any more", json!({}))),
        ("acknowledged", of(Kind::Acknowledged, acknowledged, json!({}))),
    ]
}

fn calm_events() -> Vec<(&'static str, Announcement)> {
    let rehearsed = |end: End, outcome: &str, severity| {
        let told = format!("the rehearsal of resume ended {end}: {outcome}");
        of(Kind::Rehearsal, &told, json!({ "end": end, "outcome": outcome, "direction": "rehearsal" }))
            .with_severity(severity)
    };
    let found = json!([
        { "severity": "critical", "sentence": "the Cloudflare token expires in 3 days", "mend": "make one" },
        { "severity": "warning", "sentence": "the subscription failover-alerts expires", "mend": "gcloud" },
    ]);
    let check = "the check found 1 critical and 1 other problem(s): the Cloudflare token expires in 3 days; the subscription failover-alerts expires";
    let certificate =
        "the certificate of will.gleich.tech expires in 9 days, at 2026-11-29T06:12:00Z; renew it";
    let back = "the primary answers again, while visitors are served by the standby since 2026-11-17 20:14:02 UTC; lead them back: failover send failback --site resume";
    let since = json!({ "since": "2026-11-17T20:14:02Z" });
    let by_itself = background(Failback::Automatic { well_for: Duration::from_mins(30) }, true, true);
    let day =
        "resume has been on its standby for 2 days, since 2026-11-17 20:14:02 UTC, with 3120 requests so far";
    let test = "This is a test: what happens to your sites will be told here. Nothing has happened.";
    vec![
        (
            "rehearsal",
            rehearsed(End::Done, "the standby was open and answered after 1 min 34 s", Severity::Info),
        ),
        ("rehearsal-failed", rehearsed(End::Unwound, NOBODY, Severity::Critical)),
        (
            "rehearsal-broken-off",
            rehearsed(End::Overtaken, "a newer order took the place of this rehearsal", Severity::Warning),
        ),
        ("check", of_all(Kind::Check, check, json!({ "findings": found })).with_severity(Severity::Critical)),
        (
            "check-certificate",
            of(Kind::Check, certificate, json!({ "certificate_expires": "2026-11-29T06:12:00Z" }))
                .with_severity(Severity::Warning),
        ),
        (
            "standby-day",
            of(
                Kind::StandbyDay,
                day,
                json!({ "days": 2, "since": "2026-11-17T20:14:02Z", "requests": 3120 }),
            ),
        ),
        ("the-power-is-back", of(Kind::PrimaryAnswers, back, since.clone())),
        ("the-power-is-back-and-so-are-visitors", of(Kind::PrimaryAnswers, back, since).of_site(by_itself)),
        ("test", of_all(Kind::Test, test, json!({}))),
    ]
}

/// Every announcement with the name of its file.
pub(crate) fn events() -> Vec<(&'static str, Announcement)> {
    [move_events(), trouble_events(), order_events(), calm_events()].into_iter().flatten().collect()
}
