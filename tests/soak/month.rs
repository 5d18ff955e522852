//! A month, round by round: time passes, something happens, reconcile comes.

use std::{io::Write, time::Duration};

use sandbox::{Aim, Fault, Options, Power, Sandbox, Served, Service, SiteSeed, cloudflare::Limit, visitors};
use serde_json::{Value, json};
use stage::{Function, Settings, clock::Clock, payload};
use tempfile::TempDir;

use crate::{
    happenings::{Happening, begins},
    tally::Tally,
};

/// How many sites are guarded, how often they are looked at, and how seldom something happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Month {
    pub(crate) sites: usize,
    pub(crate) rounds: usize,
    /// So many pass from one reconcile to the next.
    pub(crate) minutes: u64,
    /// Something happens every so many rounds.
    pub(crate) every: usize,
}

/// Tokens fail every so many rounds: all that were given out are good no more, or none is to be had for a moment.
const TOKENS_FAIL: usize = 24;

/// Deliveries of a message until it is settled.
const DELIVERIES: usize = 30;

/// So much may the memory vary after a tenth of the time, in KiB.
const BREATHING_KIB: u64 = 16 * 1024;

/// So many descriptors may be in use beyond those after a tenth of the time.
const DESCRIPTORS: usize = 64;

/// Whether all of it is asked for.
pub(crate) fn is_whole() -> bool {
    std::env::var_os("SOAK_WHOLE").is_some()
}

/// What a process uses.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    memory_kib: u64,
    descriptors: usize,
}

/// The sites, their clouds and the process that guards them.
struct Guard {
    month: Month,
    sandbox: Sandbox,
    function: Function,
    clock: Clock,
    names: Vec<String>,
    /// What happens now, at which site and since which round.
    happening: Vec<(usize, usize, Happening)>,
    moved: usize,
    _folder: TempDir,
}

/// Plays it and prints what it came to.
pub(crate) async fn play(month: Month) {
    if !Clock::can_be_made("soak") {
        return;
    }
    let begun = std::time::Instant::now();
    let mut guard = Guard::start(month).await;
    let (mut warm, mut most) = (Uses::default(), Uses::default());
    for round in 0..month.rounds {
        guard.round(round).await;
        let uses = guard.uses();
        if round <= month.rounds / 10 {
            warm = Uses {
                memory_kib: warm.memory_kib.max(uses.memory_kib),
                descriptors: warm.descriptors.max(uses.descriptors),
            };
        }
        most.memory_kib = most.memory_kib.max(uses.memory_kib);
        most.descriptors = most.descriptors.max(uses.descriptors);
        if round.is_multiple_of(month.rounds.div_ceil(20)) {
            say(&format!("soak: round {round} of {}, {} s", month.rounds, begun.elapsed().as_secs()));
        }
    }
    guard.judge(warm, most);
    say(&format!("  {} s on the wall", begun.elapsed().as_secs()));
}

impl Guard {
    async fn start(month: Month) -> Self {
        let seeds = (0..u32::try_from(month.sites).expect("a few")).map(SiteSeed::numbered).collect();
        let sandbox =
            Sandbox::start(Options { sites: seeds, ..Options::default() }).await.expect("the sandbox starts");
        let limit = Limit { requests: u32::MAX, ..Limit::default() };
        sandbox.world.cloudflare.set_limit(limit);
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Clock::new(folder.path(), 1);
        let mut environment = clock.environment();
        environment.push(("FAILOVER_LOG", "warn".to_owned()));
        let usual = Settings::default();
        // Times that a busy machine doesn't use up: it would be taken for a site that doesn't answer.
        let top = usual
            .top
            .replace("reconcile_every = \"1ms\"\n", "")
            .replace("probe_timeout = \"500ms\"", "probe_timeout = \"10s\"");
        let site = usual.site.replace("failback_patience = \"2s\"", "failback_patience = \"30s\"");
        let settings = Settings { every_site: true, environment, top, site, ..usual };
        let function = Function::start(&sandbox, &settings, &folder).await;
        let names: Vec<String> =
            sandbox.world.sites_where(|_| true).iter().map(|site| site.name().to_owned()).collect();
        let (happening, moved) = (Vec::new(), 0);
        Self { month, sandbox, function, clock, names, happening, moved, _folder: folder }
    }

