//! What Pub/Sub delivers, and how it is answered.

use std::collections::HashSet;

use sandbox::pubsub::{Delivery, subscription};

use crate::{
    happening::{Happening, Tone, Who},
    stage::Stage,
    watcher::Alert,
};

/// Which deliveries were told.
#[derive(Debug, Default)]
pub(super) struct PushPlace {
    begun: usize,
    ended: HashSet<usize>,
    messages: HashSet<String>,
    /// Whether the watcher's report was told.
    reported: bool,
}

impl PushPlace {
    /// One line for every alert that is pushed for the first time, and one for every answer.
    pub(super) fn look(&mut self, stage: &Stage) -> Vec<Happening> {
        let deliveries = stage.world().pubsub.outcomes();
        let mut seen = Vec::new();
        for (index, delivery) in deliveries.iter().enumerate() {
            if index >= self.begun {
                seen.extend(self.beginning(stage, delivery));
            }
            if delivery.ended.is_some() && self.ended.insert(index) {
                seen.extend(answer(delivery));
            }
        }
        self.begun = deliveries.len();
        seen
    }

    fn beginning(&mut self, stage: &Stage, delivery: &Delivery) -> Option<Happening> {
        let is_first = self.messages.insert(delivery.message.clone());
        if delivery.subscription != subscription("failover-alerts") {
            return None;
        }
        if !is_first {
            let text = format!("delivers the same alert a {} time", ordinal(delivery.attempt));
            return Some(Happening::line(delivery.started, Who::PubSub, Tone::Plain, text));
        }
        let (who, tone, text) = match Alert::of(stage.world(), &delivery.message) {
            Alert::Monitoring { opens: true } => {
                (Who::Monitoring, Tone::Bad, "opens an incident, and Pub/Sub pushes it to the function")
            }
            Alert::Monitoring { opens: false } => {
                (Who::Monitoring, Tone::Plain, "closes the incident; a paused check has no data")
            }
            // The watcher repeats its report until it sees the site again.
            Alert::Report { opens: true } if !std::mem::replace(&mut self.reported, true) => {
                (Who::PubSub, Tone::Bad, "pushes the report to the function")
            }
            Alert::Report { .. } | Alert::SignOfLife => return None,
        };
        Some(Happening::line(delivery.started, who, tone, text))
    }
}

/// Only what isn't acknowledged is worth a line: what the function decided it says itself.
fn answer(delivery: &Delivery) -> Option<Happening> {
    if delivery.is_acknowledged() {
        return None;
    }
    let answer =
        delivery.status.map_or_else(|| "gets no answer".to_owned(), |status| format!("is answered {status}"));
    let text = format!("{answer}, and will deliver it again");
    Some(Happening::line(delivery.ended?, Who::PubSub, Tone::Doubtful, text))
}

fn ordinal(number: u32) -> String {
    match number {
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        number => format!("{number}th"),
    }
}
