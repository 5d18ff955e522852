//! What the journals have: each move as it was meant, entry for entry, and nothing that no move explains.

use std::collections::BTreeMap;

use failover_core::{Direction, End, Entry, Event, SiteName};
use sandbox::Sandbox;
use stage::journal::Journals;

/// What all journals together came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Moves there and moves back that ended `Done`.
    pub(crate) moves: [usize; 2],
    /// Entries but for claims.
    pub(crate) entries: usize,
    /// Claims: as many as the time took.
    pub(crate) claims: usize,
    /// So many entries a move of each direction had, and how many had so.
    pub(crate) lengths: BTreeMap<(&'static str, usize), usize>,
}

impl Tally {
    /// Reads the journals of these sites.
    pub(crate) fn of(sandbox: &Sandbox, sites: &[String]) -> Self {
        let mut tally = Self::default();
        let journals = Journals::of(&sandbox.world);
        for site in sites {
            let name: SiteName = site.parse().expect("a name");
            tally.add(&journals.replayed(&name).expect("a journal"));
        }
        tally
    }

    fn add(&mut self, entries: &[Entry]) {
        let mut open: BTreeMap<u64, (Direction, usize)> = BTreeMap::new();
        for entry in entries {
            if let Event::Intent { direction, .. } = &entry.event {
                open.insert(entry.number, (*direction, 0));
            }
            let Some(plan) = plan_of(entry) else {
                panic!("entry {} is explained by no move: {:?}", entry.number, entry.event);
            };
            if matches!(entry.event, Event::Claim { .. }) {
                self.claims += 1;
                continue;
            }
            self.entries += 1;
            let (direction, length) = open.get_mut(&plan).expect("it was begun");
            *length += 1;
            if let Event::Ended { end, .. } = &entry.event {
                assert_eq!(*end, End::Done, "entry {}: {:?}", entry.number, entry.event);
                self.done(*direction, *length);
            }
        }
        let state = entries.last().map(|entry| &entry.state);
        assert!(state.is_none_or(|state| state.running().is_none() && state.upkeep.is_none()), "{state:?}");
    }

    fn done(&mut self, direction: Direction, length: usize) {
        let (index, name) = match direction {
            Direction::Failover => (0, "failover"),
            Direction::Failback => (1, "failback"),
            Direction::Rehearsal | Direction::Maintenance => panic!("nobody asked for a {direction}"),
        };
        self.moves[index] += 1;
        *self.lengths.entry((name, length)).or_default() += 1;
    }
}

fn plan_of(entry: &Entry) -> Option<u64> {
    match &entry.event {
        Event::Intent { .. } => Some(entry.number),
        Event::Claim { plan, .. } | Event::Step { plan, .. } | Event::Ended { plan, .. } => Some(*plan),
        _ => None,
    }
}
