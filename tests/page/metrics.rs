//! The figures, read by the parser that Prometheus' own Python client has, and by the boards that show them.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    process::{Command, Stdio},
};

use failover_core::{Event, Served};
use serde_json::Value;

use crate::{
    nights::unwatched,
    scenes::{Scene, scenes},
    server::{Server, Told},
    story::{Story, after, before, calm, during, incident, time},
};

async fn shown(scene: &Scene) -> String {
    let server = Server::start(Told(scene.sites.clone()), None, scene.now).await;
    let answer = reqwest::get(server.url("/metrics")).await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    answer.text().await.unwrap()
}

async fn of(story: &Story) -> String {
    let sites = vec![story.overview()];
    shown(&Scene { name: "", sites, now: story.now, at_once: &[], anywhere: &[] }).await
}

#[track_caller]
fn has(text: &str, sample: &str) {
    assert!(text.lines().any(|line| line == sample), "{sample} in\n{text}");
}

/// Whatever a state puts into a label, the text can be read by somebody who didn't write it.
#[tokio::test]
async fn prometheus_own_parser_reads_it_in_every_state() {
    let python = std::env::var("FAILOVER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_parser = Command::new(&python)
        .args(["-c", "import prometheus_client.openmetrics.parser"])
        .stderr(Stdio::null())
        .status();
    if !has_parser.is_ok_and(|status| status.success()) {
        let required = std::env::var("FAILOVER_REQUIRE_PROMETHEUS").is_ok_and(|value| value == "1");
        assert!(!required, "{python} has no prometheus_client; .ci/page installs it");
        let _written = writeln!(
            io::stderr(),
            "SKIPPED: Prometheus' parser, which {python} doesn't have; .ci/page installs it"
        );
        return;
    }
    for scene in scenes() {
        let text = shown(&scene).await;
        let mut parser = Command::new(&python)
            .args(["-c", PARSE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        parser.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let read = parser.wait_with_output().unwrap();
        assert!(read.status.success(), "{}:\n{text}", scene.name);
        let samples: usize = String::from_utf8(read.stdout).unwrap().trim().parse().unwrap();
        let written = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(samples, written, "{}", scene.name);
    }
}

const PARSE: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
families = list(read(sys.stdin.read()))
assert all(family.documentation for family in families)
print(sum(len(family.samples) for family in families))";

#[tokio::test]
async fn a_calm_day_has_its_figures() {
    let text = of(&calm()).await;
    let seconds = |text: &str| time(text).as_second();
    for sample in [
        r#"failover_serving{site="resume",place="primary"} 1.0"#.to_owned(),
        r#"failover_serving{site="resume",place="standby"} 0.0"#.to_owned(),
        r#"failover_answered{site="resume"} 1.0"#.to_owned(),
        r#"failover_pending{site="resume"} 0.0"#.to_owned(),
        format!("failover_look_timestamp_seconds {}.0", seconds("2026-11-20T09:41:00Z")),
        format!(r#"failover_check_timestamp_seconds{{site="resume"}} {}.0"#, seconds("2026-11-20T06:17:04Z")),
        r#"failover_check_unseen{site="resume"} 0.0"#.to_owned(),
        r#"failover_rehearsal_opened_seconds{site="resume"} 94.0"#.to_owned(),
        r#"failover_rehearsal_done{site="resume"} 1.0"#.to_owned(),
        r#"failover_outages_90d{site="resume"} 1.0"#.to_owned(),
        r#"failover_down_90d_seconds{site="resume"} 145.0"#.to_owned(),
        r#"failover_recent_moves{site="resume",direction="failover",end="Done"} 1.0"#.to_owned(),
        format!(
            r#"failover_certificate_end_timestamp_seconds{{site="resume"}} {}.0"#,
            seconds("2027-01-20T00:00:00Z")
        ),
        format!(
            r#"failover_heard_timestamp_seconds{{site="resume",who="pi"}} {}.0"#,
            seconds("2026-11-20T06:16:24Z")
        ),
    ] {
        has(&text, &sample);
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_night_has_others() {
    let moving = of(&during().silent()).await;
    has(&moving, r#"failover_serving{site="resume",place="moving"} 1.0"#);
    has(&moving, r#"failover_answered{site="resume"} 0.0"#);
    has(&moving, r#"failover_move_open{site="resume",direction="failover"} 1.0"#);
    let held = Event::Pending { incident: incident(), reason: "the cooldown lasts".to_owned() };
    has(&of(&before().with(held)).await, r#"failover_pending{site="resume"} 1.0"#);
    let done = of(&after()).await;
    has(
        &done,
        r#"failover_last_move_stage_seconds{site="resume",direction="failover",stage="detected"} 157.0"#,
    );
    has(&done, r#"failover_last_move_stage_seconds{site="resume",direction="failover",stage="routed"} 0.25"#);
}

#[tokio::test]
async fn maintenance_that_is_refused_has_its_figure() {
    let text = of(&unwatched()).await;
    has(&text, r#"failover_switches_drifted{site="resume"} 1.0"#);
    has(&text, r#"failover_maintenance_in_trouble{site="resume"} 1.0"#);
    has(&of(&calm()).await, r#"failover_maintenance_in_trouble{site="resume"} 0.0"#);
}

#[tokio::test]
async fn what_is_not_known_has_no_sample_and_is_no_zero() {
    let text = of(&before().asks(Served::Unknown("a challenge".to_owned()), true)).await;
    for name in [
        "failover_answered{",
        "failover_check_timestamp_seconds{",
        "failover_heard",
        "failover_serving_since",
    ] {
        assert!(!text.contains(name), "{name} in\n{text}");
    }
}

/// Every name that a document or a board uses.
fn names(text: &str) -> BTreeSet<String> {
    let name = regex_lite::Regex::new("failover_[a-z0-9_]+").unwrap();
    name.find_iter(text).map(|found| found.as_str().to_owned()).collect()
}

#[tokio::test]
async fn what_documents_and_boards_name_is_what_there_is() {
    let mut there = BTreeSet::new();
    for scene in scenes() {
        let text = shown(&scene).await;
        there.extend(text.lines().filter(|line| !line.starts_with('#')).flat_map(names));
    }
    let board = std::fs::read_to_string("../examples/grafana.json").unwrap();
    let parsed: Value = serde_json::from_str(&board).unwrap();
    assert!(parsed["panels"].as_array().unwrap().len() > 5);
    let document = std::fs::read_to_string("../docs/metrics.md").unwrap();
    assert_eq!(names(&document), there, "docs/metrics.md names them all, and no other");
    let unknown: Vec<String> = names(&board).difference(&there).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new(), "examples/grafana.json");
}
