//! Decisions: the journal's entries as sentences, each with its reason.

use failover_core::{Direction, End, Entry, Event, Extent, Finding, Hold, Reason, UpkeepTask, clock};
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
    /// How often it was decided in a row.
    pub times: u32,
    /// When it was decided first of those times.
    pub since: Timestamp,
    /// What the monitor says, in its own words.
    pub words: Option<String>,
}

impl Decided {
    fn is_again(&self, other: &Self) -> bool {
        (&self.what, &self.why, self.tone) == (&other.what, &other.why, other.tone)
    }
}

/// What the entries decided, newest first, at most `most` of them; what was decided again and again is told once.
pub fn decisions(entries: &[Entry], most: usize) -> Vec<Decided> {
    let mut told: Vec<Decided> = Vec::new();
    for decided in entries.iter().rev().filter_map(decided) {
        let is_full = told.len() == most;
        match told.last_mut().filter(|newer| newer.is_again(&decided)) {
            Some(newer) => (newer.times, newer.since) = (newer.times + 1, decided.at),
            None if is_full => break,
            None => told.push(decided),
        }
    }
    told
}

fn decided(entry: &Entry) -> Option<Decided> {
    let (tone, what, why) = told(entry)?;
    let words = match &entry.event {
        Event::Pending { incident, .. } => Some(incident.summary.clone()).filter(|told| !told.is_empty()),
        _ => None,
    };
    Some(Decided { entry: entry.number, at: entry.at, what, why, tone, times: 1, since: entry.at, words })
}

type Told = (Tone, String, String);

fn told(entry: &Entry) -> Option<Told> {
    Some(match &entry.event {
        Event::Intent { direction, reason, .. } => {
            (Tone::Notice, format!("{direction} begun"), reason.clone())
        }
        Event::Ended { plan, end, sentence, .. } => return ended(entry, *plan, *end, sentence),
        Event::AttemptEnded { trouble: Some(trouble), .. } => {
            (Tone::Alarm, "can't go on".to_owned(), trouble.clone())
        }
        Event::Pending { reason, .. } => pending(entry, reason),
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

/// An alert that comes while the site fails over joins what is under way: nothing is held back.
fn pending(entry: &Entry, reason: &str) -> Told {
    let carried_on = entry.state.plans.iter().find(|plan| {
        plan.direction == Direction::Failover
            && reason == Reason::CarriedOn(plan.direction, plan.id).to_string()
    });
    let (tone, what) = if carried_on.is_some() {
        (Tone::Calm, "another alert joined")
    } else {
        (Tone::Warning, "held back")
    };
    (tone, what.to_owned(), reason.to_owned())
}

/// What was seen, or kept right, outside any plan.
fn observed(event: &Event) -> Option<Told> {
    Some(match event {
        Event::Adopted { sentence, .. } => (Tone::Warning, "adopted".to_owned(), sentence.clone()),
        Event::Outage { sentence, .. } => (Tone::Alarm, "outage on the standby".to_owned(), sentence.clone()),
        Event::Recovered { sentence, .. } => (Tone::Calm, "recovered".to_owned(), sentence.clone()),
        Event::Drained { .. } => maintained(&UpkeepTask::CloseStandby, ""),
        Event::Maintenance { task, reason, .. } => maintained(task, reason),
        Event::Checked { findings, extent, .. } => checked(findings, *extent),
        Event::Repaired { switch, position, .. } => {
            maintained(&UpkeepTask::Repair(switch.clone(), *position), "")
        }
        _ => return None,
    })
}

fn maintained(task: &UpkeepTask, reason: &str) -> Told {
    let (tone, what) = match task {
        UpkeepTask::ResumeMonitoring => (Tone::Alarm, "outage on the standby"),
        UpkeepTask::PauseMonitoring => (Tone::Calm, "recovered"),
        UpkeepTask::CloseStandby => (Tone::Calm, "standby closed"),
        UpkeepTask::Repair(..) | UpkeepTask::Later(_) => (Tone::Notice, "repaired"),
    };
    let why = match task {
        UpkeepTask::CloseStandby => "no cached redirect leads to it any more".to_owned(),
        UpkeepTask::Repair(switch, position) => format!("{switch} is set to its {position} position again"),
        _ => reason.to_owned(),
    };
    (tone, what.to_owned(), why)
}

fn checked(findings: &[Finding], extent: Option<Extent>) -> Told {
    if let Some(extent) = extent.filter(|extent| findings.is_empty() && extent.looked_at < extent.things) {
        let why = format!("{} of {} things could be looked at", extent.looked_at, extent.things);
        return (Tone::Warning, "checked in part".to_owned(), why);
    }
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

/// What maintenance was for is told by its beginning.
fn ended(entry: &Entry, plan: u64, end: End, sentence: &str) -> Option<Told> {
    let direction = entry.state.ended(plan).map(|ended| ended.direction);
    if direction == Some(Direction::Maintenance) {
        return None;
    }
    let what =
        direction.map_or_else(|| format!("plan {plan} {end}"), |direction| format!("{direction} {end}"));
    Some((tone_of(end), what, sentence.to_owned()))
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
