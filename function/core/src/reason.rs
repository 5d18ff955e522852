//! Reasons: the sentence that an operator reads for every decision, also when it is to do nothing.

use std::fmt;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{Asker, Direction, Hold, Position};

/// Why it was decided so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The site is said to be down, and the public URL is silent.
    PublicSilent {
        /// Who says so.
        alarm: Alarm,
        /// What the probe met.
        probe: String,
    },
    /// As before, but the primary itself answers.
    WayBroken {
        /// What the probe met.
        probe: String,
    },
    /// An incident is open, and the probe could not tell.
    PublicUnknown {
        /// Why it could not.
        probe: String,
    },
    /// The route was set back during an outage that isn't over.
    SameOutage {
        /// What the probe met.
        probe: String,
    },
    /// Visitors are led to the standby already, although the journal knows of no move.
    RoutedAlready,
    /// An operator asked for it.
    Asked(Asker, Option<String>),
    /// A plan that goes there is open: it is carried on.
    CarriedOn(Direction, u64),
    /// The site is there already.
    AlreadyThere(Position, Option<Timestamp>),
    /// A look around found nothing to do.
    NothingNew(Position, Option<Timestamp>),
    /// The site is there already, but something was left undone.
    Unfinished(Position, Vec<String>),
    /// The signal tells of an earlier time than the last move's.
    Stale {
        /// When the signal's matter began or was published.
        said: Timestamp,
        /// The order time of the last move.
        moved: Timestamp,
    },
    /// A newer order says otherwise.
    Outworded {
        /// When this one was published.
        said: Timestamp,
        /// The order time of the newer one.
        newer: Timestamp,
    },
    /// An order to move from so long ago that nobody may mean it any more: it carries this time.
    Overdue(Timestamp),
    /// The same message or incident was dealt with before.
    Redelivered(String),
    /// A closed incident.
    Closed {
        /// Its id.
        incident: String,
        /// Whether it was pending.
        was_pending: bool,
    },
    /// An incident while the site fails back.
    FailingBack(u64),
    /// The public URL still answers.
    StillAnswers,
    /// The probe of the public URL could not tell, and the primary itself answers.
    PrimaryAnswers {
        /// What the probe met at the public URL.
        probe: String,
    },
    /// Nobody but our own looks raised the alarm, and by now they don't say so for certain.
    OnlyOurLooks(Doubt),
    /// There is no public URL that could tell whether the site is silent.
    NoPublicUrl,
    /// An operator's hold.
    Held(Hold),
    /// A plan is stuck.
    Stuck {
        /// What to mend.
        sentence: String,
        /// Whether it is tried again by itself.
        retry: bool,
    },
    /// Automatic moves need an operator's approval.
    NeedsApproval,
    /// Too soon after the last move.
    CoolingDown {
        /// Until when.
        until: Timestamp,
    },
    /// Too many automatic failovers today.
    BudgetSpent {
        /// How many there were.
        moves: usize,
        /// When the oldest of them is a day old.
        until: Timestamp,
    },
    /// The standby could not serve.
    StandbyUnable(String),
    /// A failback was refused since the primary doesn't answer.
    PrimarySilent(String),
    /// Nor was it seen whether it is off, and could be started.
    PowerUnseen {
        /// Why the primary doesn't count as answering.
        silent: String,
        /// Why it was not seen.
        unseen: String,
    },
    /// A failback was refused since nobody can ask the primary past the redirect.
    NoPrimaryUrl,
    /// A hold was set.
    HoldSet(Hold),
    /// Automatic moves are allowed again.
    HoldReleased,
    /// What is stuck was seen; cooldown and budget are lifted.
    Acknowledged {
        /// How many pending incidents are decided again.
        pending: usize,
    },
    /// A rehearsal was asked for while something is on.
    TooBusyToRehearse(String),
}

/// Who says that a site is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// An incident, or a report in its shape.
    Incident,
    /// Nobody but reconcile's own looks.
    OurLooks,
}

