//! The command line: what `failover` is asked to do, and with which exit code it ends.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    app,
    config::{Config, Environment, Purpose},
};

/// Something failed that another try may mend.
const FAILED: u8 = 1;

/// Fails a site over to its standby on Cloud Run within seconds, and back.
#[derive(Debug, Parser)]
#[command(name = "failover", version, about, long_about = None)]
pub struct Cli {
    /// The configuration.
    #[arg(long, global = true, env = "FAILOVER_CONFIG", default_value = "failover.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Take pushes and act on them.
    Serve {
        /// Serve only the status page, which can't move anything.
        #[arg(long)]
        page: bool,
    },
    /// Watch the whole job being done: no account, no network, no configuration.
    #[cfg(feature = "drill")]
    Drill(crate::drill::DrillArguments),
    /// Run the drill's clouds alone.
    #[cfg(feature = "drill")]
    #[command(hide = true)]
    Sandbox(crate::drill::SandboxArguments),
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Task::Serve { page } => serve(&cli.config, page),
        #[cfg(feature = "drill")]
        Task::Drill(arguments) => crate::drill::drill(&arguments),
        #[cfg(feature = "drill")]
        Task::Sandbox(arguments) => crate::drill::sandbox(&arguments),
    }
}

fn serve(path: &std::path::Path, page: bool) -> ExitCode {
    #[cfg(feature = "drill")]
    crate::drill::end_with_parent();
    let purpose = if page { Purpose::Look } else { Purpose::Serve };
    let environment = Environment::capture(purpose);
    crate::log::init(&environment);
    let config = match Config::load(path, &environment) {
        Ok(config) => config,
        Err(problems) => {
            tracing::error!("{problems}");
            return problems.exit_code();
        }
    };
    if let Some(project) = &config.project {
        crate::log::in_project(project);
    }
    match runtime().block_on(listen_and_serve(config, page)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(FAILED)
        }
    }
}

async fn listen_and_serve(config: Config, page: bool) -> anyhow::Result<()> {
    use anyhow::Context;
    let address = ("0.0.0.0", config.port);
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("port {} could not be listened on; set PORT to a free one", config.port))?;
    if page {
        app::serve_page(config, listener, ending()).await?;
    } else {
        app::serve(config, listener, ending()).await?;
    }
    Ok(())
}

/// Waits for SIGTERM (Cloud Run's word that the instance ends in ten seconds) or an interrupt.
async fn ending() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
    tracing::info!("this process was asked to end");
}

fn runtime() -> tokio::runtime::Runtime {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("no runtime could be started: {error}");
            std::process::exit(FAILED.into())
        }
    }
}
