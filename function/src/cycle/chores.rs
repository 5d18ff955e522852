//! Writes outside any plan, and when it is time for them: what was begun and not ended, drained standbys, outages on the
//! standby.

use std::time::Duration;

use failover_core::{Position, Served, Sighting, State, UpkeepTask};
use jiff::Timestamp;
use serde_json::json;

use super::{
    desk::Desk,
    drift::{is_routed_back, may_repair},
    reconcile::IN_A_ROW,
    upkeep::Chore,
};
use crate::{announce::Kind, record::RecordError};

/// So often is a failover tried again that is stuck with visitors in the dark and nothing routed.
const TRIED_AGAIN_EVERY: Duration = Duration::from_mins(5);

impl Desk {
    /// The state as if nothing were stuck, where another try is no risk and it is time for one.
    pub(super) fn free_of_trouble(&self, state: &State, now: Timestamp) -> Option<State> {
        let stuck = state.stuck.as_ref().filter(|stuck| stuck.retry)?;
        let since_then = now.duration_since(stuck.at).unsigned_abs();
        let tried = self.counts().tried_again.map_or(since_then, |tried| tried.elapsed().min(since_then));
        (tried >= TRIED_AGAIN_EVERY).then(|| State { stuck: None, ..state.clone() })
    }

    /// Writes outside any plan: what was begun and not ended, drained standbys, outages on the standby. Some text is
    /// why one failed.
    pub(super) async fn chores(
        &self,
        state: &State,
        seen: &[Sighting],
        public: &Served,
    ) -> Result<Option<String>, RecordError> {
        let begun = state.upkeep.as_ref();
        if let Some(chore) = begun.and_then(|upkeep| self.taken_up(&upkeep.task, seen, public)) {
            return self.chore(chore, state).await;
        }
        let now = Timestamp::now();
        let drained = state.draining.is_some_and(|until| until <= now);
        if drained && state.active == Position::Primary && is_routed_back(seen) {
            return self.chore(Chore::drained(), state).await;
        }
        if state.active != Position::Standby {
            return Ok(None);
        }
        let silent = self.counts().silent;
        match public {
            Served::Silent(why) if silent >= IN_A_ROW && state.outage.is_none() => {
                let sentence = format!(
                    "visitors are not served although the site is on its standby ({why}); monitoring is resumed until they are"
                );
                self.site.announce(Kind::Outage, &sentence, json!({}), None);
                self.chore(Chore::outage(sentence), state).await
            }
            Served::By(Position::Standby) if state.outage.is_some() => {
                let sentence =
                    "visitors are served by the standby again; monitoring is paused again".to_owned();
                self.site.announce(Kind::Recovered, &sentence, json!({}), None);
                self.chore(Chore::recovered(sentence), state).await
            }
            _ => Ok(None),
        }
    }

    /// What a round before this one has begun and not ended, where it is still to be so. Hours may have passed: nothing
    /// is closed that visitors are led to, and monitoring is not paused while they are not served.
    fn taken_up(&self, task: &UpkeepTask, seen: &[Sighting], public: &Served) -> Option<Chore> {
        match task {
            UpkeepTask::PauseMonitoring if public.is_by(Position::Standby) => {
                Some(Chore::recovered("monitoring is paused, as it was begun".to_owned()))
            }
            UpkeepTask::ResumeMonitoring | UpkeepTask::PauseMonitoring => {
                Some(Chore::outage("monitoring is resumed, as it was begun".to_owned()))
            }
            UpkeepTask::CloseStandby => is_routed_back(seen).then(Chore::drained),
            // Whoever knows what it is sees it to its end.
            UpkeepTask::Later(_) => None,
            UpkeepTask::Repair(switch, position) => {
                let role = self.site.switches.iter().find(|s| s.id() == switch)?.role();
                may_repair(role, *position, seen, public)
                    .then(|| Chore::repair(switch.clone(), role, *position))
            }
        }
    }
}
