//! Our own detector: it looks at the sandbox's sites over real connections, and what it publishes moves the real
//! binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreement;
mod lookout;
mod offline;
mod outages;
mod process;
mod tls;
