//! What holds for every journal and every signal: generated, shrunk, and remembered when it once failed.

mod decisions;
mod entries;
mod outage;
mod world;

use proptest::{prelude::*, test_runner::FileFailurePersistence};

/// Every case that ever failed is tried first; `PROPTEST_CASES` says how many new ones follow.
pub(crate) fn config() -> ProptestConfig {
    let regressions = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/properties.txt");
    let failure_persistence = Some(Box::new(FileFailurePersistence::Direct(regressions)) as Box<_>);
    ProptestConfig { failure_persistence, ..ProptestConfig::default() }
}
