//! The rules that hold an automatic failover back. Each is one small function; none binds an operator.

use jiff::Timestamp;

use crate::{Approval, Facts, Policy, Position, Reason, State};

/// What a rule may look at.
pub(crate) struct Case<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) state: &'a State,
    pub(crate) facts: &'a Facts,
    pub(crate) now: Timestamp,
}

/// The first rule that holds an automatic failover back, if any does.
pub(crate) fn held_back(case: &Case<'_>) -> Option<Reason> {
    [still_answers, unjudged, held, stuck, needs_approval, cooling_down, budget_spent, standby_unable]
        .into_iter()
        .find_map(|rule| rule(case))
}

/// The rules that don't need the journal's history; they bind also while it can't be read.
pub(crate) fn held_back_blind(case: &Case<'_>) -> Option<Reason> {
    [still_answers, unjudged, needs_approval, standby_unable].into_iter().find_map(|rule| rule(case))
}

fn still_answers(case: &Case<'_>) -> Option<Reason> {
    case.facts.public.is_by(Position::Primary).then_some(Reason::StillAnswers)
}

/// Nobody can tell whether such a site is silent: what reports it may be mistaken, and nothing else would know.
fn unjudged(case: &Case<'_>) -> Option<Reason> {
    (!case.policy.has_public_url).then_some(Reason::NoPublicUrl)
}

fn held(case: &Case<'_>) -> Option<Reason> {
    case.state.hold_at(case.now).map(|hold| Reason::Held(hold.clone()))
}

fn stuck(case: &Case<'_>) -> Option<Reason> {
    case.state.stuck.as_ref().map(|stuck| Reason::Stuck(stuck.sentence.clone()))
}

fn needs_approval(case: &Case<'_>) -> Option<Reason> {
    (case.policy.approve == Approval::Operator).then_some(Reason::NeedsApproval)
}

fn cooling_down(case: &Case<'_>) -> Option<Reason> {
    let ended = case.state.last_move.as_ref()?.ended_at;
    if case.state.acknowledged.is_some_and(|acknowledged| acknowledged >= ended) {
        return None;
    }
    let until = ended.saturating_add(case.policy.cooldown).unwrap_or(Timestamp::MAX);
    (case.now < until).then_some(Reason::CoolingDown { until })
}

fn budget_spent(case: &Case<'_>) -> Option<Reason> {
    let day = jiff::SignedDuration::from_hours(24);
    let counts = |moved: &&Timestamp| {
        case.now.duration_since(**moved) < day && case.state.acknowledged.is_none_or(|seen| seen < **moved)
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
