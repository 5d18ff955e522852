//! What is known of a case when it fails: the function's words and the sandbox's ledger, also after a deadline.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, OnceLock},
};

use ::stage::Heard;
use jiff::Timestamp;
use sandbox::{Sandbox, ledger::Record};
use serde_json::Value;

/// Collected while a case plays, read if it fails.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    sandbox: OnceLock<Arc<Sandbox>>,
    outputs: Mutex<Vec<Heard>>,
    notes: Mutex<Vec<String>>,
}

impl Evidence {
    /// The world in which the case plays.
    pub(crate) fn plays_in(&self, sandbox: &Arc<Sandbox>) {
        let _played_once = self.sandbox.set(Arc::clone(sandbox));
    }

    /// Another process of the function.
    pub(crate) fn hears(&self, output: Heard) {
        self.outputs.lock().expect("outputs").push(output);
    }

    /// How many changes all processes together had asked for before `instant`, whether the request got anywhere or not.
    pub(crate) fn asked_before(&self, instant: Timestamp) -> usize {
        let asks = |line: &String| {
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            let said = line["message"].as_str().is_some_and(|said| said.starts_with("a change is asked for"));
            let time: Option<Timestamp> = line["time"].as_str().and_then(|time| time.parse().ok());
            said && time.is_some_and(|time| time < instant)
        };
        let outputs = self.outputs.lock().expect("outputs");
        outputs.iter().map(|output| output.lines().iter().filter(|line| asks(line)).count()).sum()
    }

    /// Something that the case did or saw.
    pub(crate) fn note(&self, note: impl Into<String>) {
        let at = self.sandbox.get().map_or(0, |sandbox| sandbox.world.ledger.position());
        self.notes.lock().expect("notes").push(format!("after call {at}: {}", note.into()));
    }

    /// All of it, for whoever has to find out.
    pub(crate) fn report(&self) -> String {
        let mut told = String::new();
        for note in self.notes.lock().expect("notes").iter() {
            let _ = writeln!(told, "  {note}");
        }
        if let Some(sandbox) = self.sandbox.get() {
            told.push_str("  ledger:\n");
            sandbox.world.ledger.calls().iter().for_each(|record| line(&mut told, record));
            for violation in sandbox.violations() {
                let _ = writeln!(told, "  broken: {violation}");
            }
        }
        for (number, output) in self.outputs.lock().expect("outputs").iter().enumerate() {
            let _ = writeln!(told, "  process {}:", number + 1);
            for line in output.lines() {
                let _ = writeln!(told, "    {line}");
            }
        }
        told
    }
}

fn line(told: &mut String, record: &Record) {
    let took = record.duration().map_or(0, |took| took.as_millis());
    let effect = if record.effect { "" } else { ", no effect" };
    let (sequence, operation, fate) = (record.sequence, record.operation, record.fate);
    let _ = writeln!(told, "    {sequence:3} {operation} {fate:?} {took} ms{effect}");
}
