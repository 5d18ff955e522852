//! What visitors see: told whenever it changes.

use sandbox::{Served, visitors::Visited};

use crate::drill::happening::{Happening, Tone, Who};

/// How far the visits were looked at, and what the last of them saw.
#[derive(Debug, Default)]
pub(super) struct VisitPlace {
    known: usize,
    last: Option<Served>,
}

impl VisitPlace {
    /// The changes among the visits that are new.
    pub(super) fn look(&mut self, visits: &[Visited]) -> Vec<Happening> {
        let new = visits.get(self.known..).unwrap_or_default();
        self.known = visits.len();
        new.iter().filter_map(|visit| self.change(visit)).collect()
    }

    fn change(&mut self, visit: &Visited) -> Option<Happening> {
        if self.last.as_ref() == Some(&visit.served) {
            return None;
        }
        self.last = Some(visit.served.clone());
        let (tone, text) = match &visit.served {
            Served::Primary => (Tone::Good, "are served by the primary, at home".to_owned()),
            Served::Standby => (Tone::Good, "are served by the standby, on Cloud Run".to_owned()),
            Served::Somebody => (Tone::Doubtful, "are served by somebody unknown".to_owned()),
            Served::Nobody(why) => (Tone::Bad, format!("see no site: {why}")),
        };
        Some(Happening::line(visit.ended, Who::Visitors, tone, text))
    }
}
