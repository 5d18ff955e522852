//! The promises at rest, asked of the world, of the journal and of the answers.

use failover_core::{Direction, End, Event, Move, Position, State, Step};
use jiff::Timestamp;
use sandbox::{Power, Sandbox};

use crate::{
    model::{Known, Serves, may_serve},
    post::Message,
    sequence::{Act, Route, Sequence},
    stage::{CLAIM_FOR, Stage},
    tale::Tale,
};

/// What is known of a world at rest.
pub(crate) struct Scene<'a> {
    sequence: &'a Sequence,
    sandbox: &'a Sandbox,
    messages: Vec<Message>,
    tale: Tale,
    moves: Vec<Move>,
    state: State,
}

/// A promise: nothing, or how it was broken.
type Kept = Result<(), String>;

/// Asks for every promise; `served` is who serves a visitor.
pub(crate) fn hold(stage: &Stage, sequence: &Sequence, served: Serves) -> Kept {
    let tale = Tale::read(&stage.sandbox)?;
    let told = failover_core::moves(&tale.0, None);
    let state = tale.state();
    let (sandbox, messages) = (&stage.sandbox, stage.post.messages());
    let scene = Scene { sequence, sandbox, messages, tale, moves: told, state };
    scene.nothing_was_violated()?;
    trace::replay(&scene.tale.0, Some(CLAIM_FOR))?;
    scene.every_plan_is_told()?;
    scene.switches_are_where_the_journal_says()?;
    scene.one_failover_per_outage()?;
    scene.no_order_is_older_than_a_move_before_it()?;
    scene.the_newest_order_won()?;
    scene.what_was_held_back_is_accounted_for()?;
    scene.somebody_serves(served)
}

