//! What is wrong, how much it matters, and what mends it.

use std::fmt;

use failover_core::SiteName;
use serde::Serialize;

use crate::{
    api::{ApiError, ApiErrorKind},
    clouds::Severity,
};

/// Something that would break in an outage, or in the way back from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub sentence: String,
    /// The command that mends it.
    pub mend: String,
}

/// Where problems are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The standby's service: could it serve, is it closed, may it be opened.
    Standby,
    /// The rule that routes visitors.
    Route,
    /// Cloudflare's token.
    Token,
    /// The uptime check and its incidents.
    Monitoring,
    /// The subscriptions that push.
    Push,
    /// The function's own service.
    Function,
    /// The site's URLs, as our own probes see them.
    Probes,
    /// The journal.
    Journal,
    /// This machine's clock.
    Clock,
}

/// A problem with where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The site; none if it is about all of them.
    pub site: Option<SiteName>,
    /// Where it was looked for.
    pub area: Area,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub sentence: String,
    /// The command that mends it.
    pub mend: String,
}

/// What looking at one thing came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// How many things were looked at.
    pub seen: usize,
    /// What could not be looked at, and why: nothing is known of it, good or bad.
    pub unseen: Vec<String>,
    /// What is worth knowing without being wrong.
    pub notes: Vec<String>,
}

impl Problem {
    /// The finding it makes of a site, or of all of them.
    pub fn at(self, site: Option<&SiteName>, area: Area) -> Finding {
        let Self { severity, sentence, mend } = self;
        Finding { site: site.cloned(), area, severity, sentence, mend }
    }

    /// In an outage, something would not work.
    pub fn critical(sentence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Critical, sentence: sentence.into(), mend: mend.into() }
    }

    /// Something would work worse than it could, or only sometimes.
    pub fn warning(sentence: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, sentence: sentence.into(), mend: mend.into() }
    }
}

impl Area {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::Route => "route",
            Self::Token => "token",
            Self::Monitoring => "monitoring",
            Self::Push => "push",
            Self::Function => "function",
            Self::Probes => "probes",
            Self::Journal => "journal",
            Self::Clock => "clock",
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Checked {
    /// Adds a problem.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds a note.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// What was read, where it could be: one more thing that was looked at, or that could not be.
    pub fn look<T>(&mut self, read: Result<T, ApiError>) -> Option<T> {
        match read {
            Ok(found) => {
                self.seen += 1;
                Some(found)
            }
            Err(error) => {
                self.unseen.push(error.message);
                None
            }
        }
    }

    /// All of another look, too.
    pub fn merge(&mut self, other: Self) {
        self.problems.extend(other.problems);
        self.seen += other.seen;
        self.unseen.extend(other.unseen);
        self.notes.extend(other.notes);
    }

    /// A thing that could not be looked at, and why.
    pub fn blind(&mut self, why: impl Into<String>) {
        self.unseen.push(why.into());
    }

    /// A look that failed: what is refused for good would be refused in an outage too, anything else is only not
    /// known.
    pub fn unseen(&mut self, error: &ApiError, mend: impl Into<String>) {
        match error.kind {
            ApiErrorKind::Unaccepted
            | ApiErrorKind::Denied
            | ApiErrorKind::Missing
            | ApiErrorKind::Refused => {
                self.seen += 1;
                self.problem(Problem::critical(error.message.clone(), mend));
            }
            ApiErrorKind::Conflict
            | ApiErrorKind::Transient
            | ApiErrorKind::Busy(_)
            | ApiErrorKind::Throttled
            | ApiErrorKind::Rationed(_) => self.blind(error.message.clone()),
        }
    }

    /// These problems too.
    pub fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.problems.extend(problems);
    }
}

/// Which of `needed` are not among `held`.
pub fn missing<'a>(needed: &[&'a str], held: &[String]) -> Vec<&'a str> {
    needed.iter().filter(|needed| !held.iter().any(|held| held == *needed)).copied().collect()
}
