//! `failover man`: the manual's pages, one a command, as `man` reads them.

use std::path::PathBuf;

use super::{
    exit::{Exit, Failure},
    screen::Screen,
    session::Options,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where they are written, for example ~/.local/share/man/man1.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, options: &Options) -> std::process::ExitCode {
    let screen = Screen::new(options.json);
    let folder = &args.folder;
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(super::help::command(), folder));
    match written {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            let failure = Failure::new(format!("{} can't be written to: {error}", folder.display()));
            screen.fail(&failure);
            failure.exit.into()
        }
    }
}
