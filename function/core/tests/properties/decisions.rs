//! What holds for every journal, and for every decision on one.
//!
//! A journal is made by offering events to `State::after` and keeping those that it takes; so whatever it takes
//! is what these properties are about.

use failover_core::{
    Asker, Decision, Direction, End, Entry, Event, Facts, Incident, IncidentState, Order, Position, Role,
    Served, Signal, SignalKind, State, UpkeepTask, Verdict, decide, looks,
};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{
    config,
    world::{Written, facts, journal, policy, policy_of, signal, site},
};

/// The state after all that `decision` writes at `now`, a new plan's intent included.
fn recorded(state: &State, number: u64, now: Timestamp, decision: &Decision) -> Result<State, String> {
    let intent = match &decision.verdict {
        Verdict::Start(direction, order) => Some(Event::Intent {
            direction: *direction,
            order: Order::clone(order),
            reason: decision.reason.to_string(),
            nonce: "executor".to_owned(),
        }),
        _ => None,
    };
    let mut next = (state.clone(), number);
    for event in decision.record.iter().chain(&intent) {
        let after =
            next.0.after(next.1 + 1, now, event).map_err(|illegal| format!("{event:?}: {illegal}"))?;
        next = (after, next.1 + 1);
    }
    Ok(next.0)
}

/// The facts, without those that nobody was asked to gather.
fn as_looked(state: &State, signal: &Signal, facts: &Facts) -> Facts {
    let wanted = looks(state, signal);
    let mut seen = Facts { standby_unable: facts.standby_unable.clone(), ..Facts::none() };
    if wanted.public {
        seen.public = facts.public.clone();
    }
    // The primary is asked beside a public URL that nobody is seen to answer.
    let beside = wanted.public && !matches!(facts.public, Served::By(_));
    if beside || wanted.primary {
        seen.primary = facts.primary.clone();
    }
    if wanted.switches {
        seen.switches.clone_from(&facts.switches);
    }
    seen
}

