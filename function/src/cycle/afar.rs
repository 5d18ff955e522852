//! What is told of a site on its standby: that its primary answers again, and that not all visitors are served.

use failover_core::{Failback, Position, Served, State, clock};
use serde_json::json;

use super::{desk::Desk, reconcile::Around};
use crate::announce::Kind;

impl Desk {
    /// Tells what is new of both places, once each.
    pub(super) fn tell_from_afar(&self, around: &Around) {
        if around.head.state.active == Position::Standby {
            self.tell_of_the_primary(&around.primary, &around.head.state);
            self.tell_of_a_flicker(&around.public);
        }
    }

    /// The first answer of the primary's own URL after an outage. Whether there was one, this process has seen, or the
    /// failover was an alert's.
    fn tell_of_the_primary(&self, primary: &Served, state: &State) {
        let answers = match primary {
            Served::By(Position::Primary) => true,
            Served::Silent(_) => false,
            _ => return,
        };
        let before = self.counts().primary_answers.replace(answers);
        let since = state.since;
        let by_alert = state.automatic.last().is_some_and(|moved| since.is_some_and(|since| since <= *moved));
        let was_silent = before.map_or(by_alert, |answered| !answered);
        if answers && was_silent {
            let told = since.map_or_else(String::new, |since| format!(" since {}", clock(since)));
            let sentence = format!(
                "the primary answers again, while visitors are served by the standby{told}; {}",
                self.way_back()
            );
            self.site.announce(Kind::PrimaryAnswers, &sentence, json!({ "since": since }), None);
        }
    }

    fn way_back(&self) -> String {
        match self.site.policy.failback {
            Failback::Automatic { well_for } => format!(
                "they are led back once every reconcile for {} has seen it answer",
                humantime::format_duration(well_for)
            ),
            Failback::Manual => format!("lead them back: failover send failback --site {}", self.site.name),
        }
    }

    /// Some looks are answered and some are not: never three misses in a row, and visitors are lost all the same.
    fn tell_of_a_flicker(&self, public: &Served) {
        let mut counts = self.counts();
        let flicker = counts.flicker();
        let before = std::mem::replace(&mut counts.is_flickering, flicker.is_some());
        drop(counts);
        let Some((misses, looks)) = flicker.filter(|_| !before) else { return };
        let met = match public {
            Served::Silent(why) => format!(" (the last: {why})"),
            _ => String::new(),
        };
        let sentence = format!(
            "not all visitors are served by the standby: {misses} of the last {looks} looks at the public URL got no \
             answer{met}; look whether its name has another record, and whether the standby is whole"
        );
        self.site.announce(Kind::Trouble, &sentence, json!({ "misses": misses, "looks": looks }), None);
    }
}
