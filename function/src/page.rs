//! The status page: who serves now, since when, why, and what to do next, for people who'd rather look than read.
//!
//! Data flows one way: `Source` (journal, switches) -> `SiteFacts` -> `Overview` (pure) -> HTML or JSON. It is
//! read-only: nothing in here writes to a journal or to a cloud. It works without JavaScript (one script swaps in what
//! is new and shows local times) and asks no other host for anything, and it loads however little can be looked at:
//! what could not be read is said, in its place.

mod alone;
mod asked;
mod bar;
mod cached;
mod contents;
mod decisions;
mod evidence;
mod facts;
mod headers;
mod headline;
mod html;
mod key;
mod live;
mod maintenance;
mod metrics;
mod moves;
mod names;
mod next;
mod overview;
mod places;
mod public;
mod routes;
mod serving;
mod signs;
mod source;
mod stages;
mod switches;
mod timeline;
mod uptime;
mod view;
mod waiting;
pub(crate) mod words;

pub use asked::{Asked, Dark};
pub use cached::{Cached, Clock, Look};
pub use decisions::{Decided, Tone, decisions};
pub use evidence::{Checked, Evidence, Rehearsed};
pub use facts::{Finding, Glimpse, SiteFacts};
pub use headers::content_security_policy;
pub use key::PageKey;
pub use live::Live;
pub use maintenance::Hindered;
pub use moves::{Move, Part, moves};
pub use next::{Advice, Next};
pub use overview::Overview;
pub use routes::{Keys, Public, routes, routes_at, serve};
pub use serving::{Place, Serving};
pub use source::Source;
pub use stages::Stage;
pub use switches::Seen;
pub use uptime::{Day, Outage, Uptime};
pub use waiting::{Automatic, Restraint, Waiting};
