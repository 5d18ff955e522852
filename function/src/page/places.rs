//! The places that can serve a site, as the page shows them.

use failover_core::{Position, Role, Served};

use super::{Overview, Place, words};

/// A place that can serve, as the page shows it.
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) host: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
}

/// Both of a site's.
pub(super) struct Places<'a> {
    pub(super) site: &'a Overview,
    /// Who a visitor was seen to be served by, as far as that is still news.
    pub(super) answered_by: Option<Position>,
}

impl Places<'_> {
    pub(super) fn tiles(&self) -> [Tile; 2] {
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
                _ if self.site.is_waiting() && self.answered_by.is_none() => {
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
        if self.site.serving.draining_until.is_some_and(|until| until > self.site.at) {
            return "still open for cached redirects";
        }
        let gate = self.site.switches.iter().find(|seen| seen.role == Role::Gate);
        gate.map_or("waiting", |gate| match gate.words() {
            "open" => "open, no visitors are led here",
            "closed" => "waiting, closed",
            _ => "waiting",
        })
    }
}
