//! `failover serve`: takes pushes, or only shows the page, until it is told to end.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

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
    /// Where to listen; without it on PORT (8080) of every network.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

pub(super) fn run(args: &Args, options: &Options) -> ExitCode {
    #[cfg(feature = "drill")]
    drill::end_with_parent();
    let purpose = if args.page { Purpose::Look } else { Purpose::Serve };
    let environment = Environment::capture(purpose);
    crate::log::init(&environment.of_the_log());
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
    match super::runtime().block_on(listen_and_serve(config, args)) {
        Ok(()) => Exit::Done.into(),
        Err(error) => {
            tracing::error!("{error:#}");
            Exit::Failed.into()
        }
    }
}

async fn listen_and_serve(config: Config, args: &Args) -> anyhow::Result<()> {
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, config.port));
    let address = args.listen.unwrap_or(everywhere);
    let listener = tokio::net::TcpListener::bind(address).await.with_context(|| refused(args, address))?;
    if args.page {
        app::serve_page(config, listener, ending()).await?;
    } else {
        app::serve(config, listener, ending()).await?;
    }
    Ok(())
}

fn refused(args: &Args, address: SocketAddr) -> String {
    let free = if args.listen.is_some() { "give --listen a free one" } else { "set PORT to a free one" };
    format!("{address} could not be listened on; {free}")
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
