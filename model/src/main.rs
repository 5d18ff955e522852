//! Every interleaving of a site's moves, within a scope: the core under a model checker.
//!
//! The transitions are the core's own: `decide`, `State::after`, `Plan`, `route_found`, `Round`. What is modelled is the
//! shell around them (`desk`, `blind`, `turn`, `executor`, `undo`, `ending`, `keeper`), the clouds (`clouds`, `requests`), and all
//! that may go wrong (`site`).
//!
//! `cargo run -p model` takes the scopes of every run, `-- --full` the largest as well, `-- --mutants` shows that the
//! properties notice what is put in, `-- --scope NAME` searches one and prints the way to what is broken.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what is printed is what it is for")]

mod actions;
mod begin;
mod blind;
mod chore;
mod clouds;
mod decided;
mod desk;
mod ending;
mod executor;
mod graph;
mod hands;
mod judge;
mod keeper;
mod ledger;
mod lit;
mod memo;
mod mutant;
mod mutants;
mod process;
mod promises;
mod report;
mod requests;
mod rules;
mod scope;
mod scopes;
mod search;
mod sets;
mod site;
mod turn;
mod undo;
mod verdict;
mod world;

use std::{process::ExitCode, sync::Arc, time::Duration};

use mutants::Case;
use rules::Rules;
use scope::Scope;
use search::search;
use site::Site;

/// As many as the gate has cores.
const THREADS: usize = 2;
/// No scope is searched for longer.
const WITHIN: Duration = Duration::from_mins(30);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let well = match args[..] {
        [] => all(scopes::every_run()),
        ["--full"] => all(scopes::all()),
        ["--mutants"] => mutants::TABLE.iter().filter(|case| !falls(case)).count() == 0,
        ["--scope", name] => scopes::named(name).is_some_and(|scope| holds(scope, true)),
        _ => {
            eprintln!("usage: model [--full | --mutants | --scope NAME]; scopes: {}", scopes::names());
            false
        }
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn all(scopes: Vec<Scope>) -> bool {
    let mut well = true;
    for scope in scopes {
        well &= holds(scope, false);
    }
    well
}

/// Whether nothing was found in all of a scope.
fn holds(scope: Scope, way: bool) -> bool {
    let name = scope.name;
    let site = Arc::new(Site::new(scope, Rules::default()));
    let outcome = search(&site, THREADS, WITHIN, None);
    println!("model, {name}: {outcome}");
    for (promise, actions) in &outcome.broken {
        println!("  {} is broken in {} steps", promise.name(), actions.len());
        if way {
            print!("{}", report::way(&site, actions));
        }
    }
    outcome.complete && outcome.broken.is_empty()
}

/// Whether a mutant breaks the promise that is to notice it.
fn falls(case: &Case) -> bool {
    let found = mutants::play(case, WITHIN);
    println!("{}", report::fall(case, found));
    found.is_some()
}