/// Why our own looks alone move nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The public URL is not known to be silent now; the text says what the probe met.
    PublicUnseen(String),
    /// The primary itself answers.
    PrimaryAnswers,
    /// Whether the primary itself answers was not seen; the text says why.
    PrimaryUnseen(String),
}

/// `time` as an operator reads it: UTC, whole seconds.
pub fn clock(time: Timestamp) -> impl fmt::Display {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
}

/// `span` in the two largest units that matter.
pub fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicSilent { .. } | Self::WayBroken { .. } | Self::PublicUnknown { .. } => down(f, self),
            Self::SameOutage { probe } => write!(
                f,
                "the route was set back to the primary while the site is on its standby, and the public URL doesn't \
                 answer there ({probe}): it is the same outage, and the route is set again"
            ),
            Self::RoutedAlready => {
                f.write_str("an incident is open and visitors are led to the standby already: the move is completed")
            }
            Self::Asked(asker, reason) => asked(f, asker, reason.as_deref()),
            Self::CarriedOn(direction, plan) => write!(f, "the {direction} of entry {plan} is carried on"),
            Self::AlreadyThere(position, since) => {
                write!(f, "the site is on its {position} already")?;
                since_when(f, *since)
            }
            Self::NothingNew(position, since) => {
                write!(f, "nothing new: the site is on its {position}")?;
                since_when(f, *since)
            }
            Self::Unfinished(position, what) => {
                write!(f, "the site is on its {position}, but not seen there: {}", what.join(", "))
            }
            Self::Stale { said, moved } => write!(
                f,
                "stale: it is from {}, before the order of the last move at {}",
                clock(*said),
                clock(*moved)
            ),
            Self::Outworded { said, newer } => write!(
                f,
                "stale: it is from {}, and a newer order was given at {}",
                clock(*said),
                clock(*newer)
            ),
            Self::Overdue(said) => write!(
                f,
                "the order is from {}, more than an hour ago, and may mean a day that is over; send it again, or with \
                 \"force\": true",
                clock(*said)
            ),
            Self::Redelivered(id) => write!(f, "{id} was dealt with before: this is a redelivery"),
            Self::Closed { incident, was_pending } => closed(f, incident, *was_pending),
            Self::FailingBack(plan) => {
                write!(f, "the failback of entry {plan} is under way; this is decided when it has ended")
            }
            Self::StillAnswers => f.write_str("the public URL still answers: a false alarm, unless it falls silent"),
            Self::PrimaryAnswers { probe } => write!(
                f,
                "the public URL could not be judged ({probe}) while the primary itself answers: nothing moves until \
                 either falls silent; \"failover\" leads visitors to the standby all the same"
            ),
            Self::OnlyOurLooks(doubt) => write!(f, "nobody but our own looks raised the alarm, and {doubt}"),
            Self::NoPublicUrl => f.write_str(
                "without a public_url nobody can tell whether this site is silent, so it is moved by \"failover\" and \
                 \"promote\" only",
            ),
            Self::Held(hold) => held(f, hold),
            Self::Stuck { sentence, retry } => stuck(f, sentence, *retry),
            Self::NeedsApproval => {
                f.write_str("this site moves only with an operator's approval; send \"failover\" to move it")
            }
            Self::CoolingDown { until } => {
                write!(f, "the cooldown after the last move lasts until {}; \"acknowledge\" lifts it", clock(*until))
            }
            Self::BudgetSpent { moves, until } => write!(
                f,
                "the day's budget of automatic failovers is spent ({moves} within 24 h); the next may begin at {}, or \
                 after \"acknowledge\"",
                clock(*until)
            ),
            Self::StandbyUnable(why) => write!(f, "the standby can't serve: {why}"),
            Self::PrimarySilent(why) => write!(
                f,
                "the primary has not answered twice in a row ({why}); start it, or send \"failback\" with \"force\": true"
            ),
            Self::PowerUnseen { silent, unseen } => write!(
                f,
                "the primary has not answered twice in a row ({silent}), and whether it can be started could not be \
                 seen ({unseen}); send \"failback\" again once that can be seen, or with \"force\": true"
            ),
            Self::NoPrimaryUrl => f.write_str(
                "nobody can ask the primary past the redirect, as there is no primary_url; send \"failback\" with \
                 \"force\": true once you know that it runs",
            ),
            Self::HoldSet(hold) => write!(f, "automatic moves are off until {}", clock(hold.until)),
            Self::HoldReleased => f.write_str("no hold is on any more"),
            Self::Acknowledged { pending } => {
                f.write_str("acknowledged: neither a stuck plan nor cooldown nor budget holds anything back now")?;
                match pending {
                    0 => Ok(()),
                    1 => f.write_str("; the pending incident is decided again"),
                    more => write!(f, "; the {more} pending incidents are decided again"),
                }
            }
            Self::TooBusyToRehearse(why) => write!(f, "no rehearsal now: {why}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicUnseen(probe) => write!(f, "the public URL is not seen to be silent now ({probe})"),
            Self::PrimaryAnswers => f.write_str(
                "the primary itself answers: the way through Cloudflare is broken; \"failover\" leads visitors to the \
                 standby all the same",
            ),
            Self::PrimaryUnseen(probe) => write!(f, "whether the primary answers was not seen ({probe})"),
        }
    }
}

