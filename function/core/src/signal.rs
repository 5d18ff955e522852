//! Signals: the only things that can start a decision.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};

use crate::{Command, Incident};

/// Something that may start a decision, with when it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The message's id: the same on every redelivery.
    pub message: String,
    /// When it was published.
    pub published: Timestamp,
    /// When it was received.
    pub received: Timestamp,
    /// What it says.
    pub kind: SignalKind,
}

/// What a signal says.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalKind {
    /// A site is said to be down, or well again.
    Incident(Incident),
    /// An operator asks for something.
    Command(Command),
}

impl Signal {
    /// The time by which orders are compared: when it was published, at most when it was received, in whole
    /// seconds. A publisher's clock that runs ahead can't outrank orders that are yet to come.
    pub fn order_time(&self) -> Timestamp {
        whole_seconds(self.published.min(self.received))
    }
}

/// `time` without its fraction of a second.
pub(crate) fn whole_seconds(time: Timestamp) -> Timestamp {
    let floor = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor);
    time.round(floor).unwrap_or(time)
}

/// Who asked for a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asker {
    /// An alert, or a report in its shape.
    Incident,
    /// An operator's command; the name is what the command says, not a proof.
    Operator(Option<String>),
    /// The function itself, by its own standing rule (automatic failback, say).
    Itself,
}

/// An order: what a signal asked for, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Order time, in whole seconds.
    pub at: Timestamp,
    /// The message's id.
    pub message: String,
    /// Who asked.
    pub asker: Asker,
    /// Why, in the asker's words.
    pub reason: Option<String>,
    /// Whether the operator wants it without the safety of an answer.
    pub force: bool,
    /// The site is there already: only what was left undone is done.
    #[serde(default)]
    pub unfinished: bool,
    /// The incidents this order answers.
    pub incidents: Vec<PendingIncident>,
}

impl Order {
    /// What the function itself does on behalf of `signal`, by its own standing rules.
    pub fn standing(signal: &Signal) -> Self {
        Self {
            at: signal.order_time(),
            message: signal.message.clone(),
            asker: Asker::Itself,
            reason: None,
            force: false,
            unfinished: false,
            incidents: Vec::new(),
        }
    }

    /// Whether no person asked for it.
    pub fn is_automatic(&self) -> bool {
        !matches!(self.asker, Asker::Operator(_))
    }
}

/// An open incident that the journal remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingIncident {
    /// Monitoring's id.
    pub id: String,
    /// When it says the outage began.
    pub started_at: Timestamp,
    /// When it was received first.
    pub since: Timestamp,
    /// What it says.
    pub summary: String,
}

#[cfg(test)]
mod tests;
