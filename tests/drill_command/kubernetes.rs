//! A primary on Kubernetes that is scaled down, and up again by the failback.

use crate::process::{report, run, told};

#[test]
fn a_primary_that_was_scaled_down_is_scaled_up_before_visitors_are_led_back() {
    let report = report(&["--scenario", "kubernetes"]);
    assert_eq!((&report["scenario"], &report["ended_well"]), (&"kubernetes".into(), &true.into()));
    let stages: Vec<&str> = report["moves"][1]["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .filter_map(|stage| stage["stage"].as_str())
        .collect();
    assert_eq!(stages[..3], ["decided", "powered", "routed"], "{stages:?}");
    let calls = report["calls"].as_array().expect("calls").iter();
    let cluster = calls.into_iter().find(|calls| calls["provider"] == "Kubernetes").expect("it was asked");
    assert_eq!(cluster["writes"], 2, "down and up");
}

#[test]
fn a_person_reads_who_scaled_what() {
    let output = run(&["drill", "--scenario", "kubernetes"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in [
        "scales the deployment to 0, as with kubectl scale",
        "the deployment is scaled to 0: the primary is gone",
        "the deployment is scaled up: its pod starts",
        "Everything ended where it should",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

#[test]
fn what_belongs_to_another_scenario_is_refused() {
    for (scenario, option) in
        [("kubernetes", "--fault"), ("gcp-vip", "--keep"), ("azure-vip", "--fault"), ("edge", "--slow")]
    {
        let named: &[&str] = if option == "--fault" { &["killed"] } else { &[] };
        let output = run(&[&["drill", "--scenario", scenario, option], named].concat());
        assert_eq!(output.status.code(), Some(2), "as every option that doesn't fit");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.starts_with(&format!("error: {option} can't be used with --scenario {scenario}\n")),
            "{said}"
        );
    }
}
