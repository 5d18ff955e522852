//! `failover report`: publishes what a monitor of one's own has seen, for the function to act on like an alert.

use failover_core::{IncidentState, SiteName, report::ProbeReport};
use jiff::Timestamp;
use serde_json::json;

use super::{
    exit::{Exit, Failure},
    paint::{COMMAND, DIM, GOOD},
    session::Session,
    topic,
};
use crate::{config::TopicName, site::Guarded};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What the monitor has seen.
    #[arg(value_enum)]
    seen: Seen,
    /// The site; without it the only one.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    site: Option<SiteName>,
    /// The monitor's own name.
    #[arg(long, short, default_value = "report", value_parser = watcher)]
    name: String,
    /// What it met, for the journal.
    #[arg(long, short, value_name = "TEXT")]
    reason: Option<String>,
    /// The outage's id, where the monitor has one; it must be another for each outage.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The topic; without it Pub/Sub is asked for the one that the function's subscription delivers.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<TopicName>,
}

/// What a monitor has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Seen {
    /// The site doesn't answer.
    Down,
    /// It answers again.
    Up,
}

/// It becomes part of ids, so it is one plain word.
fn watcher(text: &str) -> Result<String, &'static str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if !text.is_empty() && text.len() <= 60 && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err("a monitor's name is at most 60 letters, digits, dashes, dots or underscores")
    }
}

/// An outage that this monitor reported earlier and that is still waiting.
struct Earlier {
    id: String,
    started_at: Timestamp,
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    let site = session.site(args.site.as_ref())?;
    let now = Timestamp::now();
    let earlier = match &args.id {
        Some(id) => Some(Earlier { id: id.clone(), started_at: now }),
        None => earlier(site, &args).await?,
    };
    let (incident, started_at) = match (earlier, args.seen) {
        (Some(earlier), _) => (earlier.id, earlier.started_at),
        (None, Seen::Down) => (ProbeReport::id_of(&args.name, &site.name, now), now),
        (None, Seen::Up) => return Ok(nothing_waits(session, site, &args.name)),
    };
    let report = report(&args, site, (incident, started_at, now));
    let push = &session.config().push;
    let given = args.topic.as_ref().or(push.alerts_topic.as_ref());
    let topic = topic::topic(session, given, &push.alerts).await?;
    let message_id = topic::publish(session, &topic, &report.message()).await?;
    let follow = format!("failover status --site {}", site.name);
    let published =
        json!({ "topic": topic, "message_id": message_id, "incident": report.incident, "follow": follow });
    session.screen.show(&json!({ "published": published }), |_| {
        format!(
            "{GOOD}published{GOOD:#} {} is {}: incident {}\n{DIM}on{DIM:#}        {topic}\n{DIM}as{DIM:#}        \
             message {message_id}\n{DIM}follow{DIM:#}    {COMMAND}{follow}{COMMAND:#}",
            site.name,
            if args.seen == Seen::Down { "down" } else { "up" },
            report.incident,
        )
    });
    Ok(Exit::Done)
}

fn report(
    args: &Args,
    site: &Guarded,
    (incident, started_at, at): (String, Timestamp, Timestamp),
) -> ProbeReport {
    let (state, usual) = match args.seen {
        Seen::Down => (IncidentState::Open, "reports that the site doesn't answer"),
        Seen::Up => (IncidentState::Closed, "reports that the site answers again"),
    };
    let summary = args.reason.clone().unwrap_or_else(|| format!("{} {usual}", args.name));
    let (site, watcher) = (site.name.clone(), args.name.clone());
    ProbeReport { site, watcher, incident, state, started_at, at, summary }
}

/// A monitor that says "down" every minute tells of one outage, and its "up" closes that one.
async fn earlier(site: &Guarded, args: &Args) -> Result<Option<Earlier>, Failure> {
    let look = tokio::time::timeout(site.pace.journal_patience, site.record.look_past()).await;
    let state = match (look, args.seen) {
        (Ok(Ok(head)), _) => head.state,
        // Being heard matters more than not being heard twice.
        (_, Seen::Down) => return Ok(None),
        (Ok(Err(error)), Seen::Up) => {
            let next = "name the outage that is over with --id, as \"report down\" printed it";
            return Err(Failure::from(error).next(next));
        }
        (Err(_), Seen::Up) => {
            let sentence = format!("the journal of {} gave no answer in time", site.name);
            return Err(Failure::new(sentence).next("name the outage that is over with --id"));
        }
    };
    let prefix = ProbeReport::id_prefix(&args.name, &site.name);
    let open = state.plans.iter().flat_map(|plan| &plan.order.incidents);
    let waiting = state.pending.iter().chain(open).filter(|incident| incident.id.starts_with(&prefix));
    let newest = waiting.max_by_key(|incident| incident.started_at);
    Ok(newest.map(|incident| Earlier { id: incident.id.clone(), started_at: incident.started_at }))
}

fn nothing_waits(session: &Session, site: &Guarded, name: &str) -> Exit {
    let sentence =
        format!("no outage of {} that {name} reported is waiting: nothing was published", site.name);
    session
        .screen
        .show(&json!({ "published": null, "sentence": sentence }), |_| super::words::sentence(&sentence));
    Exit::Done
}
