//! The `failover` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // So that no client has to guess which of the linked providers is meant.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cloud_failover::cli::run()
}
