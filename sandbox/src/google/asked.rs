//! One call at one of Google's services, as whoever carries it out sees it.

use std::sync::Mutex;

use super::access::Access;
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::frame::routes::Routes;

/// A call, with all that it takes to answer it.
pub(crate) struct Asked<'a, S> {
    /// What there is.
    pub(crate) state: &'a mut S,
    /// Who may what.
    pub(crate) access: &'a Access,
    pub(crate) call: &'a Call,
    /// What the path names.
    pub(crate) names: &'a [String],
    /// The first of them, often the only one.
    pub(crate) name: &'a str,
}

/// What carries a call out.
pub(crate) type Does<S, E> = fn(Asked<S>) -> Result<Reply, E>;

/// Carries the call out by its route; where there is none, it is refused as the service does.
pub(crate) fn settle<S, E>(
    routes: &Routes<Does<S, E>>,
    (state, access, call): (&Mutex<S>, &Access, &Call),
    unknown: fn(&Call) -> E,
) -> Result<Reply, E> {
    let (route, names) = routes.find(call).ok_or_else(|| unknown(call))?;
    let name = names.first().map_or("", String::as_str);
    (route.does)(Asked { state: &mut lock(state), access, call, names: &names, name })
}
