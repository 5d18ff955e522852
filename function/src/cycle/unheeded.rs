//! Alerts that move nothing: a notification channel may be shared, and a policy of ours may be of a kind that doesn't
//! count. Which it is, is said truly, and the latter is announced: somebody relies on that alert.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use failover_core::{Concern, Incident, IncidentState};
use jiff::Timestamp;

use crate::{
    announce::{Announcement, Announcer, Kind},
    clouds::Severity,
    push::Reply,
};

/// So many policies are remembered as announced: own choice, more than anybody has, so that a flood fills no memory.
const REMEMBERED: usize = 256;

/// Which policies were announced by this process.
#[derive(Debug, Default)]
pub(super) struct Unheeded(Mutex<HashSet<String>>);

impl Unheeded {
    /// The answer to an incident that acts on no site. One that names a site of ours all the same is announced, once
    /// for each policy.
    pub(super) fn tell(&self, incident: &Incident, concern: &Concern, announcer: &Announcer) -> Reply {
        let reason = incident.dropped_because(concern).unwrap_or_default();
        tracing::warn!(incident = %incident.id, "{reason}");
        let Concern::Unheeded(site) = concern else { return Reply::stay(None, reason) };
        if incident.state == IncidentState::Open && self.is_news(incident) {
            let news = Announcement::new(Kind::Trouble, Some(site.clone()), reason.clone(), Timestamp::now());
            announcer.tell(news.of_incident(Some(incident.id.clone())).with_severity(Severity::Warning));
        }
        Reply::stay(Some(site.as_str()), reason)
    }

    fn is_news(&self, incident: &Incident) -> bool {
        let policy = incident.policy.clone().unwrap_or_default();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < REMEMBERED && told.insert(policy)
    }
}
