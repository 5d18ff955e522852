//! What the drill and the sandbox can be asked for.

use std::{path::PathBuf, str::FromStr};

use clap::{ArgMatches, FromArgMatches, parser::ValueSource};
use sandbox::Service;

use super::fault::FaultName;

/// Options of `failover drill`.
#[derive(Debug, clap::Args)]
pub struct DrillArguments {
    /// Give the providers the latency they have in reality, and say how it compares.
    #[arg(long)]
    pub(super) slow: bool,
    /// Break something on purpose; `list` tells what can be broken.
    #[arg(long, value_name = "NAME")]
    pub(super) fault: Option<FaultChoice>,
    /// Leave everything running until Ctrl-C, and tell what to try.
    #[arg(long)]
    pub(super) keep: bool,
    /// Print one JSON report at the end and nothing else.
    #[arg(long)]
    pub(super) json: bool,
    /// What is moved.
    #[arg(long, value_enum, default_value_t = Scenario::Site)]
    pub(super) scenario: Scenario,
}

impl DrillArguments {
    /// Whether the faults are to be listed, and nothing else.
    pub(super) fn lists_faults(&self) -> bool {
        self.fault == Some(FaultChoice::List)
    }

    /// What this scenario can't do, as the command line says it.
    pub(super) fn refused(&self) -> Option<String> {
        let (keep, slow) = (("--keep", self.keep), ("--slow", self.slow));
        let asked = [keep, slow, ("--fault", self.broken().is_some())];
        let unknown: &[&str] = match self.scenario {
            Scenario::Site => &[],
            Scenario::Kubernetes => &["--fault"],
            Scenario::Edge => &["--keep", "--slow", "--fault"],
            Scenario::GcpVip | Scenario::AzureVip => &["--keep", "--fault"],
        };
        let (option, _) = asked.into_iter().find(|(option, asked)| *asked && unknown.contains(option))?;
        let scenario = clap::ValueEnum::to_possible_value(&self.scenario)?;
        Some(format!("{option} can't be used with --scenario {}", scenario.get_name()))
    }

    /// What is to be broken.
    pub(super) fn broken(&self) -> Option<FaultName> {
        match self.fault {
            Some(FaultChoice::Named(name)) => Some(name),
            Some(FaultChoice::List) | None => None,
        }
    }
}

/// What a drill moves: the seam for further ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scenario {
    /// A site behind Cloudflare, to a standby on Cloud Run.
    Site,
    /// The same site, whose primary is a deployment on Kubernetes: scaled down, and up again by the failback.
    Kubernetes,
    /// A site with the gate in front of it, in Cloudflare's own runtime, and visitors under load.
    Edge,
    /// The addresses of two machines on Google Cloud, to the one that was promoted.
    GcpVip,
    /// The addresses of two machines on Azure, likewise.
    AzureVip,
}

/// What follows `--fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultChoice {
    /// The names of all.
    List,
    /// One of them.
    Named(FaultName),
}

impl FromStr for FaultChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "list" {
            return Ok(Self::List);
        }
        let named = FaultName::ALL.into_iter().find(|fault| fault.name() == text);
        named.map(Self::Named).ok_or_else(|| {
            let all = FaultName::ALL.map(FaultName::name).join(", ");
            format!("there is no such fault; there are {all}")
        })
    }
}

/// Options of `failover sandbox`.
#[derive(Debug, clap::Args)]
pub struct SandboxArguments {
    /// Where the function's configuration is written, too.
    #[command(flatten)]
    pub(super) written: Written,
    /// Listen on this port; those not named take any.
    #[arg(long = "port", value_name = "NAME=PORT")]
    pub(super) ports: Vec<NamedPort>,
}

/// `--config` here names a file to write: only one that was asked for on the command line, never the one that
/// every other command reads by default or by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written(pub(super) Option<PathBuf>);

impl FromArgMatches for Written {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let asked = matches.value_source(CONFIG) == Some(ValueSource::CommandLine);
        Ok(Self(matches.get_one::<PathBuf>(CONFIG).filter(|_| asked).cloned()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Written {
    /// The option is everybody's already.
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

/// Everybody's option that names the configuration.
const CONFIG: &str = "config";

/// Who listens where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedPort {
    /// Who; `None` is the control, which is no provider.
    pub(super) service: Option<Service>,
    /// Where.
    pub(super) port: u16,
}

/// Every name that a port may be given to.
const PORTS: [(&str, Option<Service>); 13] = [
    ("control", None),
    ("kubernetes", Some(Service::Kubernetes)),
    ("run", Some(Service::Run)),
    ("monitoring", Some(Service::Monitoring)),
    ("storage", Some(Service::Storage)),
    ("metadata", Some(Service::Metadata)),
    ("jwks", Some(Service::Jwks)),
    ("iam", Some(Service::Iam)),
    ("pubsub", Some(Service::Pubsub)),
    ("cloudflare", Some(Service::Cloudflare)),
    ("edge", Some(Service::Edge)),
    ("primary", Some(Service::Primary)),
    ("standby", Some(Service::Standby)),
];

impl FromStr for NamedPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, port) = text.split_once('=').ok_or("write it as NAME=PORT, such as edge=8102")?;
        let found = PORTS.into_iter().find(|(known, _)| *known == name);
        let (_, service) = found.ok_or_else(|| {
            let names = PORTS.map(|(known, _)| known).join(", ");
            format!("nobody is called {name:?}; there are {names}")
        })?;
        let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
        Ok(Self { service, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_asked_for_by_its_name() {
        assert_eq!("list".parse(), Ok(FaultChoice::List));
        assert_eq!("killed".parse(), Ok(FaultChoice::Named(FaultName::Killed)));
        assert!("earthquake".parse::<FaultChoice>().unwrap_err().contains("late-iam"));
    }

    #[test]
    fn a_port_is_given_to_a_name() {
        let edge = NamedPort { service: Some(Service::Edge), port: 8102 };
        assert_eq!("edge=8102".parse(), Ok(edge));
        assert_eq!("control=0".parse::<NamedPort>().map(|port| port.service), Ok(None));
        for wrong in ["edge", "nobody=1", "edge=70000"] {
            assert!(wrong.parse::<NamedPort>().is_err(), "{wrong}");
        }
    }
}
