//! The real binary, started and ended.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

/// No test waits longer for anything than this.
const PATIENCE: Duration = Duration::from_mins(2);

/// The binary with these arguments, in an environment of its own.
pub(crate) fn failover(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_failover"));
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    failover(arguments).output().expect("the binary starts")
}

/// What it wrote to standard output.
pub(crate) fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// What it complained of.
pub(crate) fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// The report of a drill that ends well.
#[track_caller]
pub(crate) fn report(arguments: &[&str]) -> Value {
    let output = run(&[&["drill", "--json"], arguments].concat());
    let text = told(&output);
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", complaint(&output));
    assert_eq!(complaint(&output), "");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A binary that is running, and what it writes.
pub(crate) struct Running {
    /// The process.
    pub(crate) child: Child,
    lines: Box<dyn Iterator<Item = std::io::Result<String>>>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(failover(arguments))
    }

    /// Starts this command.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let out = child.stdout.take().expect("it is piped");
        Self { child, lines: Box::new(BufReader::new(out).lines()) }
    }

    /// The next line with these words.
    pub(crate) fn line_with(&mut self, words: &str) -> String {
        let mut lines = self.lines.by_ref().map(|line| line.expect("text"));
        lines.find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words:?} was never said"))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(self.child.id()), signal).expect("it runs");
    }

    /// Its exit code, once it has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let ended = || self.child.try_wait().expect("its state");
        until("the end", ended).code()
    }

    /// The processes that it started.
    pub(crate) fn children(&self) -> Vec<u32> {
        let path = format!("/proc/{0}/task", self.child.id());
        let tasks = std::fs::read_dir(path).expect("its threads").map(|task| task.expect("a thread").path());
        let listed = tasks.map(|task| std::fs::read_to_string(task.join("children")).unwrap_or_default());
        let listed: Vec<String> = listed.collect();
        listed
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(|id| id.parse().expect("a number"))
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until this process is gone.
pub(crate) fn until_gone(process: u32) {
    until("a process's end", || test_kill_process(pid(process)).is_err().then_some(()));
}

fn pid(process: u32) -> Pid {
    i32::try_from(process).ok().and_then(Pid::from_raw).expect("a process's number")
}

fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} was waited for in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}
