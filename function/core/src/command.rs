//! What an operator, or Cloud Scheduler, asks for.
//!
//! Unknown fields are refused: a mistyped `force` must not be swallowed at three in the morning.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    Asker,
    reading::{Leaf, Unreadable, clean, object},
};

/// How long a hold lasts if nobody says.
pub const DEFAULT_HOLD: Duration = Duration::from_hours(24);
/// How long a hold may last: own choice, so that none is forgotten for good.
pub const LONGEST_HOLD: Duration = Duration::from_hours(30 * 24);

const FIELDS: &str = "command, site, reason, by, force, for";

/// An order, as it was published on the commands topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What is asked for.
    pub verb: Verb,
    /// For which site; none may mean the only one, or all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Why, in the sender's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who says so; unproven, Pub/Sub's audit log has the principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Whether to go ahead although the place to move to has not answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// How long a hold lasts; only a hold has one.
    #[serde(
        default,
        rename = "for",
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::unsigned_duration::friendly::compact::optional"
    )]
    pub hold_for: Option<Duration>,
    /// Whether nobody sent it: the function follows a standing rule of the site's.
    #[serde(skip)]
    pub standing: bool,
}

/// The orders there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Move traffic to the standby.
    Failover,
    /// Return it to the primary.
    Failback,
    /// Forbid automatic moves for a while.
    Hold,
    /// Allow them again.
    Release,
    /// Say that a stuck plan, the cooldown or the day's budget was seen, and lift it.
    Acknowledge,
    /// Look, compare, finish what is open.
    Reconcile,
    /// Open the standby for real, prove that it serves, close it.
    Rehearse,
    /// Look at everything, change nothing.
    Check,
}

impl Verb {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Self; 8] = [
        Self::Failover,
        Self::Failback,
        Self::Hold,
        Self::Release,
        Self::Acknowledge,
        Self::Reconcile,
        Self::Rehearse,
        Self::Check,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Failback => "failback",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Acknowledge => "acknowledge",
            Self::Reconcile => "reconcile",
            Self::Rehearse => "rehearse",
            Self::Check => "check",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = Unreadable;

    fn from_str(word: &str) -> Result<Self, Unreadable> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Unreadable(format!("\"{}\" is no command; known are {known}", clean(word)))
        })
    }
}

impl Command {
    /// An order without a site, a reason or a name; a hold of the usual length.
    pub fn new(verb: Verb) -> Self {
        let hold_for = (verb == Verb::Hold).then_some(DEFAULT_HOLD);
        Self { verb, site: None, reason: None, by: None, force: false, hold_for, standing: false }
    }

    /// Whose order it is.
    pub(crate) fn asker(&self) -> Asker {
        if self.standing { Asker::Itself } else { Asker::Operator(self.by.clone()) }
    }

    /// Reads an order.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut fields: Fields = object(bytes, "command")?;
        let verb: Verb = take_text(&mut fields, "command")?.ok_or_else(|| missing(&fields))?.parse()?;
        let command = Self {
            verb,
            site: take_text(&mut fields, "site")?,
            reason: take_text(&mut fields, "reason")?,
            by: take_text(&mut fields, "by")?,
            force: take_flag(&mut fields, "force")?,
            hold_for: take_hold(&mut fields, verb)?,
            standing: false,
        };
        match fields.keys().next() {
            None => Ok(command),
            Some(stray) => Err(Unreadable(format!(
                "the command has a field \"{}\" that means nothing; known are {FIELDS}",
                clean(stray)
            ))),
        }
    }
}

/// Whether `bytes` are meant as a command, well formed or not: an alerts subscription may carry none.
pub fn is_meant_as_command(bytes: &[u8]) -> bool {
    object::<Meant>(bytes, "message").is_ok_and(|body| body.command != Leaf::Nothing)
}

type Fields = BTreeMap<String, Leaf>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meant {
    command: Leaf,
}

fn missing(fields: &Fields) -> Unreadable {
    let why = if fields.contains_key("incident") {
        "the message is an alert; only an alerts subscription may carry it"
    } else {
        "the message has no command; publish one such as {\"command\":\"failback\"}"
    };
    Unreadable(why.to_owned())
}

fn take_text(fields: &mut Fields, name: &str) -> Result<Option<String>, Unreadable> {
    match fields.remove(name) {
        None | Some(Leaf::Nothing) => Ok(None),
        Some(Leaf::Text(text)) => Ok(Some(clean(&text))),
        Some(other) => Err(unfit(name, &other, "a text in quotes")),
    }
}

fn take_flag(fields: &mut Fields, name: &str) -> Result<bool, Unreadable> {
    match fields.remove(name) {
        None | Some(Leaf::Nothing) => Ok(false),
        Some(Leaf::Flag(flag)) => Ok(flag),
        Some(other) => Err(unfit(name, &other, "true or false, without quotes")),
    }
}

fn take_hold(fields: &mut Fields, verb: Verb) -> Result<Option<Duration>, Unreadable> {
    let text = take_text(fields, "for")?;
    match (verb, text) {
        (Verb::Hold, None) => Ok(Some(DEFAULT_HOLD)),
        (Verb::Hold, Some(text)) => read_hold(&text).map(Some),
        (_, None) => Ok(None),
        (verb, Some(_)) => Err(Unreadable(format!("only a hold lasts for a while; {verb} takes no \"for\""))),
    }
}

