//! Messages as Monitoring and operators write them, and what the sequence's own clock says.

use ::stage::payload;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sequence::Word;

/// All that happens has happened within the last hour: an older order would be asked for again.
const AGO: SignedDuration = SignedDuration::from_mins(50);

/// The rounds of the end happen now: a reconcile that waited for long says nothing of the site.
const LATELY: SignedDuration = SignedDuration::from_mins(3);

/// Where an incident's notification goes.
const ALERTS: &str = "failover-alerts";
/// Where commands go.
const COMMANDS: &str = "failover-commands";

/// What was said so far, and when, by the clock of whoever said it.
#[derive(Debug)]
pub(crate) struct Speakers {
    now: Timestamp,
    /// When the power failed, oldest first.
    outages: Vec<Timestamp>,
    dark: bool,
    /// Every incident so far, with its beginning.
    incidents: Vec<(String, Timestamp)>,
}

/// What one message says, ready to be published.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) subscription: &'static str,
    pub(crate) published: Timestamp,
    pub(crate) body: Value,
}

impl Default for Speakers {
    fn default() -> Self {
        let now = Timestamp::now().saturating_sub(AGO).expect("a time");
        Self { now, outages: Vec::new(), dark: false, incidents: Vec::new() }
    }
}

impl Speakers {
    /// Time passes, but never beyond this very moment.
    pub(crate) fn pass(&mut self, seconds: i64) {
        let later = self.now.saturating_add(SignedDuration::from_secs(seconds)).expect("a time");
        self.now = later.min(Timestamp::now());
    }

    /// The end of the sequence: what is said from here on is said lately. Monitoring says once more what lasts.
    pub(crate) fn come_to_the_end(&mut self) -> Option<Said> {
        let lately = Timestamp::now().saturating_sub(LATELY).expect("a time");
        self.now = self.now.max(lately);
        self.dark.then(|| self.down(self.begin()))
    }

    /// The primary answers, or doesn't, from now on.
    pub(crate) fn primary(&mut self, answers: bool) {
        if self.dark == answers {
            self.dark = !answers;
            if self.dark {
                self.outages.push(self.now);
            }
        }
    }

    /// The messages that this word becomes.
    pub(crate) fn say(&mut self, word: &Word) -> Vec<Said> {
        match word {
            Word::Down => vec![self.down(self.begin())],
            Word::WasDown => {
                let before = self.outages.len().checked_sub(2).and_then(|index| self.outages.get(index));
                let began = before.copied().unwrap_or_else(|| self.begin());
                vec![self.down(began)]
            }
            Word::SixDown => (0..6).map(|_| self.down(self.begin())).collect(),
            Word::Over(index) => self.over(*index).into_iter().collect(),
            Word::Test => vec![self.alert(json!({ "version": "test", "incident": { "state": "OPEN" } }))],
            Word::Foreign => vec![self.foreign()],
            Word::Garbage => vec![self.alert(json!({ "version": "1.2", "incident": { "state": "open" } }))],
            Word::Command(verb, force, by) => vec![self.command(verb, *force, by)],
        }
    }

    fn begin(&self) -> Timestamp {
        self.outages.last().copied().filter(|_| self.dark).unwrap_or(self.now)
    }

    fn down(&mut self, began: Timestamp) -> Said {
        let id = format!("0.{}", self.incidents.len());
        self.incidents.push((id.clone(), began));
        self.alert(payload::incident(&id, "open", began))
    }

    fn over(&mut self, index: usize) -> Option<Said> {
        let (id, began) = self.incidents.get(index % self.incidents.len().max(1))?;
        let body = payload::incident(id, "closed", *began);
        Some(self.alert(body))
    }

    fn foreign(&self) -> Said {
        let mut body = payload::incident("0.foreign", "open", self.now);
        body["incident"]["policy_user_labels"] = json!({});
        body["incident"]["resource"] = json!({});
        self.alert(body)
    }

    pub(crate) fn command(&self, verb: &str, force: bool, by: &str) -> Said {
        let mut body = json!({ "command": verb });
        if force {
            body["force"] = json!(true);
        }
        if !by.is_empty() {
            body["by"] = json!(by);
        }
        if verb == "hold" {
            // The sequence is over before the hold is.
            body["for"] = json!("30d");
        }
        Said { subscription: COMMANDS, published: self.now, body }
    }

    fn alert(&self, body: Value) -> Said {
        Said { subscription: ALERTS, published: self.now, body }
    }
}
