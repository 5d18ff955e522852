//! What visitors see: told whenever it changes.

use std::time::Instant;

use sandbox::{Served, visitors::Visited};

use crate::happening::{Happening, Tone, Who};

/// How far the visits were looked at, and what was told last.
#[derive(Debug, Default)]
pub(super) struct VisitPlace {
    known: usize,
    told: Option<Visited>,
    dark_since: Option<Instant>,
}

impl VisitPlace {
    /// The changes among the visits that are new.
    pub(super) fn look(&mut self, visits: &[Visited]) -> Vec<Happening> {
        let new = visits.get(self.known..).unwrap_or_default();
        self.known = visits.len();
        new.iter().filter_map(|visit| self.change(visit)).collect()
    }

    /// A visitor who came before the change and only gave up after it changes nothing any more.
    fn change(&mut self, visit: &Visited) -> Option<Happening> {
        if self.told.as_ref().is_some_and(|told| told.served == visit.served || told.began > visit.began) {
            return None;
        }
        self.told = Some(visit.clone());
        let (tone, text) = match &visit.served {
            Served::Primary => (Tone::Good, "are served by the primary, at home".to_owned()),
            Served::Standby => (Tone::Good, "are served by the standby, on Cloud Run".to_owned()),
            Served::Somebody => (Tone::Doubtful, "are served by somebody unknown".to_owned()),
            Served::Nobody(why) => (Tone::Bad, format!("see no site: {why}")),
        };
        let text = match (visit.succeeded(), self.dark_since) {
            (true, Some(since)) => format!("{text}, after {:.1}\u{a0}s", (visit.ended - since).as_secs_f64()),
            (_, _) => text,
        };
        self.dark_since = if visit.succeeded() { None } else { self.dark_since.or(Some(visit.began)) };
        Some(Happening::line(visit.ended, Who::Visitors, tone, text))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_late_failure_of_an_early_visitor_is_not_told() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let visit = |began, ended, served| Visited { began: at(began), ended: at(ended), served };
        let nobody = || Served::Nobody("no answer".to_owned());
        let visits = [
            visit(0, 0, Served::Primary),
            visit(1, 6, nobody()),
            visit(7, 7, Served::Standby),
            visit(3, 8, nobody()),
        ];
        let told = VisitPlace::default().look(&visits);
        assert_eq!(told.len(), 3, "{told:?}");
        let last = Happening::line(
            at(7),
            Who::Visitors,
            Tone::Good,
            "are served by the standby, on Cloud Run, after 6.0\u{a0}s",
        );
        assert_eq!(told[2], last);
    }
}
