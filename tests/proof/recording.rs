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

/// Who waits for an answer asks the same again and again: of so many in a row, the first and the last ones count.
const OF_A_ROW: usize = 2;

/// Every call of a recording, in order; of a long row of the same one, the first and the last.
pub(crate) fn points(records: &[Record]) -> Vec<Point> {
    let all = named(records);
    let same = |one: &Point, other: &Point| one.operation == other.operation;
    let thinned = all.chunk_by(same).flat_map(|row| {
        let last = row.len().saturating_sub(OF_A_ROW).max(OF_A_ROW.min(row.len()));
        row.iter().take(OF_A_ROW).chain(&row[last..])
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
