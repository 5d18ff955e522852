//! `failover act`: moves a site here and now with the operator's own credentials, when Pub/Sub itself is down.
//!
//! It decides, claims, executes and records exactly as the function does: both may run at once, and the journal
//! decides which of them executes.

use std::{sync::Arc, time::Duration};

use failover_core::{Command, Event, Move, Verb};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::{
    exit::{Exit, Failure},
    follow::{self, Follower},
    order::{self, Order},
    progress::Progress,
    session::Session,
    words,
};
use crate::{
    push::{Delivery, DeliveryKind, Reply, ReplyVerdict},
    site::Guarded,
};

/// How often the steps of this process are looked at, to tell them.
const PERIOD: Duration = Duration::from_millis(50);

/// An order given now is older than none that was given before.
const BEHIND: &str = "The journal has an order of a later time: this machine's clock may be behind. Set it, and give the \
                      same command again.";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which way.
    #[arg(value_enum)]
    way: Way,
    #[command(flatten)]
    order: Order,
    /// Go ahead although the place to move to has not answered.
    #[arg(long)]
    force: bool,
}

/// Which way to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Way {
    /// Move visitors to the standby.
    Failover,
    /// Return them to the primary, if it answers.
    Failback,
}

impl Way {
    /// The command for it.
    pub(super) fn verb(self) -> Verb {
        match self {
            Self::Failover => Verb::Failover,
            Self::Failback => Verb::Failback,
        }
    }
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let command = Command { force: args.force, ..args.order.command(args.way.verb()) };
    here(session, &args.order, command).await
}

/// Carries `command` out in this process, telling its steps.
pub(super) async fn here(session: &Session, order: &Order, command: Command) -> Result<Exit, Failure> {
    order::check(session, &command, order.site.as_ref())?;
    let sites: Vec<Arc<Guarded>> = session.sites(order.site.as_ref())?.into_iter().map(Arc::clone).collect();
    let before: Vec<u64> = futures::future::join_all(sites.iter().map(|site| newest(site))).await;
    let progress = Progress::of(session.screen, "looking and deciding");
    let mut followers: Vec<Follower> = sites.iter().map(|site| Follower::new(Arc::clone(site))).collect();
    let message = format!("act-{}", uuid::Uuid::new_v4());
    let reply = deliver(session, &mut followers, (command, &message), &progress).await;
    let mut moves = Vec::new();
    let mut dropped = false;
    for ((site, before), follower) in sites.iter().zip(before).zip(&mut followers) {
        dropped |= is_refused(site, before, &message).await && reply.verdict == ReplyVerdict::Stay;
        let made = follow::moves_since(site, before).await;
        made.iter().rev().for_each(|made| follower.tell_move(made, &progress));
        moves.extend(made);
    }
    drop(progress);
    let next = dropped.then_some(BEHIND);
    show(session, &reply, &moves, next);
    Ok(exit(&reply).max(if dropped { Exit::NotAsAsked } else { Exit::Done }))
}

/// Whether the journal says that this message is not carried out; where it can't be read, whoever decided has said so.
async fn is_refused(site: &Guarded, since: u64, message: &str) -> bool {
    let newest = site.record.known().map_or(0, |head| head.number);
    let count = usize::try_from(newest.saturating_sub(since)).unwrap_or(0);
    let entries = site.record.entries(count).await.unwrap_or_default();
    entries.iter().any(|entry| matches!(&entry.event, Event::Refused { message: id, .. } if id == message))
}

/// The newest entry's number; a journal that can't be read now is dealt with by who decides.
async fn newest(site: &Guarded) -> u64 {
    let look = tokio::time::timeout(site.pace.journal_patience, site.record.look_past()).await;
    look.ok().and_then(Result::ok).map_or(0, |head| head.number)
}

async fn deliver(
    session: &Session,
    followers: &mut [Follower],
    (command, message): (Command, &str),
    progress: &Progress,
) -> Reply {
    let (stop, shutdown) = watch::channel(false);
    let cycle = session.parts.cycle(&shutdown);
    let delivery = Delivery {
        message_id: message.to_owned(),
        publish_time: Timestamp::now(),
        subscription: "failover act".to_owned(),
        attempt: None,
        kind: DeliveryKind::Command(command),
        trace: None,
    };
    let work = cycle.deliver(delivery);
    tokio::pin!(work);
    loop {
        tokio::select! {
            reply = &mut work => return reply,
            Ok(()) = tokio::signal::ctrl_c() => {
                stop.send_replace(true);
                progress.remark("stopping; a write that has begun is finished first");
            }
            () = tokio::time::sleep(PERIOD) => {
                for follower in followers.iter_mut() {
                    follower.tell_known(progress);
                }
            }
        }
    }
}

fn show(session: &Session, reply: &Reply, moves: &[Move], next: Option<&str>) {
    let mut answer = json!({ "answer": reply, "moves": moves });
    if let Some(next) = next {
        answer["next"] = json!(next);
    }
    session.screen.show(&answer, |width| {
        // Of several sites each one's reason is told, not one's end.
        let is_one = reply.end.is_some() && reply.site.is_some();
        let ended = moves.iter().find_map(|made| made.ended.as_ref()).filter(|_| is_one);
        let told = match (ended, reply.verdict) {
            (Some(ended), _) => follow::ended(ended.end, &ended.sentence),
            (None, ReplyVerdict::Refused) => follow::refused(&reply.reason),
            _ => words::sentence(&reply.reason),
        };
        let again = "Mend that, then give the same command again: it goes on where it stopped. So does the function, \
                     at its next reconcile.";
        match (reply.status, next) {
            (200, Some(next)) => format!("{}\n{}", words::wrap(&told, 0, width), words::wrap(next, 0, width)),
            (200, None) => words::wrap(&told, 0, width),
            _ => format!("{}\n{}", words::wrap(&told, 0, width), words::wrap(again, 0, width)),
        }
    });
}

fn exit(reply: &Reply) -> Exit {
    match (reply.status, reply.verdict, reply.end.as_deref()) {
        (200, ReplyVerdict::Move, None | Some("Done")) | (200, ReplyVerdict::Stay, _) => Exit::Done,
        (200, ..) => Exit::NotAsAsked,
        (400, ..) => Exit::Usage,
        _ => Exit::Failed,
    }
}
