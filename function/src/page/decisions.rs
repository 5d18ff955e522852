//! Decisions: the journal's entries as sentences, each with its reason.

use failover_core::{End, Entry, Event, Finding, Hold, clock};
use jiff::Timestamp;
use serde::Serialize;

/// How much something asks of whoever reads it; never shown by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// All is as it should be.
    Calm,
    /// Worth knowing.
    Notice,
    /// Look at it today.
    Warning,
    /// Look at it now.
    Alarm,
}

impl Tone {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

/// Something that was decided, or seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// The number of its entry in the journal.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// What, in a few words.
    pub what: String,
    /// Why.
    pub why: String,
    /// How much it asks of a reader.
    pub tone: Tone,
}

/// What the entries decided, newest first, at most `most` of them.
pub fn decisions(entries: &[Entry], most: usize) -> Vec<Decided> {
    entries.iter().rev().filter_map(decided).take(most).collect()
}

fn decided(entry: &Entry) -> Option<Decided> {
    let (tone, what, why) = told(entry)?;
    Some(Decided { entry: entry.number, at: entry.at, what, why, tone })
}

type Told = (Tone, String, String);

fn told(entry: &Entry) -> Option<Told> {
    Some(match &entry.event {
        Event::Intent { direction, reason, .. } => {
            (Tone::Notice, format!("{direction} begun"), reason.clone())
        }
        Event::Ended { plan, end, sentence, .. } => ended(entry, *plan, *end, sentence),
        Event::AttemptEnded { trouble: Some(trouble), .. } => {
            (Tone::Alarm, "can't go on".to_owned(), trouble.clone())
        }
        Event::Pending { incident, reason } => {
            let why = if incident.summary.is_empty() {
                reason.clone()
            } else {
                format!("{reason} ({})", incident.summary)
            };
            (Tone::Warning, "held back".to_owned(), why)
        }
        Event::Dropped { reason, .. } => (Tone::Calm, "pending no more".to_owned(), reason.clone()),
        Event::Refused { command, by, reason, .. } => {
            (Tone::Warning, format!("{command} refused"), said_by(reason, by.as_deref()))
        }
        Event::Confirmed { command, by, reason, .. } => {
            (Tone::Calm, format!("{command} confirmed"), said_by(reason, by.as_deref()))
        }
        Event::Held { hold, .. } => (Tone::Notice, "hold set".to_owned(), why_held(hold)),
        Event::Released { by, .. } => {
            (Tone::Calm, "hold released".to_owned(), said_by("automatic moves are on again", by.as_deref()))
        }
        Event::Acknowledged { by, .. } => {
            let why = said_by("cooldown and budget are lifted", by.as_deref());
            (Tone::Calm, "acknowledged".to_owned(), why)
        }
        other => return observed(other),
    })
}

/// What was seen, or kept right, outside any plan.
fn observed(event: &Event) -> Option<Told> {
    Some(match event {
        Event::Adopted { sentence, .. } => (Tone::Warning, "adopted".to_owned(), sentence.clone()),
        Event::Outage { sentence, .. } => (Tone::Alarm, "outage on the standby".to_owned(), sentence.clone()),
        Event::Recovered { sentence, .. } => (Tone::Calm, "recovered".to_owned(), sentence.clone()),
        Event::Drained { .. } => {
            let why = "no cached redirect leads to it any more".to_owned();
            (Tone::Calm, "standby closed".to_owned(), why)
        }
        Event::Checked { findings, .. } => checked(findings),
        Event::Repaired { switch, position, .. } => {
            (Tone::Notice, "repaired".to_owned(), format!("{switch} is set to its {position} position again"))
        }
        _ => return None,
    })
}

fn checked(findings: &[Finding]) -> Told {
    if findings.is_empty() {
        return (
            Tone::Calm,
            "checked".to_owned(),
            "nothing was found that would break in an outage".to_owned(),
        );
    }
    let told: Vec<&str> = findings.iter().map(|finding| finding.sentence.as_str()).collect();
    (Tone::Warning, "check found".to_owned(), told.join("; "))
}

fn ended(entry: &Entry, plan: u64, end: End, sentence: &str) -> Told {
    let direction = entry.state.ended(plan).map(|ended| ended.direction);
    let what =
        direction.map_or_else(|| format!("plan {plan} {end}"), |direction| format!("{direction} {end}"));
    (tone_of(end), what, sentence.to_owned())
}

/// How much the end of a plan asks of a reader.
pub(super) fn tone_of(end: End) -> Tone {
    match end {
        End::Done => Tone::Calm,
        End::Overtaken => Tone::Notice,
        End::Unwound => Tone::Warning,
        End::Stuck => Tone::Alarm,
    }
}

pub(super) fn why_held(hold: &Hold) -> String {
    let until = format!("no automatic moves until {}", clock(hold.until));
    let said = said_by(&until, hold.by.as_deref());
    hold.reason.as_ref().map_or(said.clone(), |reason| format!("{said}: {reason}"))
}

fn said_by(sentence: &str, by: Option<&str>) -> String {
    by.map_or_else(|| sentence.to_owned(), |by| format!("{sentence}, says {by}"))
}

/// Why the site is where it is since `since`: the entry that brought it there.
pub(super) fn cause(entries: &[Entry], since: Option<Timestamp>) -> Option<&Entry> {
    entries.iter().find(|entry| since.is_some() && entry.state.since == since && moved(&entry.event))
}

fn moved(event: &Event) -> bool {
    matches!(event, Event::Ended { .. } | Event::Adopted { .. })
}
