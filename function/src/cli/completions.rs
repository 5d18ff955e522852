//! `failover completions`: what a shell needs to complete our commands.

use clap_complete::Shell;

use super::{exit::Exit, screen::Screen};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> std::process::ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::help::command(), "failover", &mut script);
    Screen::raw(&script);
    Exit::Done.into()
}
