//! The drill: the whole job against a cloud of its own, as a stranger sees it first.
//!
//! `failover drill` starts the sandbox, this same executable as `serve` in a process of its own, and visitors; cuts the
//! power, watches, brings it back, and tells what it saw. `failover sandbox` starts only the cloud. Nothing in here
//! is part of the function: it looks at it from outside, as a visitor, an operator and the providers do.
//!
//! # Code map
//! - `stage`, `settings`, `child`, `watcher`, `control`: what is started, and how it is told of each other; upon the crate
//!   `stage`, which tests and bench play on, too.
//! - `story`, `fault`, `patience`: what happens, and what goes wrong on purpose.
//! - `observer`, `logbook`, `journal`, `happening`: what is seen, by whom.
//! - `report`, `moves`, `calls`, `findings`: what is made of it at the end.
//! - `keep`, `places`: what goes on afterwards, where somebody wants to play.
//! - `show`: how it looks, live and at the end.

mod arguments;
mod calls;
mod child;
mod control;
mod edge;
mod fault;
mod findings;
mod happening;
mod journal;
mod keep;
mod logbook;
mod moves;
mod observer;
mod outlook;
mod patience;
mod places;
mod report;
mod run;
mod sandbox_command;
mod settings;
mod show;
mod signals;
mod stage;
mod story;
mod virtual_ip;
mod watcher;

use std::{
    process::ExitCode,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use arguments::{DrillArguments, SandboxArguments};
pub use child::end_with_parent;

/// Everything ended where it should.
const WELL: u8 = 0;
/// Something didn't, or could not be started.
const BADLY: u8 = 1;
/// Options that don't go together, as clap says it.
const MISUSED: u8 = 2;
/// Somebody ended it with Ctrl-C: what shells say for a signal.
const INTERRUPTED: u8 = 130;

/// `failover drill`.
pub fn drill(arguments: &DrillArguments) -> ExitCode {
    if arguments.lists_faults() {
        show::write(&fault::list());
        return ExitCode::SUCCESS;
    }
    if let Some(refused) = arguments.refused() {
        show::write_error(&format!("error: {refused}\n\nFor more information, try '--help'.\n"));
        return ExitCode::from(MISUSED);
    }
    carry_out(run::run(arguments))
}

/// `failover sandbox`.
pub fn sandbox(arguments: &SandboxArguments) -> ExitCode {
    carry_out(sandbox_command::run(arguments))
}

fn carry_out(work: impl Future<Output = anyhow::Result<u8>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into()),
    };
    match runtime.block_on(work) {
        Ok(code) => ExitCode::from(code),
        Err(error) => complain(&error),
    }
}

fn complain(error: &anyhow::Error) -> ExitCode {
    show::write_error(&format!("failover: {error:#}\n"));
    ExitCode::from(BADLY)
}

/// What is behind a lock stays readable after a panic elsewhere: it is only ever looked at here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
