//! What stands above a site on the page: who serves visitors, since when, and why.

use failover_core::{Position, Served};
use jiff::Timestamp;

use super::{
    Overview, Place,
    words::{self, Now},
};
use crate::announce::Told;

/// The words at the top.
pub(super) struct Headline<'a> {
    pub(super) site: &'a Overview,
    pub(super) now: Now,
}

impl Headline<'_> {
    /// Who a visitor was seen to be served by, as far as that is still news.
    pub(super) fn answered_by(&self) -> Option<Position> {
        self.site.answered_lately(self.now.0)
    }

    /// The state in a sentence, for whoever can't see it.
    pub(super) fn heard(&self) -> String {
        let lasts =
            self.since().map_or_else(String::new, |since| format!(" for {}", self.now.lasted(&since)));
        format!("{}: {} {}{lasts}.", self.site.site, self.lead(), self.word())
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
    pub(super) fn word(&self) -> String {
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
        let since =
            serving.since.map_or_else(String::new, |since| format!(", since {}", self.now.clock(&since)));
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
        let when = self.now.relative(&asked.at);
        Some(match &asked.public {
            Served::By(_) => format!("answered {when}"),
            Served::Silent(why) => format!("asked {when}: {why}"),
            Served::Unknown(why) => format!("asked {when}, and could not be judged: {why}"),
        })
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
}
