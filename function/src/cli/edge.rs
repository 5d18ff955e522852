//! `failover edge`: what runs at Cloudflare, in front of a site.

use super::{exit::Exit, screen::Screen};
use crate::edge;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print the Worker's script, as it is deployed: one ES module
    Script,
}

pub(super) fn run(args: &Args) -> std::process::ExitCode {
    match args.what {
        What::Script => Screen::raw(edge::GATE.as_bytes()),
    }
    Exit::Done.into()
}
