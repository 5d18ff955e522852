//! `failover promote`: the machine that was promoted takes its site, run by the mirror's own callback.
//!
//! It finds out which machine it runs on, and then decides, claims, executes and records as the function does, by a forced
//! order. Of two promotions at once the newer one wins: both have an order time, and the journal has both.

use std::{net::IpAddr, time::Duration};

use failover_core::{Command, Facts, Position, Role, SiteName, Verb};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::{
    exit::{Exit, Failure},
    session::Session,
    waiting::{Bound, Signals, Waiting},
    words,
};
use crate::{
    clouds::{
        SwitchError,
        machine::{Identity, Places, carries, who_am_i},
    },
    cycle::Cycle,
    log::chain,
    push::{Delivery, DeliveryKind, Reply, ReplyVerdict},
    site::Guarded,
};

/// From one try to the next: own choice, short beside what a move takes.
const AGAIN: Duration = Duration::from_secs(2);

/// And so seldom after a while: what is refused is not mended in seconds.
const SELDOM: Duration = Duration::from_secs(16);

/// So often it is looked whether the operating system has taken the address: five seconds in all, own choice.
const LOOKS: u32 = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The site that this machine is to serve.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    site: Option<SiteName>,
    /// Why, for the journal and for whoever reads it tomorrow.
    #[arg(long, short, value_name = "TEXT")]
    reason: Option<String>,
    /// How long to go on while network, journal or cloud give no answer, as when the system starts, or refuse.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    within: Duration,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let promoted_at = Timestamp::now();
    let bound = Bound::within(args.within);
    let site = session.site(args.site.as_ref())?;
    let mut signals = Signals::listen()?;
    let waiting = Waiting::begin(session.screen, "finding out which machine this is");
    let (me, place) = tokio::select! {
        found = find_out(session, site, bound, &waiting) => found?,
        () = signals.next() => {
            return Err(Failure::new("asked to end before anything was begun: nothing was moved"));
        }
    };
    waiting.say(&format!("{} is the {place} of {}", me.name(), site.name));
    waiting.now(format!("taking {} for {}", site.name, me.name()));
    let order = command(&args, &site.name, &me, place);
    let mut reply = carry_out(session, &order, promoted_at, bound, &waiting, &mut signals).await;
    let looked = tokio::time::timeout_at(bound.at_last(), leads_here(session, &site.name, place, bound));
    let has_it = looked.await.unwrap_or(false);
    if reply.status != 200
        && let Some(why) = waiting.last_trouble().filter(|why| !reply.reason.contains(why.as_str()))
    {
        reply.reason = format!("{}; last of all: {why}", reply.reason);
    }
    if has_it && let Some(address) = not_carried(site).await {
        waiting.say(&format!(
            "{address} leads to {}, but its operating system does not have it, so clients get no answer: ip address add \
             {address}/32 dev eth0, and for each start as docs/virtual-ip.md says",
            me.name()
        ));
    }
    drop(waiting);
    show(session, &me, place, &reply, has_it);
    Ok(exit(&reply, has_it))
}

/// Which machine this is, and which place of the site.
async fn find_out(
    session: &Session,
    site: &Guarded,
    bound: Bound,
    waiting: &Waiting,
) -> Result<(Identity, Position), Failure> {
    let me = identify(session, bound, waiting).await?;
    waiting.now(format!("finding out which place of {} this is", site.name));
    let place = place_of(site, &me, bound, waiting).await?;
    Ok((me, place))
}

/// While the system starts, the metadata server may not be there yet.
async fn identify(session: &Session, bound: Bound, waiting: &Waiting) -> Result<Identity, Failure> {
    let config = session.config();
    // What is named to be Azure's has no other use; Google's gives tokens for the journal, too.
    let azure = config.endpoints.azure_metadata.is_some().then(|| config.endpoints.azure_metadata());
    let places = Places { google: config.metadata_host.as_deref(), azure: azure.as_deref() };
    loop {
        match who_am_i(places).await {
            Ok(me) => return Ok(me),
            Err(why) => {
                waiting.trouble(&why);
                if !bound.rest(AGAIN).await {
                    return Err(Failure::new(format!("nobody could tell which machine this is: {why}")));
                }
            }
        }
    }
}

