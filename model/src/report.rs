//! What is printed.

use std::fmt;

use crate::{mutants::Case, promises::Promise, search::Outcome, site::Action};

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complete = if self.complete { "complete" } else { "NOT complete" };
        let found = match self.broken.len() {
            0 if self.complete => "every promise holds".to_owned(),
            0 => "nothing found so far".to_owned(),
            broken => format!("{broken} broken"),
        };
        let (states, depth, took) = (self.states, self.depth, self.took.as_secs());
        write!(f, "{states} states, {depth} steps deep, {complete}, {found}, {took} s")
    }
}

/// The way to something, a line a step.
pub(crate) fn way(actions: &[Action]) -> String {
    let line = |(number, action)| format!("    {number:3} {action:?}\n");
    (1..).zip(actions).map(line).collect()
}

/// How a mutant fell.
pub(crate) fn fall(case: &Case, found: Option<(Promise, usize)>) -> String {
    let Case { says, scope, by, .. } = case;
    match found {
        Some((promise, steps)) if promise == *by => {
            format!("mutant, {says}: fell in {steps} steps ({scope}), by {}", by.name())
        }
        Some((promise, steps)) => {
            let (promise, by) = (promise.name(), by.name());
            format!("mutant, {says}: fell in {steps} steps ({scope}), by {promise} and NOT by {by}")
        }
        None => format!("mutant, {says}: SURVIVED ({scope})"),
    }
}
