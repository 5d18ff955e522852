//! `failover rehearse`: has the standby opened for real, proven and closed again; visitors notice nothing.

use failover_core::Verb;

use super::{
    act,
    exit::{Exit, Failure},
    order::Order,
    send::{self, Way},
    session::Session,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    order: Order,
    /// Do it in this process with your own credentials, in place of publishing it.
    #[arg(long, conflicts_with_all = ["topic", "wait"])]
    pub(super) here: bool,
    #[command(flatten)]
    way: Way,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let command = args.order.command(Verb::Rehearse);
    if args.here {
        act::here(session, &args.order, command).await
    } else {
        send::publish(session, &args.order, &command, &args.way).await
    }
}