    async fn round(&mut self, round: usize) {
        self.clock.passes(Duration::from_mins(self.month.minutes));
        self.tokens_fail(round);
        self.what_ends(round).await;
        let Month { rounds, sites, every, .. } = self.month;
        if let Some((site, happening)) = begins(round, rounds, sites, every) {
            self.begins(round, site, happening).await;
        }
        self.settle("failover-commands", &json!({ "command": "reconcile" })).await;
        self.sandbox.world.ledger.book.forget();
    }

    fn tokens_fail(&self, round: usize) {
        let world = &self.sandbox.world;
        match round % TOKENS_FAIL {
            6 => world.access.expire_all(),
            18 => world.fault(Aim::service(Service::Metadata).times(2), Fault::status(503)),
            19 => world.faults.clear(),
            _ => {}
        }
    }

    async fn begins(&mut self, round: usize, site: usize, happening: Happening) {
        let name = &self.names[site];
        assert!(!self.happening.iter().any(|(other, ..)| *other == site), "{name} has an outage already");
        self.sandbox.world.set_primary(name, Power::Off);
        if happening == Happening::Outage {
            let id = format!("0.{}", payload::fresh_id());
            let incident = payload::incident_of(name, &id, "open", self.clock.now());
            self.settle("failover-alerts", &incident).await;
            self.is_served(site, Served::Standby).await;
        }
        self.happening.push((site, round, happening));
    }

    async fn what_ends(&mut self, round: usize) {
        let over = |(_, since, what): &(usize, usize, Happening)| since + what.lasts() == round;
        let ended: Vec<_> = self.happening.iter().copied().filter(over).collect();
        self.happening.retain(|happening| !over(happening));
        for (site, _, happening) in ended {
            let name = self.names[site].clone();
            if happening.moves() {
                self.is_served(site, Served::Standby).await;
            }
            self.sandbox.world.set_primary(&name, Power::On);
            if happening.moves() {
                self.moved += 1;
                self.leads_back(&name).await;
            }
            self.is_served(site, Served::Primary).await;
        }
    }

    async fn leads_back(&self, name: &str) {
        let order = json!({ "command": "failback", "site": name });
        let answer = self.settle("failover-commands", &order).await;
        assert_eq!(answer["verdict"], "move", "{name}: {answer}\n{}", self.function.output());
    }

    async fn is_served(&self, site: usize, by: Served) {
        let name = &self.names[site];
        let url = self.sandbox.site(name).public_url();
        assert_eq!(visitors::visit(&url).await.expect("a visitor").served, by, "{name}");
    }

    /// What it was answered in the end.
    async fn settle(&self, subscription: &str, body: &Value) -> Value {
        let push = payload::push(subscription, &payload::fresh_id(), self.clock.now(), body);
        let mut answer = self.function.push(&push).await;
        for _ in 0..DELIVERIES {
            match answer.status {
                200 => return answer.body,
                503 => answer = self.function.push(&push).await,
                _ => break,
            }
        }
        panic!("{body} was never settled: {answer:?}\n{}", self.function.output());
    }

    fn uses(&self) -> Uses {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", self.function.pid()));
        Uses { memory_kib: self.function.resident_kib(), descriptors: descriptors.map_or(0, Iterator::count) }
    }

    fn judge(&self, warm: Uses, most: Uses) {
        let broken = self.sandbox.violations();
        assert!(broken.is_empty(), "{broken:#?}");
        let unknown = self.sandbox.world.ledger.unknown();
        assert!(unknown.is_empty(), "{unknown:#?}");
        let tally = Tally::of(&self.sandbox, &self.names);
        assert_eq!(tally.moves, [self.moved; 2], "there and back: {tally:?}");
        assert_eq!(tally.lengths.len(), 2, "moves of one direction are told alike: {tally:?}");
        let Month { sites, rounds, minutes, .. } = self.month;
        say(&format!(
            "soak: {sites} sites, {rounds} reconciles {minutes} min apart, {} moves there and back, {} entries and {} \
             claims; {} KiB and {} descriptors after a tenth, {} KiB and {} at most",
            self.moved,
            tally.entries,
            tally.claims,
            warm.memory_kib,
            warm.descriptors,
            most.memory_kib,
            most.descriptors
        ));
        assert!(
            most.memory_kib <= warm.memory_kib + BREATHING_KIB,
            "the memory has grown: {warm:?} {most:?}"
        );
        assert!(most.descriptors <= warm.descriptors + DESCRIPTORS, "descriptors: {warm:?} {most:?}");
    }
}

fn say(line: &str) {
    let _closed_is_fine = writeln!(std::io::stdout(), "{line}");
}
