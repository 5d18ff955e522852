//! Questions on a terminal. Where there is none, what would be asked has to be said by an option.

use std::io::{BufRead, IsTerminal, Write};

use super::super::{
    exit::Failure,
    paint::{BOLD, DIM, WARN},
    screen::Screen,
};
use crate::api::Secret;

/// Somebody who may be asked.
#[derive(Debug)]
pub(super) struct Asker {
    screen: Screen,
    interactive: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// In words.
    pub(super) text: &'a str,
    /// What an empty answer stands for.
    pub(super) usual: Option<&'a str>,
    /// The option that answers it where there is no terminal.
    pub(super) option: &'static str,
}

/// A secret that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// What it is, and what it may do.
    pub(super) what: &'static str,
    /// The variable that carries it.
    pub(super) variable: &'static str,
    /// Where it is made, with the form filled in.
    pub(super) link: &'static str,
    /// What becomes of an empty line.
    pub(super) or: &'static str,
}

impl Asker {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, interactive: std::io::stdin().is_terminal() }
    }

    /// Whether anybody is there.
    pub(super) fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Something on the way, for people only.
    pub(super) fn remark(&self, line: &str) {
        self.screen.remark(line);
    }

    /// What `read` makes of what was given, else of an answer. A wrong answer is asked for again; what was wrong on the
    /// command line isn't.
    pub(super) async fn until<T>(
        &mut self,
        given: Option<String>,
        question: Question<'_>,
        read: impl AsyncFn(String) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(text) = given {
            return read(text).await;
        }
        loop {
            let answer = self.ask(question).await?;
            match read(answer).await {
                Ok(read) => return Ok(read),
                Err(Failure { sentence, next, .. }) => {
                    let next = next.map_or_else(String::new, |next| format!("\n  {DIM}{next}{DIM:#}"));
                    self.reproach(&format!("{sentence}{next}"));
                }
            }
        }
    }

    /// The same with a secret; an empty line is none.
    pub(super) async fn secret_until<T>(
        &mut self,
        wanted: Wanted,
        read: impl AsyncFn(Secret) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        while let Some(secret) = self.secret(wanted).await? {
            match read(secret).await {
                Ok(read) => return Ok(Some(read)),
                // Where it is made is shown with the question anyway.
                Err(failure) => self.reproach(&failure.sentence),
            }
        }
        Ok(None)
    }

    fn reproach(&self, sentence: &str) {
        self.screen.remark(format!("{WARN}!{WARN:#} {sentence}"));
    }

    /// The answer, or the usual one for an empty line; without a terminal an option has to say it.
    async fn ask(&mut self, question: Question<'_>) -> Result<String, Failure> {
        let Question { text, usual, option } = question;
        if !self.interactive {
            let sentence = format!("{}: there is no terminal to ask this on", text.trim_end_matches('?'));
            return Err(Failure::usage(sentence).next(format!("say it with {option}")));
        }
        let shown = usual.map_or_else(String::new, |usual| format!(" {DIM}[{usual}]{DIM:#}"));
        prompt(&format!("{BOLD}?{BOLD:#} {text}{shown}\n  > "));
        let line = line().await?;
        match (line.trim(), usual) {
            ("", Some(usual)) => Ok(usual.to_owned()),
            ("", None) => Err(Failure::usage("that question needs an answer: nothing was written")
                .next(format!("or say it with {option}"))),
            (text, _) => Ok(text.to_owned()),
        }
    }

    /// A token, which isn't shown while it is pasted.
    async fn secret(&mut self, wanted: Wanted) -> Result<Option<Secret>, Failure> {
        let Wanted { what, variable, link, or } = wanted;
        if !self.interactive {
            let sentence = format!("{what} is missing, and there is no terminal to ask for it on");
            return Err(Failure::usage(sentence).next(format!("export {variable}=…")));
        }
        // Before it is asked: who pastes at once would see it.
        echo(false);
        prompt(&format!(
            "{BOLD}?{BOLD:#} Paste {what} (it isn't shown; {or}). This link makes one:\n  {link}\n  > "
        ));
        let line = line().await;
        echo(true);
        self.screen.remark("");
        let secret = Secret::new(line?.trim());
        crate::log::hide(secret.expose());
        Ok(Some(secret).filter(|secret| !secret.is_empty()))
    }
}

fn prompt(text: &str) {
    let _ = write!(anstream::stdout(), "{text}").and_then(|()| anstream::stdout().flush());
}

/// One line, read beside everything else, so that an interrupt is heard meanwhile.
async fn line() -> Result<String, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|length| (length, line))
    });
    match read.await {
        Ok(Ok((length, line))) if length > 0 => Ok(line),
        _ => Err(Failure::new("nobody answers any more: nothing was written and nothing was changed")),
    }
}

/// Whether the terminal shows what is typed. Where it can't be told, what is pasted is seen.
pub(super) fn echo(shown: bool) {
    if std::io::stdin().is_terminal() {
        let word = if shown { "echo" } else { "-echo" };
        let _ = std::process::Command::new("stty").arg(word).stderr(std::process::Stdio::null()).status();
    }
}
