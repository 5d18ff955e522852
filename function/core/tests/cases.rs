//! Scenario folders, `tests/cases/<claim>/`: a journal, a signal and facts, and what is decided of them.
//!
//! - `journal.jsonl`: what happened, one `{"at", "event"}` a line; it has to be legal;
//! - `signal.json`: `message`, `published`, `received`, and the `body` as it lies on the topic;
//! - `facts.json`: what was observed, `policy` settings that differ from the defaults, nothing that wasn't;
//! - `decision.txt`: what is looked at, the verdict, the reason and the entries. `UPDATE=1` writes it anew; the
//!   diff is the review.
//!
//! As the function does, whatever is pending is decided again where the signal itself moves nothing.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use failover_core::{
    Approval, Command, Decision, Event, Facts, Failback, Looks, Notification, Observed, Policy, Role, Roles,
    RouteOrder, Served, Sighting, Signal, SignalKind, State, SwitchId, Verdict, decide, decide_again, looks,
};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// One line of `journal.jsonl`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: Timestamp,
    event: Event,
}

/// `signal.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    message: String,
    published: Timestamp,
    received: Timestamp,
    body: serde_json::Value,
}

/// `facts.json`; what it doesn't say was not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Observations {
    public: Option<Served>,
    primary: Option<Served>,
    gate: Option<Observed>,
    route: Option<Observed>,
    monitor: Option<Observed>,
    standby_unable: Option<String>,
    #[serde(default)]
    policy: Settings,
}

/// Settings of the site that differ from the defaults.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    approve_by_operator: bool,
    without_primary_url: bool,
    without_public_url: bool,
    cooldown_s: Option<u64>,
    moves_per_day: Option<u32>,
}

impl Told {
    fn signal(&self) -> Signal {
        let body = self.body.to_string();
        let kind = if self.body.get("incident").is_some() {
            match Notification::read(body.as_bytes()) {
                Ok(Notification::Incident(incident)) => SignalKind::Incident(incident),
                other => panic!("{other:?}"),
            }
        } else {
            SignalKind::Command(Command::read(body.as_bytes()).expect("a command"))
        };
        Signal { message: self.message.clone(), published: self.published, received: self.received, kind }
    }
}

impl Observations {
    fn facts(&self) -> Facts {
        let none = Facts::none();
        let seen = |role, kind: &str, observed: &Option<Observed>| {
            observed.clone().map(|observed| Sighting {
                switch: SwitchId::new(kind, "resume"),
                role,
                observed,
            })
        };
        let switches = [
            seen(Role::Gate, "cloud_run_invoker", &self.gate),
            seen(Role::Route, "cloudflare_page_rule", &self.route),
            seen(Role::Monitor, "uptime_check", &self.monitor),
        ];
        Facts {
            public: self.public.clone().unwrap_or(none.public),
            primary: self.primary.clone().unwrap_or(none.primary),
            switches: switches.into_iter().flatten().collect(),
            standby_unable: self.standby_unable.clone(),
        }
    }

    fn policy(&self) -> Policy {
        let Settings {
            approve_by_operator,
            without_primary_url,
            without_public_url,
            cooldown_s,
            moves_per_day,
        } = self.policy;
        Policy {
            order: RouteOrder::StandbyFirst,
            approve: if approve_by_operator { Approval::Operator } else { Approval::Automatic },
            failback: Failback::Manual,
            cooldown: cooldown_s.map_or(Duration::from_mins(10), Duration::from_secs),
            moves_per_day: moves_per_day.unwrap_or(4),
            drain: Duration::ZERO,
            has_primary_url: !without_primary_url,
            has_standby_url: true,
            has_public_url: !without_public_url,
            roles: Roles { gate: true, route: true, monitor: true, power: false },
        }
    }
}

fn json<T: DeserializeOwned>(file: &Path) -> T {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn journal(file: &Path) -> (State, u64) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.zip(1..).fold((State::default(), 0), |(state, _), (line, number)| {
        let told = |why: &dyn std::fmt::Display| format!("{}:{number}: {why}", file.display());
        let Line { at, event } =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{}", told(&error)));
        let next = state.after(number, at, &event).unwrap_or_else(|illegal| panic!("{}", told(&illegal)));
        (next, number)
    })
}

/// What is decided, as the folder's `decision.txt` has it.
fn decided(folder: &Path) -> String {
    let (mut state, mut number) = journal(&folder.join("journal.jsonl"));
    let signal = json::<Told>(&folder.join("signal.json")).signal();
    let observed: Observations = json(&folder.join("facts.json"));
    let (policy, facts, now) = (observed.policy(), observed.facts(), signal.received);
    let mut told = format!("looks at: {}\n", looked(looks(&state, &signal)));
    let decision = decide(&policy, &state, &facts, &signal, now);
    write(&mut told, &decision);
    for event in &decision.record {
        number += 1;
        state = state.after(number, now, event).expect("a decision records what may follow");
    }
    if decision.verdict == Verdict::Stay && state.plans.is_empty() {
        for pending in state.clone().pending_at(now).take(1) {
            let again = decide_again(&policy, &state, &facts, (pending, &signal), now);
            writeln!(told, "\nincident {}, decided again", pending.id).expect("text");
            write(&mut told, &again);
        }
    }
    told
}

fn looked(looks: Looks) -> String {
    let wanted = [
        (looks.public && !looks.beside, "the public URL, with the primary beside it"),
        (looks.beside, "the public URL and the primary"),
        (looks.primary, "the primary, twice"),
        (looks.switches, "the switches"),
    ];
    let wanted: Vec<&str> = wanted.iter().filter_map(|(wanted, what)| wanted.then_some(*what)).collect();
    if wanted.is_empty() { "nothing".to_owned() } else { wanted.join(", ") }
}

fn write(told: &mut String, decision: &Decision) {
    let verdict = match &decision.verdict {
        Verdict::Start(direction, order) => {
            let incidents: Vec<&str> = order.incidents.iter().map(|incident| incident.id.as_str()).collect();
            let kind = if order.unfinished { "finish a" } else { "start a" };
            let answers =
                if incidents.is_empty() { String::new() } else { format!(", for {}", incidents.join(" ")) };
            format!("{kind} {direction} with order time {}{answers}", order.at)
        }
        Verdict::CarryOn(plan) => format!("carry on entry {plan}"),
        other => format!("{other:?}").to_lowercase(),
    };
    writeln!(told, "verdict: {verdict}\nreason: {}", decision.reason).expect("text");
    for event in &decision.record {
        writeln!(told, "record: {}", serde_json::to_string(event).expect("JSON")).expect("text");
    }
}

#[test]
fn every_scenario_is_decided_as_its_folder_says() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let update = std::env::var_os("UPDATE").is_some();
    let entries = fs::read_dir(&cases).expect("tests/cases");
    let mut folders: Vec<_> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() >= 25, "only {} scenarios were found", folders.len());
    let mut differ = Vec::new();
    for folder in &folders {
        let (decided, file) = (decided(folder), folder.join("decision.txt"));
        if update {
            fs::write(&file, &decided).expect("decision.txt");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if decided != expected {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            differ.push(format!("{name}\n--- expected\n{expected}--- decided\n{decided}"));
        }
    }
    assert!(differ.is_empty(), "UPDATE=1 accepts what is decided now:\n\n{}", differ.join("\n"));
}