fn began(signal: &Signal, incident: &Incident) -> Timestamp {
    incident.started_at.unwrap_or_else(|| signal.order_time())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_prefix_of_a_journal_folds_to_what_its_entries_say(written in journal()) {
        let mut folded = State::default();
        for entry in &written.entries {
            let read = Entry::read(&entry.to_bytes(), &site(), entry.number).expect("it was just written");
            prop_assert_eq!(&read, entry);
            folded = folded.after(read.number, read.at, &read.event).expect("it was legal when it was written");
            prop_assert_eq!(&folded, &read.state, "entry {}", read.number);
        }
    }

    #[test]
    fn a_journal_goes_on_from_any_of_its_entries(written in journal(), cut in any::<prop::sample::Index>()) {
        prop_assume!(!written.entries.is_empty());
        let (before, after) = written.entries.split_at(cut.index(written.entries.len()));
        let mut state = before.last().map_or_else(State::default, |entry| {
            Entry::read(&entry.to_bytes(), &site(), entry.number).expect("it was just written").state
        });
        for entry in after {
            state = state.after(entry.number, entry.at, &entry.event).expect("it was legal from the beginning");
        }
        prop_assert_eq!(Some(&state), written.entries.last().map(|entry| &entry.state));
    }

    #[test]
    fn no_journal_leads_to_a_state_that_breaks_a_promise(written in journal()) {
        let mut before = State::default();
        for entry in &written.entries {
            let state = &entry.state;
            if state.active == Position::Standby {
                prop_assert_eq!(state.draining, None, "a standby that serves would be closed");
            }
            let begun = state.upkeep.as_ref().map(|upkeep| &upkeep.task);
            let open = state.maintenance.as_ref().and_then(|plan| plan.task.as_ref());
            for task in begun.into_iter().chain(open) {
                match task {
                    UpkeepTask::CloseStandby => prop_assert_eq!(state.active, Position::Primary),
                    UpkeepTask::PauseMonitoring | UpkeepTask::ResumeMonitoring => {
                        prop_assert_eq!(state.active, Position::Standby);
                    }
                    UpkeepTask::Repair(..) | UpkeepTask::Later(_) => {}
                }
            }
            if before.stuck.is_some() && state.stuck.is_none() {
                let retried = before.stuck.as_ref().is_some_and(|stuck| stuck.retry);
                let by_person = matches!(entry.event, Event::Acknowledged { .. });
                prop_assert!(by_person || retried, "only a person ends being stuck, where another try is a risk");
            }
            let order_time = |state: &State| state.last_move.as_ref().map(|moved| moved.order_time);
            prop_assert!(order_time(state) >= order_time(&before), "an old order would look new");
            before = state.clone();
        }
    }

    #[test]
    fn a_site_moves_only_by_an_end_or_an_observation(written in journal()) {
        let mut before = State::default();
        for entry in &written.entries {
            if entry.state.active != before.active {
                let may_move = matches!(
                    entry.event,
                    Event::Adopted { .. } | Event::Ended { end: End::Done | End::Unwound | End::Stuck, .. }
                );
                prop_assert!(may_move, "{:?}", entry.event);
            }
            before = entry.state.clone();
        }
    }

    #[test]
    fn a_state_stays_small(written in journal()) {
        for Entry { state, .. } in &written.entries {
            prop_assert!(state.pending.len() <= 32 && state.ends.len() <= 8);
            prop_assert!(state.settled_incidents.len() <= 256 && state.settled_messages.len() <= 256);
            let mut ids: Vec<&str> = state.pending.iter().map(|pending| pending.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), state.pending.len(), "an incident waits once");
        }
    }

    #[test]
    fn two_writers_never_both_begin_the_same(
        written in journal(),
        direction in prop::sample::select(&[Direction::Failover, Direction::Failback, Direction::Rehearsal][..]),
        force in any::<bool>(),
    ) {
        let Written { state, number, now, .. } = written;
        let intent = |nonce: &str, message: &str| {
            let order = Order {
                at: now,
                message: message.to_owned(),
                asker: Asker::Operator(None),
                reason: None,
                force,
                unfinished: false,
                incidents: Vec::new(),
            };
            Event::Intent { direction, order, reason: String::new(), nonce: nonce.to_owned() }
        };
        if let Ok(first) = state.after(number + 1, now, &intent("a", "ma")) {
            prop_assert!(first.after(number + 2, now, &intent("b", "mb")).is_err());
        }
    }

    #[test]
    fn what_is_decided_may_be_written(
        written in journal(),
        facts in facts(),
        told in signal(),
        policy in policy_of(),
    ) {
        let Written { state, number, now, .. } = written;
        let decision = decide(&policy, &state, &facts, &told.at(now), now);
        if let Err(illegal) = recorded(&state, number, now, &decision) {
            prop_assert!(false, "{}: {}", decision.reason, illegal);
        }
    }

    #[test]
    fn a_duplicate_changes_nothing(
        written in journal(),
        facts in facts(),
        told in signal(),
        policy in policy_of(),
    ) {
        let Written { state, number, now, .. } = written;
        let signal = told.at(now);
        let first = decide(&policy, &state, &facts, &signal, now);
        let state = recorded(&state, number, now, &first).expect("decisions are legal");
        let again = decide(&policy, &state, &facts, &signal, now);
        prop_assert_eq!(&again.record, &vec![], "after {}: {}", first.reason, again.reason);
        let settled = matches!(again.verdict, Verdict::Stay | Verdict::CarryOn(_) | Verdict::Pending);
        prop_assert!(settled, "after {}: {:?}", first.reason, again.verdict);
    }

    #[test]
    fn the_same_is_decided_every_time(written in journal(), facts in facts(), told in signal()) {
        let Written { state, now, .. } = written;
        let decision = || decide(&policy(), &state, &facts, &told.at(now), now);
        prop_assert_eq!(decision(), decision());
    }

    #[test]
    fn a_verdict_depends_on_nothing_that_was_not_looked_at(
        written in journal(),
        facts in facts(),
        told in signal(),
        policy in policy_of(),
    ) {
        let Written { state, now, .. } = written;
        let signal = told.at(now);
        let seen = as_looked(&state, &signal, &facts);
        let (all, looked) =
            (decide(&policy, &state, &facts, &signal, now), decide(&policy, &state, &seen, &signal, now));
        prop_assert_eq!(all.verdict, looked.verdict);
    }

    #[test]
    fn an_incident_moves_only_a_silent_site_that_nothing_holds(
        written in journal(),
        facts in facts(),
        told in signal(),
        policy in policy_of(),
    ) {
        let Written { state, now, .. } = written;
        let signal = told.at(now);
        let SignalKind::Incident(incident) = &signal.kind else { return Ok(()) };
        let decision = decide(&policy, &state, &facts, &signal, now);
        let stale = state.last_move.as_ref().is_some_and(|moved| began(&signal, incident) < moved.order_time);
        match decision.verdict {
            Verdict::Start(direction, order) => {
                prop_assert_eq!(direction, Direction::Failover);
                prop_assert!(incident.state == IncidentState::Open && !stale);
                prop_assert!(!facts.public.is_by(Position::Primary), "a false alarm");
                prop_assert!(state.stuck.is_none() && state.hold_at(now).is_none());
                prop_assert!(facts.standby_unable.is_none() && order.is_automatic() && !order.force);
                prop_assert!(order.incidents.iter().any(|answered| answered.id == incident.id));
            }
            Verdict::Pending => prop_assert!(incident.state == IncidentState::Open && !stale),
            Verdict::CarryOn(plan) => {
                prop_assert!(incident.state == IncidentState::Open && !stale);
                prop_assert_eq!(state.newest().map(|newest| (newest.id, newest.direction)), Some((plan, Direction::Failover)));
            }
            Verdict::Stay => {}
            Verdict::Refused => prop_assert!(false, "only commands are refused"),
        }
    }

    #[test]
    fn visitors_are_led_back_only_to_a_primary_that_answers_or_by_force(
        written in journal(),
        facts in facts(),
        told in signal(),
        policy in policy_of(),
    ) {
        let Written { state, now, .. } = written;
        let decision = decide(&policy, &state, &facts, &told.at(now), now);
        if let Verdict::Start(Direction::Failback, order) = decision.verdict {
            prop_assert!(!order.is_automatic());
            let answers = policy.has_primary_url && facts.primary.is_by(Position::Primary);
            prop_assert!(order.force || order.unfinished || answers);
            if order.unfinished {
                let astray = facts.switches.iter().any(|seen| {
                    seen.role == Role::Route && !matches!(seen.observed, failover_core::Observed::At(Position::Primary) | failover_core::Observed::Unknown(_))
                });
                prop_assert!(!astray, "visitors would be moved without a look at the primary");
            }
        }
    }

    #[test]
    fn a_standby_that_may_serve_is_never_rehearsed(written in journal(), facts in facts(), told in signal()) {
        let Written { state, now, .. } = written;
        let decision = decide(&policy(), &state, &facts, &told.at(now), now);
        if let Verdict::Start(Direction::Rehearsal, _) = decision.verdict {
            prop_assert!(state.plans.is_empty() && state.draining.is_none() && state.hold_at(now).is_none());
            prop_assert!(facts.route() == Some(Position::Primary) || (facts.switches.is_empty() && state.active == Position::Primary));
        }
    }

    #[test]
    fn no_command_is_answered_with_silence(written in journal(), facts in facts(), told in signal()) {
        let Written { state, now, .. } = written;
        let decision = decide(&policy(), &state, &facts, &told.at(now), now);
        let sentence = decision.reason.to_string();
        prop_assert!(!sentence.is_empty() && !sentence.ends_with('.') && !sentence.contains('\n'), "{}", sentence);
    }
}
