//! The binary that is tested, and what is made beside it.

use std::path::{Path, PathBuf};

/// Where it is: cargo names it to the tests that it starts; where a test is started by hand, it lies above it.
///
/// # Panics
/// When nobody knows where this very program is.
pub fn tested() -> PathBuf {
    if let Some(named) = std::env::var_os("CARGO_BIN_EXE_failover") {
        return named.into();
    }
    let tests = std::env::current_exe().expect("this program has a path");
    above(&tests, 2).join("failover")
}

/// A folder for what tests make for each other.
///
/// # Panics
/// When it can't be made.
pub fn scratch() -> PathBuf {
    let folder = above(&tested(), 2).join("tmp");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn above(path: &Path, folders: usize) -> &Path {
    path.ancestors().nth(folders).expect("it is in a folder of cargo's")
}

/// The system's first certificate alone, beside the configuration: reading all of them takes an unoptimised binary
/// most of a second, and nothing here is asked over TLS.
pub(crate) fn few_roots(config: &Path) -> Option<PathBuf> {
    const END: &str = "-----END CERTIFICATE-----\n";
    let all = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").ok()?;
    let (first, _) = all.split_once(END)?;
    let path = config.with_extension("roots.pem");
    std::fs::write(&path, format!("{first}{END}")).ok()?;
    Some(path)
}
