//! Clouds: what every switch has to do, the list of kinds, and one folder a provider.
//!
//! A provider's folder holds its client, its credentials, and for each kind of switch one file: the keys it is configured
//! with, the switch itself, and beside it what `check` finds of it. Decisions and plans know nothing of what is in here.
//! A new kind is one file and one line in `PROVIDERS`.

pub mod azure;
pub(crate) mod clients;
pub mod cloudflare;
mod endpoints;
pub mod google;
pub mod keys;
pub mod kubernetes;
pub mod machine;
mod names;
pub(crate) mod pair;
mod problem;
mod severity;
mod situation;

use std::{any::Any, fmt, net::IpAddr, sync::Arc};

use async_trait::async_trait;
use failover_core::{Observed, Position, Role, SiteName, SwitchId};
use jiff::Timestamp;
use url::Url;

use crate::{api::ApiError, nearest::nearest};
use machine::Identity;

pub use clients::{Clients, Settings};
pub use endpoints::Endpoints;
pub use keys::{KeyProblem, Keyed, Keys, Kind};
pub use names::{Names, called};
pub use problem::{Area, Checked, Finding, Problem, missing};
pub use severity::Severity;
pub use situation::Situation;

/// Every kind of switch there is.
const PROVIDERS: &[Provider] = &[
    google::cloud_run_invoker::PROVIDER,
    cloudflare::dns_record::PROVIDER,
    cloudflare::page_rule::PROVIDER,
    cloudflare::redirect_rule::PROVIDER,
    cloudflare::worker_route::PROVIDER,
    google::access_config::PROVIDER,
    google::alias_ip::PROVIDER,
    azure::ip_configuration::PROVIDER,
    kubernetes::scale::PROVIDER,
    google::uptime_check::PROVIDER,
];

/// A switch read from its table, or every problem of that table.
pub type Read = Result<Arc<dyn Spec>, Vec<KeyProblem>>;

/// A kind of switch, as the configuration knows it.
#[derive(Debug, Clone, Copy)]
pub struct Provider {
    /// The kind as `kind = "…"` spells it.
    pub kind: &'static str,
    /// The cloud that it is of: what all its kinds ask by the same credentials.
    pub cloud: Cloud,
    /// What people call such a switch; `{name}` is the last part of what it moves, `{site}` the site.
    pub called: &'static str,
    /// Reads one switch of this kind, or tells every problem of its table.
    pub read: fn(Keys<'_>) -> Read,
}

/// A cloud, by the name of its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cloud(pub &'static str);

/// A switch as the configuration describes it: checked, but without a client yet.
pub trait Spec: fmt::Debug + Send + Sync {
    /// Which thing it moves.
    fn id(&self) -> SwitchId;

    /// What it does for a move.
    fn role(&self) -> Role;

    /// The id by which an incident of the cloud's own monitoring may name the site, where it is a monitor.
    fn named_by(&self) -> Option<String> {
        None
    }

    /// Whether it is in front of what answers at this URL, as far as the configuration tells.
    fn is_in_front_of(&self, _url: &Url) -> bool {
        false
    }

    /// The environment variables of the secrets that it can't do without.
    fn secrets(&self) -> &'static [&'static str] {
        &[]
    }

    /// How visitors come to the other place by it; asked of routes only.
    fn leads_by(&self) -> LeadsBy {
        LeadsBy::Redirect
    }

    /// Whether it leads visitors to the standby's own URL, or opens what answers there.
    fn needs_standby_url(&self) -> bool {
        match self.role() {
            Role::Gate => true,
            Role::Route => self.leads_by() != LeadsBy::Address,
            Role::Monitor | Role::Power => false,
        }
    }

    /// Whether a site without a public URL may have it. To open, close, pause or resume takes the proof that a visitor
    /// was served; who has an address is seen without one.
    fn serves_without_visitors(&self) -> bool {
        match self.role() {
            Role::Gate | Role::Monitor => false,
            Role::Route => self.leads_by() == LeadsBy::Address,
            Role::Power => true,
        }
    }

    /// The switch itself, with the clients that it needs.
    fn build(&self, clients: &Clients) -> Arc<dyn Switch>;
}

/// How a route brings visitors to another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadsBy {
    /// It redirects them to the standby's own URL.
    Redirect,
    /// It points the public name elsewhere, which resolvers remember for a while.
    Name,
    /// It gives the public address to another machine.
    Address,
    /// It has a script in front of the site fetch answers from the standby, which stays closed to everybody else.
    Proxy {
        /// Whether a script asks home first in ordinary times, and the standby for what home can't answer.
        always: bool,
    },
}

/// Reads the table of one switch of this `kind`; every problem of it is told at once.
pub fn read(kind: &str, keys: &toml::Table) -> Read {
    let Some(provider) = PROVIDERS.iter().find(|provider| provider.kind == kind) else {
        let known: Vec<&str> = kinds().collect();
        return Err(vec![KeyProblem {
            key: "kind".to_owned(),
            reason: format!("{kind:?} is none of {}", known.join(", ")),
            example: format!("kind = {:?}", nearest(kind, known.iter().copied()).unwrap_or(known[0])),
        }]);
    };
    (provider.read)(Keys::new(keys))
}

