//! The overview of a site: everything that the page and its JSON show, computed from facts and a time, nothing else.

use failover_core::{Hold, Position, Served, Stuck};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Asked, Automatic, Dark, Decided, Evidence, Finding, Hindered, Move, Next, Place, Seen, Serving, Tone,
    Waiting, asked, decisions, evidence, facts::SiteFacts, maintenance, moves, names::Spoken, next, serving,
    switches, waiting,
};
use crate::clouds::Severity;

/// Decisions shown, of those in the entries at hand.
const DECISIONS: usize = 30;
/// How long an answer proves who serves: own choice.
const PROVEN_FOR: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);
/// Ended moves shown.
const MOVES: usize = 10;

/// A site at one moment, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Its name.
    pub site: String,
    /// What visitors type, where there are any.
    pub public_url: Option<String>,
    /// Where the standby answers.
    pub standby_url: Option<String>,
    /// Where the primary answers past the redirect.
    pub primary_url: Option<String>,
    /// When this was put together.
    pub at: Timestamp,
    /// How much all of it asks of a reader.
    pub tone: Tone,
    /// Who serves visitors.
    pub serving: Serving,
    /// Who answered where, as just asked.
    pub asked: Option<Asked>,
    /// That visitors get no answer, if they don't.
    pub dark: Option<Dark>,
    /// What to do next, and the commands for it.
    pub next: Next,
    /// The plan that ended `Stuck`, until somebody acknowledges it.
    pub stuck: Option<Stuck>,
    /// Whether what is stuck is tried again by itself.
    #[serde(skip)]
    pub retries: bool,
    /// The plan that is open.
    pub open: Option<Move>,
    /// The maintenance that is refused.
    pub maintenance: Option<Hindered>,
    /// Incidents that were held back.
    pub pending: Vec<Waiting>,
    /// The operator's hold.
    pub hold: Option<Hold>,
    /// Whether it would fail over by itself now.
    pub automatic: Option<Automatic>,
    /// The switches.
    pub switches: Vec<Seen>,
    /// The last moves, newest first.
    pub moves: Vec<Move>,
    /// The last decisions, newest first.
    pub decisions: Vec<Decided>,
    /// What the last check found.
    pub findings: Vec<Finding>,
    /// When it found that; a check that finds the same again changes nothing here.
    pub checked_at: Option<Timestamp>,
    /// What shows on a calm day that the next outage would be answered.
    pub evidence: Evidence,
    /// What could not be read for this overview.
    pub troubles: Vec<String>,
    /// Whether there is somebody who takes commands.
    #[serde(skip)]
    pub commanded: bool,
}

impl Overview {
    /// The overview of a site of which this is known, at `now`.
    pub fn of(facts: &SiteFacts, now: Timestamp) -> Self {
        let state = facts.state.as_ref();
        let mut moves = moves::moves(&facts.entries, state, &facts.policy);
        let serving = serving::serving(facts, &moves);
        let evidence = evidence::evidence(facts, &moves, now);
        let newest = state.and_then(|state| state.newest()).map(|plan| plan.id);
        let open = moves.iter().position(|made| Some(made.plan) == newest).map(|index| moves.remove(index));
        moves.retain(|made| made.end.is_some());
        moves.truncate(MOVES);
        let dark = asked::dark(facts, &serving, open.as_ref());
        let mut overview = Self {
            site: facts.name.to_string(),
            public_url: facts.public_url.clone(),
            standby_url: facts.standby_url.clone(),
            primary_url: facts.primary_url.clone(),
            at: now,
            tone: Tone::Calm,
            serving,
            asked: facts.asked.clone(),
            dark,
            next: Next::default(),
            stuck: state.and_then(|state| state.stuck.clone()),
            retries: state.is_some_and(|state| waiting::is_tried_again(&facts.policy, state, now)),
            open,
            maintenance: maintenance::hindered(facts),
            pending: state
                .map_or_else(Vec::new, |state| waiting::waiting(&facts.policy, state, &facts.entries, now)),
            hold: state.and_then(|state| state.hold_at(now)).cloned(),
            automatic: state.and_then(|state| waiting::automatic(&facts.policy, state, now)),
            switches: switches::switches(facts, now),
            moves,
            decisions: decisions::decisions(&facts.entries, DECISIONS),
            findings: facts.findings.clone(),
            checked_at: facts.checked_at,
            evidence,
            troubles: facts.troubles.clone(),
            commanded: !facts.commands_topic.is_empty(),
        };
        Spoken::of(facts).apply(&mut overview);
        overview.tone = overview.tone();
        overview.next = next::next(&overview, facts);
        overview
    }

    /// Whether a plan is open: such a page is looked at again sooner.
    pub fn is_moving(&self) -> bool {
        self.open.is_some()
    }

    /// Whether an outage was reported that nothing answers: one that came while the site fails over is answered.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && self.serving.moving_to != Some(Position::Standby)
    }

    /// Who a visitor was just seen to be served by.
    pub fn answered_by(&self) -> Option<Position> {
        match self.asked.as_ref()?.public {
            Served::By(position) => Some(position),
            _ => None,
        }
    }

    /// The same, as far as it was seen within a minute of `now`: older than that it proves nothing.
    pub fn answered_lately(&self, now: Timestamp) -> Option<Position> {
        let asked = self.asked.as_ref()?.at;
        self.answered_by().filter(|_| now.duration_since(asked) <= PROVEN_FOR)
    }

    /// Whether visitors get no answer, or something moves: such a page is looked at again soon.
    pub fn is_urgent(&self) -> bool {
        self.is_moving() || self.dark.is_some()
    }

    /// Why nobody could tell whether visitors are answered; a move that is under way ends with that by itself.
    pub fn unjudged(&self) -> Option<&str> {
        self.asked.as_ref()?.unjudged().filter(|_| self.serving.moving_to.is_none())
    }

    /// The same where the primary, which they are led to, gives no answer either.
    pub fn may_be_dark(&self) -> Option<&str> {
        let led_home = self.serving.led_to == Some(Position::Primary);
        let silent = self.asked.as_ref()?.primary.as_ref().is_some_and(Served::is_silent);
        self.unjudged().filter(|_| led_home && silent)
    }

    /// Whether any switch was seen where it doesn't belong.
    pub fn has_drift(&self) -> bool {
        self.switches.iter().any(|seen| seen.drifted)
    }

    fn tone(&self) -> Tone {
        let in_trouble = self.open.as_ref().is_some_and(|open| open.trouble.is_some());
        let broken = self.findings.iter().any(|finding| finding.severity == Severity::Critical);
        let dark = self.stuck.is_some() || self.dark.is_some();
        let unwatched = self.maintenance.as_ref().is_some_and(|hindered| hindered.unwatched);
        let elsewhere = self.answered_by().is_some_and(|by| self.serving.led_to != Some(by));
        if dark
            || in_trouble
            || unwatched
            || self.may_be_dark().is_some()
            || (self.is_waiting() && self.answered_by().is_none())
            || self.serving.by == Place::Unknown
        {
            Tone::Alarm
        } else if (elsewhere && !self.is_moving())
            || self.has_drift()
            || self.maintenance.is_some()
            || self.unjudged().is_some()
            || broken
            || !self.troubles.is_empty()
            || self.serving.by == Place::Standby
        {
            Tone::Warning
        } else if self.is_moving() || self.hold.is_some() {
            Tone::Notice
        } else {
            Tone::Calm
        }
    }
}
