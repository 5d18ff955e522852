//! What a push is answered with, and the one table from outcomes to HTTP.
//!
//! Pub/Sub takes 200 as "done" and everything else as "send it again", so only what is settled is answered 200.

use failover_core::End;
use serde::Serialize;

/// How a push came out, as far as Pub/Sub is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Settled, whatever the verdict.
    Settled,
    /// It can't be read, and never will be: it ends on the dead-letter topic.
    Unreadable,
    /// Nobody proved who sent it.
    Unproven,
    /// Whoever sent it may not.
    Forbidden,
    /// There is no such path.
    Nowhere,
    /// The path takes another method.
    WrongMethod,
    /// The body is too long.
    TooLarge,
    /// Another try may help.
    TryAgain,
}

impl Outcome {
    /// The status that says so.
    pub fn status(self) -> u16 {
        match self {
            Self::Settled => 200,
            Self::Unreadable => 400,
            Self::Unproven => 401,
            Self::Forbidden => 403,
            Self::Nowhere => 404,
            Self::WrongMethod => 405,
            Self::TooLarge => 413,
            Self::TryAgain => 503,
        }
    }
}

/// What was decided, as a push is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyVerdict {
    /// Traffic is to move, or moved.
    Move,
    /// It is held back and kept.
    Pending,
    /// Nothing is to move.
    Stay,
    /// It was not taken.
    Refused,
}

/// The answer to a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The site, if it is about one.
    pub site: Option<String>,
    /// What was decided.
    pub verdict: ReplyVerdict,
    /// Why, for an operator.
    pub reason: String,
    /// How the plan ended, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// The HTTP status: 200 is "done", everything else "send it again".
    #[serde(skip)]
    pub status: u16,
}

impl Reply {
    /// An answer without an end.
    pub fn new(site: Option<&str>, verdict: ReplyVerdict, reason: impl Into<String>, status: u16) -> Self {
        Self { site: site.map(str::to_owned), verdict, reason: reason.into(), end: None, status }
    }

    /// Nothing is to move, and that is settled.
    pub fn stay(site: Option<&str>, reason: impl Into<String>) -> Self {
        Self::new(site, ReplyVerdict::Stay, reason, Outcome::Settled.status())
    }

    /// It can't be read, or names a site that isn't there.
    pub fn unreadable(reason: impl Into<String>) -> Self {
        Self::new(None, ReplyVerdict::Refused, reason, Outcome::Unreadable.status())
    }

    /// The same with the way the plan ended.
    pub fn ending(self, end: End) -> Self {
        Self { end: Some(end.to_string()), ..self }
    }

    /// Whether nothing was to be done, or no more than was done.
    pub(crate) fn is_quiet(&self) -> bool {
        self.verdict == ReplyVerdict::Stay && self.status == Outcome::Settled.status()
    }

    /// Its body, as JSON.
    pub(super) fn body(&self) -> String {
        // A struct of texts can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_status() {
        let table = [
            (Outcome::Settled, 200),
            (Outcome::Unreadable, 400),
            (Outcome::Unproven, 401),
            (Outcome::Forbidden, 403),
            (Outcome::Nowhere, 404),
            (Outcome::WrongMethod, 405),
            (Outcome::TooLarge, 413),
            (Outcome::TryAgain, 503),
        ];
        for (outcome, status) in table {
            assert_eq!(outcome.status(), status, "{outcome:?}");
        }
    }

    #[test]
    fn an_end_is_shown_where_there_is_one() {
        let reply = Reply::new(Some("resume"), ReplyVerdict::Move, "it is down", 200).ending(End::Done);
        assert_eq!(reply.body(), r#"{"site":"resume","verdict":"move","reason":"it is down","end":"Done"}"#);
        let refused = Reply::unreadable("no JSON");
        assert_eq!(refused.body(), r#"{"site":null,"verdict":"refused","reason":"no JSON"}"#);
    }
}
