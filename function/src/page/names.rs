//! Names for ids in everything that an overview says.

use failover_core::Observed;

use super::{Decided, Move, Overview, facts::SiteFacts, words::host};
use crate::clouds::Names;

/// What stands in a site's sentences, and what people call it.
pub(super) struct Spoken(Names);

impl Spoken {
    /// The names of a site's switches.
    pub(super) fn of(facts: &SiteFacts) -> Self {
        let switches = facts.switches.iter().map(|glimpse| &glimpse.sighting.switch);
        Self(Names::of(switches, &place(facts)))
    }

    /// Has everything that an overview says speak so.
    pub(super) fn apply(&self, overview: &mut Overview) {
        self.put(&mut overview.serving.why);
        overview.stuck.iter_mut().for_each(|stuck| self.put(&mut stuck.sentence));
        overview.open.iter_mut().chain(&mut overview.moves).for_each(|made| self.apply_to_move(made));
        overview.maintenance.iter_mut().for_each(|hindered| self.put(&mut hindered.trouble.sentence));
        overview.decisions.iter_mut().for_each(|decided: &mut Decided| self.put(&mut decided.why));
        overview.pending.iter_mut().for_each(|waiting| self.put(&mut waiting.why));
        overview.troubles.iter_mut().for_each(|trouble| self.put(trouble));
        for seen in &mut overview.switches {
            if let Observed::Mixed(told) | Observed::Unknown(told) = &mut seen.observed {
                self.put(told);
            }
        }
    }

    fn apply_to_move(&self, made: &mut Move) {
        self.put(&mut made.reason);
        made.outcome.iter_mut().for_each(|outcome| self.put(outcome));
        made.trouble.iter_mut().for_each(|trouble| self.put(&mut trouble.sentence));
        made.steps.iter_mut().filter_map(|part| part.note.as_mut()).for_each(|note| self.put(note));
    }

    fn put(&self, sentence: &mut String) {
        *sentence = self.0.say(sentence);
    }
}

/// What people call the site: its host, where it has one.
pub(super) fn place(facts: &SiteFacts) -> String {
    facts.public_url.as_deref().map_or_else(|| facts.name.to_string(), host)
}
