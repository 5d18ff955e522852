//! What `docs/cli.md` promises: its exit statuses are those of `--help`, its JSON has the fields that it names.

use serde_json::Value;
use stage::Drill;

const DOCUMENT: &str = include_str!("../../docs/cli.md");

/// The rows of the table below this heading, without its own head.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, below) = DOCUMENT.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let lines =
        below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    lines.skip(2).map(cells).collect()
}

/// The words in backticks.
fn words(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[track_caller]
fn assert_documented(command: &str, printed: &Value) {
    let rows = table("`--json`");
    let row = rows.iter().find(|row| words(row[0]).contains(&command)).expect("a row for it");
    let mut documented = words(row[1]);
    documented.sort_unstable();
    let mut keys: Vec<&str> = printed.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, documented, "{command}");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_exit_statuses_are_those_of_help() {
    let drill = Drill::start().await;
    let help = drill.failover(&["--help"]).await;
    let (_, told) = help.out.split_once("Exit status:\n").expect("exit statuses");
    let told = told.lines().take_while(|line| !line.trim().is_empty());
    let told: Vec<Vec<&str>> = told.map(|line| line.trim().splitn(2, ' ').map(str::trim).collect()).collect();
    assert_eq!(table("Exit status"), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_json_has_the_fields_that_it_names() {
    let drill = Drill::start().await;
    drill.sandbox.world.pubsub.push_to(&format!("{}/push", drill.function.base()));
    for (command, words) in [
        ("status", &["status"][..]),
        ("history", &["history"]),
        ("plan", &["plan", "failover"]),
        ("check", &["check"]),
        ("send", &["send", "reconcile"]),
        ("send --wait", &["send", "hold", "--wait"]),
        ("report", &["report", "down"]),
        ("act", &["act", "failback"]),
    ] {
        assert_documented(command, &drill.failover(&[words, &["--json"]].concat()).await.json());
    }
    let failed = drill.failover(&["status", "--config", "/nowhere.toml", "--json"]).await.json();
    let rows = table("`--json`");
    assert_eq!(failed.as_object().map(serde_json::Map::len), Some(1));
    assert!(rows.last().is_some_and(|row| failed[words(row[1])[0]].is_object()), "{failed}");
}
