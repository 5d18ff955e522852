//! The calls of a recorded run, named so that another run finds them again.

use std::{collections::BTreeMap, fmt};

use sandbox::ledger::Record;

/// One call: calls that run side by side may change places, so it is named by its operation and by which one of
/// that operation it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// What was asked.
    pub(crate) operation: &'static str,
    /// The how manieth of its operation, from 1.
    pub(crate) nth: u32,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.operation, self.nth)
    }
}

/// What is asked again and again while something is waited for: the sites, a primary that starts, and the journal, where the claim is renewed
/// or watched.
const WHILE_WAITING: [&str; 8] = [
    "edge.visit",
    "kubernetes.get_deployment",
    "machine.visit",
    "primary.get",
    "standby.get",
    "storage.create",
    "storage.get",
    "storage.list",
];

/// Whether a site is asked, and no provider.
pub(crate) fn is_a_site(point: &Point) -> bool {
    ["edge.visit", "machine.visit", "primary.get", "standby.get"].contains(&point.operation)
}

/// Of what is asked in a row while waiting, so many of the first and of the last ones count: how often it is asked in
/// between depends on how busy the machine is.
const OF_A_WAIT: usize = 4;

/// Every call of a recording, in order; of a long wait, the first and the last.
pub(crate) fn points(records: &[Record]) -> Vec<Point> {
    let all = named(records);
    let waits = |point: &Point| WHILE_WAITING.contains(&point.operation);
    let thinned = all.chunk_by(|one, other| waits(one) && waits(other)).flat_map(|row| {
        let last = row.len().saturating_sub(OF_A_WAIT).max(OF_A_WAIT.min(row.len()));
        row.iter().take(OF_A_WAIT).chain(&row[last..])
    });
    thinned.copied().collect()
}

fn named(records: &[Record]) -> Vec<Point> {
    let mut counts: BTreeMap<&'static str, u32> = BTreeMap::new();
    let name = |record: &Record| {
        let nth = counts.entry(record.operation).or_default();
        *nth += 1;
        Point { operation: record.operation, nth: *nth }
    };
    records.iter().map(name).collect()
}
