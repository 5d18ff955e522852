//! Signs: the evidence in words, each with how much it asks of a reader.

use failover_core::{End, Extent, Heard};
use jiff::{SignedDuration, Timestamp};

use super::{Evidence, Tone, evidence::Checked, words};

/// The schedule checks every day; after more than two something keeps it from doing so.
const CHECKS_WITHIN: SignedDuration = SignedDuration::from_hours(50);
/// Reconcile comes every minute or few, watchers every minute: own choice, what a late delivery may take.
const HEARD_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// A rehearsal older than that proves little: own choice, four of the schedule's weeks.
const REHEARSED_WITHIN: SignedDuration = SignedDuration::from_hours(28 * 24);
const DAY: i64 = 24 * 60 * 60;

/// One thing that shows readiness, or its lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sign {
    /// What of.
    pub(super) name: String,
    /// What is known, as a sentence.
    pub(super) told: String,
    /// When that was seen.
    pub(super) at: Option<Timestamp>,
    /// How much it asks of a reader.
    pub(super) tone: Tone,
}

impl Sign {
    fn new(name: &str, tone: Tone, told: impl Into<String>, at: Option<Timestamp>) -> Self {
        Self { name: name.to_owned(), told: told.into(), at, tone }
    }

    /// Colour alone tells nothing.
    pub(super) fn mark(&self) -> &'static str {
        match self.tone {
            Tone::Calm => "✓",
            Tone::Notice => "·",
            Tone::Warning | Tone::Alarm => "!",
        }
    }
}

/// Everything that the evidence shows at `now`; `commanded` where there is somebody who takes commands.
pub(super) fn signs(evidence: &Evidence, commanded: bool, now: Timestamp) -> Vec<Sign> {
    let checked = evidence.checked.as_ref();
    let rehearsed = Some(rehearsal(evidence, now)).filter(|_| commanded || evidence.rehearsed.is_some());
    let heard = evidence.heard.iter().filter_map(|heard| Some(life(heard, checked?.at)));
    let check = Some(check(checked, now)).filter(|_| commanded || checked.is_some());
    check.into_iter().chain(rehearsed).chain(certificate(evidence, now)).chain(heard).collect()
}

fn check(checked: Option<&Checked>, now: Timestamp) -> Sign {
    const NAME: &str = "Check";
    let Some(checked) = checked else {
        let told = "None is in the journal yet. It comes every day, and at once with failover send check.";
        return Sign::new(NAME, Tone::Notice, told, None);
    };
    let at = Some(checked.at);
    let age = now.duration_since(checked.at);
    match checked {
        _ if age > CHECKS_WITHIN => {
            let told = format!(
                "The last one the journal tells of is {} old: see why none has come since.",
                failover_core::span(age)
            );
            Sign::new(NAME, Tone::Warning, told, at)
        }
        Checked { found: 0, extent: Some(extent), .. } if extent.looked_at < extent.things => {
            Sign::new(NAME, Tone::Warning, partly(*extent), at)
        }
        Checked { found: 0, .. } => Sign::new(NAME, Tone::Calm, "Nothing was found that would break.", at),
        Checked { found: 1, .. } => Sign::new(NAME, Tone::Warning, "One thing was found, see below.", at),
        Checked { found, .. } => {
            Sign::new(NAME, Tone::Warning, format!("{found} things were found, see below."), at)
        }
    }
}

fn partly(extent: Extent) -> String {
    format!(
        "It could look at {} of {} things, and found nothing wrong with those.",
        extent.looked_at, extent.things
    )
}

fn rehearsal(evidence: &Evidence, now: Timestamp) -> Sign {
    const NAME: &str = "Rehearsal";
    let Some(rehearsed) = &evidence.rehearsed else {
        let told = "The standby was not tried yet, as far as the journal tells.";
        return Sign::new(NAME, Tone::Notice, told, None);
    };
    let at = Some(rehearsed.at);
    match (rehearsed.end, rehearsed.opened_ms) {
        (End::Done, _) if now.duration_since(rehearsed.at) > REHEARSED_WITHIN => {
            let told = format!("The standby answered, but that is {} ago.", words::lasted(now, rehearsed.at));
            Sign::new(NAME, Tone::Notice, told, at)
        }
        (End::Done, Some(opened)) => {
            let told = format!("The standby was open and answered after {}.", words::took(opened));
            Sign::new(NAME, Tone::Calm, told, at)
        }
        (End::Done, None) => Sign::new(NAME, Tone::Calm, words::sentence(&rehearsed.sentence), at),
        (End::Overtaken, _) => Sign::new(NAME, Tone::Notice, words::sentence(&rehearsed.sentence), at),
        (End::Unwound | End::Stuck, _) => {
            Sign::new(NAME, Tone::Warning, words::sentence(&rehearsed.sentence), at)
        }
    }
}

fn certificate(evidence: &Evidence, now: Timestamp) -> Option<Sign> {
    const NAME: &str = "Certificate";
    let ends = evidence.certificate?;
    let left = ends.duration_since(now).as_secs();
    let days = left / DAY;
    let tone = match days {
        _ if left < 7 * DAY => Tone::Warning,
        ..21 => Tone::Notice,
        _ => Tone::Calm,
    };
    let told = match (left, days) {
        (..=0, _) => "It has ended: browsers refuse it.".to_owned(),
        (_, 1) => "It is good for 1 day.".to_owned(),
        (_, days) => format!("It is good for {days} days."),
    };
    Some(Sign::new(NAME, tone, told, Some(ends)))
}

/// Somebody who works unseen, as the check that ran at `checked` had heard of them.
fn life(heard: &Heard, checked: Timestamp) -> Sign {
    let name =
        if heard.who == "reconcile" { "Reconcile".to_owned() } else { format!("Watcher {}", heard.who) };
    let silent = checked.duration_since(heard.at);
    let (tone, told) = if silent > HEARD_WITHIN {
        (Tone::Warning, format!("Silent for {} when the last check looked.", failover_core::span(silent)))
    } else {
        (Tone::Calm, "Seen at work by the last check.".to_owned())
    };
    Sign::new(&name, tone, told, Some(heard.at))
}
