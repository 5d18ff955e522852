//! The provider behind a service that is not wired yet: every route is unknown.

use crate::call::{Call, Reply};
use crate::provider::Provider;
use crate::world::World;

/// Answers 404 to everything.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl Provider for Nowhere {
    fn operation(&self, _call: &Call) -> &'static str {
        "nowhere.unknown"
    }

    fn answer(&self, _world: &World, _call: &Call) -> Reply {
        Reply::text(404, "not found\n")
    }
}
