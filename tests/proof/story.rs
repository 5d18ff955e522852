//! A story: how it is set up, played with nothing going wrong, and recorded.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use ::stage::{Settings, machines::Moves};
use failover_core::{Position, Role};
use futures::{StreamExt, stream};
use sandbox::{Moment, Options, Power};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{
    cast::Word,
    conditions::Conditions,
    evidence::Evidence,
    recording::{Point, points},
    runner,
    snapshot::Snapshot,
    stage::Stage,
    switches::{RECORD, with_scale, with_switches},
    verdict::{Ending, all_is_well, nothing_is_written_any_more},
};

/// What happens before a story's message is delivered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// The power at home fails.
    PowerFails,
    /// It is back.
    PowerReturns,
    /// The primary's deployment is scaled to none, as in a drill.
    ScaledDown,
    /// The standby's container is like that.
    Standby(Power),
    /// A message is delivered until it is settled.
    Say(Word),
    /// A message is delivered, and the process is killed at this call; one like the story's is the story's own.
    DieAt(Word, &'static str, u32, Moment),
    /// The drained standby may be closed now.
    Drained,
    /// Somebody moves all switches of this role.
    Strays(Role, Position),
}

/// A story whose calls are known.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    /// Where its message was delivered.
    pub(crate) scene: Scene,
    /// Every call that the message brought about, in order.
    pub(crate) points: Vec<Point>,
}

/// A story, and the world that its prologue left behind.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// The story.
    pub(crate) story: &'static Story,
    /// None where the process of the prologue is needed, too.
    snapshot: Option<Arc<Snapshot>>,
}

/// Records the stories that the table is asked for.
pub(crate) async fn record_all(table: &str, stories: &'static [Story]) -> Vec<Recorded> {
    let wanted = stories.iter().filter(|story| runner::may_be_wanted(&format!("{table}/{}/", story.name)));
    let recording = wanted.map(Story::recorded);
    stream::iter(recording).buffered(4).collect().await
}

/// What was recorded already, by the story's name: several tables tell the same stories.
static RECORDED: LazyLock<Mutex<Recordings>> = LazyLock::new(Mutex::default);

/// Each recording, made once by whoever wants it first.
type Recordings = HashMap<&'static str, Arc<OnceCell<Recorded>>>;

/// What leads visitors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// A page rule, which redirects.
    PageRule,
    /// A DNS record, by which one name serves both: answers say who gave them.
    Record,
    /// An address, which one of two machines has.
    Address(Moves),
    /// A route of Workers: its script in ordinary times, or none.
    Worker(&'static str),
    /// A page rule, and the primary is a deployment that can be scaled.
    PageRuleAndScale,
}

/// One story.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Story {
    /// Its name, as cases show it.
    pub(crate) name: &'static str,
    /// Lines for the site's configuration.
    pub(crate) site: &'static str,
    /// What leads visitors to the standby.
    pub(crate) route: Route,
    /// What happened before.
    pub(crate) prologue: &'static [Act],
    /// The message whose delivery is recorded.
    pub(crate) message: Word,
    /// Whether the process that lived through the prologue gets it: reconcile counts in memory.
    pub(crate) same_process: bool,
    /// Where it ends.
    pub(crate) ending: Ending,
}

/// The usual times at a tenth; what the sites say is looked at, so that a stranger's page is no proof.
const SITE: &str = "expect = { contains = \"Served by the primary\" }\n\
                    standby_expect = { contains = \"Served by the standby\" }\n";

/// See [`SITE`].
const TIMES: &str = "confirm_within = \"1s\"\nverify_within = \"3s\"\nfailback_patience = \"1500ms\"\n\
                     cooldown = \"0s\"\n";

/// See [`with_default_times`].
const DEFAULT_TIMES: &str = "cooldown = \"0s\"\n";

/// What the sites say of themselves where one name or address serves both.
pub(crate) const SERVED_BY: &str =
    "served_by = { header = \"served-by\", primary = \"primary\", standby = \"standby\" }\n";

/// Everything at a tenth, but for looks at sites: a busy machine may keep a process waiting for half a second, and a
/// site that answered later than that would be taken for a silent one.
const TOP: &str = "call_timeout = \"1s\"\nclaim_for = \"500ms\"\nprobe_timeout = \"1s\"\njournal_patience = \"500ms\"\n\
     reconcile_every = \"1ms\"\n";

impl Scene {
    /// A fresh world in which all that happened before has happened, and the message to deliver there.
    pub(crate) async fn set_up(&self, evidence: Arc<Evidence>) -> Result<(Stage, Value), String> {
        self.set_up_under(&Conditions::default(), evidence).await
    }

    /// The same, under these conditions.
    pub(crate) async fn set_up_under(
        &self,
        conditions: &Conditions,
        evidence: Arc<Evidence>,
    ) -> Result<(Stage, Value), String> {
        let story = self.story;
        let Some(snapshot) = &self.snapshot else {
            let (stage, message) = story.play_prologue(conditions, evidence).await?;
            let message = message.unwrap_or_else(|| story.message.publish_at(stage.now()));
            return Ok((stage, message));
        };
        let stage = story.stage(conditions, evidence).await;
        snapshot.restore(&stage);
        let message = snapshot.message.clone().unwrap_or_else(|| story.message.publish_at(stage.now()));
        Ok((stage, message))
    }
}

