//! What happens in a case, word by word, and the transcript of it.

use std::{fmt::Write, sync::Arc, time::Duration};

use ::stage::{Function, Settings, operator, settings::FILE, watching::Watching};
use sandbox::SiteSeed;
use serde_json::{Value, json};

use super::{case::Case, script::Script, world};
use crate::stage::{Message, PATIENCE, Stage, log, settled, told};

/// The incident that raises the alarm first.
const INCIDENT: &str = "0.first";

/// Plays the case of this name: what isn't as expected, and what was seen.
pub(crate) async fn play(name: &str) -> (Vec<String>, String) {
    let stage = Stage::set(SiteSeed::example()).await;
    let case: Case = serde_json::from_str(&stage.text_of("cloudflare", name)).expect("a case");
    world::furnish(&stage, &case);
    let settings = world::settings(&stage, &case);
    let mut played = Played::begin(&stage, &case, &settings).await;
    for step in &case.steps {
        played.step(step).await;
    }
    let wrong = settled(|| [case.expect.complaints(&played.end()), stage.complaints()].concat()).await;
    (wrong, played.end())
}

/// A case under way.
struct Played<'a> {
    stage: &'a Stage,
    case: &'a Case,
    script: Arc<Script>,
    function: Option<Function>,
    watching: Option<Watching>,
    last: Option<Message>,
    transcript: String,
}

impl<'a> Played<'a> {
    async fn begin(stage: &'a Stage, case: &'a Case, settings: &Settings) -> Self {
        let path = settings.write(&stage.sandbox, stage.folder.path()).expect("the configuration is written");
        let asked = |step: &String| !["check", "wait"].iter().any(|word| step.starts_with(word));
        let function = if case.steps.iter().any(asked) { Some(stage.start(settings).await) } else { None };
        let script = Script::of(case, &stage.sandbox.world, std::time::Instant::now());
        world::break_interface(stage, case);
        let metadata = stage.sandbox.address(sandbox::Service::Metadata).to_string();
        let watching = case.watch.is_some().then(|| {
            Watching::spawn(
                &path,
                &["--name", "pi"],
                &[("GCE_METADATA_HOST", &metadata), ("FAILOVER_LOG", "info")],
            )
        });
        Self { stage, case, script, function, watching, last: None, transcript: String::new() }
    }

    /// One word, with its number or name.
    async fn step(&mut self, step: &str) {
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        match word {
            "alert" => self.alert(step, if rest.is_empty() { INCIDENT } else { rest }).await,
            "redeliver" => self.deliver(step, PATIENCE).await,
            "reconcile" => self.order(step, word, self.patience()).await,
            "failback" => self.order(step, word, seconds(rest).unwrap_or_else(|| self.patience())).await,
            "mark" if rest == "api_well" => self.stage.sandbox.world.faults.clear(),
            "mark" => self.script.mark(rest, true),
            "unmark" => self.script.mark(rest, false),
            "wait" => tokio::time::sleep(seconds(rest).expect("seconds")).await,
            "routes" => self.say(&format!("routes: {}", self.positions())),
            "visitors" => self.visitors(rest.parse().expect("a number")).await,
            "check" => self.check().await,
            other => panic!("nobody knows what {other:?} is"),
        }
    }

    async fn alert(&mut self, step: &str, incident: &str) {
        self.last = Some(Message::alert(incident, "open"));
        self.deliver(step, self.patience()).await;
    }

    async fn order(&mut self, step: &str, command: &str, patience: Duration) {
        self.last = Some(Message::of("failover-commands", None, &json!({ "command": command })));
        self.deliver(step, patience).await;
    }

    async fn deliver(&mut self, step: &str, patience: Duration) {
        let (function, message) = (self.function.as_ref(), self.last.as_ref());
        let (function, message) = function.zip(message).expect("a message and somebody to take it");
        let answer = message.deliver(function, patience).await;
        self.say(&format!("{step}: {}", told(answer.as_ref())));
    }

    async fn visitors(&mut self, count: usize) {
        let mut seen = Vec::new();
        for _ in 0..count {
            let visited = sandbox::visitors::visit(&self.stage.site().public_url()).await;
            seen.push(visited.expect("a visitor").served.to_string());
        }
        self.say(&format!("visitors: {}", seen.join(", ")));
    }

    /// An operator asks what is wrong.
    async fn check(&mut self) {
        let config = self.stage.folder.path().join(FILE);
        let ran = operator::failover(&self.stage.sandbox, &config, &["check", "--json"], &[]).await;
        let report = ran.json();
        for finding in report["findings"].as_array().into_iter().flatten() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            let (area, severity) = (text("area"), text("severity"));
            self.say(&format!("{area}/{severity}: {} mend: {}", text("sentence"), text("mend")));
        }
        for note in report["notes"].as_array().into_iter().flatten() {
            self.say(&format!("note: {}", note.as_str().unwrap_or_default()));
        }
    }

    /// The whole transcript, with the log and where everything is.
    fn end(&self) -> String {
        let everybody = json!({ "allUsers": self.stage.is_open() });
        let spaced = Value::to_string(&everybody).replace(':', ": ");
        format!("{}end: {} {spaced}\n{}", self.transcript, self.positions(), log(&self.output()))
    }

    fn output(&self) -> String {
        let function = self.function.as_ref().map(Function::output).unwrap_or_default();
        let watching = self.watching.as_ref().map(Watching::output).unwrap_or_default();
        format!("{function}\n{watching}")
    }

    fn positions(&self) -> String {
        let word = |yes: bool| if yes { "True" } else { "False" };
        let stage = self.stage;
        let [led, open, paused] = [stage.is_led(), stage.is_open(), stage.is_paused()].map(word);
        format!("led {led}, open {open}, paused {paused}")
    }

    fn patience(&self) -> Duration {
        self.case.patience.map_or(PATIENCE, Duration::from_secs_f64)
    }

    fn say(&mut self, line: &str) {
        let _ = writeln!(self.transcript, "{line}");
    }
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_secs_f64)
}
