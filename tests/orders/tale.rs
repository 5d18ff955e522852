//! What the journal tells, read from the bucket past the function.

use ::stage::journal::{BUCKET, Journals};
use failover_core::{Entry, Event, PendingIncident, SiteName, State};
use sandbox::Sandbox;

/// The journal's entries, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Tale(pub(crate) Vec<Entry>);

impl Tale {
    /// Reads it: numbers have no gaps, and each state follows from the one before.
    pub(crate) fn read(sandbox: &Sandbox) -> Result<Self, String> {
        let site: SiteName = "resume".parse().expect("a name");
        Journals::of(&sandbox.world).replayed(&site).map(Self)
    }

    /// How many entries there are, without reading them.
    pub(crate) fn length(sandbox: &Sandbox) -> usize {
        sandbox.world.storage.objects(BUCKET).len()
    }

    /// Where the site is now, as the journal says.
    pub(crate) fn state(&self) -> State {
        self.0.last().map(|entry| entry.state.clone()).unwrap_or_default()
    }

    /// The events from this entry on.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        self.0.iter().filter(move |entry| entry.number > number).map(|entry| &entry.event)
    }

    /// The number of the entry in which the message with this id was carried out, if it was.
    pub(crate) fn number_of(&self, message: &str) -> Option<u64> {
        let tells = |entry: &&Entry| match &entry.event {
            Event::Intent { order, .. } => order.message == message,
            Event::Confirmed { message: confirmed, .. } => confirmed == message,
            _ => false,
        };
        self.0.iter().find(tells).map(|entry| entry.number)
    }

    /// Every incident that this plan ever was to answer, also those that closed before it ended.
    pub(crate) fn incidents_of(&self, plan: u64) -> impl Iterator<Item = &PendingIncident> {
        let plans = self.0.iter().flat_map(|entry| &entry.state.plans);
        plans.filter(move |open| open.id == plan).flat_map(|open| &open.order.incidents)
    }

    /// One line an entry, for whoever reads a failure.
    pub(crate) fn report(&self) -> String {
        let line = |entry: &Entry| {
            let event = serde_json::to_string(&entry.event).unwrap_or_default();
            format!("{} {} {event}", entry.number, entry.at)
        };
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
