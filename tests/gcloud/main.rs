//! The real `gcloud`, a client that nobody here wrote, pointed at the sandbox: it reads what our function wrote and
//! writes beside it.
//!
//! Where it isn't installed, each test says `SKIPPED` and passes; with `FAILOVER_REQUIRE_GCLOUD=1` it fails. Every
//! call of it takes about a second.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod beside_us;
mod gcloud;
mod ours;
