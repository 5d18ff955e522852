//! The site with the gate in front of it, in Cloudflare's own runtime, where that is installed.

use std::{io::Write, path::Path};

use serde_json::Value;

use crate::process::{complaint, failover, told};

/// Where `.ci/edge install` puts it, seen from the repository.
const INSTALLED: &str = "edge/node_modules/@cloudflare/workerd-linux-64/bin/workerd";

/// Orders that home had begun to take the moment it died: nobody knows of them.
const ON_THEIR_WAY: u64 = 3;

fn runtime() -> Option<String> {
    let named = std::env::var("WORKERD").ok();
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(INSTALLED);
    let found = named.or_else(|| installed.is_file().then(|| installed.display().to_string()));
    if found.is_none() {
        assert!(
            std::env::var_os("FAILOVER_REQUIRE_WORKERD").is_none(),
            "workerd is required: bash .ci/edge install"
        );
        let line = "skipped: workerd is not installed; bash .ci/edge install";
        let _closed_is_fine = writeln!(std::io::stderr(), "{line}");
    }
    found
}

#[test]
fn no_visitor_sees_the_outage_whatever_home_dies_of() {
    let Some(workerd) = runtime() else { return };
    let output = failover(&["drill", "--json", "--scenario", "edge"]).env("WORKERD", workerd).output();
    let output = output.expect("the binary starts");
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", complaint(&output));
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&report["scenario"], &report["ended_well"], &report["visitors_lost"]),
        (&"edge".into(), &true.into(), &0.into()),
        "{report}"
    );
    let deaths: Vec<&str> =
        report["acts"].as_array().expect("acts").iter().filter_map(|act| act["death"].as_str()).collect();
    assert_eq!(deaths, ["refused", "tunnel", "black_hole"]);
    for act in report["acts"].as_array().expect("acts") {
        let opened = |by: &str| act["socket"][by].as_u64().expect("a number");
        assert!(opened("by_primary") > 0 && opened("by_standby") > 0, "the socket found the standby: {act}");
        assert!(opened("heard") > 20 && opened("lost") == 0, "{act}");
    }
    for act in &report["acts"].as_array().expect("acts")[..2] {
        let told_so = act["visitors"]["told_so"].as_u64().expect("a number");
        assert!(told_so <= ON_THEIR_WAY, "an order that never reached home was not sent on: {act}");
    }
}

#[test]
fn without_the_runtime_the_one_command_that_brings_it_is_said() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut drill = failover(&["drill", "--scenario", "edge"]);
    let output = drill.current_dir(elsewhere.path()).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(said.contains("npm install --ignore-scripts --prefix edge workerd@"), "{said}");
}
