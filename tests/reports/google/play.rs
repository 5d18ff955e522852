//! What happens in a case, step by step, and the transcript of it.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use ::stage::{Answer, Function, Settings};
use futures::future::join_all;
use sandbox::{Power, Service, SiteSeed};
use serde_json::Value;

use super::case::{Alert, Case, Changes, Expected, Step};
use crate::{
    broken::service,
    expect::complaints,
    stage::{Message, PATIENCE, Stage, log, settled, told},
};

/// The incident that raises the alarm, where none is named.
const INCIDENT: &str = "0.case";

/// Plays the case of this name: what isn't as expected, and what was seen.
pub(crate) async fn play(name: &str) -> (Vec<String>, String) {
    let stage = Stage::set(site()).await;
    let case: Case = serde_json::from_str(&stage.text_of("google", name)).expect("a case");
    change(&stage, &Changes { primary_up: Some(case.site == "well"), ..Changes::default() });
    change(&stage, &case.set);
    let function = stage.start(&settings(&case)).await;
    let mut played = Played { stage: &stage, function, transcript: String::new(), complaints: Vec::new() };
    for (number, step) in case.steps.iter().enumerate() {
        played.step(number + 1, step).await;
    }
    let transcript = format!("{}{}", played.transcript, log(&played.function.output()));
    ([played.complaints, stage.complaints()].concat(), transcript)
}

/// The names that the cases use.
fn site() -> SiteSeed {
    SiteSeed {
        service: "projects/lab-project/locations/us-central1/services/resume-standby".to_owned(),
        check: "projects/lab-project/uptimeCheckConfigs/resume-uptime-abc123".to_owned(),
        ..SiteSeed::example()
    }
}

fn settings(case: &Case) -> Settings {
    Settings {
        top: "call_timeout = \"2s\"\nclaim_for = \"500ms\"\nprobe_timeout = \"1s\"\n".to_owned(),
        site: case.config.site.join("\n")
            + "\nconfirm_within = \"1s\"\nverify_within = \"5s\"\nfailback_patience = \"5s\"\n",
        replace: case.config.replace.clone(),
        ..Settings::default()
    }
}

fn change(stage: &Stage, changes: &Changes) {
    let world = &stage.sandbox.world;
    if let Some(up) = changes.primary_up {
        world.set_primary("resume", if up { Power::On } else { Power::Off });
    }
    if let Some(broken) = changes.standby_broken {
        world.set_standby("resume", if broken { Power::Failing(503) } else { Power::On });
    }
    if let Some(policy) = &changes.policy {
        world.run.replace_policy(&stage.site().seed.service, policy);
    }
    if let Some(alerts) = &changes.alerts {
        world.monitoring.set_other_alerts(alerts.clone());
    }
    changes.denied_tokens.iter().for_each(|token| world.access.admit_stranger(token));
    for (name, milliseconds) in &changes.latency {
        world.latency.set(service(name), Duration::from_millis(*milliseconds));
    }
    for broken in &changes.meta_faults {
        let (aim, fault) = broken.at(Service::Metadata);
        world.fault(aim, fault);
    }
}

/// A case under way.
struct Played<'a> {
    stage: &'a Stage,
    function: Function,
    transcript: String,
    complaints: Vec<String>,
}

/// Where a step began.
struct Began {
    at: Instant,
    position: u64,
    line: usize,
}

