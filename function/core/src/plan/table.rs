//! The tables of plans: each step with what it does, what must hold first, and what undoes it.
//!
//! What an operator is shown beforehand and what is executed are these same lines. An executor needs to know nothing
//! of failovers and failbacks: the order in which things wait for each other is here and nowhere else.

use crate::{Direction, Order, Policy, Position, Role, RouteOrder, Step, SwitchId, UpkeepTask};

/// What a plan's steps depend on beside the site's policy: how it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Terms {
    /// No person asked for it.
    pub automatic: bool,
    /// An operator wants it without the safety of an answer.
    pub force: bool,
    /// The site is there already: only what was left undone is done.
    pub unfinished: bool,
}

/// A plan: what holds before anything is written, and its steps in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which way it goes.
    pub direction: Direction,
    /// What must hold before anything is written, each for as long as its step has not been finished.
    pub first: Vec<(Need, Step)>,
    /// Its steps. One waits for the end of the one before it, unless it goes beside that.
    pub lines: Vec<Line>,
    /// What comes of a refusal.
    pub refused: Refused,
}

/// What comes of a plan that is refused something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The attempt ends, and the next delivery tries again; after long enough the plan is stuck.
    TriedAgain,
    /// What was done is undone at once, also by whoever finds the plan interrupted.
    Undone,
    /// The next round of looks decides whether it is still to be done, however long that goes on. What may pass is left
    /// to it, too.
    LeftToNextRound,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is called in the journal.
    pub step: Step,
    /// What is done.
    pub act: Act,
    /// What must hold first; made sure of again before each try.
    pub needs: Vec<Need>,
    /// What makes it pointless to go on with it.
    pub unless: Unless,
    /// How long it is waited for.
    pub within: Within,
    /// Where the plan may go on without it.
    pub skipped: Skipped,
    /// Whether the switches are looked at first, also by a plan's first executor: they may be there already.
    pub looks: bool,
    /// Whether it is begun together with the step before it, and carried out whatever comes of that one.
    pub beside: bool,
    /// What undoes it; nothing where it stays as it is.
    pub undo: Option<Undo>,
    /// Only this switch of the role.
    pub only: Option<SwitchId>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Sets every switch of the role.
    Set(Role, Position),
    /// Sets what makes the primary run, and waits until it is ready and answers.
    Start,
    /// Sends every switch of the role a write that changes nothing.
    Touch(Role),
    /// Waits until the place answers at its own URL.
    Answer(Position),
    /// Waits until a visitor of the public URL is served by the place.
    Visitor(Position),
    /// Looks whether every switch of the role leads to the place: the proof where there is no public URL.
    Seen(Role, Position),
}

/// What must hold before something is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The site is silent still, where it was looked at long ago.
    StillSilent,
    /// Nothing is known that would keep the standby from serving.
    StandbyAble,
    /// The place has answered within the last five seconds.
    Answer(Position),
    /// A visitor was served by the place.
    Served(Position),
    /// Every route was seen to lead to the primary.
    RoutedBack,
    /// No cached redirect leads visitors to the standby any more. Until then the step is left to a later one.
    Drained,
}

/// What makes it pointless to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unless {
    /// Nothing does.
    Nothing,
    /// The primary answers visitors after all.
    PrimaryReturns,
    /// The primary answers, and the standby that visitors are led to doesn't.
    PrimaryAlone,
    /// A visitor was served by the primary.
    PrimaryServes,
}

/// How long something is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// However long it takes.
    AnyTime,
    /// As long as `verify_within` says; then what was done is undone.
    VerifyWithin,
    /// As long as `failback_patience` says; then what was done is undone.
    FailbackPatience,
    /// As long as `failback_patience` says; then the plan is stuck: nobody is led back who was led away by force.
    FailbackPatienceByForce,
}

/// Where a plan may go on without a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Nowhere.
    Never,
    /// Where nobody can look at its switches, if somebody insists.
    Unseen,
    /// Where nothing had to be moved.
    Unmoved,
}

/// How a step is undone: its switches are set the other way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// What that is called in the journal.
    pub step: Step,
    /// What must hold first.
    pub needs: Vec<Need>,
    /// What makes it pointless.
    pub unless: Unless,
    /// Whether the switches are looked at even if the step was never begun: somebody else may have been there.
    pub always: bool,
    /// Whether it is done whatever comes of what is undone before it.
    pub alone: bool,
}

