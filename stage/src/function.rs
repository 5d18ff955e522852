//! `failover serve` in a process of its own: from its start to its first answer, and what it answers to pushes.

#[cfg(feature = "tests")]
mod tested;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use sandbox::Sandbox;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{
    Answer, PATIENCE,
    process::{Heard, Process, command, environment},
};

/// How the function is started.
#[derive(Debug, Clone)]
pub struct Launch<'a> {
    /// The binary.
    pub binary: &'a Path,
    /// Its configuration.
    pub config: &'a Path,
    /// Further environment.
    pub environment: Vec<(&'a str, String)>,
    /// How many descriptors it may have; `None` leaves it as many as there are.
    pub descriptors: Option<u32>,
    /// Whether what it says is kept.
    pub heard: bool,
    /// Between two looks at whether it answers yet.
    pub look_every: Duration,
    /// Who delivers pushes to it.
    pub http: reqwest::Client,
    /// No answer is waited for longer than this.
    pub patience: Duration,
}

/// A running `failover serve`.
#[derive(Debug)]
pub struct Function {
    /// From starting the process to its first answer.
    pub ready_after: Duration,
    process: Process,
    base: String,
    http: reqwest::Client,
    patience: Duration,
    heard: Heard,
}

impl Launch<'_> {
    /// Starts it and waits until it answers.
    pub async fn serve(self, sandbox: &Sandbox) -> Result<Function> {
        let (address, heard) = (SocketAddr::from(([127, 0, 0, 1], free_port()?)), Heard::default());
        let (begun, look_every) = (Instant::now(), self.look_every);
        let mut process = self.spawn(sandbox, address.port(), &heard)?;
        let (ready, answers) = oneshot::channel();
        // A thread of its own: tokio's clock has milliseconds, and a start takes a few of them.
        std::thread::spawn(move || {
            // Who asked may be gone.
            first_answer(address, look_every, || ready.is_closed()).map(|at| ready.send(at))
        });
        let answered = tokio::select! {
            ended = process.ended() => bail!("the function ended: {}\n{}", ended?, heard.text()),
            answered = answers => answered?,
            () = tokio::time::sleep(PATIENCE) => bail!("the function did not answer\n{}", heard.text()),
        };
        let (base, ready_after) = (format!("http://{address}"), answered - begun);
        Ok(Function { ready_after, process, base, http: self.http, patience: self.patience, heard })
    }

    fn spawn(&self, sandbox: &Sandbox, port: u16, heard: &Heard) -> Result<Process> {
        let mut command = match self.descriptors {
            None => command(self.binary, self.config),
            Some(most) => {
                let mut limited = command("prlimit", self.config);
                limited.arg(format!("--nofile={most}:{most}")).arg(self.binary);
                limited
            }
        };
        command
            .arg("serve")
            .env("PORT", port.to_string())
            .envs(environment(sandbox))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        let heard = heard.clone();
        let process = if self.heard {
            Process::spawn(command, move |line| heard.add(line))
        } else {
            Process::spawn_unheard(command)
        };
        process.context("the function could not be started")
    }
}

impl Function {
    /// Delivers one push; an error is a connection that broke.
    pub async fn try_push(&self, body: &Value) -> reqwest::Result<Answer> {
        self.push_within(body, self.patience).await
    }

    /// Delivers one push; an error is also an answer that didn't come in this time.
    pub async fn push_within(&self, body: &Value, patience: Duration) -> reqwest::Result<Answer> {
        let sent = self.http.post(format!("{}/push", self.base)).json(body).timeout(patience).send().await?;
        let status = sent.status().as_u16();
        let body = sent.json().await.unwrap_or(Value::Null);
        Ok(Answer { status, body })
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What it says, also while nobody looks.
    pub fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// All that it said.
    pub fn output(&self) -> String {
        self.heard.text()
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }
}

/// When `/health` answered 200 for the first time; none where nobody wants to know any more.
fn first_answer(
    address: SocketAddr,
    look_every: Duration,
    is_given_up: impl Fn() -> bool,
) -> Option<Instant> {
    while !is_given_up() {
        if TcpStream::connect(address).and_then(is_healthy).unwrap_or(false) {
            return Some(Instant::now());
        }
        std::thread::sleep(look_every);
    }
    None
}

fn is_healthy(mut stream: TcpStream) -> std::io::Result<bool> {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: stage\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

/// A port that nobody has, each tried once. Those that the kernel chooses itself are left alone: it would give one
/// to somebody else before the function has it.
fn free_port() -> Result<u16> {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_000;
    const PORTS: u32 = 20_000;
    let start = std::process::id().wrapping_mul(7919);
    let tried = (0..PORTS).map(|_| start.wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)) % PORTS);
    let mut ports = tried.filter_map(|tried| u16::try_from(FIRST + tried).ok());
    ports.find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok()).context("no port is free")
}
