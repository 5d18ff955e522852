//! What holds for every journal and every signal: generated, shrunk, and remembered when it once failed.
//!
//! A journal is made by offering events to `State::after` and keeping those that it takes; so whatever it takes
//! is what these properties are about.

mod world;

use failover_core::{
    Asker, Command, Decision, Direction, End, Entry, Event, Facts, Incident, IncidentState, Order, Position,
    Role, Served, Signal, SignalKind, State, UnreadableEntry, UpkeepTask, Verb, Verdict, decide, looks,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use world::{Written, at, facts, journal, policy, policy_of, signal, site};

/// Every case that ever failed is tried first; `PROPTEST_CASES` says how many new ones follow.
fn config() -> ProptestConfig {
    let regressions = concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/properties.txt");
    let failure_persistence = Some(Box::new(FileFailurePersistence::Direct(regressions)) as Box<_>);
    ProptestConfig { failure_persistence, ..ProptestConfig::default() }
}

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
    if wanted.primary {
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
            let task = state.upkeep.as_ref().map(|upkeep| &upkeep.task);
            match task {
                Some(UpkeepTask::CloseStandby) => prop_assert_eq!(state.active, Position::Primary),
                Some(UpkeepTask::PauseMonitoring | UpkeepTask::ResumeMonitoring) => {
                    prop_assert_eq!(state.active, Position::Standby);
                }
                Some(UpkeepTask::Repair(..)) | None => {}
            }
            if before.stuck.is_some() && state.stuck.is_none() {
                prop_assert!(matches!(entry.event, Event::Acknowledged { .. }), "only a person ends being stuck");
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

/// What befalls a site around one outage that six checkers report.
#[derive(Debug, Clone)]
enum Turn {
    /// One checker's incident is delivered, for the first time or again.
    Open(usize),
    /// It is said to be closed.
    Closed(usize),
    /// The running plan ends so.
    End(End),
    /// An operator asks for this.
    Ask(Verb, u64),
    /// Time goes by.
    Wait(i64),
}

fn turn() -> impl Strategy<Value = Turn> {
    let verbs =
        &[Verb::Failback, Verb::Hold, Verb::Release, Verb::Acknowledge, Verb::Rehearse, Verb::Reconcile][..];
    prop_oneof![
        6 => (0..6_usize).prop_map(Turn::Open),
        1 => (0..6_usize).prop_map(Turn::Closed),
        3 => prop_oneof![3 => Just(End::Done), 1 => Just(End::Unwound), 1 => Just(End::Stuck)].prop_map(Turn::End),
        2 => (prop::sample::select(verbs), 0..20_u64).prop_map(|(verb, id)| Turn::Ask(verb, id)),
        2 => prop_oneof![1..30_i64, 600..90_000_i64].prop_map(Turn::Wait),
    ]
}

/// A site whose primary went down once: six incidents tell of it within five seconds.
struct Outage {
    state: State,
    number: u64,
    now: Timestamp,
    done: u32,
}

impl Outage {
    fn write(&mut self, event: &Event) -> bool {
        let Ok(next) = self.state.after(self.number + 1, self.now, event) else { return false };
        (self.state, self.number) = (next, self.number + 1);
        true
    }

    fn deliver(&mut self, message: String, published: Timestamp, kind: SignalKind) {
        let signal = Signal { message, published, received: self.now, kind };
        // The primary is well when an operator asks, and visitors are without it whenever an incident is decided.
        let facts = Facts {
            public: Served::Silent("no answer".to_owned()),
            primary: Served::By(Position::Primary),
            ..Facts::none()
        };
        let decision = decide(&policy(), &self.state, &facts, &signal, self.now);
        self.carry_out(&decision);
        let waiting = self.state.pending_at(self.now).next().cloned();
        if let Some(pending) = waiting.filter(|_| self.state.plans.is_empty()) {
            let about = (&pending, &signal);
            let again = failover_core::decide_again(&policy(), &self.state, &facts, about, self.now);
            self.carry_out(&again);
        }
    }

    fn carry_out(&mut self, decision: &Decision) {
        for event in &decision.record {
            assert!(self.write(event), "{event:?}");
        }
        if let Verdict::Start(direction, order) = &decision.verdict {
            let (direction, order) = (*direction, Order::clone(order));
            let (reason, nonce) = (decision.reason.to_string(), "executor".to_owned());
            assert!(self.write(&Event::Intent { direction, order, reason, nonce }), "{}", decision.reason);
        }
    }

    /// The oldest plan ends: overtaken if there is a newer one.
    fn end(&mut self, end: End) {
        let Some(plan) = self.state.running().cloned() else { return };
        let overtaken = self.state.is_overtaken(plan.id);
        let end = if overtaken { End::Overtaken } else { end };
        let active = match (end, plan.direction) {
            (End::Done, direction) => direction.leads_to(),
            _ => self.state.active,
        };
        let (plan_id, nonce, sentence) = (plan.id, "executor".to_owned(), String::new());
        assert!(self.write(&Event::Ended { plan: plan_id, nonce, end, active, sentence, drain_until: None }));
        self.done += u32::from(end == End::Done && plan.direction == Direction::Failover);
    }

    fn take(&mut self, turn: &Turn, began: Timestamp) {
        let seconds = |i: usize| SignedDuration::from_secs(i64::try_from(i).unwrap_or(0));
        let told = |i: usize, state| Incident {
            id: format!("i{i}"),
            state,
            started_at: Some(began + seconds(i)),
            summary: String::new(),
            metric: None,
            policy: None,
            labels: std::collections::BTreeMap::new(),
            check_id: None,
            host: None,
            reporter: None,
        };
        match turn {
            Turn::Open(i) => {
                let incident = SignalKind::Incident(told(*i, IncidentState::Open));
                self.deliver(format!("m{i}"), began + seconds(*i + 1), incident);
            }
            Turn::Closed(i) => {
                let incident = SignalKind::Incident(told(*i, IncidentState::Closed));
                self.deliver(format!("c{i}"), self.now, incident);
            }
            Turn::Ask(verb, id) => {
                let command = SignalKind::Command(Command::new(*verb));
                self.deliver(format!("{verb}-{id}"), self.now, command);
            }
            Turn::End(end) => self.end(*end),
            Turn::Wait(seconds) => self.now += SignedDuration::from_secs(*seconds),
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_outage_causes_at_most_one_failover_that_is_done(turns in prop::collection::vec(turn(), 1..60)) {
        let began = at(0);
        let now = began + SignedDuration::from_secs(8);
        let mut outage = Outage { state: State::default(), number: 0, now, done: 0 };
        for turn in &turns {
            outage.take(turn, began);
        }
        prop_assert!(outage.done <= 1, "{} failovers were done", outage.done);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Entry::read(&bytes, &site(), 1).is_err());
    }

    #[test]
    fn a_damaged_entry_is_read_or_refused(
        written in journal(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let Some(entry) = written.entries.last() else { return Ok(()) };
        let mut bytes = entry.to_bytes();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
            prop_assert!(Entry::read(&bytes, &site(), entry.number).is_err());
        } else {
            bytes[place] = byte;
            let _ = Entry::read(&bytes, &site(), entry.number);
        }
    }

    #[test]
    fn a_later_version_is_refused_by_its_number(written in journal(), version in 2..=u32::MAX, changed in any::<bool>()) {
        let Some(entry) = written.entries.last() else { return Ok(()) };
        let mut value = serde_json::to_value(entry).expect("JSON");
        value["v"] = version.into();
        if changed {
            value["event"] = serde_json::json!({ "type": "of a later time" });
            value["state"] = serde_json::Value::Null;
        }
        let refused = Entry::read(value.to_string().as_bytes(), &site(), entry.number).expect_err("a later version");
        prop_assert!(matches!(refused, UnreadableEntry::Newer(v) if v == version), "{}", refused);
        let sentence = format!("it has version {version}, and this function reads versions up to 1");
        prop_assert_eq!(refused.to_string(), sentence);
    }
}
