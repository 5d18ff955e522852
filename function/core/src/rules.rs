//! The rules that hold an automatic failover back. Each is one small function; none binds an operator.

use jiff::Timestamp;

use crate::{Alarm, Approval, Doubt, Facts, Policy, Position, Reason, Served, State, signal::whole_seconds};

/// What a rule may look at.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) state: &'a State,
    pub(crate) facts: &'a Facts,
    pub(crate) alarm: Alarm,
    pub(crate) now: Timestamp,
}

/// The first rule that holds an automatic failover back, if any does.
pub(crate) fn held_back(case: &Case<'_>) -> Option<Reason> {
    let rules = [
        still_answers,
        primary_answers,
        unjudged,
        only_our_looks,
        held,
        stuck,
        needs_approval,
        cooling_down,
        budget_spent,
        standby_unable,
    ];
    rules.into_iter().find_map(|rule| rule(case))
}

/// The rules that don't need the journal's history; they bind also while it can't be read.
pub(crate) fn held_back_blind(case: &Case<'_>) -> Option<Reason> {
    [still_answers, unjudged, needs_approval, standby_unable].into_iter().find_map(|rule| rule(case))
}

/// What an operator said last binds also while the journal can't be asked whether he has said otherwise since.
pub(crate) fn held_by_what_is_known(case: &Case<'_>) -> Option<Reason> {
    [held, stuck].into_iter().find_map(|rule| rule(case))
}

fn still_answers(case: &Case<'_>) -> Option<Reason> {
    case.facts.public.is_by(Position::Primary).then_some(Reason::StillAnswers)
}

/// Something answers in the site's stead, and the site itself is well.
fn primary_answers(case: &Case<'_>) -> Option<Reason> {
    let Served::Unknown(probe) = &case.facts.public else { return None };
    let alive = case.facts.primary.is_by(Position::Primary);
    alive.then(|| Reason::PrimaryAnswers { probe: probe.clone() })
}

/// Nobody else may have noticed anything: then both ways to the primary have to be silent, as far as there are two.
fn only_our_looks(case: &Case<'_>) -> Option<Reason> {
    if case.alarm == Alarm::Incident {
        return None;
    }
    let doubt = match (&case.facts.public, &case.facts.primary) {
        (Served::Silent(_), _) if !case.policy.has_primary_url => return None,
        (Served::Silent(_), Served::Silent(_)) => return None,
        (Served::Silent(_), Served::By(Position::Primary)) => Doubt::PrimaryAnswers,
        (Served::Silent(_), Served::By(Position::Standby)) => {
            Doubt::PrimaryUnseen("the standby answered in its place".to_owned())
        }
        (Served::Silent(_), Served::Unknown(probe)) => Doubt::PrimaryUnseen(probe.clone()),
        (Served::Unknown(probe), _) => Doubt::PublicUnseen(probe.clone()),
        (Served::By(who), _) => Doubt::PublicUnseen(format!("the {who} answered")),
    };
    Some(Reason::OnlyOurLooks(doubt))
}

/// Nobody can tell whether such a site is silent: what reports it may be mistaken, and nothing else would know.
fn unjudged(case: &Case<'_>) -> Option<Reason> {
    (!case.policy.has_public_url).then_some(Reason::NoPublicUrl)
}

fn held(case: &Case<'_>) -> Option<Reason> {
    case.state.hold_at(case.now).map(|hold| Reason::Held(hold.clone()))
}

/// What is no risk is tried again by the shell, unless it would be held back all the same.
fn stuck(case: &Case<'_>) -> Option<Reason> {
    let stuck = case.state.stuck.as_ref()?;
    let retry = stuck.retry && case.policy.approve == Approval::Automatic;
    Some(Reason::Stuck { sentence: stuck.sentence.clone(), retry })
}

fn needs_approval(case: &Case<'_>) -> Option<Reason> {
    (case.policy.approve == Approval::Operator).then_some(Reason::NeedsApproval)
}

/// An order counts by its whole second: one of the second in which the move ended is after it.
fn cooling_down(case: &Case<'_>) -> Option<Reason> {
    let ended = case.state.last_move.as_ref()?.ended_at;
    if case.state.acknowledged.is_some_and(|acknowledged| acknowledged >= whole_seconds(ended)) {
        return None;
    }
    let until = ended.saturating_add(case.policy.cooldown).unwrap_or(Timestamp::MAX);
    (case.now < until).then_some(Reason::CoolingDown { until })
}

fn budget_spent(case: &Case<'_>) -> Option<Reason> {
    let day = jiff::SignedDuration::from_hours(24);
    let counts = |moved: &&Timestamp| {
        case.now.duration_since(**moved) < day
            && case.state.acknowledged.is_none_or(|seen| seen < whole_seconds(**moved))
    };
    let moves: Vec<&Timestamp> = case.state.automatic.iter().filter(counts).collect();
    let allowed = usize::try_from(case.policy.moves_per_day).unwrap_or(usize::MAX);
    let over = moves.len().checked_sub(allowed)?;
    // There may be more than are allowed, where the budget was made smaller since.
    let oldest = moves.get(over).map_or(case.now, |moved| **moved);
    let until = oldest.saturating_add(day).unwrap_or(Timestamp::MAX);
    Some(Reason::BudgetSpent { moves: moves.len(), until })
}

fn standby_unable(case: &Case<'_>) -> Option<Reason> {
    case.facts.standby_unable.clone().map(Reason::StandbyUnable)
}

#[cfg(test)]
mod tests;
