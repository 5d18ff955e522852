//! The report of a drill without a fault: counts and orders, never times.

use serde_json::Value;

use crate::process::report;

/// The figures about one provider.
fn calls<'a>(report: &'a Value, provider: &str) -> &'a Value {
    let all = report["calls"].as_array().expect("calls");
    all.iter().find(|calls| calls["provider"] == provider).expect("the provider")
}

fn stages(told: &Value) -> Vec<&str> {
    let stages = told["stages"].as_array().expect("stages");
    stages.iter().map(|stage| stage["stage"].as_str().expect("a name")).collect()
}

#[test]
fn the_drill_moves_the_site_over_and_back_with_three_writes_each() {
    let report = report(&[]);
    assert_eq!((&report["version"], &report["ended_well"]), (&1.into(), &true.into()));

    let moves = report["moves"].as_array().expect("moves");
    let ends: Vec<_> = moves.iter().map(|told| (told["direction"].as_str(), told["end"].as_str())).collect();
    assert_eq!(ends, [(Some("failover"), Some("Done")), (Some("failback"), Some("Done"))]);
    let over = ["detected", "decided", "opened", "answered", "routed", "verified", "paused"];
    assert_eq!(stages(&moves[0]), over);
    assert_eq!(stages(&moves[1])[..3], ["decided", "routed", "verified"]);
    assert_eq!(moves[1]["asked_by"], "says alice");

    let outages = report["visitors"]["outages"].as_array().expect("outages");
    assert_eq!((outages.len(), &outages[0]["over"]), (1, &true.into()), "{outages:?}");
    assert!(report["visitors"]["lost"].as_u64() > Some(0));

    for provider in ["Cloud Run", "Cloudflare", "Monitoring"] {
        assert_eq!(calls(&report, provider)["writes"], 2, "{report}");
    }
    assert_eq!(calls(&report, "Storage")["writes"], 0);
    assert!(calls(&report, "Storage")["journal_entries"].as_u64() >= Some(9));
}

#[test]
fn with_realistic_latency_our_own_watcher_detects_the_outage() {
    let report = report(&["--slow"]);
    assert_eq!(report["simulated"]["slow"], true);
    let moves = report["moves"].as_array().expect("moves");
    assert!(moves.iter().all(|told| told["end"] == "Done"), "{report}");
    assert_eq!(stages(&moves[0])[..3], ["detected", "decided", "opened"]);
    let simulated = &report["simulated"];
    assert_eq!(
        (&simulated["watcher_every_s"], &simulated["uptime_check_every_s"]),
        (&5.0.into(), &60.0.into())
    );
    let ends = report["ends"].as_array().expect("ends");
    let farewell = ends.iter().find(|end| end["what"] == "the watcher ended when it was told to");
    assert_eq!(farewell.expect("the watcher's end")["good"], true);
}
