//! What a site's journal remembers of incidents and messages.

use jiff::Timestamp;

use super::super::{PENDING_MOST, REMEMBERED_FOR, REMEMBERED_MOST, Remembered, State, is_kept_at};
use crate::PendingIncident;

/// The incidents that wait, and the ids that were dealt with.
pub(super) struct Memory<'a> {
    pending: &'a mut Vec<PendingIncident>,
    incidents: &'a mut Vec<Remembered>,
    messages: &'a mut Vec<Remembered>,
}

impl<'a> From<&'a mut State> for Memory<'a> {
    fn from(state: &'a mut State) -> Self {
        Self {
            pending: &mut state.pending,
            incidents: &mut state.settled_incidents,
            messages: &mut state.settled_messages,
        }
    }
}

impl Memory<'_> {
    pub(super) fn keep_pending(&mut self, incidents: &[PendingIncident]) {
        for incident in incidents {
            self.drop_pending(&incident.id);
            self.pending.push(incident.clone());
        }
    }

    pub(super) fn drop_pending(&mut self, id: &str) {
        self.pending.retain(|incident| incident.id != id);
    }

    pub(super) fn settle_pending(&mut self, at: Timestamp) {
        let pending = std::mem::take(self.pending);
        self.settle_incidents(&pending, at);
    }

    pub(super) fn settle_incidents(&mut self, incidents: &[PendingIncident], at: Timestamp) {
        for incident in incidents {
            self.settle_incident(&incident.id, at);
        }
    }

    pub(super) fn settle_incident(&mut self, id: &str, at: Timestamp) {
        remember(self.incidents, id, at);
    }

    pub(super) fn settle_message(&mut self, id: &str, at: Timestamp) {
        remember(self.messages, id, at);
    }

    pub(super) fn forget(&mut self, at: Timestamp) {
        self.pending.retain(|incident| is_kept_at(incident, at));
        let surplus = self.pending.len().saturating_sub(PENDING_MOST);
        self.pending.drain(..surplus);
        for remembered in [&mut *self.incidents, &mut *self.messages] {
            remembered.retain(|one| at.duration_since(one.at) < REMEMBERED_FOR);
            let surplus = remembered.len().saturating_sub(REMEMBERED_MOST);
            remembered.drain(..surplus);
        }
    }
}

fn remember(list: &mut Vec<Remembered>, id: &str, at: Timestamp) {
    list.retain(|one| one.id != id);
    list.push(Remembered { id: id.to_owned(), at });
}
