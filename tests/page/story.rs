//! Nights as the journal would have them, for the page to tell. Every entry goes through `State::after`, so that no
//! test shows what can't happen.

use cloud_failover::page::{Asked, Finding, Glimpse, Overview, SiteFacts};
use failover_core::{
    Approval, Asker, Direction, ENTRY_VERSION, End, Entry, Event, Extent, Failback, Heard, Observed, Order,
    PendingIncident, Policy, Position, Role, Roles, RouteOrder, Served, Sighting, State, Step, StepRecord,
    SwitchId, UpkeepTask,
};
use jiff::{SignedDuration, Timestamp};

/// When the power goes.
pub(crate) const DARK: &str = "2026-11-20T03:10:00Z";

/// A site's night, told entry by entry.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) facts: SiteFacts,
    pub(crate) now: Timestamp,
    positions: [Position; 3],
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn policy() -> Policy {
    Policy {
        order: RouteOrder::StandbyFirst,
        approve: Approval::Automatic,
        failback: Failback::Manual,
        cooldown: std::time::Duration::from_mins(10),
        moves_per_day: 4,
        drain: std::time::Duration::ZERO,
        has_primary_url: true,
        has_standby_url: true,
        has_public_url: true,
        roles: Roles { gate: true, route: true, monitor: true, power: false },
    }
}

pub(crate) fn incident() -> PendingIncident {
    PendingIncident {
        id: "0.nq3x4xuxwbmq".to_owned(),
        started_at: time(DARK),
        since: time(DARK) + SignedDuration::from_secs(157),
        summary: "Check resume failed: connection refused from 3 locations".to_owned(),
    }
}

pub(crate) fn order(asker: Asker, at: Timestamp) -> Order {
    let incidents = if asker == Asker::Incident { vec![incident()] } else { Vec::new() };
    let message = format!("1{:012}", at.as_second() % 1_000_000_000_000);
    Order { at, message, asker, reason: None, force: false, unfinished: false, incidents }
}

impl Story {
    /// A site on its primary, of which the journal has nothing to say yet.
    pub(crate) fn new(name: &str) -> Self {
        let facts = SiteFacts {
            name: name.parse().unwrap(),
            public_url: Some("https://will.gleich.tech/".to_owned()),
            standby_url: Some("https://will.iam.gleich.tech/".to_owned()),
            primary_url: Some("https://origin.gleich.tech/".to_owned()),
            policy: policy(),
            commands_topic: "projects/gleich-tech/topics/failover-commands".to_owned(),
            state: Some(State::default()),
            entries: Vec::new(),
            switches: Vec::new(),
            asked: None,
            findings: Vec::new(),
            checked_at: None,
            troubles: Vec::new(),
        };
        Self { facts, now: time("2026-11-20T03:08:00Z"), positions: [Position::Primary; 3] }
    }

    /// The overview of the night so far.
    pub(crate) fn overview(&self) -> Overview {
        let mut facts = self.facts.clone();
        if facts.switches.is_empty() {
            facts.switches = self.glimpses();
        }
        Overview::of(&facts, self.now)
    }

    pub(crate) fn state(&self) -> State {
        self.facts.state.clone().unwrap()
    }

    /// Lets time pass.
    pub(crate) fn later(mut self, milliseconds: i64) -> Self {
        self.now += SignedDuration::from_millis(milliseconds);
        self
    }

    pub(crate) fn at(mut self, text: &str) -> Self {
        self.now = time(text);
        self
    }

    /// The next entry of the journal.
    pub(crate) fn with(mut self, event: Event) -> Self {
        let number = self.facts.entries.last().map_or(1, |entry| entry.number + 1);
        let state = self.state().after(number, self.now, &event).unwrap();
        let site = self.facts.name.clone();
        let writer = format!("writer {number}");
        let entry =
            Entry { v: ENTRY_VERSION, site, number, at: self.now, writer, event, state: state.clone() };
        self.facts.entries.push(entry);
        self.facts.state = Some(state);
        self
    }

    pub(crate) fn begins(self, direction: Direction, order: Order, reason: &str) -> Self {
        let reason = reason.to_owned();
        self.with(Event::Intent { direction, order, reason, nonce: "n".to_owned() })
    }

    /// A step is finished after this long, and moves its switch.
    pub(crate) fn step(self, step: Step, took_ms: u32) -> Self {
        self.noted(step, took_ms, None)
    }

