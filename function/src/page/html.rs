//! The page as HTML. Templates only lay out; every word that depends on something is found in here or in the
//! overview. Everything is escaped by the templates.

use askama::Template;
use failover_core::{Position, Role, Served};
use jiff::Timestamp;

use super::{
    Finding, Look, Move, Overview, Place, Seen, Tone,
    headers::STYLE,
    timeline::{Timeline, timeline},
    words,
};
use crate::clouds::Severity;

/// Seconds until a page looks again: own choice.
const REFRESH: u32 = 30;
const REFRESH_WHILE_URGENT: u32 = 5;

/// The whole page.
pub(super) fn page(look: &Look, now: Timestamp) -> String {
    rendered(&Page {
        style: STYLE,
        refresh: if look.is_urgent() { REFRESH_WHILE_URGENT } else { REFRESH },
        sites: look.sites.iter().map(|site| View { site, now }).collect(),
        tone: look.sites.iter().map(|site| site.tone).max().unwrap_or(Tone::Calm),
        look,
        now,
    })
}

/// What whoever comes without a key sees; `was_wrong` if they brought one.
pub(super) fn locked(was_wrong: bool) -> String {
    rendered(&Locked { style: STYLE, was_wrong })
}

/// What whoever comes with the key sees for an instant.
pub(super) fn welcome() -> String {
    rendered(&Welcome { style: STYLE })
}

/// Rendering writes to memory, which can't fail; a template that could is said so in its place.
fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| format!("the page could not be put together: {error}"))
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    style: &'static str,
    refresh: u32,
    sites: Vec<View<'a>>,
    tone: Tone,
    look: &'a Look,
    now: Timestamp,
}

#[derive(Template)]
#[template(path = "locked.html")]
struct Locked {
    style: &'static str,
    was_wrong: bool,
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    style: &'static str,
}

impl Page<'_> {
    /// What the browser's tab says: the state first, since tabs are narrow.
    fn title(&self) -> String {
        let told: Vec<String> =
            self.sites.iter().map(|view| format!("{}: {}", view.site.site, view.place_words())).collect();
        format!("{} · cloud-failover", told.join(", "))
    }

    /// The icon's colour.
    fn colour(&self) -> &'static str {
        match self.tone {
            Tone::Calm => "2ea043",
            Tone::Notice => "388bfd",
            Tone::Warning => "e3a008",
            Tone::Alarm => "e5484d",
        }
    }

    fn clock(&self, time: &Timestamp) -> String {
        words::clock(self.now, *time)
    }

    fn relative(&self, time: &Timestamp) -> String {
        words::relative(self.now, *time)
    }
}

/// One site, at the time of the answer.
struct View<'a> {
    site: &'a Overview,
    now: Timestamp,
}

/// A place that can serve, as the page shows it.
struct Tile {
    name: &'static str,
    host: String,
    state: &'static str,
    class: &'static str,
}

