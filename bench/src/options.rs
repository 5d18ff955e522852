//! What the command line asks for.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures the function's release binary against the sandbox.
#[derive(Debug, Parser)]
#[command(about, long_about = None)]
pub(crate) struct Options {
    /// The tables to make; all of them where none is named.
    #[arg(value_enum)]
    tables: Vec<Chosen>,
    /// How often each thing is measured.
    #[arg(long, default_value_t = 20)]
    runs: usize,
    /// A smoke run: every table once and small, numbers not worth keeping.
    #[arg(long)]
    pub(crate) quick: bool,
    /// One JSON document instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
    /// A binary that is there already, instead of building one.
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
}

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Chosen {
    /// Process start to the first answer, and the binary's size.
    Start,
    /// Push to a visitor's answer, as a ratio to the chain of calls.
    Moves,
    /// Calls of a move, by kind.
    Calls,
    /// Resident memory.
    Memory,
    /// A decision with a long journal.
    Decisions,
    /// Many sites failing at once.
    Many,
    /// Operations of an idle month and of an outage.
    Cost,
    /// Resident memory of a watcher.
    Watch,
    /// The pure core, without processes.
    Core,
}

/// What every table is made with.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// The function.
    pub(crate) binary: PathBuf,
    /// How often each thing is measured.
    pub(crate) runs: usize,
    /// Whether only a smoke run is wanted.
    pub(crate) quick: bool,
}

impl Options {
    /// The tables to make, each once, in the order in which they were named.
    pub(crate) fn chosen(&self) -> Vec<Chosen> {
        if self.tables.is_empty() { Chosen::value_variants().to_vec() } else { self.tables.clone() }
    }

    /// What tables are made with.
    pub(crate) fn setup(&self, binary: PathBuf) -> Setup {
        let runs = if self.quick { 1 } else { self.runs.max(1) };
        Setup { binary, runs, quick: self.quick }
    }
}
