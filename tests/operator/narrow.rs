//! Terminals that are narrow, and machines whose clock is set to local time.

use serde_json::json;
use stage::{Drill, operator};

/// A command is copied whole; a word that is too long nobody can break.
#[track_caller]
fn fits(lines: &[String], columns: u16) {
    assert!(lines.len() > 2, "{lines:#?}");
    for line in lines.iter().filter(|line| line.chars().count() > usize::from(columns)) {
        let text = line.trim_start_matches([' ', '·', '✗', '✓', '!', '"']);
        let is_whole = ["failover ", "gcloud ", "curl "].iter().any(|program| text.starts_with(program));
        assert!(is_whole || !text.contains(' '), "at {columns}: {line:?}\n{}", lines.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_fit_a_narrow_terminal_while_there_is_progress_and_after() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    drill.restore_power();
    drill.command(json!({ "command": "failback", "by": "alice" })).await.is(200, "move", Some("Done"));
    drill.cut_power();
    for columns in [40, 20] {
        for words in [
            ["status"].as_slice(),
            &["history"],
            &["plan", "failover"],
            &["check", "--as-me"],
            &["send", "hold", "--for", "2h"],
        ] {
            fits(&operator::at_a_terminal(&drill.sandbox, &drill.config(), words, columns).await, columns);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_drill_fits_a_narrow_terminal() {
    let drill = Drill::start().await;
    let at = async |columns| {
        let lines = operator::at_a_terminal(&drill.sandbox, &drill.config(), &["drill"], columns).await;
        assert!(lines.iter().any(|line| line.contains("Done")), "{lines:#?}");
        fits(&lines, columns);
        // No strip is drawn, let alone a line of it each tick.
        assert!(lines.len() < 400, "{} lines", lines.len());
    };
    tokio::join!(at(40), at(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_the_machine_with_how_far_it_is_from_utc() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.open_incident("0.outage").await.is(200, "move", Some("Done"));
    let home = [("TZ", "<+0530>-5:30")];
    for words in [["status"], ["history"]] {
        let utc = drill.failover_with(&words, &[("TZ", "UTC0")]).await;
        assert!(utc.out.contains(" UTC (") && !utc.out.contains("+05:30"), "{}", utc.out);
        let local = drill.failover_with(&words, &home).await;
        assert!(local.out.contains(" +05:30 ("), "{}", local.out);
    }
    let machines = drill.failover_with(&["status", "--json"], &home).await.ends(0).json();
    assert!(
        machines["sites"][0]["serving"]["since"].as_str().is_some_and(|at| at.ends_with('Z')),
        "{machines}"
    );
}
