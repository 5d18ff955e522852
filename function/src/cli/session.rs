//! What every command has in hand: the configuration, the parts built from it, and a screen.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use failover_core::SiteName;

use super::{
    exit::{Exit, Failure},
    screen::Screen,
};
use crate::{
    app::{Parts, Patience},
    config::{Config, Environment, Purpose},
    site::Guarded,
};

/// The options that every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Options {
    /// The configuration.
    #[arg(
        long,
        short,
        global = true,
        value_name = "FILE",
        env = "FAILOVER_CONFIG",
        default_value = "failover.toml",
        hide_env_values = true
    )]
    pub(super) config: PathBuf,
    /// Answer in JSON, for machines.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// A command at work.
#[derive(Debug)]
pub(super) struct Session {
    /// All that was built from the configuration.
    pub(super) parts: Parts,
    /// Who reads.
    pub(super) screen: Screen,
}

/// What a command is about to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Intention {
    /// It reads the journal, or publishes; no switch is touched.
    Read,
    /// It looks at switches.
    Look,
    /// It sets switches.
    Act,
}

impl Intention {
    /// Only acting can't do without the switches' secrets: a look that is refused says so by itself.
    fn purpose(self) -> Purpose {
        match self {
            Self::Read | Self::Look => Purpose::Look,
            Self::Act => Purpose::Act,
        }
    }

    /// Executors try again by themselves.
    fn patience(self) -> Patience {
        match self {
            Self::Act => Patience::OneTry,
            Self::Read | Self::Look => Patience::Usual,
        }
    }
}

impl Options {
    /// Runs a command to its end.
    pub(super) fn run(
        &self,
        intention: Intention,
        work: impl AsyncFnOnce(&Session) -> Result<Exit, Failure>,
    ) -> ExitCode {
        let screen = Screen::new(self.json);
        let runtime = super::runtime();
        let done = runtime.block_on(async {
            let session = self.session(intention, screen)?;
            work(&session).await
        });
        // A look-up of a name that hangs is nothing to wait for.
        runtime.shutdown_background();
        match done {
            Ok(exit) => exit.into(),
            Err(failure) => {
                screen.fail(&failure);
                failure.exit.into()
            }
        }
    }

    fn session(&self, intention: Intention, screen: Screen) -> Result<Session, Failure> {
        let environment = Environment::capture(intention.purpose());
        crate::log::init_for_command(&environment.of_the_log());
        let config = Config::load(&self.config, &environment)?;
        let parts = Parts::build(Arc::new(config), intention.patience())?;
        Ok(Session { parts, screen })
    }
}

impl Session {
    /// The configuration.
    pub(super) fn config(&self) -> &Config {
        &self.parts.config
    }

    /// The site of this name, or all of them.
    pub(super) fn sites(&self, name: Option<&SiteName>) -> Result<Vec<&Arc<Guarded>>, Failure> {
        let Some(name) = name else { return Ok(self.parts.sites.iter().collect()) };
        let known = self.parts.sites.iter().find(|site| site.name == *name);
        known.map(|site| vec![site]).ok_or_else(|| {
            let sentence = format!("\"{name}\" is no site of this configuration");
            Failure::usage(sentence).next(format!("name one of {}", self.names()))
        })
    }

    /// The site of this name, or the only one.
    pub(super) fn site(&self, name: Option<&SiteName>) -> Result<&Arc<Guarded>, Failure> {
        match self.sites(name)?[..] {
            [site] => Ok(site),
            _ => Err(Failure::usage("this means one site, and there are several")
                .next(format!("add --site with one of {}", self.names()))),
        }
    }

    fn names(&self) -> String {
        self.parts.sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}
