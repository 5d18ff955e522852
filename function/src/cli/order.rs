//! What an operator asks for, as the command line says it and as it is published.

use std::time::Duration;

use failover_core::{Command, SiteName, Verb, read_hold};
use serde_json::{Value, json};

use super::{exit::Failure, session::Session};

/// For which site, why, and who says so.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Order {
    /// The site; without it the only one, or all where that makes sense.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    pub(super) site: Option<SiteName>,
    /// Why, for the journal and for whoever reads it tomorrow.
    #[arg(long, short, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// Who says so.
    #[arg(long, value_name = "NAME", env = "USER", hide_env_values = true)]
    pub(super) by: Option<String>,
}

/// How long a hold lasts, as people write it.
pub(super) fn hold_for(text: &str) -> Result<Duration, String> {
    read_hold(text).map_err(|why| why.to_string())
}

impl Order {
    /// The command for it.
    pub(super) fn command(&self, verb: Verb) -> Command {
        Command {
            site: self.site.as_ref().map(ToString::to_string),
            reason: self.reason.clone(),
            by: self.by.clone().filter(|by| !by.trim().is_empty()),
            ..Command::new(verb)
        }
    }
}

/// Makes sure that a command means a site: nobody would tell an operator who publishes one that doesn't.
pub(super) fn check(session: &Session, command: &Command, site: Option<&SiteName>) -> Result<(), Failure> {
    match command.verb {
        Verb::Failover | Verb::Failback => session.site(site).map(|_| ()),
        _ => session.sites(site).map(|_| ()),
    }
}

/// The message that says so.
pub(super) fn message(command: &Command) -> Value {
    let mut message = json!({ "command": command.verb.as_str() });
    let texts = [("site", &command.site), ("reason", &command.reason), ("by", &command.by)];
    for (name, text) in texts {
        if let Some(text) = text {
            message[name] = json!(text);
        }
    }
    if command.force {
        message["force"] = json!(true);
    }
    if let Some(length) = command.hold_for {
        message["for"] = json!(humantime::format_duration(length).to_string());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &Command) {
        let bytes = serde_json::to_vec(&message(command)).expect("JSON");
        assert_eq!(Command::read(&bytes).as_ref(), Ok(command));
    }

    #[test]
    fn every_command_is_read_as_it_was_written() {
        let order = Order {
            site: Some("resume".parse().expect("a name")),
            reason: Some("moving house".to_owned()),
            by: Some("alice".to_owned()),
        };
        for verb in Verb::ALL {
            check(&order.command(verb));
            check(&Command { force: true, ..Command::new(verb) });
        }
        let length = Duration::from_secs(90 * 60 + 30);
        check(&Command { hold_for: Some(length), ..Command::new(Verb::Hold) });
    }

    #[test]
    fn a_blank_name_is_nobody() {
        let order = Order { site: None, reason: None, by: Some(" ".to_owned()) };
        assert_eq!(order.command(Verb::Check).by, None);
    }
}