impl Scene<'_> {
    fn nothing_was_violated(&self) -> Kept {
        if let Some(violation) = self.sandbox.violations().first() {
            return Err(format!("a promise was broken: {violation}"));
        }
        match self.sandbox.world.ledger.unknown().first() {
            Some(record) => Err(format!("nobody knows {} {}", record.method, record.path)),
            None => Ok(()),
        }
    }

    /// Nothing is opened there, nor closed.
    fn is_behind_a_worker(&self) -> bool {
        matches!(self.sequence.conditions.route, Route::Worker { .. })
    }

    /// Who asked, why, every step with its time, and how it ended.
    fn every_plan_is_told(&self) -> Kept {
        for told in &self.moves {
            let plan = told.plan;
            let Some(ended) = &told.ended else { return Err(format!("plan {plan} is open at rest")) };
            if told.reason.is_empty() || told.order.message.is_empty() || ended.sentence.is_empty() {
                return Err(format!("plan {plan} doesn't say who asked, why, or how it ended"));
            }
            let opens = !self.is_behind_a_worker();
            let opened = |step: &Step| opens || !matches!(step, Step::Open | Step::Close);
            for step in expected_steps(told, ended.end).into_iter().filter(opened) {
                if told.steps.iter().all(|done| done.step != step) {
                    return Err(format!("plan {plan} is Done without {step}"));
                }
            }
        }
        Ok(())
    }

    fn switches_are_where_the_journal_says(&self) -> Kept {
        let (site, state) = (self.sandbox.site("resume"), &self.state);
        let world = &self.sandbox.world;
        let on_standby = state.active == Position::Standby;
        let routed = world.cloudflare.is_routed(&site);
        let open = world.run.is_granted(&site.seed.service);
        let paused = !world.monitoring.is_enabled(&site.seed.check);
        if routed != on_standby {
            return Err(format!("the journal says {}, the route says otherwise", state.active));
        }
        if self.is_behind_a_worker() {
            if open {
                return Err("the standby was opened to everybody".to_owned());
            }
        } else if on_standby && !open {
            return Err("visitors are led to a standby that is closed".to_owned());
        }
        if !on_standby && open && state.stuck.is_none() {
            return Err("the standby is open at rest on the primary".to_owned());
        }
        if paused != (on_standby && state.outage.is_none()) {
            return Err(format!("monitoring is paused: {paused}, on the standby: {on_standby}"));
        }
        match (&state.draining, &state.upkeep, &state.maintenance) {
            (None, None, None) => Ok(()),
            _ => Err("something is still to be closed or kept up at rest".to_owned()),
        }
    }

    /// No failover follows a failover without a way back between them, and no automatic one answers only incidents
    /// that began before the last move was ordered.
    fn one_failover_per_outage(&self) -> Kept {
        let mut away = false;
        let mut last: Option<Timestamp> = None;
        for told in self.moves.iter().rev() {
            let order = &told.order;
            let done = told.ended.as_ref().is_some_and(|ended| ended.end == End::Done);
            let news =
                self.tale.incidents_of(told.plan).any(|one| last.is_none_or(|at| one.started_at >= at));
            if told.direction == Direction::Failover && done && !order.unfinished {
                if away && !self.was_adopted(told.plan) {
                    return Err(format!("plan {} is a second failover of one outage", told.plan));
                }
                if order.is_automatic() && !news {
                    return Err(format!("plan {} answers an outage that was answered before", told.plan));
                }
            }
            let overtaken = told.ended.as_ref().is_some_and(|ended| ended.end == End::Overtaken);
            if told.direction == Direction::Failback && overtaken {
                // It may have led visitors back before it was overtaken.
                away = false;
            }
            if let Some(position) = left_at(told) {
                away = position == Position::Standby;
                last = last.max(Some(order.at));
            }
        }
        Ok(())
    }

    fn was_adopted(&self, before: u64) -> bool {
        let adopted = |entry: &failover_core::Entry| matches!(entry.event, Event::Adopted { .. });
        self.tale.0.iter().any(|entry| entry.number < before && adopted(entry))
    }

    /// A newer order wins: none is begun that is older than a move that was made before it.
    fn no_order_is_older_than_a_move_before_it(&self) -> Kept {
        for told in self.moves.iter().filter(|told| told.direction != Direction::Rehearsal) {
            let made = |other: &&Move| {
                other.ended.as_ref().is_some_and(|ended| ended.at <= told.begun_at)
                    && left_at(other).is_some()
            };
            let newer = self.moves.iter().filter(made).find(|other| other.order.at > told.order.at);
            let by_people = !told.order.is_automatic();
            if let Some(newer) = newer.filter(|_| by_people) {
                return Err(format!("plan {} obeys an older order than plan {}", told.plan, newer.plan));
            }
        }
        Ok(())
    }

    /// The newest failover or failback that was carried out is where the site is, unless an outage that came to
    /// notice later has moved it.
    fn the_newest_order_won(&self) -> Kept {
        let orders = || self.messages.iter().filter(|m| matches!(m.verb(), Some("failover" | "failback")));
        let Some(newest) = orders().map(Message::order_time).max() else { return Ok(()) };
        let mut of_that_second = orders().filter(|order| order.order_time() == newest);
        let (Some(order), None) = (of_that_second.next(), of_that_second.next()) else { return Ok(()) };
        let obeyed = order.answers.iter().flatten().any(|answer| {
            answer.status == 200
                && (answer.text("end") == "Done"
                    || (answer.text("verdict") == "stay" && answer.text("reason").contains("already")))
        });
        let wanted = if order.verb() == Some("failover") { Position::Standby } else { Position::Primary };
        let since = self.tale.number_of(&order.id);
        let by_itself = self
            .moves
            .iter()
            .any(|told| told.order.is_automatic() && Some(told.plan) > since && left_at(told).is_some());
        if obeyed && !by_itself && self.state.active != wanted {
            return Err(format!("order {} is the newest, and the site is elsewhere", order.id));
        }
        Ok(())
    }

    /// What was pending is pending still, was dropped for a reason, or was answered by a move.
    fn what_was_held_back_is_accounted_for(&self) -> Kept {
        for entry in &self.tale.0 {
            let Event::Pending { incident, reason } = &entry.event else { continue };
            let answered = self.tale.after(entry.number).any(|event| match event {
                Event::Dropped { incident: dropped, reason } => *dropped == incident.id && !reason.is_empty(),
                Event::Ended { end: End::Done | End::Stuck, active, .. } => *active == Position::Standby,
                _ => false,
            });
            let waits = self.state.pending.iter().any(|pending| pending.id == incident.id);
            if reason.is_empty() || !(answered || waits) {
                return Err(format!("incident {} was held back and forgotten", incident.id));
            }
        }
        Ok(())
    }

    fn somebody_serves(&self, served: Serves) -> Kept {
        let known = self.known();
        let may = may_serve(&known);
        if may.contains(&served) {
            return Ok(());
        }
        Err(format!("{served:?} serves, where only {may:?} may ({known:?})"))
    }

    fn known(&self) -> Known {
        let dark = |act: &Act| matches!(act, Act::Primary(power) if *power != Power::On);
        let said =
            |verbs: &[&str]| self.messages.iter().any(|m| m.verb().is_some_and(|v| verbs.contains(&v)));
        let cuts = self.sequence.events.iter().filter(|event| dark(&event.act)).count();
        let conditions = &self.sequence.conditions;
        let forced = self.messages.iter().any(|m| m.verb() == Some("failback") && m.is_forced());
        Known {
            primary_answers: self.sandbox.world.sites.pages.primary("resume") == Power::On,
            was_dark: cuts > 0,
            failover_ordered: said(&["failover"]),
            may_be_forbidden: conditions.approve
                || conditions.cooldown
                || forced
                || cuts > 4
                || self.is_perhaps_held(),
        }
    }

    /// The newest hold or release is a hold; within one second nobody knows.
    fn is_perhaps_held(&self) -> bool {
        let of = |verb: &str| {
            let said = self.messages.iter().filter(|m| m.verb() == Some(verb));
            said.map(Message::order_time).max()
        };
        of("hold") >= of("release") && of("hold").is_some()
    }
}

/// Where a plan left the site, if it moved it.
fn left_at(told: &Move) -> Option<Position> {
    let ended = told.ended.as_ref()?;
    let moved = match ended.end {
        End::Done => true,
        End::Stuck => told.direction.leads_to() == ended.active?,
        End::Unwound | End::Overtaken => false,
    };
    let is_move = told.direction != Direction::Rehearsal;
    (is_move && moved).then(|| told.direction.leads_to())
}

fn expected_steps(told: &Move, end: End) -> Vec<Step> {
    if end != End::Done || told.order.unfinished {
        return Vec::new();
    }
    match told.direction {
        Direction::Failover => vec![Step::Open, Step::Route, Step::Verify, Step::Pause],
        Direction::Failback => vec![Step::Route, Step::Verify, Step::Resume],
        Direction::Rehearsal => vec![Step::Open, Step::Answer, Step::Close],
        Direction::Maintenance => Vec::new(),
    }
}
