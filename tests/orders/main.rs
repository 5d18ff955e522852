//! Orders: random sequences of what can happen, in any order, late, twice and at once, to real processes.
//!
//! A *sequence* (`sequence`) says what happens; a *stage* (`stage`) lets it happen to one or two instances of the
//! function on one journal, killed and started again in the middle of work; `rest` delivers all that is left until
//! nothing changes any more; then the promises are asked for, by the sandbox at every change and by `promises` at
//! rest. `model` says who may serve, without a line of the function's own rules.
//!
//! `ORDERS_CASES=2000` plays more of them, `ORDERS_AT_ONCE=4` fewer at the same time.

mod known;
mod model;
mod post;
mod promises;
mod rest;
mod runner;
mod sequence;
mod stage;
mod tale;
mod tally;
mod words;
