//! Following a published command in the journal until it is settled.

use std::{sync::Arc, time::Duration};

use failover_core::{Command, Direction, End, Entry, Event, Verb};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    exit::{Exit, Failure},
    follow::Follower,
    order::Order,
    progress::Progress,
    session::Session,
};
use crate::{
    record::{Head, RecordError},
    site::Guarded,
};

/// How often the journal is asked for its next number.
const PERIOD: Duration = Duration::from_secs(1);
/// A command of which the journal says nothing for so long found nothing to do, or never arrived: own choice, the
/// function's slowest start and a minute's backoff of Pub/Sub fit in.
const SILENCE: Duration = Duration::from_secs(90);

/// A site, and the newest entry before the command was published.
pub(super) type Before = (Arc<Guarded>, Head);

/// Where the journals of the meant sites are now.
pub(super) async fn heads(session: &Session, order: &Order) -> Result<Vec<Before>, Failure> {
    let mut heads = Vec::new();
    for site in session.sites(order.site.as_ref())? {
        heads.push((Arc::clone(site), site.record.look_past().await?));
    }
    Ok(heads)
}

/// What the journal says of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Settled {
    Ended(End, String),
    Noted(String),
    Refused(String),
}

impl Settled {
    fn exit(&self) -> Exit {
        match self {
            Self::Ended(End::Done, _) | Self::Noted(_) => Exit::Done,
            Self::Ended(..) | Self::Refused(_) => Exit::NotAsAsked,
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Ended(end, sentence) => json!({ "end": end, "sentence": sentence }),
            Self::Noted(sentence) => json!({ "sentence": sentence }),
            Self::Refused(sentence) => json!({ "refused": sentence }),
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Ended(end, sentence) => super::follow::ended(*end, sentence),
            Self::Noted(sentence) => super::words::sentence(sentence),
            Self::Refused(sentence) => super::follow::refused(sentence),
        }
    }
}

/// Follows the journals until each says what came of the command.
pub(super) async fn until_settled(
    session: &Session,
    before: &[Before],
    command: &Command,
    message: &str,
    sent: &Value,
) -> Result<Exit, Failure> {
    let progress = Progress::of(session.screen, "waiting for the function");
    let waits = before.iter().map(|(site, head)| settled(site, head, (command.verb, message), &progress));
    let mut all = Vec::new();
    for (told, (site, _)) in futures::future::join_all(waits).await.into_iter().zip(before) {
        let told = told.map_err(|failure| Failure { published: Some(sent.clone()), ..failure })?;
        progress.remark(told.told());
        all.push((site.name.clone(), told));
    }
    drop(progress);
    let exit = all.iter().map(|(_, told)| told.exit()).max().unwrap_or(Exit::Done);
    let settled: Vec<Value> =
        all.iter().map(|(site, told)| json!({ "site": site, "outcome": told.json() })).collect();
    session.screen.answer(&json!({ "published": sent, "settled": settled }));
    Ok(exit)
}

async fn settled(
    site: &Arc<Guarded>,
    before: &Head,
    (verb, message): (Verb, &str),
    progress: &Progress,
) -> Result<Settled, Failure> {
    let mut follower = Follower::new(Arc::clone(site));
    let (mut last_word, mut last_look) = (Instant::now(), Instant::now());
    let mut number = before.number;
    loop {
        let (head, entries) = match newer(site, before, number).await {
            Ok(told) => told,
            // The order is on its way, whether its journal can be read meanwhile or not.
            Err(error) if last_look.elapsed() > SILENCE => return Err(unread(site, message, &error)),
            Err(_) => {
                tokio::time::sleep(PERIOD).await;
                continue;
            }
        };
        last_look = Instant::now();
        if head.number > number {
            (number, last_word) = (head.number, Instant::now());
            follower.tell(&entries, progress);
            if let Some(settled) = outcome(&entries, message, joined(before, verb)) {
                return Ok(settled);
            }
        }
        if head.state.plans.is_empty() && last_word.elapsed() > SILENCE {
            let sentence = format!("the journal of {} says nothing of message {message}", site.name);
            return Err(Failure::new(sentence).next(
                "it found nothing to do, or has not arrived: look at \"failover status\" and at the function's log",
            ));
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Where the journal is now, and what came since `before`, if that is more than was known.
async fn newer(site: &Guarded, before: &Head, known: u64) -> Result<(Head, Vec<Entry>), RecordError> {
    let head = site.record.look_past().await?;
    if head.number <= known {
        return Ok((head, Vec::new()));
    }
    let count = usize::try_from(head.number - before.number).unwrap_or(usize::MAX);
    let entries = site.record.entries(count).await?;
    Ok((head, entries))
}

fn unread(site: &Guarded, message: &str, error: &RecordError) -> Failure {
    let why = crate::log::chain(error);
    Failure::new(format!("what came of message {message} can't be read: {why}")).next(format!(
        "it was published, and the function carries it out all the same: \"failover status --site {}\" tells once the \
         journal can be read",
        site.name
    ))
}

/// The open plan that a command joins: one that goes its way already.
fn joined(head: &Head, verb: Verb) -> Option<u64> {
    let direction = match verb {
        Verb::Failover => Direction::Failover,
        Verb::Failback => Direction::Failback,
        _ => return None,
    };
    head.state.newest().filter(|plan| plan.direction == direction).map(|plan| plan.id)
}

/// What `entries` say came of `message`; a plan that it joined counts as its own.
fn outcome(entries: &[Entry], message: &str, joined: Option<u64>) -> Option<Settled> {
    let mut plan = joined;
    for entry in entries {
        match &entry.event {
            Event::Intent { order, .. } if order.message == message => plan = Some(entry.number),
            Event::Ended { plan: ended, end, sentence, .. } if plan == Some(*ended) => {
                return Some(Settled::Ended(*end, sentence.clone()));
            }
            Event::Refused { message: id, reason, .. } if id == message => {
                return Some(Settled::Refused(reason.clone()));
            }
            Event::Confirmed { plan: None, message: id, reason, .. } if id == message => {
                return Some(Settled::Noted(reason.clone()));
            }
            Event::Confirmed { plan: Some(other), message: id, .. } if id == message => plan = Some(*other),
            Event::Held { message: id, hold } if id == message => {
                let until = failover_core::clock(hold.until);
                return Some(Settled::Noted(format!("automatic moves are off until {until}")));
            }
            Event::Released { message: id, .. } if id == message => {
                return Some(Settled::Noted("automatic moves are on again".to_owned()));
            }
            Event::Acknowledged { message: id, .. } if id == message => {
                return Some(Settled::Noted("acknowledged: cooldown and budget are lifted".to_owned()));
            }
            _ => {}
        }
    }
    None
}
