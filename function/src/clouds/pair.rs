//! Two places of which one has an address: what all switches of that kind have in common, whichever cloud it is.

pub(super) mod check;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backon::BackoffBuilder;
use failover_core::{Observed, Position};
use serde_json::Value;
use tokio::time::Instant;

use super::Observation;
use crate::api::{ApiError, ApiErrorKind, Pace};

/// How often a change is tried against others who change the same interfaces.
const TRIES: usize = 6;

/// A hand-over that was refused is not tried again on the same holder for so long: as long as a plan goes on after a
/// permanent error.
const REFUSED_FOR: Duration = Duration::from_mins(30);

/// Both places as they were read; one that isn't there has no address.
#[derive(Debug, Clone)]
pub(crate) struct Sides<S> {
    primary: Option<S>,
    standby: Option<S>,
    /// Why one of them could not be looked at, where it may be gone all the same.
    hidden: Option<ApiError>,
}

impl<S> Sides<S> {
    /// What was read of both.
    ///
    /// # Errors
    /// When either could not be read, or neither is there: then nobody can tell where the address is.
    pub(crate) fn read(primary: Result<S, ApiError>, standby: Result<S, ApiError>) -> Result<Self, ApiError> {
        match (primary, standby) {
            (Err(missing), Err(other)) if is_missing(&missing) && is_missing(&other) => Err(missing),
            (primary, standby) => Ok(Self {
                primary: unless_missing(primary)?,
                standby: unless_missing(standby)?,
                hidden: None,
            }),
        }
    }

    /// As `read`, where a place that was deleted may be denied as well as missing: who may look at what went with it.
    /// Nobody is harmed by taking it for gone, as long as the network gives an address to one only.
    ///
    /// # Errors
    /// As `read`, and when both are denied.
    pub(crate) fn read_or_hidden(
        primary: Result<S, ApiError>,
        standby: Result<S, ApiError>,
    ) -> Result<Self, ApiError> {
        let is_denied =
            |side: &Result<S, ApiError>| side.as_ref().is_err_and(|error| error.kind == ApiErrorKind::Denied);
        match (primary, standby) {
            (Ok(side), hidden) if is_denied(&hidden) => {
                Ok(Self { primary: Some(side), standby: None, hidden: hidden.err() })
            }
            (hidden, Ok(side)) if is_denied(&hidden) => {
                Ok(Self { primary: None, standby: Some(side), hidden: hidden.err() })
            }
            (primary, standby) => Self::read(primary, standby),
        }
    }

    /// Each where it is there.
    pub(crate) fn new(primary: Option<S>, standby: Option<S>) -> Self {
        Self { primary, standby, hidden: None }
    }

    /// Why one of them could not be looked at.
    pub(crate) fn hidden(&self) -> Option<&ApiError> {
        self.hidden.as_ref()
    }

    /// Both, where both are there.
    pub(crate) fn both(&self) -> Option<[&S; 2]> {
        Some([self.primary.as_ref()?, self.standby.as_ref()?])
    }

    /// The one of this position, if it is there.
    pub(crate) fn at(&self, position: Position) -> Option<&S> {
        if position == Position::Primary { self.primary.as_ref() } else { self.standby.as_ref() }
    }