/// Which place of the site this machine is. A provider that has to be asked may give no answer yet.
async fn place_of(
    site: &Guarded,
    me: &Identity,
    bound: Bound,
    waiting: &Waiting,
) -> Result<Position, Failure> {
    let places = loop {
        let why = match tokio::time::timeout_at(bound.at(), places_of(site, me)).await {
            Ok(Ok(places)) => break places,
            Ok(Err(error)) => chain(&error),
            Err(_) => format!("the cloud gave no answer within {bound}"),
        };
        waiting.trouble(&why);
        if !bound.rest(AGAIN).await {
            let sentence = format!("nobody could tell which place of {} this is: {why}", site.name);
            return Err(Failure::new(sentence));
        }
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

/// An address of the site that this machine doesn't take as its own. On Google's images an agent adds it in a moment.
async fn not_carried(site: &Guarded) -> Option<IpAddr> {
    let addresses = || site.switches.iter().filter_map(|switch| switch.address());
    for _ in 0..LOOKS {
        addresses().find(|address| carries(*address) == Some(false))?;
        tokio::time::sleep(AGAIN / 4).await;
    }
    addresses().find(|address| carries(*address) == Some(false))
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

/// Delivers the same order again and again until it is settled, one way or the other, or time is up.
async fn carry_out(
    session: &Session,
    command: &Command,
    promoted_at: Timestamp,
    bound: Bound,
    waiting: &Waiting,
    signals: &mut Signals,
) -> Reply {
    let (stop, shutdown) = watch::channel(false);
    let cycle = session.parts.cycle(&shutdown);
    let message_id = format!("promote-{}", uuid::Uuid::new_v4());
    let mut pause = AGAIN;
    loop {
        let delivery = Delivery {
            message_id: message_id.clone(),
            publish_time: promoted_at,
            subscription: "failover promote".to_owned(),
            attempt: None,
            kind: DeliveryKind::Command(command.clone()),
            trace: None,
        };
        let reply = deliver(&cycle, delivery, &stop, bound, waiting, signals).await;
        if reply.status != 503 || *stop.borrow() {
            return reply;
        }
        waiting.trouble(&reply.reason);
        tokio::select! {
            more = bound.rest(pause) => if !more { return reply },
            () = signals.next() => return reply,
        }
        pause = (pause * 2).min(SELDOM);
    }
}

/// One delivery. When time is up, or this process is asked to end, what has begun is finished and nothing else begun.
async fn deliver(
    cycle: &Cycle,
    delivery: Delivery,
    stop: &watch::Sender<bool>,
    bound: Bound,
    waiting: &Waiting,
    signals: &mut Signals,
) -> Reply {
    const FINISHED: &str = "a change that has begun is finished first";
    let work = cycle.deliver(delivery);
    tokio::pin!(work);
    loop {
        let stopping = *stop.borrow();
        tokio::select! {
            reply = &mut work => return reply,
            () = signals.next() => {
                if stop.send_replace(true) {
                    return unfinished("asked to end twice");
                }
                waiting.say(&format!("asked to end; {FINISHED}, and the next promotion goes on from there"));
            }
            () = tokio::time::sleep_until(bound.at()), if !stopping => {
                stop.send_replace(true);
                waiting.say(&format!("{bound} are over; {FINISHED}"));
            }
            () = tokio::time::sleep_until(bound.at_last()) => {
                return unfinished(&format!("{bound} are over, and a change that has begun gave no answer yet"));
            }
        }
    }
}

fn unfinished(why: &str) -> Reply {
    let reason = format!("{why}; it may still be made, and the next promotion goes on from there");
    Reply::new(None, ReplyVerdict::Move, reason, 503)
}

/// Only a machine that has its site was promoted; one that a newer promotion went past has to know. "Could not look" is
/// neither, and nor is an address that nobody seems to have: it is looked again.
async fn leads_here(session: &Session, name: &SiteName, place: Position, bound: Bound) -> bool {
    let Ok(site) = session.site(Some(name)) else { return false };
    loop {
        let switches = site.switches.look_at(&[Role::Route]).await;
        match (Facts { switches, ..Facts::none() }).route() {
            Some(seen) => return seen == place,
            None if !bound.rest(AGAIN).await => return false,
            None => {}
        }
    }
}

fn show(session: &Session, me: &Identity, place: Position, reply: &Reply, has_it: bool) {
    let told = json!({ "machine": me.to_string(), "place": place, "has_it": has_it, "answer": reply });
    session.screen.show(&told, |width| {
        let mut text = words::wrap(&words::sentence(&reply.reason), 0, width);
        let besides = match (reply.status, has_it) {
            (200, false) => "is not where the site is led to: a newer order went past it.",
            (200, true) | (_, false) => return text,
            (_, true) => "has it all the same.",
        };
        let besides = format!("{} {besides}", me.name());
        text = format!("{text}\n{}", words::wrap(&besides, 0, width));
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