/// What undoes a step, as a step of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The step that it undoes.
    pub of: Step,
    /// What is done.
    pub line: Line,
    /// As `Undo` has it.
    pub always: bool,
    /// As `Undo` has it.
    pub alone: bool,
}

impl From<&Order> for Terms {
    fn from(order: &Order) -> Self {
        Self { automatic: order.is_automatic(), force: order.force, unfinished: order.unfinished }
    }
}

impl Plan {
    /// The plan of this direction for a site of this policy.
    pub fn new(direction: Direction, policy: &Policy, terms: Terms) -> Self {
        let lines = match direction {
            Direction::Failover => failover(policy, terms),
            Direction::Failback => failback(policy, terms),
            Direction::Rehearsal => rehearsal(policy),
            Direction::Maintenance => Vec::new(),
        };
        let has_role = |line: &Line| line.act.role().is_none_or(|role| policy.roles.has(role));
        let lines = lines.into_iter().filter(has_role).collect();
        let refused = match direction {
            Direction::Failover | Direction::Failback => Refused::TriedAgain,
            Direction::Rehearsal => Refused::Undone,
            Direction::Maintenance => Refused::LeftToNextRound,
        };
        Self { direction, first: first(direction, terms), lines, refused }
    }

    /// The plan that brings this about; `role_of` knows the site's switches. One that only a later release understands has
    /// no step.
    pub fn maintenance(task: &UpkeepTask, role_of: impl Fn(&SwitchId) -> Option<Role>) -> Self {
        use Position::{Primary, Standby};
        let direction = Direction::Maintenance;
        let set = |step, role, position| Line { looks: true, ..Line::new(step, Act::Set(role, position)) };
        let (first, line) = match task {
            UpkeepTask::ResumeMonitoring => (None, Some(set(Step::Resume, Role::Monitor, Primary))),
            UpkeepTask::PauseMonitoring => {
                (Some(Need::Served(Standby)), Some(set(Step::Pause, Role::Monitor, Standby)))
            }
            UpkeepTask::CloseStandby => (Some(Need::RoutedBack), Some(set(Step::Close, Role::Gate, Primary))),
            UpkeepTask::Repair(switch, position) => {
                let role = role_of(switch);
                let step = role.and_then(|role| step_of(role, *position).map(|step| (step, role)));
                let only = Some(switch.clone());
                (
                    may_repair(role, *position),
                    step.map(|(step, role)| Line { only, ..set(step, role, *position) }),
                )
            }
            UpkeepTask::Later(_) => (None, None),
        };
        let first = first.zip(line.as_ref().map(|line| line.step)).into_iter().collect();
        Self { direction, first, lines: line.into_iter().collect(), refused: Refused::LeftToNextRound }
    }

    /// Its steps as the journal calls them, in order.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.lines.iter().map(|line| line.step)
    }

    /// The steps that are begun together: one, and those that go beside it.
    pub fn groups(&self) -> impl Iterator<Item = &[Line]> {
        self.lines.chunk_by(|_, next| next.beside)
    }

    /// What leads visitors, of the steps before this one: it is kept so while the step waits.
    pub fn kept_before(&self, step: Step) -> Vec<Line> {
        let before = self.lines.iter().take_while(|line| line.step != step);
        before.filter(|line| line.act.leads()).cloned().collect()
    }

    /// What is looked at once more before the plan is done: every switch that a move set.
    pub fn last_look(&self) -> Vec<Line> {
        let moves = matches!(self.direction, Direction::Failover | Direction::Failback);
        let set = |line: &&Line| moves && matches!(line.act, Act::Set(..));
        self.lines.iter().filter(set).cloned().collect()
    }

    /// What undoes it, in the order in which a move the other way goes: visitors are led only to an open standby, and it
    /// is closed only where they are not led any more.
    pub fn undoing(&self) -> Vec<Undone> {
        let mut undone: Vec<Undone> = self.lines.iter().filter_map(Line::undone).collect();
        undone.sort_by_key(|undone| match undone.line.act {
            Act::Set(Role::Gate, Position::Standby) => 0,
            Act::Set(Role::Route, _) => 1,
            Act::Set(Role::Gate, Position::Primary) => 2,
            _ => 3,
        });
        undone
    }

    /// The step whose end lets this one begin.
    pub fn step_before(&self, step: Step) -> Option<Step> {
        let place = self.lines.iter().position(|line| line.step == step)?;
        let waits = self.lines.iter().enumerate().take(place + 1).rfind(|(_, line)| !line.beside)?;
        waits.0.checked_sub(1).map(|before| self.lines[before].step)
    }
}

