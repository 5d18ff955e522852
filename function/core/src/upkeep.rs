//! Upkeep: what is due outside any plan, decided on the journal and on what a round of looks has just seen.
//!
//! The shell claims and makes such a write; whether one is due is said here, so that it can be tried without a cloud.

use jiff::Timestamp;

use crate::{Observed, Position, Role, Served, Sighting, State, UpkeepTask};

/// One look around a site with no plan open.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// What the journal says.
    pub state: &'a State,
    /// The switches as they were seen.
    pub seen: &'a [Sighting],
    /// Who answered the public URL.
    pub public: &'a Served,
    /// Whether so many looks in a row were silent that it is no accident.
    pub long_silent: bool,
    /// Whether the owner wants every strayed switch set again.
    pub repair: bool,
    /// When this is decided.
    pub now: Timestamp,
}

/// A cloud write outside any plan that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A round before this one has begun it and not ended it.
    TakenUp(UpkeepTask),
    /// No cached redirect leads to the standby any more: it is closed.
    Drained,
    /// Visitors are not served on the standby, for this reason: monitoring is resumed until they are.
    Outage(String),
    /// They are served again: monitoring is paused again.
    Recovered,
}

impl Round<'_> {
    /// The write that is due, if one is: what was begun and not ended goes first.
    pub fn due(&self) -> Option<Due> {
        let begun = self.state.upkeep.as_ref();
        if let Some(task) = begun.and_then(|upkeep| self.taken_up(&upkeep.task)) {
            return Some(Due::TakenUp(task));
        }
        let drained = self.state.draining.is_some_and(|until| until <= self.now);
        if drained && self.state.active == Position::Primary && is_routed_back(self.seen) {
            return Some(Due::Drained);
        }
        if self.state.active != Position::Standby {
            return None;
        }
        match self.public {
            Served::Silent(why) if self.long_silent && self.state.outage.is_none() => {
                Some(Due::Outage(why.clone()))
            }
            Served::By(Position::Standby) if self.state.outage.is_some() => Some(Due::Recovered),
            _ => None,
        }
    }

    /// What was begun, where it is still to be so. Hours may have passed: nothing is closed that visitors are led to, and
    /// monitoring is not paused while they are not served.
    fn taken_up(&self, task: &UpkeepTask) -> Option<UpkeepTask> {
        match task {
            UpkeepTask::PauseMonitoring if self.public.is_by(Position::Standby) => Some(task.clone()),
            UpkeepTask::ResumeMonitoring | UpkeepTask::PauseMonitoring => Some(UpkeepTask::ResumeMonitoring),
            UpkeepTask::CloseStandby => is_routed_back(self.seen).then(|| task.clone()),
            // Whoever knows what it is sees it to its end.
            UpkeepTask::Later(_) => None,
            UpkeepTask::Repair(switch, position) => {
                let role = self.seen.iter().find(|seen| seen.switch == *switch)?.role;
                self.may_repair(role, *position).then(|| task.clone())
            }
        }
    }

    /// The switches that are elsewhere than where the journal says, with where they belong. A route that was moved as a
    /// whole has mostly been adopted before; what is left of routes is partly here and partly there, or led where nobody
    /// could tell whether visitors are answered.
    pub fn strayed(&self) -> Vec<(&Sighting, Position)> {
        let off = self.seen.iter().filter_map(|sighting| {
            let position = self.belongs(sighting.role)?;
            let strayed = matches!(&sighting.observed, Observed::At(at) if *at != position)
                || matches!(sighting.observed, Observed::Mixed(_));
            strayed.then_some((sighting, position))
        });
        off.collect()
    }

    fn belongs(&self, role: Role) -> Option<Position> {
        match role {
            Role::Gate if self.state.draining.is_some() => None,
            Role::Monitor if self.state.outage.is_some() => Some(Position::Primary),
            _ => Some(self.state.active),
        }
    }

    /// The strayed switches that are set again: all where the owner wants it, and what was ours to begin with in any case.
    pub fn repairs(&self) -> Vec<(&Sighting, Position)> {
        if self.state.upkeep.is_some() {
            return Vec::new();
        }
        let wanted = |sighting: &Sighting| {
            self.repair || self.is_our_pause(sighting) || self.is_closed_to_visitors(sighting)
        };
        let off = self.strayed().into_iter();
        off.filter(|(seen, to)| wanted(seen) && self.may_repair(seen.role, *to)).collect()
    }

    /// Whether this is monitoring that a plan of ours paused, on a site that is on its primary: it would keep the next
    /// outage unnoticed.
    fn is_our_pause(&self, sighting: &Sighting) -> bool {
        sighting.role == Role::Monitor
            && self.state.active == Position::Primary
            && self.state.has_paused(self.now)
    }

    /// Whether this is what keeps visitors out of the standby that they are led to: nobody serves them, and opening it moves
    /// nobody. A request of ours that came late may have closed it, or have led visitors to one that was closed already.
    fn is_closed_to_visitors(&self, sighting: &Sighting) -> bool {
        let free = self.state.stuck.is_none() && self.state.hold_at(self.now).is_none();
        let closed = sighting.role == Role::Gate && self.state.active == Position::Standby;
        closed && self.public.is_silent() && free
    }

    /// Whether a strayed switch may be set again without asking anybody: traffic is moved by plans alone, a standby is
    /// closed only where no route leads there, and monitoring is paused only while a visitor was just served by it.
    fn may_repair(&self, role: Role, to: Position) -> bool {
        match (role, to) {
            (Role::Route, _) => false,
            (Role::Gate, Position::Primary) => is_routed_back(self.seen),
            (Role::Monitor, Position::Standby) => self.public.is_by(Position::Standby),
            _ => true,
        }
    }
}

/// Whether every route was seen to lead to the primary.
fn is_routed_back(seen: &[Sighting]) -> bool {
    seen.iter().filter(|s| s.role == Role::Route).all(|s| s.observed.is_at(Position::Primary))
}

#[cfg(test)]
mod tests;
