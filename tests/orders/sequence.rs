//! What may happen, as data: generated, shrunk, and printed when it went wrong.

use proptest::prelude::*;
use sandbox::{Moment, Power};

/// A world and what happens in it.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(crate) conditions: Conditions,
    pub(crate) events: Vec<Event>,
}

/// What stays the same from the first event to the last.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    /// Instances of the function on the one journal.
    pub(crate) instances: usize,
    /// Whether switches that moved by themselves are set again.
    pub(crate) repair: bool,
    /// Whether an operator has to approve of every failover.
    pub(crate) approve: bool,
    /// Whether automatic moves keep a distance of ten minutes, which is for ever here.
    pub(crate) cooldown: bool,
    /// How many seconds a redirect lives in browsers' caches.
    pub(crate) cached: u64,
    /// How many milliseconds a change of the standby's policy takes to spread.
    pub(crate) spread: u64,
    /// What leads visitors.
    pub(crate) route: Route,
}

/// What leads visitors to the standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// A page rule, to a standby that is opened.
    PageRule,
    /// A Worker in front of the site, for which the standby stays closed; in ordinary times it may ask home first.
    Worker { always: bool },
}

/// One thing that happens, so many seconds after the one before it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) after: i64,
    pub(crate) act: Act,
}

/// A thing that can happen.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// The power at home fails or comes back.
    Primary(Power),
    /// The standby's container breaks or is mended.
    Standby(Power),
    /// Somebody publishes a message.
    Say(Word, How),
    /// A message that was published before is delivered again, acknowledged or not.
    Again(usize, How),
    /// All messages that were held back arrive, the newest first.
    Arrive(How),
    /// An instance dies and is started again.
    Crash(usize),
    /// An instance dies as soon as somebody makes this call.
    CrashAt(usize, &'static str, Moment, u32),
}

/// What a message says.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    /// The site is down: since the power failed, or, if it didn't, since now.
    Down,
    /// The same of the outage before, long delayed.
    WasDown,
    /// The same, one incident from each of six places.
    SixDown,
    /// One of the incidents so far is over.
    Over(usize),
    /// Monitoring's test.
    Test,
    /// An incident of somebody else's site.
    Foreign,
    /// No message at all.
    Garbage,
    /// An operator's or the scheduler's command.
    Command(&'static str, bool, &'static str),
}

/// How a message travels.
#[derive(Debug, Clone)]
pub(crate) struct How {
    /// It waits at Pub/Sub, until `Arrive` or the end.
    pub(crate) held: bool,
    /// The instance that gets it first.
    pub(crate) to: usize,
    /// What is waited for before the next event.
    pub(crate) until: Until,
}

/// What is waited for before the next event.
#[derive(Debug, Clone)]
pub(crate) enum Until {
    /// The answer, unless it takes very long.
    Answered,
    /// So many further calls, or the answer.
    Calls(usize),
}

/// Calls at which an instance may die: each kind of write, the journal, and the proofs between them.
const DEADLY: [&str; 9] = [
    "storage.create",
    "storage.get",
    "run.get_iam_policy",
    "run.set_iam_policy",
    "cloudflare.patch_page_rule",
    "cloudflare.replace_worker_route",
    "monitoring.patch_check",
    "standby.get",
    "edge.visit",
];

const PEOPLE: [&str; 3] = ["alice", "bob", ""];

/// Any sequence.
pub(crate) fn sequences() -> impl Strategy<Value = Sequence> {
    // What leads visitors is drawn last: seeds of old say the same of all the rest.
    (conditions(), prop::collection::vec(event(), 4..16), route()).prop_map(|(conditions, events, route)| {
        Sequence { conditions: Conditions { route, ..conditions }, events }
    })
}

fn route() -> impl Strategy<Value = Route> {
    let worker = any::<bool>().prop_map(|always| Route::Worker { always });
    prop_oneof![2 => Just(Route::PageRule), 1 => worker]
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let rare = || prop::bool::weighted(0.15);
    let cached = prop_oneof![4 => Just(0), 1 => Just(2)];
    let spread = prop_oneof![4 => Just(0), 1 => Just(700)];
    (1..=2_usize, any::<bool>(), rare(), rare(), cached, spread).prop_map(
        |(instances, repair, approve, cooldown, cached, spread)| Conditions {
            instances,
            repair,
            approve,
            cooldown,
            cached,
            spread,
            route: Route::PageRule,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let after = prop_oneof![3 => Just(0), 3 => 1..60_i64, 2 => 60..7200_i64, 1 => 7200..200_000_i64];
    (after, act()).prop_map(|(after, act)| Event { after, act })
}

fn act() -> impl Strategy<Value = Act> {
    let dark = prop_oneof![4 => Just(Power::Off), 1 => Just(Power::Failing(500))];
    let at = (0..2_usize, prop::sample::select(&DEADLY[..]), moment(), 1..4_u32);
    prop_oneof![
        5 => dark.prop_map(Act::Primary),
        4 => Just(Act::Primary(Power::On)),
        1 => Just(Act::Standby(Power::Failing(500))),
        1 => Just(Act::Standby(Power::On)),
        22 => (word(), how()).prop_map(|(word, how)| Act::Say(word, how)),
        4 => (0..8_usize, how()).prop_map(|(index, how)| Act::Again(index, how)),
        2 => how().prop_map(Act::Arrive),
        2 => (0..2_usize).prop_map(Act::Crash),
        4 => at.prop_map(|(who, call, moment, nth)| Act::CrashAt(who, call, moment, nth)),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![Just(Moment::BeforeEffect), Just(Moment::AfterEffect)]
}

fn word() -> impl Strategy<Value = Word> {
    let command = |verb| {
        (prop::bool::weighted(0.2), prop::sample::select(&PEOPLE[..]))
            .prop_map(move |(force, by)| Word::Command(verb, force, by))
    };
    let plain = |verb| prop::sample::select(&PEOPLE[..]).prop_map(move |by| Word::Command(verb, false, by));
    prop_oneof![
        5 => Just(Word::Down),
        1 => Just(Word::WasDown),
        2 => Just(Word::SixDown),
        2 => (0..4_usize).prop_map(Word::Over),
        1 => prop_oneof![Just(Word::Test), Just(Word::Foreign), Just(Word::Garbage)],
        3 => command("failover"),
        4 => command("failback"),
        1 => plain("hold"),
        1 => plain("release"),
        2 => plain("acknowledge"),
        4 => plain("reconcile"),
        1 => plain("rehearse"),
    ]
}

fn how() -> impl Strategy<Value = How> {
    let until = prop_oneof![
        3 => Just(Until::Answered),
        2 => (0..40_usize).prop_map(Until::Calls),
    ];
    (prop::bool::weighted(0.15), 0..2_usize, until).prop_map(|(held, to, until)| How { held, to, until })
}
