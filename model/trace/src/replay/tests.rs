//! A journal as it may be, and the same with one entry forged.

use failover_core::{
    Asker, Direction, ENTRY_VERSION, Hold, Order, PendingIncident, Position, Step, StepRecord, SwitchId,
};
use jiff::ToSpan;

use super::*;

const CLAIM_FOR: Duration = Duration::from_millis(500);

/// Entries, a second apart.
struct Tale {
    entries: Vec<Entry>,
    state: State,
    at: Timestamp,
}

impl Tale {
    fn new() -> Self {
        let at = "2026-11-20T12:00:00Z".parse().unwrap();
        Self { entries: Vec::new(), state: State::default(), at }
    }

    fn then(mut self, event: Event) -> Self {
        self.at += 1.seconds();
        self.write(event)
    }

    fn at_once(mut self, event: Event) -> Self {
        self.at += 100.milliseconds();
        self.write(event)
    }

    fn write(mut self, event: Event) -> Self {
        let number = self.entries.len() as u64 + 1;
        self.state = self.state.after(number, self.at, &event).expect("the fold lets it");
        let (site, state) = ("resume".parse().unwrap(), self.state.clone());
        let writer = format!("w{number}");
        self.entries.push(Entry { v: ENTRY_VERSION, site, number, at: self.at, writer, event, state });
        self
    }

    fn all(self, events: impl IntoIterator<Item = Event>) -> Self {
        events.into_iter().fold(self, Self::then)
    }

    #[track_caller]
    fn holds(&self) {
        replay(&self.entries, Some(CLAIM_FOR)).unwrap();
    }

