//! Whether anything of ours is at work on a site: what was looked at meanwhile may be otherwise by now.

use jiff::{SignedDuration, Timestamp};

use super::State;

/// How far the clocks of two executors may lie apart: own choice, many times what machines of a cloud differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(1);

/// Whether nothing of ours is open that may write to a cloud.
pub fn is_at_rest(state: &State) -> bool {
    state.running().is_none() && state.upkeep.is_none()
}

/// Whether nothing of ours was open at `then` or later: what was looked at then is as it was. Plans tell when they ended by
/// the clocks of those who executed them; one that an adopted route ended tells nothing but that.
pub fn was_at_rest(state: &State, then: Timestamp) -> bool {
    let ends = state.ends.last().into_iter().chain(&state.maintained).map(|ended| ended.at);
    is_at_rest(state) && ends.chain(state.since).all(|at| then.duration_since(at) > CLOCKS_DIFFER)
}
