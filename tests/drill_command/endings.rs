//! However a drill ends, its function ends with it.

use rustix::process::Signal;

use crate::process::{Running, complaint, failover, until_gone};

fn in_the_middle() -> (Running, u32) {
    let mut drill = Running::start(&["drill"]);
    drill.line_with("The power fails");
    let children = drill.children();
    assert_eq!(children.len(), 1, "the function and nothing else: {children:?}");
    (drill, children[0])
}

#[test]
fn ctrl_c_ends_the_function_too() {
    let (mut drill, function) = in_the_middle();
    drill.signal(Signal::INT);
    assert_eq!(drill.ended(), Some(130));
    until_gone(function);
}

#[test]
fn a_drill_that_is_killed_leaves_no_function_behind() {
    let (mut drill, function) = in_the_middle();
    drill.signal(Signal::KILL);
    assert_eq!(drill.ended(), None);
    until_gone(function);
}

#[test]
fn what_is_kept_running_ends_well_with_ctrl_c() {
    let mut drill = Running::start(&["drill", "--keep"]);
    drill.line_with("What happens now");
    let children = drill.children();
    drill.signal(Signal::INT);
    assert_eq!(drill.ended(), Some(0));
    children.into_iter().for_each(until_gone);
}

#[test]
fn a_machine_is_told_where_everything_is_that_goes_on() {
    let mut drill = Running::start(&["drill", "--keep", "--json"]);
    let mut report = String::new();
    while !report.ends_with("\n}\n") {
        report.push_str(&drill.line_with(""));
        report.push('\n');
    }
    let report: serde_json::Value = serde_json::from_str(&report).expect("one report");
    let kept = &report["kept"];
    for place in ["page", "site", "standby", "control"] {
        let url = kept[place].as_str().unwrap_or_default();
        let authority = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        std::net::TcpStream::connect(authority).unwrap_or_else(|error| panic!("{place} {url}: {error}"));
    }
    for file in ["config", "environment", "log"] {
        let path = kept[file].as_str().unwrap_or_default();
        assert!(std::fs::metadata(path).is_ok(), "{file} {path}");
    }
    drill.signal(Signal::INT);
    assert_eq!(drill.ended(), Some(0));
}

#[test]
fn a_drill_that_can_not_begin_says_why_in_one_sentence() {
    let output = failover(&["drill"]).env("TMPDIR", "/nowhere/at/all").output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(said.starts_with("failover: no temporary folder could be made: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
