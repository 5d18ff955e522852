//! `failover send`: publishes a command for the function to carry out.

use std::time::Duration;

use anstyle::Style;
use failover_core::{Command, Verb};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    exit::{Exit, Failure},
    order::{self, Order},
    paint::{COMMAND, DIM, GOOD},
    session::Session,
    topic, wait, words,
};
use crate::config::TopicName;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is asked for.
    #[arg(value_name = "COMMAND", value_parser = verbs())]
    verb: Verb,
    #[command(flatten)]
    order: Order,
    /// Go ahead although the place to move to has not answered.
    #[arg(long)]
    force: bool,
    /// How long a hold lasts: 2h, 90m, 3d; a day if nobody says.
    #[arg(long = "for", value_name = "TIME", value_parser = order::hold_for)]
    hold_for: Option<Duration>,
    #[command(flatten)]
    way: Way,
}

/// Where to publish, and whether to wait for what comes of it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Way {
    /// The topic; without it the configuration's, else the one that the function's subscription delivers.
    #[arg(long, value_name = "TOPIC")]
    pub(super) topic: Option<TopicName>,
    /// Follow the journal until it tells what came of it.
    #[arg(long, short)]
    pub(super) wait: bool,
}

/// What was published.
#[derive(Debug, Serialize)]
struct Sent {
    topic: String,
    message_id: String,
    message: Value,
    follow: String,
}

fn verbs() -> impl clap::builder::TypedValueParser<Value = Verb> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
    let described = Verb::ALL.map(|verb| PossibleValue::new(verb.as_str()).help(meaning(verb)));
    PossibleValuesParser::new(described).try_map(|word| word.parse::<Verb>())
}

fn meaning(verb: Verb) -> &'static str {
    match verb {
        Verb::Failover => "Move visitors to the standby",
        Verb::Failback => "Return them to the primary, if it answers",
        Verb::Hold => "No automatic moves for a while",
        Verb::Release => "Allow them again",
        Verb::Acknowledge => "What is stuck was seen; lift cooldown and budget",
        Verb::Reconcile => "Look, compare, finish what is open, now",
        Verb::Rehearse => "Try the standby out; visitors notice nothing",
        Verb::Check => "Look for what would break, and announce it",
    }
}

pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, Failure> {
    if args.hold_for.is_some() && args.verb != Verb::Hold {
        return Err(Failure::usage(format!("only a hold lasts for a while; {} takes no --for", args.verb)));
    }
    if args.force && !matches!(args.verb, Verb::Failover | Verb::Failback) {
        return Err(Failure::usage(format!("only failover and failback can be forced, not {}", args.verb)));
    }
    let asked = args.order.command(args.verb);
    let command = Command { force: args.force, hold_for: args.hold_for.or(asked.hold_for), ..asked };
    publish(session, &args.order, &command, &args.way).await
}

/// Publishes `command` and says how to follow it, or follows it.
pub(super) async fn publish(
    session: &Session,
    order: &Order,
    command: &Command,
    way: &Way,
) -> Result<Exit, Failure> {
    order::check(session, command, order.site.as_ref())?;
    if way.wait && matches!(command.verb, Verb::Reconcile | Verb::Check) {
        let sentence = format!("the journal doesn't tell of a {} that finds nothing", command.verb);
        return Err(Failure::usage(sentence).next("leave --wait away"));
    }
    let push = &session.config().push;
    let given = way.topic.as_ref().or(push.commands_topic.as_ref());
    let topic = topic::topic(session, given, &push.commands).await?;
    let message = order::message(command);
    let before = if way.wait { Some(wait::heads(session, order).await?) } else { None };
    let message_id = topic::publish(session, &topic, &message).await?;
    let follow = follow(command);
    let sent = Sent { topic, message_id, message, follow };
    match before {
        None => {
            session.screen.show(&json!({ "published": sent }), |width| told(&sent, width));
            Ok(Exit::Done)
        }
        Some(before) => {
            session.screen.remark(told(&sent, session.screen.width()));
            wait::until_settled(session, &before, command, &sent.message_id, &json!(sent)).await
        }
    }
}

fn follow(command: &Command) -> String {
    let site = command.site.as_ref().map_or_else(String::new, |site| format!(" --site {site}"));
    match command.verb {
        Verb::Check => format!("failover status{site}"),
        _ => format!("failover history --last 1{site}"),
    }
}

fn told(sent: &Sent, width: usize) -> String {
    let id = words::wrap(&format!("message {}", sent.message_id), 2, width);
    let message = sent.message.to_string();
    let lines = [
        ("published", GOOD, message.as_str()),
        ("on", DIM, &sent.topic),
        ("as", DIM, &id),
        ("follow", DIM, &format!("{COMMAND}{}{COMMAND:#}", sent.follow)),
    ];
    let line = |(label, style, text): &(&str, Style, &str)| {
        if words::is_narrow(width) {
            format!("{style}{label}{style:#}\n  {text}")
        } else {
            format!("{style}{label:<9}{style:#} {text}")
        }
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}
