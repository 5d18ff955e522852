//! The stage: the real binary on the sandbox, set up once, for the drill, the tests and the bench.
//!
//! What plays on it differs: a stranger's drill, thousands of tests, measurements. What stands on it is the same, and is
//! here once: the configuration of the sandbox's sites, the function in a process of its own, messages as the clouds write
//! them, and the journal as it lies in the bucket. Nothing in here knows the function's code: it is a binary.
//!
//! # Code map, in the order to read it; `tests/layers` holds it
//! - `table`, `switches`, `settings`: the configuration. `Settings` is what may differ, `Settings::write` the file.
//! - `process`: the binary in a process of its own, whatever it is told to do: its environment, what it says, its end.
//! - `answer`, `function`: `failover serve`, from its start to its first answer; pushes, and what it answers.
//! - `payload`: what Monitoring and Pub/Sub write.
//! - `journal`: what the function wrote, read past it.
//!
//! With the feature `tests`, what only they need. It panics where the rest returns an error:
//! - `binary`: which binary is tested. `function/tested`: it is started as tests want it.
//! - `drill`: a sandbox, the function and one site, with the verbs of an operator and of what happens at home.
//! - `operator`, `watching`: `failover` at a shell, and `failover watch`.
//! - `machines`, `mirror`: two machines of which one has what moves.
//! - `clock`: clocks of a process's own. `golden`: texts that are kept as files.
//!
//! Nothing sleeps to hope: one waits on the sandbox's ledger, on a visitor, or on an answer.

mod answer;
#[cfg(feature = "tests")]
pub mod binary;
#[cfg(feature = "tests")]
pub mod clock;
#[cfg(feature = "tests")]
mod drill;
mod function;
#[cfg(feature = "tests")]
pub mod golden;
pub mod journal;
#[cfg(feature = "tests")]
pub mod machines;
#[cfg(feature = "tests")]
pub mod mirror;
#[cfg(feature = "tests")]
pub mod operator;
pub mod payload;
pub mod process;
pub mod settings;
pub mod switches;
pub mod table;
#[cfg(feature = "tests")]
pub mod watching;

use std::time::Duration;

pub use answer::Answer;
#[cfg(feature = "tests")]
pub use drill::Drill;
pub use function::{Function, Launch};
#[cfg(feature = "tests")]
pub use operator::Ran;
pub use process::{Heard, Process};
pub use settings::Settings;

/// No test waits longer for anything than this.
pub const PATIENCE: Duration = Duration::from_mins(1);
