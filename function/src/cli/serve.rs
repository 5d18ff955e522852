//! `failover serve`: takes pushes, or only shows the page, until it is told to end.

use std::process::ExitCode;

use anyhow::Context;

use super::{exit::Exit, session::Options};
use crate::{
    app,
    config::{Config, Environment, Purpose},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Serve only the status page, which can't move anything.
    #[arg(long)]
    page: bool,
}

pub(super) fn run(args: &Args, options: &Options) -> ExitCode {
    #[cfg(feature = "drill")]
    crate::drill::end_with_parent();
    let purpose = if args.page { Purpose::Look } else { Purpose::Serve };
    let environment = Environment::capture(purpose);
    crate::log::init(&environment);
    let config = match Config::load(&options.config, &environment) {
        Ok(config) => config,
        Err(problems) => {
            tracing::error!("{problems}");
            return problems.exit_code();
        }
    };
    if let Some(project) = &config.project {
        crate::log::in_project(project);
    }
    match super::runtime().block_on(listen_and_serve(config, args.page)) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            tracing::error!("{error:#}");
            Exit::Failed.into()
        }
    }
}

async fn listen_and_serve(config: Config, page: bool) -> anyhow::Result<()> {
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
pub(super) async fn ending() {
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