impl Played<'_> {
    async fn step(&mut self, number: usize, step: &Step) {
        change(self.stage, &step.set);
        for broken in &step.faults {
            let (aim, fault) = broken.at(Service::Run);
            self.stage.sandbox.world.fault(aim, fault);
        }
        let Some(message) = message(step) else { return };
        let line = self.function.output().lines().count();
        let began = Began { at: Instant::now(), position: self.stage.position(), line };
        // Where no answer is expected, it is over once everything was announced.
        let kinds = &step.expect.announced;
        let answer = tokio::select! {
            answer = self.deliver(&message, step) => answer,
            () = self.announced(kinds, line), if step.expect.status.is_none() && !kinds.is_empty() => None,
        };
        let _ = writeln!(self.transcript, "step {number}: {}", told(answer.as_ref()));
        let wrong = settled(|| self.wrong(&step.expect, &began, answer.as_ref())).await;
        self.complaints.extend(wrong.into_iter().map(|wrong| format!("step {number}: {wrong}")));
    }

    /// Waits until all of these kinds were announced, from this line of the log on.
    async fn announced(&self, kinds: &[String], line: usize) {
        loop {
            let output = self.function.output();
            let heard = heard(&output.lines().skip(line).collect::<Vec<_>>());
            if kinds.iter().all(|kind| heard.contains(kind)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Delivers it as often as the step says; the last answer.
    async fn deliver(&self, message: &Message, step: &Step) -> Option<Answer> {
        let patience = step.patience.map_or(PATIENCE, Duration::from_secs_f64);
        if let Some(times) = step.times {
            let all = join_all((0..times).map(|_| message.deliver(&self.function, patience))).await;
            return all.into_iter().next_back().flatten();
        }
        let mut answer = None;
        for _ in 0..step.tries.unwrap_or(1) {
            answer = message.deliver(&self.function, patience).await;
            if answer.as_ref().is_some_and(|answer| answer.status == 200) {
                break;
            }
        }
        answer
    }

    fn wrong(&self, expected: &Expected, began: &Began, answer: Option<&Answer>) -> Vec<String> {
        let stage = self.stage;
        let output = self.function.output();
        let since: Vec<&str> = output.lines().skip(began.line).collect();
        let said = format!("{}\n{}", told(answer), log(&since.join("\n")));
        let mut wrong = complaints(&expected.says, &expected.never_says, &said);
        let led = if stage.is_led() { "standby" } else { "primary" };
        let status = answer.map(|answer| answer.status);
        differs(&mut wrong, "the status", expected.status.map(Some).as_ref(), &status);
        differs(&mut wrong, "who serves", expected.serves.as_ref(), &led.to_owned());
        differs(&mut wrong, "paused", expected.paused.as_ref(), &stage.is_paused());
        differs(&mut wrong, "writes", expected.writes.as_ref(), &stage.writes_since(began.position));
        if let Some(within) = expected.within.filter(|within| began.at.elapsed().as_secs_f64() > *within) {
            wrong.push(format!("took {:?}, not {within} s", began.at.elapsed()));
        }
        wrong.extend(announcements(expected, &since));
        wrong.extend(expected.calls.iter().filter_map(|(call, most)| self.too_many(call, most, began)));
        wrong
    }

    fn too_many(&self, call: &str, most: &Value, began: &Began) -> Option<String> {
        let (name, verb) = call.split_once(' ').expect("an interface and a method");
        let asked = self.stage.sandbox.world.ledger.number(|record| {
            record.sequence > began.position
                && record.service == service(name)
                && record.method.as_str() == verb
        });
        let most = usize::try_from(most.as_u64().expect("a number")).expect("a number");
        (asked > most).then(|| format!("{call} {asked} times, at most {most} are fine"))
    }
}

/// The kinds that were announced.
fn heard(lines: &[&str]) -> Vec<String> {
    let entries = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter_map(|entry| Some(entry["kind"].as_str()?.to_owned())).collect()
}

/// What was announced and should not have been, and the other way round.
fn announcements(expected: &Expected, since: &[&str]) -> Vec<String> {
    let kinds = heard(since);
    let missing = expected.announced.iter().filter(|kind| !kinds.contains(kind));
    let wrong = expected.never_announced.iter().filter(|kind| kinds.contains(kind));
    let missing = missing.map(|kind| format!("{kind} was not announced, only {kinds:?}"));
    missing.chain(wrong.map(|kind| format!("{kind} was announced"))).collect()
}

/// The step's message, if it has one.
fn message(step: &Step) -> Option<Message> {
    let of = |subscription: &str, body: &Value| Message::of(subscription, step.mid.as_deref(), body);
    let message = match (&step.alert, &step.command) {
        (Some(Alert { incident: Some(body), .. }), _) => of("failover-alerts", body),
        (Some(alert), _) => {
            let id = alert.id.as_deref().unwrap_or(INCIDENT);
            Message::alert(id, alert.state.as_deref().unwrap_or("open"))
        }
        (None, Some(command)) => of("failover-commands", command),
        (None, None) => return None,
    };
    Some(message.with_attributes(&step.attributes))
}

fn differs<T: PartialEq + std::fmt::Debug>(
    wrong: &mut Vec<String>,
    what: &str,
    wanted: Option<&T>,
    seen: &T,
) {
    if let Some(wanted) = wanted.filter(|wanted| *wanted != seen) {
        wrong.push(format!("{what}: {seen:?}, not {wanted:?}"));
    }
}
