//! Writes outside any plan, and when it is time for them: what was begun and not ended, drained standbys, outages on the
//! standby.

use std::time::Duration;

use failover_core::{Due, Round, State, UpkeepTask};
use jiff::Timestamp;
use serde_json::json;

use super::{desk::Desk, upkeep::Chore};
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

    /// Makes the write outside any plan that is due: what was begun and not ended, drained standbys, outages on the
    /// standby. Some text is why one failed.
    pub(super) async fn chores(&self, round: &Round<'_>) -> Result<Option<String>, RecordError> {
        let Some(due) = round.due() else { return Ok(None) };
        let chore = match due {
            Due::TakenUp(task) => taken_up(task, round),
            Due::Drained => Some(Chore::drained()),
            Due::Outage(why) => Some(self.outage(&why)),
            Due::Recovered => Some(self.recovered()),
        };
        match chore {
            Some(chore) => self.chore(chore, round.state).await,
            None => Ok(None),
        }
    }

    fn outage(&self, why: &str) -> Chore {
        let sentence = format!(
            "visitors are not served although the site is on its standby ({why}); monitoring is resumed until they are"
        );
        self.site.announce(Kind::Outage, &sentence, json!({}), None);
        Chore::outage(sentence)
    }

    fn recovered(&self) -> Chore {
        let sentence = "visitors are served by the standby again; monitoring is paused again".to_owned();
        self.site.announce(Kind::Recovered, &sentence, json!({}), None);
        Chore::recovered(sentence)
    }
}

/// What a round before this one has begun.
fn taken_up(task: UpkeepTask, round: &Round<'_>) -> Option<Chore> {
    match task {
        UpkeepTask::PauseMonitoring => {
            Some(Chore::recovered("monitoring is paused, as it was begun".to_owned()))
        }
        UpkeepTask::ResumeMonitoring => {
            Some(Chore::outage("monitoring is resumed, as it was begun".to_owned()))
        }
        UpkeepTask::CloseStandby => Some(Chore::drained()),
        UpkeepTask::Later(_) => None,
        UpkeepTask::Repair(switch, position) => {
            let role = round.seen.iter().find(|seen| seen.switch == switch)?.role;
            Some(Chore::repair(switch, role, position))
        }
    }
}