impl Act {
    /// The role whose switches it needs.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Set(role, _) | Self::Touch(role) => Some(role),
            Self::Start => Some(Role::Power),
            Self::Answer(_) | Self::Visitor(_) | Self::Seen(..) => None,
        }
    }

    /// Whether it is on the way of visitors.
    fn leads(self) -> bool {
        matches!(self, Self::Set(Role::Gate | Role::Route, _))
    }
}

impl Line {
    fn new(step: Step, act: Act) -> Self {
        Self {
            step,
            act,
            needs: Vec::new(),
            unless: Unless::Nothing,
            within: Within::AnyTime,
            skipped: Skipped::Never,
            looks: false,
            beside: false,
            undo: None,
            only: None,
        }
    }

    /// Who has to answer before each try.
    pub fn answers(&self) -> Option<Position> {
        self.needs.iter().find_map(|need| match need {
            Need::Answer(place) => Some(*place),
            _ => None,
        })
    }

    /// What undoes this step: the same switches, set the other way.
    fn undone(&self) -> Option<Undone> {
        let (undo, Act::Set(role, position)) = (self.undo.as_ref()?, self.act) else { return None };
        let act = Act::Set(role, position.opposite());
        let (needs, unless) = (undo.needs.clone(), undo.unless);
        let line = Self { needs, unless, looks: true, ..Self::new(undo.step, act) };
        Some(Undone { of: self.step, line, always: undo.always, alone: undo.alone })
    }

    fn needing(self, needs: impl IntoIterator<Item = Need>) -> Self {
        Self { needs: needs.into_iter().collect(), ..self }
    }

    fn undone_by(self, undo: Undo) -> Self {
        Self { undo: Some(undo), ..self }
    }
}

impl Undo {
    fn always(step: Step) -> Self {
        Self { step, needs: Vec::new(), unless: Unless::Nothing, always: true, alone: false }
    }

    fn if_begun(step: Step) -> Self {
        Self { always: false, ..Self::always(step) }
    }
}

/// What must hold before anything is written to a cloud.
fn first(direction: Direction, terms: Terms) -> Vec<(Need, Step)> {
    match direction {
        Direction::Failover if terms.automatic => {
            vec![(Need::StillSilent, Step::Route), (Need::StandbyAble, Step::Open)]
        }
        Direction::Failover | Direction::Failback | Direction::Maintenance => Vec::new(),
        Direction::Rehearsal => vec![(Need::StandbyAble, Step::Open)],
    }
}

/// Open the standby, lead visitors there once it has answered, see one served, pause monitoring.
fn failover(policy: &Policy, terms: Terms) -> Vec<Line> {
    use Position::Standby;
    let together = policy.order == RouteOrder::Together;
    let answer = (!terms.force && !together && policy.has_standby_url).then_some(Need::Answer(Standby));
    let watched = together && !terms.force && policy.has_primary_url;
    let unless = Unless::PrimaryReturns;
    let open = Line { unless, ..Line::new(Step::Open, Act::Set(Role::Gate, Standby)) };
    let wait = Line { unless, ..Line::new(Step::Answer, Act::Answer(Standby)) };
    let route = Line { unless, ..Line::new(Step::Route, Act::Set(Role::Route, Standby)) };
    let verify = Line {
        unless: if watched { Unless::PrimaryAlone } else { Unless::Nothing },
        ..Line::new(Step::Verify, proof(policy, Standby))
    };
    let pause = Line::new(Step::Pause, Act::Set(Role::Monitor, Standby));
    let closing = Undo { needs: vec![Need::Drained], ..Undo::always(Step::Close) };
    let mut lines = vec![open.undone_by(closing)];
    lines.extend(answer.is_some().then_some(wait));
    lines.push(route.needing(answer).undone_by(Undo::always(Step::Unroute)));
    lines.push(verify);
    let resuming = Undo { alone: true, ..Undo::if_begun(Step::Resume) };
    lines.push(pause.needing([Need::Served(Standby)]).undone_by(resuming));
    lines
}

