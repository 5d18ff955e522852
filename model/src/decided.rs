//! What a decision, or a round of looks, comes to.

use failover_core::Direction;

use crate::{
    chore::Chore,
    clouds::Seen,
    ledger::{Asked, Head, Told},
    memo::Memo,
    world::Why,
};

/// What a decision comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    /// What it writes.
    pub(crate) told: Vec<Told>,
    /// What is done.
    pub(crate) what: What,
}

impl Decided {
    /// Nothing is decided.
    pub(crate) fn nothing() -> Self {
        Self { told: Vec::new(), what: What::Stay }
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A plan begins.
    Start(Direction, Asked),
    /// An open one is carried on.
    CarryOn(u64),
    /// It is kept, and decided again.
    Pending,
    /// Nothing, or nothing more.
    Stay,
    /// It is refused, for good.
    Refused,
}

/// What a round of reconcile comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The route is adopted.
    Adopted(Told),
    /// The same outage: the failover is completed again.
    SetAgain(Asked),
    /// What is pending may be decided now.
    Pending,
    /// A write outside any plan is due.
    Due(Chore),
    /// A report is made of three silent looks.
    Report,
    /// Nothing.
    Nothing,
}

/// Everything that was decided so far.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// By what was asked.
    pub(crate) decided: Memo<(Head, Why, Seen, u8), Decided>,
    /// By what was seen.
    pub(crate) found: Memo<(Head, bool, Seen, u8), Found>,
}
