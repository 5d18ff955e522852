//! A site in the page's words: every word of a template that depends on something is found in here or in the overview.

use jiff::Timestamp;

use super::{
    Advice, Decided, Finding, Move, Overview, Seen, Tone,
    bar::{Bar, bar},
    headline::Headline,
    places::{Places, Tile},
    signs::{Sign, signs},
    timeline::{Timeline, timeline},
    words::{self, Now},
};
use crate::clouds::Severity;

/// One site, at the time of the answer.
pub(super) struct View<'a> {
    pub(super) site: &'a Overview,
    pub(super) now: Now,
    pub(super) headline: Headline<'a>,
    pub(super) moves: Moves<'a>,
}

/// A site's moves that have ended, newest first, and how long any move took.
pub(super) struct Moves<'a> {
    ended: &'a [Move],
    now: Now,
}

impl<'a> View<'a> {
    pub(super) fn of(site: &'a Overview, now: Timestamp) -> Self {
        let now = Now(now);
        Self { site, now, headline: Headline { site, now }, moves: Moves { ended: &site.moves, now } }
    }

    /// Whether it asks for somebody: then it is shown whole among others.
    pub(super) fn is_loud(&self) -> bool {
        self.site.tone >= Tone::Warning
    }

    /// Whether there is time to look at what would be: else what is comes first.
    pub(super) fn is_quiet(&self) -> bool {
        self.site.tone <= Tone::Notice && self.site.open.is_none()
    }

    pub(super) fn signs(&self) -> Vec<Sign> {
        signs(&self.site.evidence, self.site.commanded, self.now.0)
    }

    pub(super) fn bar(&self) -> Option<Bar> {
        self.site.evidence.uptime.as_ref().map(|uptime| bar(uptime, self.now.0))
    }

    /// The commands that something asks for.
    pub(super) fn commands(&self) -> impl Iterator<Item = &Advice> {
        self.site.next.commands.iter().filter(|advice| !advice.aside)
    }

    /// The commands that are only possible.
    pub(super) fn asides(&self) -> Vec<&Advice> {
        self.site.next.commands.iter().filter(|advice| advice.aside).collect()
    }

    /// How often something was decided in a row.
    pub(super) fn again(&self, decided: &Decided) -> Option<String> {
        let since = words::clock(self.now.0, decided.since);
        (decided.times > 1).then(|| format!("{} times since {since}", decided.times))
    }

    pub(super) fn tiles(&self) -> [Tile; 2] {
        Places { site: self.site, answered_by: self.headline.answered_by() }.tiles()
    }

    /// Nothing where there are no visitors.
    pub(super) fn public_url(&self) -> &str {
        self.site.public_url.as_deref().unwrap_or_default()
    }

    pub(super) fn public_host(&self) -> String {
        words::host(self.public_url())
    }

    /// A link is made only of what a browser can open.
    pub(super) fn is_link(&self) -> bool {
        self.public_url().starts_with("https://") || self.public_url().starts_with("http://")
    }

    /// What the last check found worst, where something would not work at all: findings stand far below.
    pub(super) fn worst_finding(&self) -> Option<&Finding> {
        self.site.findings.iter().find(|finding| finding.severity == Severity::Critical)
    }

    /// Whether this time has passed.
    pub(super) fn is_over(&self, time: &Timestamp) -> bool {
        *time <= self.now.0
    }

    /// A switch that was seen in time needs no time beside it.
    pub(super) fn seen_late(&self, seen: &Seen) -> bool {
        self.now.0.duration_since(seen.at) > jiff::SignedDuration::from_secs(60)
    }
}

impl Moves<'_> {
    /// The newest move that ended, whose timeline is shown; the others are told in a line each.
    pub(super) fn last(&self) -> Option<&Move> {
        self.ended.first()
    }

    pub(super) fn earlier(&self) -> &[Move] {
        self.ended.get(1..).unwrap_or_default()
    }

    /// The one figure of a move: how long visitors were without an answer, or how long it took.
    pub(super) fn figure(&self, made: &Move) -> String {
        let served = made.stages.iter().find(|stage| stage.name == "verified");
        match served.filter(|_| made.is_for_an_outage()) {
            Some(served) => format!("visitors were without an answer for {}", words::took(served.total_ms)),
            None => format!("took {}", self.took(made)),
        }
    }

    pub(super) fn took(&self, made: &Move) -> String {
        words::took(made.took_ms(self.now.0))
    }

    pub(super) fn timeline(&self, made: &Move) -> Option<Timeline> {
        timeline(made, self.now.0)
    }
}
