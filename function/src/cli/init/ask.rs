//! Questions on a terminal. Where there is none, what would be asked has to be said by an option.

use std::io::{BufRead, IsTerminal, Write};

use super::super::{
    exit::Failure,
    paint::{BOLD, DIM},
    screen::Screen,
};
use crate::api::Secret;

/// Somebody who may be asked.
#[derive(Debug)]
pub(super) struct Asker {
    screen: Screen,
    interactive: bool,
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

    /// The answer, or what is `usual` for an empty one; without a terminal `option` has to say it.
    pub(super) async fn ask(
        &mut self,
        question: &str,
        usual: Option<&str>,
        option: &str,
    ) -> Result<String, Failure> {
        if !self.interactive {
            return Err(Failure::usage(format!(
                "{}: there is no terminal to ask this on",
                question.trim_end_matches('?')
            ))
            .next(format!("say it with {option}")));
        }
        let shown = usual.map_or_else(String::new, |usual| format!(" {DIM}[{usual}]{DIM:#}"));
        let _ = write!(anstream::stdout(), "{BOLD}?{BOLD:#} {question}{shown}\n  > ")
            .and_then(|()| anstream::stdout().flush());
        let line = line().await?;
        match (line.trim(), usual) {
            ("", Some(usual)) => Ok(usual.to_owned()),
            ("", None) => Err(Failure::usage("that question needs an answer: nothing was written")
                .next(format!("or say it with {option}"))),
            (text, _) => Ok(text.to_owned()),
        }
    }

    /// A token, which isn't shown while it is pasted; an empty line is none.
    pub(super) async fn secret(
        &mut self,
        what: &str,
        link: &str,
        variable: &str,
    ) -> Result<Option<Secret>, Failure> {
        if !self.interactive {
            return Err(Failure::usage(format!(
                "{what} is missing, and there is no terminal to ask for it on"
            ))
            .next(format!("export {variable}=…")));
        }
        let told = format!(
            "{BOLD}?{BOLD:#} Paste {what} (it isn't shown; an empty line leaves it for later). This link makes one:\n  {link}\n  > "
        );
        let _ = write!(anstream::stdout(), "{told}").and_then(|()| anstream::stdout().flush());
        echo(false);
        let line = line().await;
        echo(true);
        self.screen.remark("");
        let secret = Secret::new(&line?);
        crate::log::hide(secret.expose());
        Ok(Some(secret).filter(|secret| !secret.is_empty()))
    }
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