/// Why a site is taken to be down.
fn down(f: &mut fmt::Formatter<'_>, reason: &Reason) -> fmt::Result {
    match reason {
        Reason::PublicSilent { alarm: Alarm::OurLooks, probe } => {
            write!(f, "look after look of our own found the public URL silent ({probe})")
        }
        Reason::WayBroken { probe } => write!(
            f,
            "an incident is open and the public URL doesn't answer ({probe}) while the primary itself does: the way \
             through Cloudflare is broken"
        ),
        Reason::PublicUnknown { probe } => {
            write!(f, "an incident is open and our own probe could not tell otherwise ({probe})")
        }
        Reason::PublicSilent { probe, .. } => {
            write!(f, "an incident is open and the public URL doesn't answer ({probe})")
        }
        _ => Ok(()),
    }
}

fn asked(f: &mut fmt::Formatter<'_>, asker: &Asker, reason: Option<&str>) -> fmt::Result {
    match asker {
        Asker::Operator(Some(by)) => write!(f, "asked for, says {by}")?,
        Asker::Operator(None) => f.write_str("asked for by an operator")?,
        Asker::Incident => f.write_str("asked for by an incident")?,
        Asker::Itself => f.write_str("by the site's own standing rule")?,
    }
    reason.map_or(Ok(()), |reason| write!(f, ": {reason}"))
}

fn stuck(f: &mut fmt::Formatter<'_>, sentence: &str, retry: bool) -> fmt::Result {
    let then = if retry {
        "it is tried again every five minutes, and \"hold\" keeps the site where it is"
    } else {
        "nothing moves by itself until \"acknowledge\""
    };
    write!(f, "an earlier plan is stuck ({sentence}); {then}")
}

fn since_when(f: &mut fmt::Formatter<'_>, since: Option<Timestamp>) -> fmt::Result {
    since.map_or(Ok(()), |since| write!(f, ", since {}", clock(since)))
}

fn closed(f: &mut fmt::Formatter<'_>, incident: &str, was_pending: bool) -> fmt::Result {
    if was_pending {
        write!(f, "incident {incident} is closed and pending no more")
    } else {
        write!(f, "incident {incident} is closed, which proves nothing about the primary")
    }
}

fn held(f: &mut fmt::Formatter<'_>, hold: &Hold) -> fmt::Result {
    write!(f, "automatic moves are off until {}", clock(hold.until))?;
    if let Some(by) = &hold.by {
        write!(f, ", says {by}")?;
    }
    hold.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
}

#[cfg(test)]
mod tests;
