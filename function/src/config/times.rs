//! `[times]`: the times that the contract fixes, for tests that can't wait for them.

use std::time::Duration;

use super::section::{Section, Wait};
use crate::pace::Times;

pub(super) fn read(root: &mut Section<'_, '_>) -> Times {
    root.section("times", read_times).unwrap_or_default()
}

fn read_times(times: &mut Section<'_, '_>) -> Times {
    let usual = Times::default();
    let apart = times.some_time("apart", "2s");
    if !times.has("throttled") {
        return Times { apart, ..usual };
    }
    let pauses: Vec<Wait> = times.optional_list("throttled", "2s");
    let pauses: Vec<Duration> = pauses.into_iter().map(|pause| pause.0).collect();
    let throttled = pauses.try_into().unwrap_or_else(|_| {
        times.notes.problem(
            "throttled",
            "is not five times",
            "throttled = [\"2s\", \"5s\", \"10s\", \"30s\", \"60s\"]",
        );
        usual.throttled
    });
    Times { apart, throttled }
}