/// A hold's length, as an operator writes it: `2h`, `90m`, `3d`.
pub fn read_hold(text: &str) -> Result<Duration, Unreadable> {
    let length =
        humantime::parse_duration(text).ok().filter(|length| !length.is_zero()).ok_or_else(|| {
            Unreadable(format!("\"{text}\" is no length of time for a hold; write \"2h\", \"90m\" or \"3d\""))
        })?;
    if length > LONGEST_HOLD {
        return Err(Unreadable(format!(
            "a hold lasts at most 30 days, not \"{text}\"; renew it when it ends"
        )));
    }
    Ok(length)
}

fn unfit(name: &str, value: &Leaf, expected: &str) -> Unreadable {
    Unreadable(format!("the command's \"{name}\" is {value}; expected {expected}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn reads(json: &str, expected: Command) {
        assert_eq!(Command::read(json.as_bytes()), Ok(expected), "{json}");
    }

    #[track_caller]
    fn refuses(json: &str, because: &str) {
        assert_eq!(Command::read(json.as_bytes()), Err(Unreadable(because.to_owned())), "{json}");
    }

    #[test]
    fn every_command_is_read_by_its_name() {
        for verb in Verb::ALL {
            reads(&format!(r#"{{"command":"{verb}"}}"#), Command::new(verb));
        }
    }

    #[test]
    fn an_order_says_for_which_site_why_and_who() {
        reads(
            r#"{"command":"failback","site":"resume","reason":"power is back","by":"alice","force":true}"#,
            Command {
                site: Some("resume".into()),
                reason: Some("power is back".into()),
                by: Some("alice".into()),
                force: true,
                ..Command::new(Verb::Failback)
            },
        );
        reads(r#"{"command":"failback","site":null,"force":null}"#, Command::new(Verb::Failback));
    }

    #[test]
    fn a_hold_lasts_a_day_unless_it_says() {
        let hold =
            |hours| Command { hold_for: Some(Duration::from_hours(hours)), ..Command::new(Verb::Hold) };
        reads(r#"{"command":"hold"}"#, hold(24));
        reads(r#"{"command":"hold","for":"2h"}"#, hold(2));
        reads(r#"{"command":"hold","for":"180m"}"#, hold(3));
        reads(r#"{"command":"hold","for":"3d"}"#, hold(72));
        reads(r#"{"command":"hold","for":"30d"}"#, hold(720));
    }

    #[test]
    fn a_hold_of_an_impossible_length_is_refused() {
        refuses(
            r#"{"command":"hold","for":"31d"}"#,
            "a hold lasts at most 30 days, not \"31d\"; renew it when it ends",
        );
        for text in ["soon", "0s", "", "-2h", "2"] {
            let because =
                format!("\"{text}\" is no length of time for a hold; write \"2h\", \"90m\" or \"3d\"");
            refuses(&format!(r#"{{"command":"hold","for":"{text}"}}"#), &because);
        }
        refuses(
            r#"{"command":"hold","for":7200}"#,
            "the command's \"for\" is 7200; expected a text in quotes",
        );
        refuses(
            r#"{"command":"failover","for":"2h"}"#,
            "only a hold lasts for a while; failover takes no \"for\"",
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        refuses(
            r#"{"command":"fallback"}"#,
            "\"fallback\" is no command; known are failover, failback, hold, release, acknowledge, reconcile, \
             rehearse, check",
        );
        refuses(
            r#"{"command":"failover","forse":true}"#,
            "the command has a field \"forse\" that means nothing; known are command, site, reason, by, force, for",
        );
        refuses(
            r#"{"command":"failover","force":"true"}"#,
            "the command's \"force\" is \"true\"; expected true or false, without quotes",
        );
        refuses(
            r#"{"command":["failover"]}"#,
            "the command's \"command\" is a list or an object; expected a text in quotes",
        );
        refuses("{}", "the message has no command; publish one such as {\"command\":\"failback\"}");
        refuses(
            r#"{"version":"1.2","incident":{}}"#,
            "the message is an alert; only an alerts subscription may carry it",
        );
        refuses("[]", "the command is JSON but no object; publish one such as {…}");
    }

    #[test]
    fn what_is_meant_as_a_command_is_known_however_badly_formed() {
        assert!(is_meant_as_command(br#"{"command":"fallback","x":1}"#));
        assert!(is_meant_as_command(br#"{"command":7}"#));
        assert!(!is_meant_as_command(br#"{"version":"1.2","incident":{}}"#));
        assert!(!is_meant_as_command(b"command"));
    }

    #[test]
    fn the_journal_reads_back_what_it_was_given() {
        let hold = Command { hold_for: Some(Duration::from_mins(90)), ..Command::new(Verb::Hold) };
        for command in [hold, Command::new(Verb::Failover)] {
            let line = serde_json::to_string(&command).expect("it is plain data");
            assert_eq!(
                serde_json::from_str::<Command>(&line).expect("it was just written"),
                command,
                "{line}"
            );
        }
        let line = serde_json::to_string(&Command::new(Verb::Hold)).expect("it is plain data");
        assert_eq!(line, r#"{"verb":"hold","for":"24h"}"#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Command::read(&bytes);
        }

        #[test]
        fn any_text_is_a_hold_or_refused(text in ".{0,40}") {
            let _ = read_hold(&text);
        }
    }
}
