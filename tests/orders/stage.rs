//! Lets a sequence happen: a world of its own, one or two instances of the function, and Pub/Sub between them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::stage::{Answer, Function, PATIENCE, Settings};
use futures::future::join_all;
use sandbox::{
    Options, Power, Promise, Sandbox, cloudflare::worker_route_id, edge::GATE_SCRIPT,
    google::access::FUNCTION_ACCOUNT,
};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, RwLock},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    post::Post,
    sequence::{Act, Conditions, Event, How, Route, Sequence, Until},
    words::Speakers,
};

/// A delivery that isn't answered after so many calls is left to itself: it waits for something that the sequence
/// has yet to do.
const LONG: usize = 80;

/// The same for one that makes no calls.
const LONGEST: Duration = Duration::from_secs(4);

/// How long a claim lives.
pub(crate) const CLAIM_FOR: Duration = Duration::from_millis(1500);

/// Where a sequence happens.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) conditions: Conditions,
    pub(crate) post: Post,
    pub(crate) speakers: Mutex<Speakers>,
    settings: Settings,
    folder: TempDir,
    instances: Vec<RwLock<Function>>,
    under_way: Mutex<Vec<JoinHandle<()>>>,
    notes: std::sync::Mutex<Vec<String>>,
    crashes: AtomicUsize,
    http: reqwest::Client,
}

impl Stage {
    /// A world of its own, and the instances that serve it.
    pub(crate) async fn set(conditions: &Conditions, http: reqwest::Client) -> Arc<Self> {
        let options =
            Options { iam_propagation: Duration::from_millis(conditions.spread), ..Options::default() };
        let sandbox = Sandbox::start(options).await.expect("the sandbox starts");
        if conditions.cached > 0 {
            let lives = format!("max-age={}", conditions.cached);
            sandbox.world.edge.set("resume", |edge| edge.redirect_cache_control = Some(lives));
        }
        stand_behind_a_worker(&sandbox, conditions);
        let (settings, folder) = (settings(conditions), tempfile::tempdir().expect("a temporary folder"));
        let starts = (0..conditions.instances).map(|who| start(&sandbox, &settings, &folder, who));
        let instances = join_all(starts).await.into_iter().map(RwLock::new).collect();
        let (post, speakers, under_way) = (Post::default(), Mutex::default(), Mutex::default());
        let (conditions, notes) = (conditions.clone(), std::sync::Mutex::default());
        let crashes = AtomicUsize::new(0);
        let stage = Self {
            sandbox,
            conditions,
            post,
            speakers,
            settings,
            folder,
            instances,
            under_way,
            notes,
            crashes,
            http,
        };
        Arc::new(stage)
    }

    /// Lets all events happen, one after the other; what they began may still be under way afterwards.
    pub(crate) async fn play(self: &Arc<Self>, sequence: &Sequence) {
        for event in &sequence.events {
            self.happen(event).await;
        }
    }

    async fn happen(self: &Arc<Self>, event: &Event) {
        self.note(&format!("{event:?}"));
        self.speakers.lock().await.pass(event.after);
        match &event.act {
            Act::Primary(power) => self.primary(*power).await,
            Act::Standby(power) => self.sandbox.world.set_standby("resume", *power),
            Act::Say(word, how) => {
                let said = self.speakers.lock().await.say(word);
                let places: Vec<usize> = said.into_iter().map(|said| self.post.publish(said)).collect();
                self.watch_for_force(&places);
                if !how.held {
                    self.travel(&places, how).await;
                }
            }
            Act::Again(index, how) => {
                let count = self.post.messages().len();
                if count > 0 {
                    self.travel(&[index % count], how).await;
                }
            }
            Act::Arrive(how) => {
                let places: Vec<usize> = self.post.outstanding().into_iter().rev().collect();
                self.travel(&places, how).await;
            }
            Act::Crash(who) => self.crash(*who).await,
            Act::CrashAt(who, call, moment, nth) => {
                let reached = self.sandbox.world.stop_at(call, *nth, *moment);
                let (stage, who) = (Arc::clone(self), *who);
                let dying = tokio::spawn(async move {
                    if reached.await.is_ok() {
                        stage.crash(who).await;
                        stage.sandbox.world.breakpoints.release();
                    }
                });
                self.under_way.lock().await.push(dying);
            }
        }
    }

    async fn primary(&self, power: Power) {
        self.speakers.lock().await.primary(power == Power::On);
        self.sandbox.world.set_primary("resume", power);
    }

    /// Whoever insists takes it upon himself where visitors are led.
    fn watch_for_force(&self, places: &[usize]) {
        let messages = self.post.messages();
        if places.iter().any(|place| messages[*place].is_forced()) {
            self.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
        }
    }

    async fn travel(self: &Arc<Self>, places: &[usize], how: &How) {
        let calls = self.sandbox.world.ledger.calls().len();
        let deliveries: Vec<_> =
            places.iter().enumerate().map(|(n, place)| self.deliver(*place, how.to + n)).collect();
        let (answered, all_answered) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(async move {
            join_all(deliveries).await;
            // Nobody listens where the sequence went on.
            let _ = answered.send(());
        });
        self.under_way.lock().await.push(waiting);
        let most = match how.until {
            Until::Answered => LONG,
            Until::Calls(calls) => calls,
        };
        let enough = self.sandbox.world.ledger.until(|records| records.len() >= calls + most);
        let either = async {
            tokio::select! { _ = all_answered => {}, () = enough => {} }
        };
        if timeout(LONGEST, either).await.is_err() {
            self.note("no answer yet");
        }
    }

