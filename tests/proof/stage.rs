//! A world of its own for one case, and the processes of the function that play in it.

use std::{
    collections::BTreeSet,
    net::Ipv4Addr,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use ::stage::{Answer, Function, Settings, clock::Clock, journal::BUCKET, machines::Moves};
use failover_core::Step;
use jiff::Timestamp;
use sandbox::{
    Moment, Options, Power, Sandbox, Site, cloudflare::worker_route_id, google::access::FUNCTION_ACCOUNT,
};
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::{
    address::Address, cast::Word, chronicle::Chronicle, conditions::Conditions, evidence::Evidence,
    recording::Point, switches::WORKER,
};

/// Deliveries of one message until it is settled: many more than any case needs, since each waits for something.
const DELIVERIES: usize = 12;

/// How long the edge waits for an origin that gives no answer.
const EDGE_WAITS: Duration = Duration::from_secs(19);

/// How long a pod takes until it is ready: looked at some times, and over soon.
const STARTING: Duration = Duration::from_millis(400);

/// Where one case plays.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The clouds and the site.
    pub(crate) sandbox: Arc<Sandbox>,
    /// What is known if it goes wrong.
    pub(crate) evidence: Arc<Evidence>,
    /// The site's machines, where it is not behind the edge.
    pub(crate) address: Option<Address>,
    /// Entries of the journal that can't be read.
    unreadable: Mutex<BTreeSet<u64>>,
    /// The clock of its processes, where they have one of their own.
    pub(crate) clock: Option<Clock>,
    /// Whether who has no power gives no answer, instead of refusing.
    hosts_hang: bool,
    settings: Settings,
    folder: TempDir,
    function: Option<Function>,
}

impl Stage {
    /// A fresh world, and no process yet.
    pub(crate) async fn set(settings: Settings, options: Options, evidence: Arc<Evidence>) -> Self {
        let options = Options { address: an_address_of_its_own(), ..options };
        let sandbox = Arc::new(Sandbox::start(options).await.expect("the sandbox starts"));
        evidence.plays_in(&sandbox);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (address, unreadable, clock) = (None, Mutex::default(), None);
        Self {
            sandbox,
            evidence,
            address,
            unreadable,
            clock,
            hosts_hang: false,
            settings,
            folder,
            function: None,
        }
    }

    /// What these conditions ask of the world and of its processes, none of which runs yet.
    pub(crate) fn under(&mut self, conditions: &Conditions) {
        self.settings.descriptors = conditions.descriptors;
        self.hosts_hang = conditions.hosts_hang;
        if let Some(speed) = conditions.speed {
            let clock = Clock::new(self.folder.path(), speed);
            self.settings.environment.extend(clock.environment());
            self.clock = Some(clock);
            self.sandbox.world.edge.set(self.site().name(), |edge| edge.origin_timeout = EDGE_WAITS / speed);
        }
    }