    /// Those that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = &S> {
        self.primary.iter().chain(&self.standby)
    }

    /// Who has the address, where `has` tells whether one of these, such as a `machine`, has it.
    pub(crate) fn observed(&self, noun: &str, has: impl Fn(&S) -> bool) -> Observed {
        let held = |position| self.at(position).is_some_and(&has);
        match (held(Position::Primary), held(Position::Standby)) {
            (true, false) => Observed::At(Position::Primary),
            (false, true) => Observed::At(Position::Standby),
            (true, true) => Observed::Mixed(format!("both {noun}s have it")),
            (false, false) if self.hidden.is_some() => {
                Observed::Unknown(self.hidden.as_ref().map(|error| error.message.clone()).unwrap_or_default())
            }
            (false, false) => Observed::Mixed(format!("neither {noun} has it")),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Sides<S> {
    /// An observation on top of which can be written.
    pub(crate) fn seen(self, observed: Observed) -> Observation {
        Observation { observed, basis: Some(Arc::new(self)) }
    }

    /// What an earlier look saw.
    pub(crate) fn of(seen: Option<Observation>) -> Option<Self> {
        let basis = seen?.basis?.downcast::<Self>().ok()?;
        Some((*basis).clone())
    }
}

/// Tries of one change, each on top of what is there then, since others may change the same interfaces.
pub(crate) struct Tries<Seen> {
    seen: Option<Seen>,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

impl<Seen> Tries<Seen> {
    /// The first of them on top of what was `seen`.
    pub(crate) fn of(pace: Pace, seen: Option<Seen>) -> Self {
        // What was seen may be old: then the first conflict is no sign of a crowd.
        let at_once = seen.is_some().then_some(Duration::ZERO);
        Self { seen, pauses: Box::new(at_once.into_iter().chain(pauses(pace))) }
    }

    /// What was seen, once; then what a `look` shows.
    pub(crate) async fn seen_or(
        &mut self,
        look: impl Future<Output = Result<Seen, ApiError>>,
    ) -> Result<Seen, ApiError> {
        match self.seen.take() {
            Some(seen) => Ok(seen),
            None => look.await,
        }
    }

    /// Waits before the next try, if it failed since others came between and a next try is left.
    pub(crate) async fn after(&mut self, error: ApiError) -> Result<(), ApiError> {
        let pause = if error.kind == ApiErrorKind::Conflict { self.pauses.next() } else { None };
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(error),
        }
        Ok(())
    }
}

/// The pauses between so many tries.
pub(crate) fn pauses(pace: Pace) -> impl Iterator<Item = Duration> + Send {
    pace.backoff().with_max_times(TRIES - 1).build()
}

/// Hand-overs that were refused for good after the address had been taken, so that it isn't taken again and again from
/// a holder that lives.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Option<Refusal>>);

#[derive(Debug, Clone)]
struct Refusal {
    to: Position,
    /// Both places as they were, but for what changes with every write.
    between: [Value; 2],
    error: ApiError,
    at: Instant,
    times: u32,
}

impl Refusals {
    /// Remembers that a move to this position, between these two, was refused.
    pub(crate) fn remember(&self, to: Position, between: [&Value; 2], error: &ApiError) {
        let between = between.map(lasting);
        let mut known = self.lock();
        let before = known.take().filter(|known| known.to == to && known.between == between);
        let times = before.map_or(0, |before| before.times) + 1;
        *known = Some(Refusal { to, between, error: error.clone(), at: Instant::now(), times });
    }

    /// Why the same move would be refused again.
    pub(crate) fn of(&self, to: Position, between: [&Value; 2]) -> Option<ApiError> {
        let known = self.lock().clone().filter(|known| known.at.elapsed() < REFUSED_FOR && known.to == to)?;
        // Who was just told that it may, and then that it may not, is believed the second time: grants take a moment to
        // spread. What is wrong stays wrong.
        let for_good = known.error.kind == ApiErrorKind::Refused || known.times > 1;
        let same = known.between == between.map(lasting);
        (same && for_good).then(|| {
            let message =
                format!("{}; it is not tried again while both are as they were then", known.error.message);
            ApiError { kind: known.error.kind, message }
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A representation without what changes with every write.
fn lasting(value: &Value) -> Value {
    const PASSING: [&str; 3] = ["etag", "fingerprint", "provisioningState"];
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !PASSING.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), lasting(value))).collect())
        }
        Value::Array(items) => items.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

/// What was taken from one place and isn't given to the other yet, as it was there.
#[derive(Debug, Default)]
pub(crate) struct Taken(Mutex<Option<Value>>);

impl Taken {
    /// What was taken.
    pub(crate) fn get(&self) -> Option<Value> {
        self.lock().clone()
    }

    /// Something was taken, or all of it is given.
    pub(crate) fn set(&self, taken: Option<Value>) {
        *self.lock() = taken;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an address could not be given away, and what became of it.
pub(crate) fn given_back(error: &ApiError, holder: &str, back: Result<(), ApiError>) -> ApiError {
    let became = match back {
        Ok(()) => format!("{holder} has it again"),
        Err(why) => format!("nobody has it now, since {holder} could not be given it back: {why}"),
    };
    ApiError { kind: error.kind, message: format!("{}; {became}", error.message) }
}

/// Whether there is no such thing.
pub(crate) fn is_missing(error: &ApiError) -> bool {
    error.kind == ApiErrorKind::Missing
}

fn unless_missing<S>(side: Result<S, ApiError>) -> Result<Option<S>, ApiError> {
    match side {
        Err(error) if is_missing(&error) => Ok(None),
        side => side.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn denied(message: &str) -> ApiError {
        ApiError { kind: ApiErrorKind::Denied, message: message.to_owned() }
    }

    #[test]
    fn a_place_that_is_denied_is_unknown_unless_the_other_has_the_address() {
        let seen = |has: bool| {
            let sides = Sides::read_or_hidden(Err(denied("no")), Ok(has)).unwrap();
            sides.observed("interface", |has| *has)
        };
        assert_eq!(seen(true), Observed::At(Position::Standby));
        assert_eq!(seen(false), Observed::Unknown("no".to_owned()));
        assert!(Sides::<bool>::read_or_hidden(Err(denied("one")), Err(denied("other"))).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_remembered_until_something_changes_or_half_an_hour_is_over() {
        let refusals = Refusals::default();
        let (a, b) = (json!({"etag": "1", "x": [{"etag": "2", "y": 3}]}), json!({}));
        let wrong = ApiError { kind: ApiErrorKind::Refused, message: "no".to_owned() };
        refusals.remember(Position::Standby, [&a, &b], &wrong);
        let later = json!({"etag": "7", "x": [{"etag": "8", "y": 3}]});
        let again = refusals.of(Position::Standby, [&later, &b]).unwrap();
        assert_eq!(again.message, "no; it is not tried again while both are as they were then");
        assert!(refusals.of(Position::Primary, [&later, &b]).is_none(), "another direction");
        assert!(refusals.of(Position::Standby, [&later, &json!({"mended": true})]).is_none());
        tokio::time::advance(REFUSED_FOR).await;
        assert!(refusals.of(Position::Standby, [&later, &b]).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_permission_that_was_told_and_refused_is_tried_once_more() {
        let refusals = Refusals::default();
        let (a, b) = (json!({"etag": "1"}), json!({}));
        refusals.remember(Position::Standby, [&a, &b], &denied("no"));
        assert!(refusals.of(Position::Standby, [&a, &b]).is_none());
        refusals.remember(Position::Standby, [&a, &b], &denied("no"));
        assert!(refusals.of(Position::Standby, [&a, &b]).is_some());
    }
}
