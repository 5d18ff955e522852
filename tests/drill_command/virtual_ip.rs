//! The mirror whose addresses follow whoever was promoted.

use crate::process::{report, run, told};

#[test]
fn on_google_both_addresses_follow_the_machine_that_was_promoted_and_come_back() {
    follow_and_come_back("gcp-vip");
}

#[test]
fn on_azure_both_addresses_follow_the_machine_that_was_promoted_and_come_back() {
    follow_and_come_back("azure-vip");
}

fn follow_and_come_back(scenario: &str) {
    let report = report(&["--scenario", scenario]);
    assert_eq!((&report["scenario"], &report["ended_well"]), (&scenario.into(), &true.into()));
    assert_eq!(
        (&report["moves"][0]["promoted"], &report["moves"][1]["promoted"]),
        (&"db-b".into(), &"db-a".into())
    );
    for promotion in report["moves"].as_array().expect("moves") {
        for figure in ["took_s", "private_dark_s", "external_dark_s"] {
            assert!(promotion[figure].as_f64().is_some_and(|seconds| seconds > 0.0), "{figure}: {promotion}");
        }
    }
}

#[test]
fn a_person_reads_how_long_clients_had_nobody() {
    let output = run(&["drill", "--scenario", "azure-vip"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in [
        "A mirror of two machines on Azure",
        "db-b is promoted: its peer died",
        "private address, in the dark",
        "Everything ended where it should.",
    ] {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}
