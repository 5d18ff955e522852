//! Maintenance: what is due while nothing moves, decided on the journal and on what a round of looks has just seen.
//!
//! The shell begins and executes its plan; whether one is due is said here, so that it can be tried without a cloud.

use jiff::Timestamp;

use crate::{Observed, Position, Role, Served, Sighting, State, UpkeepTask};

/// One look around a site that nothing moves.
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

/// Maintenance that is due.
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

impl Due {
    /// What is to be so.
    pub fn task(&self) -> UpkeepTask {
        match self {
            Self::TakenUp(task) => task.clone(),
            Self::Drained => UpkeepTask::CloseStandby,
            Self::Outage(_) => UpkeepTask::ResumeMonitoring,
            Self::Recovered => UpkeepTask::PauseMonitoring,
        }
    }

    /// Why it is due, for an operator.
    pub fn reason(&self) -> String {
        match self {
            Self::TakenUp(_) => "it was begun before, and not seen to its end".to_owned(),
            Self::Drained => "no cached redirect leads to the standby any more".to_owned(),
            Self::Outage(why) => format!(
                "visitors are not served although the site is on its standby ({why}); monitoring is resumed until they \
                 are"
            ),
            Self::Recovered => {
                "visitors are served by the standby again; monitoring is paused again".to_owned()
            }
        }
    }
}

impl Round<'_> {
    /// What is due, if anything is: what was begun and not ended goes first, except where it is refused and something else
    /// is due. An open plan makes sure by itself that it may be gone on with, and ends where it may not.
    pub fn due(&self) -> Option<Due> {
        if let Some(open) = &self.state.maintenance {
            let other = self.due_now().filter(|due| open.gives_way_to(&due.task()));
            // Whoever knows what it is sees it to its end.
            let known = open.task.clone().filter(|task| !matches!(task, UpkeepTask::Later(_)));
            return other.or(known.map(Due::TakenUp));
        }
        let begun = self.state.upkeep.as_ref().and_then(|upkeep| self.taken_up(&upkeep.task));
        begun.map(Due::TakenUp).or_else(|| self.due_now())
    }

    /// What is due as if nothing had been begun.
    fn due_now(&self) -> Option<Due> {
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

    /// What an earlier release has begun, where it is still to be so. Hours may have passed: nothing is closed that visitors are led to, and
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
    /// What is refused keeps other repairs waiting, but none that visitors wait for.
    pub fn repairs(&self) -> Vec<(&Sighting, Position)> {
        if self.state.upkeep.is_some() {
            return Vec::new();
        }
        let wanted = |sighting: &Sighting, to: Position| match &self.state.maintenance {
            None => self.repair || self.is_our_pause(sighting) || self.is_closed_to_visitors(sighting),
            Some(open) => {
                let repair = UpkeepTask::Repair(sighting.switch.clone(), to);
                self.is_closed_to_visitors(sighting) && open.gives_way_to(&repair)
            }
        };
        let off = self.strayed().into_iter();
        off.filter(|(seen, to)| wanted(seen, *to) && self.may_repair(seen.role, *to)).collect()
    }

    /// Whether this is monitoring that a plan of ours paused and that is to watch, on the primary or while the standby
    /// doesn't serve: it would keep the next outage unnoticed.
    fn is_our_pause(&self, sighting: &Sighting) -> bool {
        let watches = self.belongs(Role::Monitor) == Some(Position::Primary);
        sighting.role == Role::Monitor && watches && self.state.has_paused(self.now)
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