    #[track_caller]
    fn is_forged(&self, why: &str) {
        let said = replay(&self.entries, Some(CLAIM_FOR)).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

fn time(text: &str) -> Timestamp {
    format!("2026-11-20T{text}Z").parse().unwrap()
}

fn incident(id: &str) -> PendingIncident {
    let at = time("12:00:00");
    PendingIncident { id: id.to_owned(), started_at: at, since: at, summary: "it is down".to_owned() }
}

fn by_incident(id: &str) -> Order {
    Order {
        at: time("12:00:00"),
        message: "m1".to_owned(),
        asker: Asker::Incident,
        reason: Some("it is down".to_owned()),
        force: false,
        unfinished: false,
        incidents: vec![incident(id)],
    }
}

fn by_operator(message: &str, at: &str) -> Order {
    Order {
        at: time(at),
        message: message.to_owned(),
        asker: Asker::Operator(None),
        reason: None,
        incidents: Vec::new(),
        ..by_incident("")
    }
}

fn intent(direction: Direction, order: Order) -> Event {
    Event::Intent { direction, order, reason: "so it was decided".to_owned(), nonce: "a".to_owned() }
}

fn claim(plan: u64, nonce: &str) -> Event {
    Event::Claim { plan, nonce: nonce.to_owned() }
}

fn step(plan: u64, step: Step) -> Event {
    let record = StepRecord { step, at: time("12:00:01"), took_ms: 1, note: None, redirect_lives_s: None };
    Event::Step { plan, nonce: "a".to_owned(), record }
}

fn ended(plan: u64, end: End, active: Position) -> Event {
    let (nonce, sentence) = ("a".to_owned(), "so it ended".to_owned());
    Event::Ended { plan, nonce, end, active, sentence, drain_until: None, retry: false }
}

fn failing_over() -> Tale {
    Tale::new().then(intent(Direction::Failover, by_incident("i1")))
}

fn steps(plan: u64, all: &[Step]) -> Vec<Event> {
    all.iter().map(|one| step(plan, *one)).collect()
}

fn failed_over() -> Tale {
    let done = steps(1, &[Step::Open, Step::Answer, Step::Route, Step::Verify, Step::Pause]);
    failing_over().all(done).then(ended(1, End::Done, Position::Standby))
}

fn failing_back() -> Tale {
    failed_over().then(intent(Direction::Failback, by_operator("back", "12:00:07")))
}

fn held() -> Event {
    let (since, until) = (time("12:00:00"), time("13:00:00"));
    Event::Held { hold: Hold { by: None, reason: None, since, until }, message: "hold".to_owned() }
}

#[test]
fn a_failover_and_a_failback_are_told_as_they_may_be() {
    failed_over().holds();
    let done = steps(8, &[Step::Route, Step::Verify, Step::Close, Step::Resume]);
    failing_back().all(done).then(ended(8, End::Done, Position::Primary)).holds();
}

#[test]
fn a_plan_of_a_dead_executor_is_taken_over_and_undone() {
    let dead = failing_over().all(steps(1, &[Step::Open, Step::Answer, Step::Route]));
    let by_another = |event| match event {
        Event::Step { plan, record, .. } => Event::Step { plan, nonce: "b".to_owned(), record },
        Event::Ended { plan, end, active, sentence, .. } => Event::Ended {
            plan,
            nonce: "b".to_owned(),
            end,
            active,
            sentence,
            drain_until: None,
            retry: false,
        },
        other => other,
    };
    let undone = [step(1, Step::Unroute), step(1, Step::Close), ended(1, End::Unwound, Position::Primary)];
    dead.then(claim(1, "b")).all(undone.map(by_another)).holds();
}

#[test]
fn steps_are_told_in_their_turn() {
    failing_over().then(step(1, Step::Verify)).is_forged("nothing told of open before");
    failing_over().then(step(1, Step::Pause)).is_forged("nothing told of open before");
    failing_back().then(step(8, Step::Close)).is_forged("nothing told of");
    failing_back().then(step(8, Step::Answer)).is_forged("has no step answer");
    let led = failing_over().all(steps(1, &[Step::Open, Step::Answer, Step::Route]));
    led.then(step(1, Step::Close)).is_forged("still led");
}

#[test]
fn an_end_is_what_the_steps_led_to() {
    let open = || failing_over().all(steps(1, &[Step::Open, Step::Answer, Step::Route]));
    open().then(ended(1, End::Done, Position::Standby)).is_forged("nothing told of verify");
    open().then(ended(1, End::Unwound, Position::Primary)).is_forged("still led");
    failing_over().then(ended(1, End::Unwound, Position::Standby)).is_forged("where it was to lead");
    let back = || failing_back().all(steps(8, &[Step::Route, Step::Verify, Step::Resume]));
    back().then(ended(8, End::Done, Position::Primary)).is_forged("nothing told of");
}

#[test]
fn a_claim_is_taken_from_the_dead_alone_and_never_taken_back() {
    failing_over().at_once(claim(1, "a")).at_once(claim(1, "a")).holds();
    failing_over().at_once(claim(1, "b")).is_forged("lives for");
    let taken = failing_over().then(claim(1, "b"));
    taken.holds();
    failing_over().then(claim(1, "b")).then(claim(1, "a")).is_forged("had lost the plan");
}

#[test]
fn what_no_decision_comes_to_is_not_told() {
    let no_decision = "no decision comes to that";
    let dealt_with = intent(Direction::Failover, by_operator("m1", "12:00:09"));
    let done = steps(8, &[Step::Route, Step::Verify, Step::Close, Step::Resume]);
    let back = || failing_back().all(done.clone()).then(ended(8, End::Done, Position::Primary));
    back().then(dealt_with).is_forged(no_decision);
    back().then(intent(Direction::Failover, by_incident("i1"))).is_forged(no_decision);
    Tale::new().then(held()).then(intent(Direction::Failover, by_incident("i1"))).is_forged(no_decision);
    Tale::new().then(held()).then(held()).is_forged(no_decision);
    let pending = || Event::Pending { incident: incident("i1"), reason: "it answers".to_owned() };
    Tale::new().then(pending()).then(pending()).is_forged(no_decision);
    let adopted = Event::Adopted { position: Position::Primary, sentence: "it was seen".to_owned() };
    Tale::new().then(adopted).is_forged(no_decision);
    let outage = Event::Outage { sentence: "nobody is served".to_owned(), nonce: "a".to_owned() };
    failed_over().then(outage).holds();
}

#[test]
fn a_state_follows_from_its_event() {
    let mut tale = failed_over();
    tale.entries[6].state.active = Position::Primary;
    tale.is_forged("entry 7 (ended): its state does not follow");
}

#[test]
fn a_journal_with_an_entry_that_cannot_be_read_is_left_to_others() {
    let tale = failing_over().at_once(claim(1, "b"));
    let files = |bytes: &dyn Fn(&Entry) -> Vec<u8>| -> Vec<(String, Vec<u8>)> {
        tale.entries
            .iter()
            .map(|entry| (format!("journal/resume/{:03}", 999 - entry.number), bytes(entry)))
            .collect()
    };
    assert!(replay_all(files(&Entry::to_bytes).into_iter(), Some(CLAIM_FOR)).is_err());
    replay_all(files(&|_| b"{".to_vec()).into_iter(), Some(CLAIM_FOR)).unwrap();
}

#[test]
fn a_route_is_repaired_by_nobody() {
    let switch = SwitchId::new("cloudflare_page_rule", "a rule");
    let repaired = |position| Event::Repaired { switch: switch.clone(), position, nonce: "a".to_owned() };
    failed_over().then(repaired(Position::Standby)).holds();
}