/// Start the primary where a switch can, lead visitors back, see one served, then close the standby and resume
/// monitoring, independently of each other. By force nobody is asked, and nobody is led to the standby again.
fn failback(policy: &Policy, terms: Terms) -> Vec<Line> {
    use Position::{Primary, Standby};
    let Terms { force, unfinished, .. } = terms;
    let skipped = if unfinished { Skipped::Unmoved } else { Skipped::Never };
    let within = if force { Within::FailbackPatienceByForce } else { Within::FailbackPatience };
    let set = |step, role| Line { looks: unfinished, ..Line::new(step, Act::Set(role, Primary)) };
    let answer = (!force && policy.has_primary_url).then_some(Need::Answer(Primary));
    let start = Line {
        looks: true,
        skipped: if force || unfinished { Skipped::Unseen } else { Skipped::Never },
        ..Line::new(Step::Power, Act::Start)
    };
    let standby_answers = policy.has_standby_url.then_some(Need::Answer(Standby));
    let unless = Unless::PrimaryServes;
    let leading_back =
        Undo { needs: standby_answers.into_iter().collect(), unless, ..Undo::always(Step::Unroute) };
    let pausing = Undo { needs: vec![Need::Served(Standby)], ..Undo::if_begun(Step::Pause) };
    let opening = Undo { unless, ..Undo::if_begun(Step::Open) };
    let unforced = |undo: Undo| (!force).then_some(undo);
    vec![
        start,
        Line { skipped, undo: unforced(leading_back), ..set(Step::Route, Role::Route).needing(answer) },
        Line { within, skipped, ..Line::new(Step::Verify, proof(policy, Primary)) },
        Line { undo: Some(opening), ..set(Step::Close, Role::Gate).needing([Need::Drained]) },
        Line { beside: true, undo: unforced(pausing), ..set(Step::Resume, Role::Monitor) },
    ]
}

/// Open the standby for real, see it answer, prove that the route may be written, close it again.
fn rehearsal(policy: &Policy) -> Vec<Line> {
    use Position::{Primary, Standby};
    let set = |step, position| Line { looks: true, ..Line::new(step, Act::Set(Role::Gate, position)) };
    let answer = Line { within: Within::VerifyWithin, ..Line::new(Step::Answer, Act::Answer(Standby)) };
    let mut lines = vec![set(Step::Open, Standby).undone_by(Undo::always(Step::Close))];
    lines.extend(policy.has_standby_url.then_some(answer));
    lines.push(Line::new(Step::Route, Act::Touch(Role::Route)));
    lines.push(set(Step::Close, Primary));
    lines
}

/// What setting a switch of this role so is called. Traffic is moved by moves alone.
fn step_of(role: Role, position: Position) -> Option<Step> {
    match (role, position) {
        (Role::Gate, Position::Standby) => Some(Step::Open),
        (Role::Gate, Position::Primary) => Some(Step::Close),
        (Role::Monitor, Position::Standby) => Some(Step::Pause),
        (Role::Monitor, Position::Primary) => Some(Step::Resume),
        (Role::Power, Position::Primary) => Some(Step::Power),
        (Role::Power, Position::Standby) | (Role::Route, _) => None,
    }
}

/// What must hold before a switch of this role is set so: nobody may be led to a standby that is closed, and monitoring
/// is paused only where visitors are served by the standby.
fn may_repair(role: Option<Role>, position: Position) -> Option<Need> {
    match (role?, position) {
        (Role::Gate, Position::Primary) => Some(Need::RoutedBack),
        (Role::Monitor, Position::Standby) => Some(Need::Served(Position::Standby)),
        _ => None,
    }
}

/// What proves that visitors are served by `place`.
fn proof(policy: &Policy, place: Position) -> Act {
    if policy.has_public_url { Act::Visitor(place) } else { Act::Seen(Role::Route, place) }
}

#[cfg(test)]
mod tests;
