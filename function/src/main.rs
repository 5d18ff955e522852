//! The `failover` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Without it the HTTP client inside the cloudflare crate panics when it is built.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cloud_failover::cli::run()
}
