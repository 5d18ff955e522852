//! The command line: what `failover` is asked to do, and with which exit code it ends.
//!
//! A command is a file below, a line in `Task` and a line in `run`.

mod act;
mod announce;
mod check;
#[cfg(feature = "shell")]
mod completions;
mod edge;
mod exit;
mod follow;
mod help;
mod history;
mod init;
mod look;
#[cfg(feature = "shell")]
mod man;
mod order;
mod paint;
mod plan;
mod progress;
mod promote;
mod rehearse;
mod report;
mod screen;
mod send;
mod serve;
mod session;
mod status;
#[cfg(test)]
mod told_tests;
mod topic;
mod validate;
mod version;
mod wait;
mod waiting;
#[cfg(not(feature = "drill"))]
mod without_drill;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use session::{Intention, Options};

/// Fails a site over to its standby on Cloud Run when its home falls silent, and back.
#[derive(Debug, Parser)]
#[command(name = "failover", version = version::version(), about, long_about = None)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Who serves each site, since when, why, and what to type next
    Status(status::Args),
    /// The last moves: their steps, where the time went, and the decisions
    History(history::Args),
    /// What a move would do, in order, and what holds it back; writes nothing
    Plan(plan::Args),
    /// What would break in an outage, and what mends it; changes nothing
    Check(check::Args),
    /// Try whether announcements arrive where they are to be read
    Announce(announce::Args),
    /// Look at a site, its zone and its project, ask the rest, and write what Terraform needs
    Init(init::Args),
    /// Whether a configuration or a terraform.tfvars is right; asks nobody
    Validate(validate::Args),
    /// Publish a command for the function to carry out
    Send(send::Args),
    /// Move a site here and now with your own credentials, when Pub/Sub is down
    Act(act::Args),
    /// Take a site for the machine that this runs on, which was promoted
    Promote(promote::Args),
    /// Open the standby for real, prove that it serves, close it again
    Rehearse(rehearse::Args),
    /// Tell what a monitor of your own has seen, as an alert would
    Report(report::Args),
    /// Take pushes and act on them
    Serve(serve::Args),
    /// Look at every site every few seconds from here, and report what is down
    Watch(crate::watch::command::Args),
    /// Watch the whole job being done: no account, no network, no configuration
    #[cfg(feature = "drill")]
    Drill(drill::DrillArguments),
    /// Watch the whole job being done, with another build than this one
    #[cfg(not(feature = "drill"))]
    #[command(hide = true)]
    Drill(without_drill::Args),
    /// Run the drill's clouds alone
    #[cfg(feature = "drill")]
    #[command(hide = true)]
    Sandbox(drill::SandboxArguments),
    /// What runs at Cloudflare in front of a site
    Edge(edge::Args),
    /// Print what a shell needs to complete these commands
    #[cfg(feature = "shell")]
    Completions(completions::Args),
    /// Write the manual's pages into a folder
    #[cfg(feature = "shell")]
    Man(man::Args),
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    let Cli { options, task } = help::parse();
    match task {
        Task::Status(args) => options.run(Intention::Look, async |session| status::run(args, session).await),
        Task::History(args) => {
            options.run(Intention::Read, async |session| history::run(args, session).await)
        }
        Task::Plan(args) => options.run(Intention::Look, async |session| plan::run(args, session).await),
        Task::Check(args) => options.run(Intention::Look, async |session| check::run(args, session).await),
        Task::Send(args) => options.run(Intention::Read, async |session| send::run(args, session).await),
        Task::Act(args) => options.run(Intention::Act, async |session| act::run(args, session).await),
        Task::Promote(args) => options.run(Intention::Act, async |session| promote::run(args, session).await),
        Task::Rehearse(args) => {
            let intention = if args.here { Intention::Act } else { Intention::Read };
            options.run(intention, async |session| rehearse::run(args, session).await)
        }
        Task::Announce(args) => {
            options.run(Intention::Read, async |session| announce::run(args, session).await)
        }
        Task::Report(args) => options.run(Intention::Read, async |session| report::run(args, session).await),
        Task::Watch(args) => crate::watch::command::run(&options.config, &args, serve::ending()),
        Task::Serve(args) => serve::run(&args, &options),
        #[cfg(feature = "drill")]
        Task::Drill(arguments) => drill::drill(&arguments),
        #[cfg(not(feature = "drill"))]
        Task::Drill(args) => without_drill::run(&args),
        #[cfg(feature = "drill")]
        Task::Sandbox(arguments) => drill::sandbox(&arguments),
        Task::Init(args) => init::run(&args, &options),
        Task::Validate(args) => validate::run(&args, &options),
        Task::Edge(args) => edge::run(&args),
        #[cfg(feature = "shell")]
        Task::Completions(args) => completions::run(&args),
        #[cfg(feature = "shell")]
        Task::Man(args) => man::run(&args, &options),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("no runtime could be started: {error}");
            std::process::exit(1)
        }
    }
}
