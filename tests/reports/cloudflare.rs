//! Cases at Cloudflare: what its interface holds, and what edge, home and standby answer from when on.

mod case;
mod play;
mod script;
mod world;

pub(crate) use play::play;