/// What a switch of this kind asks its table for.
pub fn keys_of(kind: &str) -> Vec<Keyed> {
    let provider = PROVIDERS.iter().find(|provider| provider.kind == kind);
    provider.map_or_else(Vec::new, |provider| keys::asked_by(|keys| drop((provider.read)(keys))))
}

/// The cloud that switches of this kind are of.
pub fn cloud_of(kind: &str) -> Option<Cloud> {
    PROVIDERS.iter().find(|provider| provider.kind == kind).map(|provider| provider.cloud)
}

/// Every kind that `kind = "…"` may name.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().map(|provider| provider.kind)
}

/// One thing that directs traffic, that can be observed and set.
#[async_trait]
pub trait Switch: fmt::Debug + Send + Sync {
    /// Which thing this is.
    fn id(&self) -> &SwitchId;

    /// What it does for a move.
    fn role(&self) -> Role;

    /// Looks where it points. "Could not look" is an error, never a position.
    async fn observe(&self) -> Result<Observation, SwitchError>;

    /// As `observe`, for a look that may as well be made later: where a provider allows only so many calls in a
    /// time, it is refused as `Rationed` rather than taken from those that move sites.
    async fn glance(&self) -> Result<Observation, SwitchError> {
        self.observe().await
    }

    /// Whether glances are rationed, so that sites take turns.
    fn is_rationed(&self) -> bool {
        false
    }

    /// Waits until there is room for a write, where a provider allows only so many calls in a time. A `set` that
    /// follows soon has its place; one that doesn't waits by itself.
    ///
    /// # Cancellation
    /// Whoever stops waiting makes room for the next.
    async fn await_room(&self) {}

    /// Sets it to `position` and returns once the provider confirmed it; idempotent, touches one thing.
    ///
    /// `seen` is what a caller has just observed; a switch that writes on top of what was read, and has a fingerprint that
    /// tells when that is old, uses it in place of its first read.
    async fn set(&self, position: Position, seen: Option<Observation>) -> Result<Change, SwitchError>;

    /// Which place this machine is, where the switch moves something between machines.
    ///
    /// # Errors
    /// When the provider has to be asked and gives no answer.
    async fn place_of(&self, _me: &Identity) -> Result<Option<Position>, SwitchError> {
        Ok(None)
    }

    /// The address that the machine it leads to has to take as its own, where it is one.
    fn address(&self) -> Option<IpAddr> {
        None
    }

    /// Whether it writes on top of what was read, by its fingerprint. Then it is observed before the claim is made sure of, so that the
    /// write follows at once: what was read before another took over is not written after.
    fn reads_first(&self) -> bool {
        false
    }

    /// How long after it was set it may take until it is seen there: a machine that starts isn't ready at once.
    fn takes_at_most(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    /// Whether what the standby position leads to could serve if it were opened now.
    async fn readiness(&self) -> Result<Readiness, SwitchError> {
        Ok(Readiness::Ready)
    }

    /// What an operator should know of it after a failback, although it was set: an alert still open, say.
    async fn caveat(&self, _site: &SiteName) -> Option<String> {
        None
    }

    /// What of it would break in an outage, or in the way back from one. Changes nothing.
    async fn check(&self, _situation: &Situation) -> Checked {
        Checked::default()
    }

    /// How many requests what it opens has had since then, where that can be told.
    ///
    /// # Errors
    /// When it can't be told.
    async fn requests_since(&self, _since: Timestamp) -> Result<Option<u64>, SwitchError> {
        Ok(None)
    }

    /// Sends a write that changes nothing: the only proof that the credentials may write.
    async fn touch(&self) -> Result<(), SwitchError>;
}

/// What was seen of a switch, with what the provider needs to write on top of it.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Where it points.
    pub observed: Observed,
    /// The provider's own: a policy with its etag, say.
    pub basis: Option<Arc<dyn Any + Send + Sync>>,
}

impl Observation {
    /// Whether what was seen, if anything was, is at `position` already.
    pub(crate) fn shows(seen: Option<&Self>, position: Position) -> bool {
        seen.is_some_and(|seen| seen.observed.is_at(position))
    }
}

/// What setting a switch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A write was made.
    Made,
    /// It was there already; nothing was written.
    Already,
}

/// Whether the standby could serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It could.
    Ready,
    /// It could, but something is worth a warning.
    Doubtful(String),
    /// It could not, for this reason.
    Unable(String),
}

/// What was tried on a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Looking where it points.
    Observe,
    /// Setting it.
    Set(Position),
    /// Asking whether the standby could serve.
    Readiness,
    /// Writing without changing.
    Touch,
}

impl Operation {
    /// Makes an error of why this failed on `switch`.
    pub fn failed(self, switch: &SwitchId) -> impl FnOnce(ApiError) -> SwitchError {
        move |cause| SwitchError { switch: switch.clone(), operation: self, cause }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observe => f.write_str("observe"),
            Self::Set(position) => write!(f, "set to {position}"),
            Self::Readiness => f.write_str("ask the readiness of"),
            Self::Touch => f.write_str("prove write access to"),
        }
    }
}

/// Why a switch could not be observed or set: reads after "failed to".
#[derive(Debug, thiserror::Error)]
#[error("{operation} {switch}")]
pub struct SwitchError {
    /// The switch.
    pub switch: SwitchId,
    /// What was tried.
    pub operation: Operation,
    /// Why it failed.
    #[source]
    pub cause: ApiError,
}

#[cfg(test)]
mod tests;
