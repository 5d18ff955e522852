//! Two places of which one has an address: what all switches of that kind have in common, whichever cloud it is.

use std::{sync::Arc, time::Duration};

use backon::BackoffBuilder;
use failover_core::{Observed, Position};

use super::Observation;
use crate::api::{ApiError, ApiErrorKind, Pace};

/// How often a change is tried against others who change the same interfaces.
const TRIES: usize = 6;

/// Both places as they were read; one that isn't there has no address.
#[derive(Debug, Clone)]
pub(super) struct Sides<S> {
    primary: Option<S>,
    standby: Option<S>,
}

impl<S> Sides<S> {
    /// What was read of both.
    ///
    /// # Errors
    /// When either could not be read, or neither is there: then nobody can tell where the address is.
    pub(super) fn read(primary: Result<S, ApiError>, standby: Result<S, ApiError>) -> Result<Self, ApiError> {
        match (primary, standby) {
            (Err(missing), Err(other)) if is_missing(&missing) && is_missing(&other) => Err(missing),
            (primary, standby) => {
                Ok(Self { primary: unless_missing(primary)?, standby: unless_missing(standby)? })
            }
        }
    }

    /// Each where it is there.
    pub(super) fn new(primary: Option<S>, standby: Option<S>) -> Self {
        Self { primary, standby }
    }

    /// Both, where both are there.
    pub(super) fn both(&self) -> Option<[&S; 2]> {
        Some([self.primary.as_ref()?, self.standby.as_ref()?])
    }

    /// The one of this position, if it is there.
    pub(super) fn at(&self, position: Position) -> Option<&S> {
        if position == Position::Primary { self.primary.as_ref() } else { self.standby.as_ref() }
    }

    /// Those that are there.
    pub(super) fn present(&self) -> impl Iterator<Item = &S> {
        self.primary.iter().chain(&self.standby)
    }

    /// Who has the address, where `has` tells whether one of these, such as a `machine`, has it.
    pub(super) fn observed(&self, noun: &str, has: impl Fn(&S) -> bool) -> Observed {
        let held = |position| self.at(position).is_some_and(&has);
        match (held(Position::Primary), held(Position::Standby)) {
            (true, false) => Observed::At(Position::Primary),
            (false, true) => Observed::At(Position::Standby),
            (true, true) => Observed::Mixed(format!("both {noun}s have it")),
            (false, false) => Observed::Mixed(format!("neither {noun} has it")),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Sides<S> {
    /// An observation on top of which can be written.
    pub(super) fn seen(self, observed: Observed) -> Observation {
        Observation { observed, basis: Some(Arc::new(self)) }
    }

    /// What an earlier look saw.
    pub(super) fn of(seen: Option<Observation>) -> Option<Self> {
        let basis = seen?.basis?.downcast::<Self>().ok()?;
        Some((*basis).clone())
    }
}

/// Tries of one change, each on top of what is there then, since others may change the same interfaces.
pub(super) struct Tries<Seen> {
    seen: Option<Seen>,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

impl<Seen> Tries<Seen> {
    /// The first of them on top of what was `seen`.
    pub(super) fn of(pace: Pace, seen: Option<Seen>) -> Self {
        // What was seen may be old: then the first conflict is no sign of a crowd.
        let at_once = seen.is_some().then_some(Duration::ZERO);
        Self { seen, pauses: Box::new(at_once.into_iter().chain(pauses(pace))) }
    }

    /// What was seen, once; then what a `look` shows.
    pub(super) async fn seen_or(
        &mut self,
        look: impl Future<Output = Result<Seen, ApiError>>,
    ) -> Result<Seen, ApiError> {
        match self.seen.take() {
            Some(seen) => Ok(seen),
            None => look.await,
        }
    }

    /// Waits before the next try, if it failed since others came between and a next try is left.
    pub(super) async fn after(&mut self, error: ApiError) -> Result<(), ApiError> {
        let pause = if error.kind == ApiErrorKind::Conflict { self.pauses.next() } else { None };
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(error),
        }
        Ok(())
    }
}

/// The pauses between so many tries.
pub(super) fn pauses(pace: Pace) -> impl Iterator<Item = Duration> + Send {
    pace.backoff().with_max_times(TRIES - 1).build()
}

/// Why an address could not be given away, and what became of it.
pub(super) fn given_back(error: &ApiError, holder: &str, back: Result<(), ApiError>) -> ApiError {
    let became = match back {
        Ok(()) => format!("{holder} has it again"),
        Err(why) => format!("nobody has it now, since {holder} could not be given it back: {why}"),
    };
    ApiError { kind: error.kind, message: format!("{}; {became}", error.message) }
}

/// Whether there is no such thing.
pub(super) fn is_missing(error: &ApiError) -> bool {
    error.kind == ApiErrorKind::Missing
}

fn unless_missing<S>(side: Result<S, ApiError>) -> Result<Option<S>, ApiError> {
    match side {
        Err(error) if is_missing(&error) => Ok(None),
        side => side.map(Some),
    }
}