impl Story {
    async fn stage(&self, conditions: &Conditions, evidence: Arc<Evidence>) -> Stage {
        let settings = self.settings(conditions);
        let mut stage = match self.route {
            Route::Address(moves) => Stage::set_on_machines(moves, settings, evidence).await,
            Route::Worker(script) => Stage::set_behind_a_worker(script, settings, evidence).await,
            Route::PageRule | Route::PageRuleAndScale | Route::Record => {
                Stage::set(settings, Options::default(), evidence).await
            }
        };
        stage.under(conditions);
        stage
    }

    fn settings(&self, conditions: &Conditions) -> Settings {
        let site = format!("{}{}", self.site, conditions.site);
        let (mut usual, times) = if conditions.default_times {
            (with_default_times(&site), DEFAULT_TIMES)
        } else {
            (settings(&site), TIMES)
        };
        if conditions.patient {
            usual.top = usual.top.replace("journal_patience = \"500ms\"\n", "");
        }
        match self.route {
            Route::PageRule => usual,
            Route::Address(_) => Settings { site: format!("{times}{site}"), ..usual },
            Route::PageRuleAndScale => with_scale(usual, conditions.default_times),
            Route::Worker(script) => usual.behind_a_worker(script),
            Route::Record => with_switches(usual, "all_users", RECORD),
        }
    }

    /// All that happens before, in a fresh world; also the story's own message, if it was delivered already.
    async fn play_prologue(
        &self,
        conditions: &Conditions,
        evidence: Arc<Evidence>,
    ) -> Result<(Stage, Option<Value>), String> {
        let mut stage = self.stage(conditions, evidence).await;
        let mut own = None;
        for act in self.prologue {
            match *act {
                Act::PowerFails => stage.primary(Power::Off),
                Act::PowerReturns => stage.primary(Power::On),
                Act::ScaledDown => stage.deployment(0),
                Act::Standby(power) => stage.standby(power),
                Act::Say(word) => drop(stage.say(word).await?),
                Act::DieAt(word, operation, nth, moment) => {
                    let push = word.publish_at(stage.now());
                    stage.restart().await;
                    if !stage.die_at(Point { operation, nth }, moment, &push).await? {
                        return Err(format!("the prologue didn't get to {operation}"));
                    }
                    own = (word == self.message).then_some(push);
                }
                Act::Drained => until_drained(&stage).await?,
                Act::Strays(role, to) => stage.move_by_hand(role, to),
            }
        }
        if !self.same_process {
            stage.kill().await;
        }
        Ok((stage, own))
    }

    /// Its calls, recorded once for all tables.
    async fn recorded(&'static self) -> Recorded {
        let once = Arc::clone(RECORDED.lock().expect("recordings").entry(self.name).or_default());
        once.get_or_init(|| self.record()).await.clone()
    }

    /// Plays it with nothing going wrong.
    async fn record(&'static self) -> Recorded {
        let evidence = Arc::new(Evidence::default());
        match self.played_well(Arc::clone(&evidence)).await {
            Ok(recorded) => recorded,
            Err(why) => {
                panic!(
                    "{} does not even play with nothing going wrong: {why}\n{}",
                    self.name,
                    evidence.report()
                )
            }
        }
    }

    async fn played_well(&'static self, evidence: Arc<Evidence>) -> Result<Recorded, String> {
        let (mut stage, own) = self.play_prologue(&Conditions::default(), evidence).await?;
        let snapshot = (!self.same_process).then(|| Arc::new(Snapshot::of(&stage, own.clone())));
        let message = own.unwrap_or_else(|| self.message.publish());
        let before = stage.sandbox.world.ledger.position();
        let answer = stage.deliver(&message).await?;
        if answer.status != 200 {
            return Err(format!("answered {}: {}", answer.status, answer.body));
        }
        let points = points(&stage.sandbox.world.ledger.since(before));
        all_is_well(&stage, &self.ending).await?;
        nothing_is_written_any_more(&mut stage, &message).await?;
        Ok(Recorded { scene: Scene { story: self, snapshot }, points })
    }
}

/// The usual settings, and these lines for the site.
pub(crate) fn settings(site: &str) -> Settings {
    Settings { top: TOP.to_owned(), site: format!("{TIMES}{SITE}{site}"), ..Settings::default() }
}

/// All times at their defaults, but for the cooldown and for how often reconcile comes: stories are not to wait for those.
fn with_default_times(site: &str) -> Settings {
    Settings {
        top: "reconcile_every = \"1ms\"\n".to_owned(),
        site: format!("{DEFAULT_TIMES}{SITE}{site}"),
        times: "",
        ..Settings::default()
    }
}

/// Waits out what the journal says is to be waited for.
async fn until_drained(stage: &Stage) -> Result<(), String> {
    let until = stage.chronicle()?.state().draining.ok_or("nothing drains")?;
    let left = Duration::try_from(until.duration_since(stage.now())).unwrap_or_default();
    tokio::time::sleep(left).await;
    Ok(())
}