    /// What time it is for its processes.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.as_ref().map_or_else(Timestamp::now, Clock::now)
    }

    /// The same, for a site that is two machines.
    pub(crate) async fn set_on_machines(moves: Moves, settings: Settings, evidence: Arc<Evidence>) -> Self {
        let stage = Self::set(settings, Options::default(), evidence).await;
        let address = Address::in_sandbox(&stage.sandbox, moves);
        let settings = address.settings(stage.settings.clone());
        Self { address: Some(address), settings, ..stage }
    }

    /// The same, for a site behind a Worker: its standby lets in whoever the function runs as, and nobody else.
    pub(crate) async fn set_behind_a_worker(
        script: &str,
        settings: Settings,
        evidence: Arc<Evidence>,
    ) -> Self {
        let stage = Self::set(settings, Options::default(), evidence).await;
        let (world, seed) = (&stage.sandbox.world, stage.site().seed);
        let function = format!("serviceAccount:{FUNCTION_ACCOUNT}");
        world.run.grant(&seed.service, "roles/run.invoker", &function);
        if !script.is_empty() {
            let route = worker_route_id(&seed.name);
            world.cloudflare.edits.edit_worker_route(&seed.zone, &route, "script", script.into());
        }
        stage
    }

    /// Whether visitors are led to the standby.
    pub(crate) fn is_routed(&self) -> bool {
        let world = &self.sandbox.world;
        match &self.address {
            Some(address) => address.is_at_standby(world),
            None => world.cloudflare.is_routed(&self.site()),
        }
    }

    /// The steps that a site on machines doesn't have: nothing is opened, nothing paused. Behind a Worker nothing is opened.
    pub(crate) fn steps_without_a_switch(&self) -> &'static [Step] {
        if self.address.is_some() {
            return &[Step::Open, Step::Pause, Step::Resume];
        }
        let switches = self.settings.switches.as_deref().unwrap_or_default();
        if switches.contains(WORKER) { &[Step::Open, Step::Close] } else { &[] }
    }

    /// Where a visitor asks for a page.
    pub(crate) fn public_url(&self) -> Url {
        self.address.as_ref().map_or_else(|| self.site().public_url(), Address::url)
    }

    /// The site.
    pub(crate) fn site(&self) -> Site {
        self.sandbox.site("resume")
    }

    /// How the primary is from now on.
    pub(crate) fn primary(&self, power: Power) {
        let power = if power == Power::Off && self.hosts_hang { Power::Dark } else { power };
        self.evidence.note(format!("the primary is {power:?}"));
        self.sandbox.world.set_primary("resume", power);
        if let Some(address) = &self.address {
            address.run_primary(&self.sandbox.world, power == Power::On);
        }
    }

    /// How the standby's container is from now on.
    pub(crate) fn standby(&self, power: Power) {
        self.evidence.note(format!("the standby is {power:?}"));
        self.sandbox.world.set_standby("resume", power);
    }

    /// How many replicas the primary's deployment should have; each is ready a moment after it is asked for.
    pub(crate) fn deployment(&self, replicas: u64) {
        self.evidence.note(format!("the primary is scaled to {replicas}"));
        self.sandbox.world.kubernetes.starting_takes(STARTING);
        self.sandbox.world.kubernetes.scale("resume", replicas);
    }

    /// A process of its own, beside any other.
    pub(crate) async fn another(&self) -> Function {
        let function = Function::start(&self.sandbox, &self.settings, &self.folder).await;
        self.evidence.hears(function.heard());
        function
    }

    /// A new process takes over from the one before, which is gone.
    pub(crate) async fn restart(&mut self) {
        self.kill().await;
        self.function = Some(self.another().await);
    }

    /// SIGKILL, if a process runs.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut function) = self.function.take() {
            function.kill().await;
        }
    }

    /// SIGTERM to the process that runs.
    pub(crate) fn tell_to_end(&self) {
        signal(self.function.as_ref().expect("a process runs").pid(), "TERM");
    }

    /// The process, started if none runs.
    pub(crate) async fn function(&mut self) -> &Function {
        if self.function.is_none() {
            self.function = Some(self.another().await);
        }
        self.function.as_ref().expect("it was started")
    }

    /// One delivery to the process that runs.
    pub(crate) async fn push(&self, push: &Value) -> Result<Answer, String> {
        push_to(self.function.as_ref().expect("a process runs"), push, &self.evidence).await
    }

    /// One delivery; a process is started if none runs.
    pub(crate) async fn deliver(&mut self, push: &Value) -> Result<Answer, String> {
        self.function().await;
        self.push(push).await
    }

    /// Delivered until it is settled; a process is started if none runs.
    pub(crate) async fn settle(&mut self, push: &Value) -> Result<Answer, String> {
        self.function().await;
        self.settle_here(push).await
    }

    /// Delivered to the process that runs until it is settled, as Pub/Sub does.
    pub(crate) async fn settle_here(&self, push: &Value) -> Result<Answer, String> {
        settle_at(self.function.as_ref().expect("a process runs"), push, &self.evidence).await
    }

    /// A new message, delivered until it is settled.
    pub(crate) async fn say(&mut self, word: Word) -> Result<Answer, String> {
        self.settle(&word.publish_at(self.now())).await
    }

    /// Delivers `push` and kills the process at `point`; false if it was answered without getting there.
    pub(crate) async fn die_at(
        &mut self,
        point: Point,
        moment: Moment,
        push: &Value,
    ) -> Result<bool, String> {
        let reached = self.sandbox.world.stop_at(point.operation, point.nth, moment);
        self.function().await;
        let died = tokio::select! {
            biased;
            _ = reached => true,
            answered = self.push(push) => answered.map(|_| false)?,
        };
        self.kill().await;
        if !died {
            // Nobody else is to be held there.
            self.sandbox.world.breakpoints.release();
        }
        self.evidence.note(format!("killed at {point}, {moment:?}: {died}"));
        Ok(died)
    }

    /// How long a claim of its processes lives.
    pub(crate) fn claim_for(&self) -> Duration {
        self.settings.claim_for()
    }

    /// The journal as it is stored.
    pub(crate) fn chronicle(&self) -> Result<Chronicle, String> {
        let unreadable = self.unreadable.lock().expect("numbers");
        match self.journal_folder() {
            Some(folder) => Chronicle::in_folder(&folder, &unreadable),
            None => Chronicle::in_bucket(&self.sandbox, &unreadable),
        }
    }

    /// Somebody else writes so many entries that can't be read, after the newest. A process that writes one meanwhile has
    /// the number, as everywhere.
    pub(crate) fn spoil(&self, entries: usize, content: &str) {
        let free = (self.entries() as u64 + 1..).filter(|number| {
            let key = cloud_failover::journal::key(*number).expect("a number");
            let name = format!("journal/{}/{key}", self.site().name());
            self.sandbox.world.storage.put_new(BUCKET, &name, content.to_owned())
        });
        let spoilt: Vec<u64> = free.take(entries).collect();
        self.evidence.note(format!("the entries {spoilt:?} can't be read"));
        self.unreadable.lock().expect("numbers").extend(spoilt);
    }

    /// The process may have no further descriptor, or as many as before again.
    pub(crate) fn descriptors_run_out(&self, none_left: bool) {
        let process = self.function.as_ref().expect("a process runs").pid().to_string();
        let soft = if none_left { "1:" } else { "256:" };
        let limit = Command::new("prlimit").args(["--pid", &process, &format!("--nofile={soft}")]).status();
        assert!(limit.is_ok_and(|status| status.success()), "no limit for {process}");
        self.evidence.note(format!("no descriptor is left: {none_left}"));
    }

    /// Where its process listens.
    pub(crate) fn base(&self) -> &str {
        self.function.as_ref().expect("a process runs").base()
    }

    /// How many entries it has.
    pub(crate) fn entries(&self) -> usize {
        match self.journal_folder() {
            Some(folder) => std::fs::read_dir(folder).map_or(0, Iterator::count),
            None => self.sandbox.world.storage.objects(BUCKET).len(),
        }
    }

    fn journal_folder(&self) -> Option<PathBuf> {
        let path = self.settings.journal.strip_prefix("file:{folder}/")?;
        Some(self.folder.path().join(path).join("resume"))
    }
}