    pub(crate) fn noted(self, step: Step, took_ms: u32, note: Option<&str>) -> Self {
        let mut told = self.later(i64::from(took_ms));
        let (index, position) = match step {
            Step::Open => (0, Position::Standby),
            Step::Close => (0, Position::Primary),
            Step::Route => (1, told.state().newest().unwrap().direction.leads_to()),
            Step::Unroute => (1, told.state().newest().unwrap().direction.leads_to().opposite()),
            Step::Pause => (2, Position::Standby),
            Step::Resume => (2, Position::Primary),
            Step::Answer | Step::Verify | Step::Power => (3, Position::Primary),
        };
        if let Some(place) = told.positions.get_mut(index) {
            *place = position;
        }
        let record = StepRecord {
            step,
            at: told.now,
            took_ms: took_ms.into(),
            note: note.map(str::to_owned),
            redirect_lives_s: (step == Step::Verify).then_some(0),
        };
        let plan = told.state().newest().unwrap().id;
        told.with(Event::Step { plan, nonce: "n".to_owned(), record })
    }

    pub(crate) fn ends(self, end: End, active: Position, sentence: &str) -> Self {
        let plan = self.state().newest().unwrap().id;
        let drain_until = None;
        let (nonce, sentence) = ("n".to_owned(), sentence.to_owned());
        self.later(40).with(Event::Ended { plan, nonce, end, active, sentence, drain_until, retry: false })
    }

    pub(crate) fn sees(mut self, index: usize, observed: Observed) -> Self {
        let mut glimpses = if self.facts.switches.is_empty() { self.glimpses() } else { self.facts.switches };
        glimpses[index].sighting.observed = observed;
        self.facts.switches = glimpses;
        self
    }

    /// Visitors were just answered by this place; the primary answers past the redirect if it is that one.
    pub(crate) fn answered(self, by: Position) -> Self {
        self.asks(Served::By(by), by == Position::Primary)
    }

    /// Visitors just got no answer.
    pub(crate) fn silent(self) -> Self {
        self.asks(Served::Silent("https://will.gleich.tech/ answered 522, not 200".to_owned()), false)
    }

    /// What was just asked: the public URL, and whether the primary answers.
    pub(crate) fn asks(mut self, public: Served, primary_answers: bool) -> Self {
        let silent = || Served::Silent("connection refused".to_owned());
        let primary = Some(if primary_answers { Served::By(Position::Primary) } else { silent() });
        let at = self.now - SignedDuration::from_secs(12);
        let certificate = Some(time("2027-01-20T00:00:00Z"));
        self.facts.asked = Some(Asked { public, primary, at, certificate });
        self
    }

    /// Nothing can be seen of any switch.
    pub(crate) fn blind(self) -> Self {
        (0..3).fold(self, |story, index| story.sees(index, Observed::Unknown("no answer in time".to_owned())))
    }

    pub(crate) fn finds(mut self, finding: Finding) -> Self {
        self.facts.findings.push(finding);
        self.facts.checked_at = Some(time("2026-11-19T06:17:04Z"));
        self
    }

    /// An executor takes the plan over, and gives up.
    pub(crate) fn tries_in_vain(self, trouble: &str) -> Self {
        let plan = self.state().newest().unwrap().id;
        let nonce = "n".to_owned();
        let trouble = Some(trouble.to_owned());
        let ended = Event::AttemptEnded { plan, nonce: nonce.clone(), trouble, about: None };
        self.with(Event::Claim { plan, nonce }).with(ended)
    }

    /// Maintenance is begun.
    pub(crate) fn maintains(self, task: UpkeepTask) -> Self {
        let (order, reason) = (order(Asker::Itself, self.now), "it is due".to_owned());
        self.with(Event::Maintenance { task, order, reason, nonce: "n".to_owned() })
    }

    /// Maintenance is begun, and refused.
    pub(crate) fn refuses(self, task: UpkeepTask, trouble: &str) -> Self {
        let story = self.maintains(task);
        let plan = story.state().maintenance.unwrap().id;
        let trouble = Some(trouble.to_owned());
        story.with(Event::AttemptEnded { plan, nonce: "n".to_owned(), trouble, about: None })
    }

    /// The daily check looks at all there is, finds nothing, and has just heard of these.
    pub(crate) fn checks(self, heard: &[&str]) -> Self {
        let at = self.now - SignedDuration::from_secs(40);
        let heard = heard.iter().map(|who| Heard { who: (*who).to_owned(), at }).collect();
        self.checks_as(Extent { looked_at: 14, things: 14 }, heard)
    }

    pub(crate) fn checks_as(self, extent: Extent, heard: Vec<Heard>) -> Self {
        let looked_as = "failover@gleich-tech.iam.gserviceaccount.com".to_owned();
        let event =
            Event::Checked { looked_as, findings: Vec::new(), extent: Some(extent), heard, answered: true };
        let mut story = self.with(event);
        (story.facts.findings, story.facts.checked_at) = (Vec::new(), Some(story.now));
        story
    }