    /// One delivery of this message to this instance, beside everything else.
    pub(crate) fn deliver(self: &Arc<Self>, place: usize, to: usize) -> JoinHandle<()> {
        let stage = Arc::clone(self);
        tokio::spawn(async move {
            let push = stage.post.messages()[place].push();
            let base = stage.instances[to % stage.instances.len()].read().await.base().to_owned();
            let answer = stage.push(&base, &push).await.map_err(|error| error.to_string());
            stage.post.answered(place, answer);
        })
    }

    async fn push(&self, base: &str, push: &serde_json::Value) -> reqwest::Result<Answer> {
        let sent = self.http.post(format!("{base}/push")).json(push).timeout(PATIENCE).send().await?;
        let status = sent.status().as_u16();
        Ok(Answer { status, body: sent.json().await? })
    }

    /// SIGKILL; Cloud Run starts another instance for the next delivery.
    pub(crate) async fn crash(&self, who: usize) {
        let who = who % self.instances.len();
        let mut instance = self.instances[who].write().await;
        instance.kill().await;
        self.crashes.fetch_add(1, Ordering::Relaxed);
        self.note(&format!("instance {who} was killed"));
        *instance = start(&self.sandbox, &self.settings, &self.folder, who).await;
    }

    /// Every instance dies and is started again.
    pub(crate) async fn crash_all(&self) {
        join_all((0..self.instances.len()).map(|who| self.crash(who))).await;
    }

    /// How many instances were killed so far.
    pub(crate) fn crashes(&self) -> usize {
        self.crashes.load(Ordering::Relaxed)
    }

    /// Waits for all that was begun; false if something is still not answered.
    pub(crate) async fn is_over(&self) -> bool {
        let under_way: Vec<_> = self.under_way.lock().await.drain(..).collect();
        timeout(PATIENCE, join_all(under_way)).await.is_ok()
    }

    /// Ends the instances.
    pub(crate) async fn close(&self) {
        for instance in &self.instances {
            instance.write().await.kill().await;
        }
    }

    /// Keeps a line for whoever reads a failure.
    pub(crate) fn note(&self, line: &str) {
        let line = format!("{} {line}", jiff::Timestamp::now());
        self.notes.lock().expect("notes").push(line);
    }

    /// What happened, line by line.
    pub(crate) fn notes(&self) -> String {
        self.notes.lock().expect("notes").join("\n")
    }

    /// What the instances said.
    pub(crate) async fn output(&self) -> String {
        let mut all = String::new();
        for instance in &self.instances {
            all.push_str("-- an instance\n");
            all.push_str(&instance.read().await.output());
            all.push('\n');
        }
        all
    }
}

/// Starts an instance on a configuration of its own: another may be reading its own just then.
async fn start(sandbox: &Sandbox, settings: &Settings, folder: &TempDir, who: usize) -> Function {
    let name = format!("failover-{who}.toml");
    let path = settings.write_as(&name, sandbox, folder.path()).expect("the configuration is written");
    Function::spawn(sandbox, &path, &[("FAILOVER_LOG", "info")]).await
}

/// Timeouts at a tenth and less, but for claims and probes: two instances share two cores with everything else,
/// and neither must look dead, nor the primary silent, for want of a turn.
fn settings(conditions: &Conditions) -> Settings {
    let cooldown = if conditions.cooldown { "10m" } else { "0s" };
    let approve = if conditions.approve { "operator" } else { "automatic" };
    let site = format!(
        "confirm_within = \"2s\"\ncooldown = \"{cooldown}\"\napprove = \"{approve}\"\nrepair = {}\n\
         verify_within = \"1500ms\"\nfailback_patience = \"1s\"\n",
        conditions.repair
    );
    let top = format!(
        "call_timeout = \"2s\"\nclaim_for = \"{}ms\"\nprobe_timeout = \"2s\"\n\
         journal_patience = \"5s\"\nreconcile_every = \"1ms\"\n",
        CLAIM_FOR.as_millis()
    );
    let usual = Settings { top, site, ..Settings::default() };
    match conditions.route {
        Route::PageRule => usual,
        Route::Worker { always } => usual.behind_a_worker(if always { GATE_SCRIPT } else { "" }),
    }
}

/// The standby lets in whoever the function runs as, and the route has the script of ordinary times.
fn stand_behind_a_worker(sandbox: &Sandbox, conditions: &Conditions) {
    let Route::Worker { always } = conditions.route else { return };
    let (world, seed) = (&sandbox.world, sandbox.site("resume").seed);
    let function = format!("serviceAccount:{FUNCTION_ACCOUNT}");
    world.run.grant(&seed.service, "roles/run.invoker", &function);
    if always {
        let route = worker_route_id(&seed.name);
        world.cloudflare.edits.edit_worker_route(&seed.zone, &route, "script", GATE_SCRIPT.into());
    }
}