impl View<'_> {
    /// The state in one word.
    fn place_words(&self) -> &'static str {
        match (self.site.serving.by, self.site.serving.moving_to) {
            (Place::Moving, Some(Position::Standby)) => "failing over",
            (Place::Moving, _) => "failing back",
            _ if self.site.dark.is_some() => "no answer",
            (place, _) => place.as_str(),
        }
    }

    /// What comes before the big word.
    fn lead(&self) -> &'static str {
        let serving = &self.site.serving;
        match (serving.by, serving.moving_to) {
            _ if self.site.dark.is_some() => "Visitors get",
            (Place::Moving, Some(Position::Standby)) => "Visitors are being moved to the",
            (Place::Moving, _) => "Visitors are being returned to the",
            (Place::Unknown, _) if self.site.answered_by().is_none() => "Who serves visitors is",
            _ if self.site.answered_by().is_some() => "Visitors are served by the",
            _ => "Visitors are led to the",
        }
    }

    /// The big word.
    fn headline(&self) -> String {
        match (&self.site.dark, self.site.serving.moving_to, self.site.answered_by()) {
            (Some(_), ..) => "no answer".to_owned(),
            (None, Some(position), _) | (None, None, Some(position)) => position.to_string(),
            (None, None, None) => self.site.serving.by.as_str().to_owned(),
        }
    }

    /// Since when it is as the big word says: the outage's own length, not the time at a place.
    fn since(&self) -> Option<Timestamp> {
        match &self.site.dark {
            Some(dark) => dark.since,
            None => self.site.serving.since,
        }
    }

    /// What is known of the journal's word, where the big word doesn't say it.
    fn led(&self) -> Option<String> {
        let serving = &self.site.serving;
        let since = serving.since.map_or_else(String::new, |since| format!(", since {}", self.clock(&since)));
        match (serving.moving_to, serving.led_to) {
            (Some(to), _) if self.site.dark.is_some() => Some(format!("Being moved to the {to}{since}.")),
            (None, Some(at)) if self.site.dark.is_some() => Some(format!("Led to the {at}{since}.")),
            (None, Some(at)) if self.site.answered_by().is_some_and(|by| by != at) => {
                Some(format!("The journal says that they are led to the {at}."))
            }
            _ => None,
        }
    }

    /// When who answers was asked, in the words of the headline.
    fn asked(&self) -> Option<String> {
        let asked = self.site.asked.as_ref()?;
        let when = self.relative(&asked.at);
        Some(match &asked.public {
            Served::By(_) => format!("answered {when}"),
            Served::Silent(why) => format!("asked {when}: {why}"),
            Served::Unknown(why) => format!("asked {when}, and could not be judged: {why}"),
        })
    }

    fn tiles(&self) -> [Tile; 2] {
        let site = self.site;
        let primary = site.primary_url.as_deref().or(site.public_url.as_deref());
        let host = |url: Option<&str>| url.map_or_else(String::new, words::host);
        [
            self.tile(Position::Primary, "primary", host(primary)),
            self.tile(Position::Standby, "standby", host(site.standby_url.as_deref())),
        ]
    }

    fn tile(&self, position: Position, name: &'static str, host: String) -> Tile {
        let serving = &self.site.serving;
        let (state, class) = if serving.led_to == Some(position) {
            match serving.moving_to {
                _ if self.site.dark.is_some() => ("visitors get no answer", "dark"),
                Some(to) if to != position => ("visitors are led here still", "leaving"),
                _ if self.site.is_waiting() && self.site.answered_by().is_none() => {
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

    fn getting_ready(&self) -> &'static str {
        let halted = self.site.open.as_ref().is_some_and(|open| open.trouble.is_some());
        if halted { "can't go on, see below" } else { "getting ready" }
    }

    /// What a place that doesn't serve is doing.
    fn idle(&self, position: Position) -> &'static str {
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
    fn public_url(&self) -> &str {
        self.site.public_url.as_deref().unwrap_or_default()
    }

    fn public_host(&self) -> String {
        words::host(self.public_url())
    }

    /// A link is made only of what a browser can open.
    fn is_link(&self) -> bool {
        self.public_url().starts_with("https://") || self.public_url().starts_with("http://")
    }

    /// Why it is as it is: what keeps it from moving comes before what moved it last.
    fn why(&self) -> String {
        let serving = &self.site.serving;
        match (&self.site.stuck, self.site.pending.first()) {
            (Some(stuck), _) if serving.by != Place::Moving => {
                words::sentence(&format!("a plan is stuck: {}", stuck.sentence))
            }
            (_, Some(waiting)) if self.site.is_waiting() && self.site.answered_by().is_none() => {
                words::sentence(&format!("an outage was reported, and not acted on: {}", waiting.why))
            }
            _ => words::sentence(&serving.why),
        }
    }

    fn clock(&self, time: &Timestamp) -> String {
        words::clock(self.now, *time)
    }

    fn relative(&self, time: &Timestamp) -> String {
        words::relative(self.now, *time)
    }

    fn lasted(&self, since: &Timestamp) -> String {
        words::lasted(self.now, *since)
    }

    fn move_took(&self, made: &Move) -> String {
        words::took(made.took_ms(self.now))
    }

    fn timeline(&self, made: &Move) -> Option<Timeline> {
        timeline(made, self.now)
    }

    /// The newest move that ended, whose timeline is shown; the others are told in a line each.
    fn last_move(&self) -> Option<&Move> {
        self.site.moves.first()
    }

    fn earlier_moves(&self) -> &[Move] {
        self.site.moves.get(1..).unwrap_or_default()
    }

    /// What the last check found worst, where something would not work at all: findings stand far below.
    fn worst_finding(&self) -> Option<&Finding> {
        self.site.findings.iter().find(|finding| finding.severity == Severity::Critical)
    }

    /// A switch that was seen in time needs no time beside it.
    fn seen_late(&self, seen: &Seen) -> bool {
        self.now.duration_since(seen.at) > jiff::SignedDuration::from_secs(60)
    }
}
