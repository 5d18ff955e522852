//! `failover drill` in a build that has none: says so, and where there is one.

use super::{
    exit::{Exit, Failure},
    screen::Screen,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    words: Vec<String>,
}

pub(super) fn run(args: &Args) -> std::process::ExitCode {
    let screen = Screen::new(args.words.iter().any(|word| word == "--json"));
    screen.fail(
        &Failure::usage("this failover was built without the drill, as the function's image is")
            .next("take a released binary, or build one: cargo install --path function"),
    );
    Exit::Usage.into()
}