    fn glimpses(&self) -> Vec<Glimpse> {
        let names = [
            ("cloud_run_invoker", "projects/gleich-tech/locations/us-central1/services/resume", Role::Gate),
            (
                "cloudflare_page_rule",
                "zones/023e105f4ecef8ad9ca31a8372d0c353/pagerules/9a7806061c88ada191ed06f989cc3dac",
                Role::Route,
            ),
            ("uptime_check", "projects/gleich-tech/uptimeCheckConfigs/resume-abc123", Role::Monitor),
        ];
        let at = self.now - SignedDuration::from_secs(4);
        let seen = names.into_iter().zip(self.positions).map(|((kind, resource, role), position)| Sighting {
            switch: SwitchId::new(kind, resource),
            role,
            observed: Observed::At(position),
        });
        seen.map(|sighting| Glimpse { sighting, at }).collect()
    }
}

/// An ordinary evening, after a rehearsal a week before.
pub(crate) fn before() -> Story {
    let story = Story::new("resume").at("2026-11-15T04:00:00.2Z");
    story
        .begins(
            Direction::Rehearsal,
            order(Asker::Operator(None), time("2026-11-15T04:00:00Z")),
            "asked for by an operator",
        )
        .step(Step::Open, 480)
        .step(Step::Answer, 6_120)
        .step(Step::Route, 250)
        .step(Step::Close, 510)
        .ends(End::Done, Position::Primary, "the standby served after 6.6 s; its gate is closed again")
        .at("2026-11-20T03:08:00Z")
}

/// The alert has arrived, the standby is open, visitors are being led to it.
pub(crate) fn during() -> Story {
    before()
        .at("2026-11-20T03:12:37.240Z")
        .begins(
            Direction::Failover,
            order(Asker::Incident, time("2026-11-20T03:12:37Z")),
            "an incident is open and the public URL doesn't answer (connection refused)",
        )
        .step(Step::Open, 310)
        .step(Step::Answer, 2_210)
        .later(900)
}

/// Visitors have been on the standby for two hours.
pub(crate) fn after() -> Story {
    during()
        .later(-900)
        .step(Step::Route, 250)
        .step(Step::Verify, 420)
        .step(Step::Pause, 160)
        .ends(
            End::Done,
            Position::Standby,
            "visitors are served by the standby: an incident is open and the public URL doesn't answer",
        )
        .at("2026-11-20T05:27:02Z")
}

/// Power is back and an operator has returned visitors to the primary.
pub(crate) fn returned() -> Story {
    let asker = Asker::Operator(Some("alice".to_owned()));
    after()
        .at("2026-11-20T05:30:00.4Z")
        .begins(
            Direction::Failback,
            order(asker, time("2026-11-20T05:30:00Z")),
            "asked for, says alice: power is back",
        )
        .step(Step::Route, 260)
        .step(Step::Verify, 840)
        .step(Step::Close, 520)
        .step(Step::Resume, 170)
        .ends(End::Done, Position::Primary, "visitors are served by the primary")
        .at("2026-11-20T05:34:00Z")
}

/// A calm day, after a guarded summer with one outage: everything was tried and looked at lately.
pub(crate) fn calm() -> Story {
    let rehearsal = order(Asker::Itself, time("2026-11-16T04:00:00Z"));
    let mut story = Story::new("resume").at("2026-08-01T06:17:00Z").checks(&["reconcile", "pi"]);
    story = story.at("2026-10-03T21:04:31Z").outage("2026-10-03T21:02:10Z");
    story = story.at("2026-11-16T04:00:00.2Z").begins(Direction::Rehearsal, rehearsal, "it is due");
    story
        .step(Step::Open, 88_300)
        .step(Step::Answer, 5_700)
        .step(Step::Close, 510)
        .ends(End::Done, Position::Primary, "the standby served after 94 s; its gate is closed again")
        .at("2026-11-20T06:17:04Z")
        .checks(&["reconcile", "pi"])
        .at("2026-11-20T09:41:00Z")
        .answered(Position::Primary)
}

impl Story {
    /// An outage since then, the failover that ends it now, and the way back an hour later.
    pub(crate) fn outage(self, since: &str) -> Self {
        let mut alarm = order(Asker::Incident, self.now);
        alarm.incidents[0].started_at = time(since);
        alarm.incidents[0].since = self.now;
        let back = order(Asker::Operator(None), self.now + SignedDuration::from_hours(1));
        self.begins(
            Direction::Failover,
            alarm,
            "an incident is open and the public URL doesn't answer (timed out)",
        )
        .step(Step::Open, 900)
        .step(Step::Answer, 2_100)
        .step(Step::Route, 300)
        .step(Step::Verify, 400)
        .step(Step::Pause, 200)
        .ends(End::Done, Position::Standby, "visitors are served by the standby")
        .later(3_600_000)
        .begins(Direction::Failback, back, "asked for by an operator")
        .step(Step::Route, 260)
        .step(Step::Verify, 840)
        .step(Step::Close, 520)
        .step(Step::Resume, 170)
        .ends(End::Done, Position::Primary, "visitors are served by the primary")
    }
}
