//! The process's environment, captured once: nothing else reads it.

use std::{collections::BTreeMap, fmt, io, path::Path};

use crate::{api::Secret, log};

/// What a configuration is read for: what has to be there depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// To take pushes and act on them.
    #[default]
    Serve,
    /// To look at or move switches with an operator's own credentials.
    Act,
    /// To read the journal, publish, or watch: no switch is touched, so no secret of a switch is needed.
    Look,
}

/// What the environment says, and how files that it names are read.
#[derive(Clone)]
pub struct Environment {
    /// What the configuration is read for.
    pub purpose: Purpose,
    /// The variables.
    pub variables: BTreeMap<String, String>,
    /// Reads a file.
    pub read_file: fn(&Path) -> io::Result<String>,
}

impl Environment {
    /// This process's environment.
    pub fn capture(purpose: Purpose) -> Self {
        let readable = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let variables = std::env::vars_os().filter_map(readable).collect();
        Self { purpose, variables, read_file: |path| std::fs::read_to_string(path) }
    }

    /// An environment of these variables, in which no file can be read.
    pub fn of(purpose: Purpose, variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let read_file = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
        Self { purpose, variables: variables.collect(), read_file }
    }

    /// A variable's value, trimmed; blanks are nothing.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What it says of the log.
    pub fn of_the_log(&self) -> log::Asked {
        log::Asked {
            level: self.variable(log::LEVEL_VARIABLE).map(str::to_owned),
            colour: self.variable("NO_COLOR").is_none(),
            by_cloud_logging: self.is_on_cloud_run(),
        }
    }

    /// Whether this is a service on Cloud Run.
    pub fn is_on_cloud_run(&self) -> bool {
        self.variable("K_SERVICE").is_some()
    }

    /// The secret in the variable `name`, else in the file that `name_FILE` names.
    ///
    /// # Errors
    /// The variable at fault and why, without anything of its value.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>, (String, String)> {
        if let Some(text) = self.variable(name) {
            return checked(name, text).map(Some);
        }
        let file = format!("{name}_FILE");
        let Some(path) = self.variable(&file) else { return Ok(None) };
        match (self.read_file)(Path::new(path)) {
            Ok(text) => checked(&file, &text).map(Some),
            Err(error) => Err((file, format!("names {path}, which can't be read: {error}"))),
        }
    }
}

/// A secret is sent in a header, so it is one word.
fn checked(variable: &str, text: &str) -> Result<Secret, (String, String)> {
    let secret = Secret::new(text);
    // From now on no line of the log shows it, wherever it turns up.
    log::hide(secret.expose());
    if secret.is_one_word() {
        return Ok(secret);
    }
    let reason = if secret.is_empty() { "is empty" } else { "is not one word of plain characters" };
    Err((variable.to_owned(), reason.to_owned()))
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.variables.keys().collect();
        f.debug_struct("Environment")
            .field("purpose", &self.purpose)
            .field("names", &names)
            .finish_non_exhaustive()
    }
}
