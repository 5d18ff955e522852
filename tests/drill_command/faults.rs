//! Every fault ends well, and shows in the figures.

use serde_json::Value;

use crate::process::{complaint, report, run, told};

/// A figure about one provider.
fn count(report: &Value, provider: &str, figure: &str) -> u64 {
    let all = report["calls"].as_array().expect("calls");
    let calls = all.iter().find(|calls| calls["provider"] == provider).expect("the provider");
    calls[figure].as_u64().expect("a number")
}

/// Drills with the fault, and asserts that it happened and that no visitor was lost after the recovery.
#[track_caller]
fn drill_with(fault: &str) -> Value {
    let report = report(&["--fault", fault]);
    assert_eq!(report["fault"], fault);
    assert_eq!(report["visitors"]["outages"].as_array().map(Vec::len), Some(1), "{report}");
    report
}

#[test]
fn cloudflare_throttles_and_the_rule_is_set_all_the_same() {
    let report = drill_with("cloudflare-429");
    assert_eq!(count(&report, "Cloudflare", "failed"), 2);
}

#[test]
fn a_journal_that_is_gone_keeps_nobody_in_the_dark() {
    let report = drill_with("journal-gone");
    assert!(count(&report, "Storage", "failed") > 0, "{report}");
    assert_eq!(count(&report, "Cloud Run", "writes"), 2);
}

#[test]
fn answers_that_are_lost_lead_to_no_second_failover() {
    let report = drill_with("lost-answer");
    assert!(count(&report, "Cloud Run", "failed") >= 1, "{report}");
}

#[test]
fn a_function_that_is_killed_finishes_after_its_restart() {
    let report = drill_with("killed");
    let promises = report["promises"].as_array().expect("promises");
    let finished = promises.iter().find(|promise| promise["what"] == "killed in the middle, it finishes");
    assert_eq!(finished.expect("it is watched")["good"], true);
}

#[test]
fn traffic_waits_for_a_grant_that_is_late() {
    drill_with("late-iam");
}

#[test]
fn a_refused_token_is_mended_and_the_next_delivery_goes_on() {
    let report = drill_with("token-refused");
    assert!(count(&report, "Cloudflare", "failed") >= 1, "{report}");
    assert_eq!(count(&report, "Cloud Run", "writes"), 2);
}

#[test]
fn a_primary_that_hangs_is_as_good_as_gone() {
    drill_with("silent-primary");
}

#[test]
fn the_list_names_every_fault_in_a_sentence() {
    let output = run(&["drill", "--fault", "list"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(text.lines().all(|line| line.len() <= 110 && line.split_whitespace().count() > 4), "{text}");
}

#[test]
fn an_unknown_fault_is_refused_with_the_names_of_those_there_are() {
    let output = run(&["drill", "--fault", "earthquake"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("late-iam"), "{}", complaint(&output));
}
