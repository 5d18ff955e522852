//! What next where there is no function: machines that take their site themselves, by `failover promote`. Nobody sends
//! commands there, and nothing goes on by itself.

use failover_core::Direction;

use super::{Advice, Next, Overview, Place, facts::SiteFacts, next::first, words::sentence};

/// What fits the site as it is.
pub(super) fn next(site: &Overview, facts: &SiteFacts) -> Next {
    let alone = Alone { site, facts };
    let (sentence, moves) = if facts.state.is_none() {
        (
            "Find out what can't be read. If clients are without the site, promote the machine that is to have it all \
             the same: a forced move doesn't wait for the journal."
                .to_owned(),
            alone.either(),
        )
    } else if site.stuck.is_some() {
        ("Mend what is stuck, then promote the machine that is to have the site.".to_owned(), alone.either())
    } else if let Some(open) = &site.open {
        alone.unfinished(open.direction, open.trouble.as_ref().map(|trouble| trouble.sentence.as_str()))
    } else {
        alone.settled()
    };
    let check = advice("See what is broken, and how to mend it", "failover check".to_owned());
    Next { sentence, commands: moves.into_iter().chain([check]).collect() }
}

struct Alone<'a> {
    site: &'a Overview,
    facts: &'a SiteFacts,
}

impl Alone<'_> {
    fn unfinished(&self, direction: Direction, trouble: Option<&str>) -> (String, Vec<Advice>) {
        let mend = trouble.map(|trouble| format!("Mend this: {} Then", sentence(first(trouble))));
        let sentence = format!(
            "{} promote the machine that is to have the site: the {direction} goes on with the next promotion, and \
             not by itself.",
            mend.unwrap_or_else(|| "If it isn't under way any more,".to_owned())
        );
        (sentence, self.either())
    }

    fn settled(&self) -> (String, Vec<Advice>) {
        if let Some(hindered) = &self.site.maintenance {
            let mend = sentence(first(&hindered.trouble.sentence));
            return (format!("Mend this: {mend}"), self.either());
        }
        let sentence = if self.site.has_drift() {
            "A switch is not where the journal says; promote the machine that is to have the site."
        } else if self.site.dark.is_some() {
            "The site gives no answer. See whether its machine runs; if it doesn't, promote the other one."
        } else if self.site.may_be_dark().is_some() {
            "Whether the site answers could not be judged, and its primary gives no answer. See whether its machine runs; \
             if it doesn't, promote the other one."
        } else if self.site.unjudged().is_some() {
            "Whether the site answers could not be judged: open it yourself."
        } else {
            "Nothing is to be done."
        };
        (sentence.to_owned(), self.either())
    }

    /// The way to the other place first: who asks what next has a reason.
    fn either(&self) -> Vec<Advice> {
        let promote = advice(
            "On the machine that is to have it",
            format!("failover promote --site {}", self.facts.name),
        );
        let (to_standby, to_primary) = (
            self.act("failover", "From elsewhere, give it to the standby"),
            self.act("failback", "From elsewhere, give it to the primary"),
        );
        match self.site.serving.by {
            Place::Standby => vec![promote, to_primary, to_standby],
            _ => vec![promote, to_standby, to_primary],
        }
    }

    fn act(&self, verb: &str, what: &str) -> Advice {
        advice(what, format!("failover act {verb} --site {} --force", self.facts.name))
    }
}

fn advice(what: &str, send: String) -> Advice {
    Advice { what: what.to_owned(), send, publish: None, aside: false }
}