/// Somewhere in 127.0.0.0/8, all of which is this machine: a process that outlives its case for a moment must not meet
/// the next one's clouds.
fn an_address_of_its_own() -> Ipv4Addr {
    let [one, two, three] = rand::random::<[u8; 3]>();
    Ipv4Addr::new(127, one.max(1), two, three.clamp(1, 254))
}

/// One delivery to `function`.
pub(crate) async fn push_to(
    function: &Function,
    push: &Value,
    evidence: &Evidence,
) -> Result<Answer, String> {
    let answer = function.try_push(push).await.map_err(|error| error.to_string())?;
    evidence.note(format!("{} {}", answer.status, answer.body));
    Ok(answer)
}

/// Delivered to `function` until it is settled, as Pub/Sub does.
pub(crate) async fn settle_at(
    function: &Function,
    push: &Value,
    evidence: &Evidence,
) -> Result<Answer, String> {
    for _ in 0..DELIVERIES {
        let answer = push_to(function, push, evidence).await?;
        match answer.status {
            200 => return Ok(answer),
            503 => {}
            status => return Err(format!("answered {status}: {}", answer.body)),
        }
    }
    Err(format!("not settled after {DELIVERIES} deliveries"))
}

/// Sends `SIG{name}` to a process of ours.
pub(crate) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "no SIG{name} for {process}");
}
