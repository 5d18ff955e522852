//! The page as JSON: `GET /sites`. Fields are added to it, never changed or removed, without a new version.

use jiff::Timestamp;
use serde::Serialize;

use super::{Look, Overview};

/// The version of the JSON.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Contents<'a> {
    version: u32,
    /// When this was answered.
    now: Timestamp,
    /// When the sites were looked at; null if nothing has answered yet.
    looked_at: Option<Timestamp>,
    /// Whether a newer look has not answered in time.
    late: bool,
    sites: &'a [Overview],
}

/// The look as JSON.
pub(super) fn json(look: &Look, now: Timestamp) -> String {
    let contents =
        Contents { version: VERSION, now, looked_at: look.at, late: look.late, sites: &look.sites };
    // Plain structs of texts, numbers and times: there is nothing in them that JSON can't hold.
    serde_json::to_string(&contents).unwrap_or_default()
}
