//! An operator at a shell.

use std::{path::Path, process::Stdio};

use sandbox::Sandbox;
use serde_json::Value;
use tokio::process::Command;

use crate::{PATIENCE, binary, process};

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    /// What was typed.
    pub words: String,
    /// The exit status.
    pub status: i32,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

impl Ran {
    /// Asserts the exit status.
    #[track_caller]
    pub fn ends(&self, status: i32) -> &Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Asserts that a person reads this, wherever lines are broken and whatever begins a sentence, and no escape codes.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let all = plain(&format!("{}\n{}", self.out, self.err));
        assert!(
            all.contains(&plain(words)),
            "{words:?} isn't in what {:?} printed:\n{}{}",
            self.words,
            self.out,
            self.err
        );
        assert!(
            !self.out.contains('\u{1b}') && !self.err.contains('\u{1b}'),
            "escape codes without a terminal: {self:#?}"
        );
        self
    }

    /// What was printed, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// An operator types `failover` and these words, with this configuration.
pub async fn failover(sandbox: &Sandbox, config: &Path, words: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = command(sandbox, config, words, environment);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{words:?} has no end")).expect("the binary starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran {
        words: words.join(" "),
        status: ended.status.code().unwrap_or(-1),
        out: text(ended.stdout),
        err: text(ended.stderr),
    }
}

/// The same at a terminal with so many columns: what is on it at the end, line by line, its colours taken off.
pub async fn at_a_terminal(sandbox: &Sandbox, config: &Path, words: &[&str], columns: u16) -> Vec<String> {
    let program = binary::tested();
    let line = format!("stty cols {columns} rows 40; {} {}", program.display(), words.join(" "));
    let mut script = Command::new("script");
    let typed = command(sandbox, config, words, &[("TERM", "xterm"), ("LANG", "C.UTF-8")]);
    let environment = typed.as_std().get_envs().filter_map(|(name, value)| Some((name, value?)));
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear().envs(environment);
    script.stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, script.output()).await;
    let ended =
        ended.unwrap_or_else(|_| panic!("{words:?} has no end")).expect("script, of util-linux, is there");
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(!told.contains("panicked"), "{told}");
    let plain = regex_lite::Regex::new("\u{1b}\\[[0-9;?]*[a-zA-Z]")
        .expect("a pattern")
        .replace_all(&told, "")
        .into_owned();
    plain.split(['\r', '\n']).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The same, not begun yet.
pub fn command(sandbox: &Sandbox, config: &Path, words: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = process::command(binary::tested(), config);
    command
        .args(words)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("USER", "alice")
        .envs(process::environment(sandbox))
        .envs(environment.iter().copied());
    command
}
