//! Measures cloud-failover: the release binary as it is deployed, against the sandbox with realistic latency.
//!
//! `cargo run --release -p bench` builds the function without the drill feature and prints every table. Times are
//! medians with their spread, and what matters is the ratio to a chain of calls measured in the same run: this
//! machine is not a promise about another.
//!
//! # Code map
//! - `options`, `binary`: what is asked for, and what is measured.
//! - `stage`, `history`: the sandbox with latency, the function as the crate `stage` starts it, and its journal.
//! - `chain`: the calls that no failover can do without, made by a bare client.
//! - one file a table: `start`, `moves`, `calls`, `memory`, `decisions`, `many`, `core`, `cost`,
//!   `watch`.
//! - `stats`, `table`: numbers and how they are shown.

mod binary;
mod calls;
mod chain;
mod core;
mod cost;
mod decisions;
mod history;
mod many;
mod memory;
mod moves;
mod options;
mod stage;
mod start;
mod stats;
mod table;
mod watch;

use anyhow::Result;
use clap::Parser;

use options::{Chosen, Options};
use table::Report;

fn main() -> Result<()> {
    let options = Options::parse();
    let binary = binary::find(&options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut report = Report::new(options.json);
    for chosen in options.chosen() {
        let setup = options.setup(binary.clone());
        match chosen {
            Chosen::Start => runtime.block_on(start::measure(&setup, &mut report))?,
            Chosen::Moves => runtime.block_on(moves::measure(&setup, &mut report))?,
            Chosen::Calls => runtime.block_on(calls::measure(&setup, &mut report))?,
            Chosen::Memory => runtime.block_on(memory::measure(&setup, &mut report))?,
            Chosen::Decisions => runtime.block_on(decisions::measure(&setup, &mut report))?,
            Chosen::Many => runtime.block_on(many::measure(&setup, &mut report))?,
            Chosen::Cost => runtime.block_on(cost::measure(&setup, &mut report))?,
            Chosen::Watch => runtime.block_on(watch::measure(&setup, &mut report))?,
            Chosen::Core => core::measure(&options, &mut report),
        }
    }
    report.finish();
    Ok(())
}
