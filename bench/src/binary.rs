//! The binary under test: built as the image builds it, without the drill.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::options::Options;

/// The binary that was named, or a fresh one.
pub(crate) fn find(options: &Options) -> Result<PathBuf> {
    match &options.binary {
        Some(path) => path.canonicalize().with_context(|| format!("{} is not there", path.display())),
        None => build(),
    }
}

/// Cargo tells where it put the binary; it is quick where nothing changed.
fn build() -> Result<PathBuf> {
    let arguments =
        ["build", "--release", "--no-default-features", "-p", "cloud-failover", "--bin", "failover"];
    let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    ensure!(built.status.success(), "the function could not be built");
    let lines = String::from_utf8(built.stdout)?;
    let executable = lines.lines().filter_map(executable).next_back();
    executable.context("cargo did not say where the function's binary is")
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_ours = message["target"]["name"] == "failover";
    message["executable"].as_str().filter(|_| is_ours).map(PathBuf::from)
}

fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
