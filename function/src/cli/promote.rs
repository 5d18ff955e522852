//! `failover promote`: the machine that was promoted takes its site, run by the mirror's own callback.
//!
//! It finds out which machine it runs on, and then decides, claims, executes and records as the function does, by a forced
//! order. Of two promotions at once the newer one wins: both have an order time, and the journal has both.

use std::time::Duration;

use failover_core::{Command, Facts, Position, Role, SiteName, Verb};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde_json::json;
use tokio::{sync::watch, time::Instant};

use super::{
    exit::{Exit, Failure},
    progress::Progress,
    session::Session,
    words,
};
use crate::{
    cycle::Cycle,
    log::chain,
    machine::{Identity, Places, who_am_i},
    push::{Delivery, DeliveryKind, Reply},
    site::Guarded,
    switch::SwitchError,
};

/// From one try to the next: own choice, short beside what a move takes.
const AGAIN: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site that this machine is to serve.
    #[arg(long, short, value_name = "NAME")]
    site: Option<SiteName>,
    /// Why, for the journal and for whoever reads it tomorrow.
    #[arg(long, short, value_name = "TEXT")]
    reason: Option<String>,
    /// How long to go on while network, journal or cloud give no answer, as when the system starts.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    within: Duration,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let promoted_at = Timestamp::now();
    let deadline = Instant::now() + args.within;
    let site = session.site(args.site.as_ref())?;
    let name = site.name.clone();
    let progress = Progress::of(session.screen, "finding out which machine this is");
    let me = identify(session, deadline, &progress).await?;
    let place = place_of(site, &me, deadline, &progress).await?;
    progress.remark(format!("{} is the {place} of {name}", me.name()));
    let reply =
        carry_out(session, &command(&args, &name, &me, place), promoted_at, deadline, &progress).await;
    drop(progress);
    let has_it = reply.status == 200 && leads_here(session, &name, place, deadline).await;
    show(session, &me, place, &reply, has_it);
    Ok(exit(&reply, has_it))
}

/// While the system starts, the metadata server may not be there yet.
async fn identify(session: &Session, deadline: Instant, progress: &Progress) -> Result<Identity, Failure> {
    let config = session.config();
    // What is named to be Azure's has no other use; Google's gives tokens for the journal, too.
    let azure = config.endpoints.azure_metadata.is_some().then(|| config.endpoints.azure_metadata());
    let places = Places { google: config.metadata_host.as_deref(), azure: azure.as_deref() };
    loop {
        match who_am_i(places).await {
            Ok(me) => return Ok(me),
            Err(why) if Instant::now() + AGAIN >= deadline => {
                return Err(Failure::new(format!("nobody could tell which machine this is: {why}")));
            }
            Err(why) => progress.remark(format!("{why}; trying again")),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Which place of the site this machine is. A provider that has to be asked may give no answer yet.
async fn place_of(
    site: &Guarded,
    me: &Identity,
    deadline: Instant,
    progress: &Progress,
) -> Result<Position, Failure> {
    let places = loop {
        match places_of(site, me).await {
            Ok(places) => break places,
            Err(error) if Instant::now() + AGAIN >= deadline => {
                let why = chain(&error);
                return Err(Failure::new(format!(
                    "nobody could tell which place of {} this is: {why}",
                    site.name
                )));
            }
            Err(error) => progress.remark(format!("{}; trying again", chain(&error))),
        }
        tokio::time::sleep(AGAIN).await;
    };
    match places[..] {
        [place] => Ok(place),
        [] => {
            Err(Failure::usage(format!("{me} is neither primary nor standby of any switch of {}", site.name)))
        }
        _ => Err(Failure::usage(format!(
            "{me} is the primary of one switch of {} and the standby of another",
            site.name
        ))),
    }
}

async fn places_of(site: &Guarded, me: &Identity) -> Result<Vec<Position>, SwitchError> {
    let mut places = Vec::new();
    for place in
        try_join_all(site.switches.iter().map(|switch| switch.place_of(me))).await?.into_iter().flatten()
    {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    Ok(places)
}

fn command(args: &Args, site: &SiteName, me: &Identity, place: Position) -> Command {
    let verb = match place {
        Position::Primary => Verb::Failback,
        Position::Standby => Verb::Failover,
    };
    Command {
        site: Some(site.to_string()),
        reason: args.reason.clone(),
        by: Some(format!("{}, which was promoted", me.name())),
        force: true,
        ..Command::new(verb)
    }
}

/// Delivers the same order again and again until it is settled, one way or the other.
async fn carry_out(
    session: &Session,
    command: &Command,
    promoted_at: Timestamp,
    deadline: Instant,
    progress: &Progress,
) -> Reply {
    let (stop, shutdown) = watch::channel(false);
    let cycle = session.parts.cycle(&shutdown);
    let message_id = format!("promote-{}", uuid::Uuid::new_v4());
    loop {
        let delivery = Delivery {
            message_id: message_id.clone(),
            publish_time: promoted_at,
            subscription: "failover promote".to_owned(),
            attempt: None,
            kind: DeliveryKind::Command(command.clone()),
            trace: None,
        };
        let reply = deliver(&cycle, delivery, &stop, progress).await;
        if reply.status != 503 || *stop.borrow() || Instant::now() + AGAIN >= deadline {
            return reply;
        }
        progress.remark(format!("{}; trying again", reply.reason));
        tokio::time::sleep(AGAIN).await;
    }
}

async fn deliver(
    cycle: &Cycle,
    delivery: Delivery,
    stop: &watch::Sender<bool>,
    progress: &Progress,
) -> Reply {
    let work = cycle.deliver(delivery);
    tokio::pin!(work);
    loop {
        tokio::select! {
            reply = &mut work => return reply,
            Ok(()) = tokio::signal::ctrl_c() => {
                stop.send_replace(true);
                progress.remark("stopping; a write that has begun is finished first");
            }
        }
    }
}

/// Only a machine that has its site was promoted; one that a newer promotion went past has to know. "Could not look" is
/// neither, and nor is an address that nobody seems to have: it is looked again.
async fn leads_here(session: &Session, name: &SiteName, place: Position, deadline: Instant) -> bool {
    let Ok(site) = session.site(Some(name)) else { return false };
    loop {
        let switches = site.look_at(&[Role::Route]).await;
        match (Facts { switches, ..Facts::none() }).route() {
            Some(seen) => return seen == place,
            None if Instant::now() + AGAIN >= deadline => return false,
            None => tokio::time::sleep(AGAIN).await,
        }
    }
}

fn show(session: &Session, me: &Identity, place: Position, reply: &Reply, has_it: bool) {
    let told = json!({ "machine": me.to_string(), "place": place, "has_it": has_it, "answer": reply });
    session.screen.show(&told, |width| {
        let mut text = words::wrap(&words::sentence(&reply.reason), 0, width);
        if reply.status == 200 && !has_it {
            let lost = format!("{} is not where the site is led to: a newer order went past it.", me.name());
            text = format!("{text}\n{}", words::wrap(&lost, 0, width));
        }
        text
    });
}

fn exit(reply: &Reply, has_it: bool) -> Exit {
    match (reply.status, has_it) {
        (200, true) => Exit::Done,
        (200, false) => Exit::NotAsAsked,
        (400, _) => Exit::Usage,
        _ => Exit::Failed,
    }
}
