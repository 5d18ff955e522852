//! A site in the page's words: every word of a template that depends on something is found in here or in the overview.

use failover_core::{Position, Role, Served};
use jiff::Timestamp;

use super::{
    Advice, Decided, Finding, Move, Overview, Place, Seen, Tone,
    bar::{Bar, bar},
    signs::{Sign, signs},
    timeline::{Timeline, timeline},
    words,
};
use crate::{announce::Told, clouds::Severity};

/// One site, at the time of the answer.
pub(super) struct View<'a> {
    pub(super) site: &'a Overview,
    pub(super) now: Timestamp,
}

/// A place that can serve, as the page shows it.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) host: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
}

impl View<'_> {
    /// Who a visitor was seen to be served by, as far as that is still news.
    fn answered_by(&self) -> Option<Position> {
        self.site.answered_lately(self.now)
    }

    /// The state in a sentence, for whoever can't see it.
    pub(super) fn heard(&self) -> String {
        let lasts = self.since().map_or_else(String::new, |since| format!(" for {}", self.lasted(&since)));
        format!("{}: {} {}{lasts}.", self.site.site, self.lead(), self.headline())
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
        signs(&self.site.evidence, self.site.commanded, self.now)
    }

    pub(super) fn bar(&self) -> Option<Bar> {
        self.site.evidence.uptime.as_ref().map(|uptime| bar(uptime, self.now))
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
        let since = words::clock(self.now, decided.since);
        (decided.times > 1).then(|| format!("{} times since {since}", decided.times))
    }

    /// The one figure of a move: how long visitors were without an answer, or how long it took.
    pub(super) fn figure(&self, made: &Move) -> String {
        let served = made.stages.iter().find(|stage| stage.name == "verified");
        match served.filter(|_| made.is_for_an_outage()) {
            Some(served) => format!("visitors were without an answer for {}", words::took(served.total_ms)),
            None => format!("took {}", self.move_took(made)),
        }
    }

    /// The state in one word.
    pub(super) fn place_words(&self) -> &'static str {
        match (self.site.serving.by, self.site.serving.moving_to) {
            (Place::Moving, Some(Position::Standby)) => "failing over",
            (Place::Moving, _) => "failing back",
            _ if self.site.dark.is_some() => "no answer",
            (place, _) => place.as_str(),
        }
    }

    /// What comes before the big word.
    pub(super) fn lead(&self) -> &'static str {
        let serving = &self.site.serving;
        match (serving.by, serving.moving_to) {
            _ if self.site.dark.is_some() => "Visitors get",
            (Place::Moving, Some(Position::Standby)) => "Visitors are being moved to the",
            (Place::Moving, _) => "Visitors are being returned to the",
            (Place::Unknown, _) if self.answered_by().is_none() => "Who serves visitors is",
            _ if self.answered_by().is_some() => "Visitors are served by the",
            _ => "Visitors are led to the",
        }
    }

    /// The big word.
    pub(super) fn headline(&self) -> String {
        match (&self.site.dark, self.site.serving.moving_to, self.answered_by()) {
            (Some(_), ..) => "no answer".to_owned(),
            (None, Some(position), _) | (None, None, Some(position)) => position.to_string(),
            (None, None, None) => self.site.serving.by.as_str().to_owned(),
        }
    }

    /// Since when it is as the big word says: the outage's own length, not the time at a place.
    pub(super) fn since(&self) -> Option<Timestamp> {
        match &self.site.dark {
            Some(dark) => dark.since,
            None => self.site.serving.since,
        }
    }

    /// What is known of the journal's word, where the big word doesn't say it.
    pub(super) fn led(&self) -> Option<String> {
        let serving = &self.site.serving;
        let since = serving.since.map_or_else(String::new, |since| format!(", since {}", self.clock(&since)));
        match (serving.moving_to, serving.led_to) {
            (Some(to), _) if self.site.dark.is_some() => Some(format!("Being moved to the {to}{since}.")),
            (None, Some(at)) if self.site.dark.is_some() => Some(format!("Led to the {at}{since}.")),
            (None, Some(at)) if self.answered_by().is_some_and(|by| by != at) => {
                Some(format!("The journal says that they are led to the {at}."))
            }
            _ => None,
        }
    }

    /// When who answers was asked, in the words of the headline.
    pub(super) fn asked(&self) -> Option<String> {
        let asked = self.site.asked.as_ref()?;
        let when = self.relative(&asked.at);
        Some(match &asked.public {
            Served::By(_) => format!("answered {when}"),
            Served::Silent(why) => format!("asked {when}: {why}"),
            Served::Unknown(why) => format!("asked {when}, and could not be judged: {why}"),
        })
    }

    pub(super) fn tiles(&self) -> [Tile; 2] {
        let site = self.site;
        let primary = site.primary_url.as_deref().or(site.public_url.as_deref());
        let host = |url: Option<&str>| url.map_or_else(String::new, words::host);
        [
            self.tile(Position::Primary, "primary", host(primary)),
            self.tile(Position::Standby, "standby", host(site.standby_url.as_deref())),
        ]
    }

    pub(super) fn tile(&self, position: Position, name: &'static str, host: String) -> Tile {
        let serving = &self.site.serving;
        let (state, class) = if serving.led_to == Some(position) {
            match serving.moving_to {
                _ if self.site.dark.is_some() => ("visitors get no answer", "dark"),
                Some(to) if to != position => ("visitors are led here still", "leaving"),
                _ if self.site.is_waiting() && self.answered_by().is_none() => {
                    ("visitors may get no answer", "dark")
                }
                _ => ("visitors are led here", "serves"),
            }
        } else if serving.moving_to == Some(position) {
            (self.getting_ready(), "coming")
        } else {
            (self.idle(position), "idle")
        };
        Tile { name, host, state, class }
    }

    pub(super) fn getting_ready(&self) -> &'static str {
        let halted = self.site.open.as_ref().is_some_and(|open| open.trouble.is_some());
        if halted { "can't go on, see below" } else { "getting ready" }
    }

    /// What a place that doesn't serve is doing.
    pub(super) fn idle(&self, position: Position) -> &'static str {
        if position == Position::Primary {
            return match self.site.asked.as_ref().and_then(|asked| asked.primary.as_ref()) {
                Some(Served::By(Position::Primary)) => "answers, no visitors are led here",
                Some(Served::Silent(_)) => "gives no answer",
                _ if self.site.serving.by == Place::Unknown => "",
                _ => "no visitors are led here",
            };
        }
        if self.site.serving.draining_until.is_some() {
            return "still open for cached redirects";
        }
        let gate = self.site.switches.iter().find(|seen| seen.role == Role::Gate);
        gate.map_or("waiting", |gate| match gate.words() {
            "open" => "open, no visitors are led here",
            "closed" => "waiting, closed",
            _ => "waiting",
        })
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

    /// Why it is as it is: what keeps it from moving comes before what moved it last.
    pub(super) fn why(&self) -> String {
        let serving = &self.site.serving;
        match (&self.site.stuck, self.site.pending.first()) {
            (Some(stuck), _) if serving.by != Place::Moving => {
                words::sentence(&format!("a plan is stuck: {}", Told::read(&stuck.sentence).failed))
            }
            (_, Some(waiting)) if self.site.is_waiting() && self.answered_by().is_none() => {
                words::sentence(&format!("an outage was reported, and not acted on: {}", waiting.why))
            }
            _ => words::sentence(&serving.why),
        }
    }

    pub(super) fn clock(&self, time: &Timestamp) -> String {
        words::clock(self.now, *time)
    }

    pub(super) fn relative(&self, time: &Timestamp) -> String {
        words::relative(self.now, *time)
    }

    pub(super) fn lasted(&self, since: &Timestamp) -> String {
        words::lasted(self.now, *since)
    }

    pub(super) fn move_took(&self, made: &Move) -> String {
        words::took(made.took_ms(self.now))
    }

    pub(super) fn timeline(&self, made: &Move) -> Option<Timeline> {
        timeline(made, self.now)
    }

    /// The newest move that ended, whose timeline is shown; the others are told in a line each.
    pub(super) fn last_move(&self) -> Option<&Move> {
        self.site.moves.first()
    }

    pub(super) fn earlier_moves(&self) -> &[Move] {
        self.site.moves.get(1..).unwrap_or_default()
    }

    /// What the last check found worst, where something would not work at all: findings stand far below.
    pub(super) fn worst_finding(&self) -> Option<&Finding> {
        self.site.findings.iter().find(|finding| finding.severity == Severity::Critical)
    }

    /// A switch that was seen in time needs no time beside it.
    pub(super) fn seen_late(&self, seen: &Seen) -> bool {
        self.now.duration_since(seen.at) > jiff::SignedDuration::from_secs(60)
    }
}
