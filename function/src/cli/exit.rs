//! How a command ends: its exit status, and what it says when it could not do its work.

use std::process::ExitCode;

use crate::{api::ApiError, app::StartError, config, record::RecordError};

/// Shown below `failover --help`.
pub(super) const EXIT_CODES: &str = "\
Exit status:
  0   done, or nothing to do
  1   failed; another try may help
  2   the command line can't be understood
  3   not as asked: held back, refused, undone, or something needs a person
  64  the configuration is wrong";

/// What a command ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// It did what was asked, or there was nothing to do.
    Done,
    /// It worked, but the answer is no, or asks for a person.
    NotAsAsked,
    /// It failed; another try may help.
    Failed,
    /// What was typed makes no sense together with the configuration.
    Usage,
    /// The configuration is wrong.
    Configuration,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotAsAsked => 3,
            Exit::Configuration => config::EXIT_CODE,
        })
    }
}

/// Why a command could not do its work, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What happened.
    pub(super) sentence: String,
    /// What to do next, where the sentence doesn't say it already.
    pub(super) next: Option<String>,
    /// How the process ends.
    pub(super) exit: Exit,
    /// What is wrong with the configuration, each by itself.
    pub(super) problems: Vec<config::Problem>,
    /// What was published before it: it is on its way all the same.
    pub(super) published: Option<serde_json::Value>,
}

impl Failure {
    /// Another try may help.
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            next: None,
            exit: Exit::Failed,
            problems: Vec::new(),
            published: None,
        }
    }

    /// What was typed doesn't fit the configuration.
    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(sentence) }
    }

    /// With what to do next.
    pub(super) fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

impl From<config::Problems> for Failure {
    fn from(problems: config::Problems) -> Self {
        let next = if problems.are_of_the_environment() {
            "set it in the environment, and try again"
        } else {
            "mend the file that --config or FAILOVER_CONFIG names, and try again"
        };
        let failure = Self::new(problems.to_string()).next(next);
        Self { exit: Exit::Configuration, problems: problems.each().to_vec(), ..failure }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(crate::log::chain(&error))
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::new(error.message)
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        let next = match &error {
            RecordError::Store { .. } | RecordError::Silent(_) => {
                "\"failover check\" says whether you may read it; \"failover act failover --force\" moves visitors \
                 even without it"
            }
            RecordError::Unreadable { .. } => "look at that entry; an operator's command goes on after it",
            RecordError::Illegal(_) | RecordError::Moved(_) => "try again",
        };
        Self::new(crate::log::chain(&error)).next(next)
    }
}
