//! Every kind of switch, as the suite needs to know it: what it is called, how it is read and written, what is
//! really there, and what hangs on it that isn't its own.

mod azure;
mod cloudflare;
mod google;
mod kubernetes;

use cloud_failover::api::ApiErrorKind;
use sandbox::{PairSeed, Site, SiteSeed, World};
use serde_json::Value;

pub(crate) use azure::IP_CONFIGURATION;
pub(crate) use cloudflare::{DNS_RECORD, PAGE_RULE, REDIRECT_RULE, WORKER_ROUTE};
pub(crate) use google::{
    ACCESS_CONFIG, ALIAS_IP, ALL_USERS, IAM_CHECK, SECONDARY, SECONDARY_IP, UPTIME_CHECK,
};
pub(crate) use kubernetes::KUBERNETES_SCALE;

/// A kind of switch. A new provider adds a file of these and passes the suite.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    /// Its table in the configuration.
    pub(crate) table: fn(&SiteSeed) -> String,
    /// A table that names something that isn't there.
    pub(crate) astray: fn(&SiteSeed) -> String,
    /// The operations that observe it.
    pub(crate) reads: &'static [&'static str],
    /// The operation that sets it.
    pub(crate) write: &'static str,
    /// How many writes it takes to set it, how many reads follow them, and how many writes prove that it may.
    pub(crate) writes: usize,
    pub(crate) follows: usize,
    pub(crate) touches: usize,
    /// Whether it has to read before it writes.
    pub(crate) reads_first: bool,
    pub(crate) provider: Provider,
    /// What a name that is nowhere is told: a role of Kubernetes that names what it is for says nothing of anything else.
    pub(crate) nowhere: ApiErrorKind,
    /// Whether it really is at its standby position.
    pub(crate) is_standby: fn(&World, &Site) -> bool,
    /// Somebody else moves it to its standby position.
    pub(crate) by_hand: fn(&World, &Site),
    /// Everything but what it owns.
    pub(crate) rest: fn(&World, &Site) -> Value,
    /// Takes the permission to write.
    pub(crate) forbid: fn(&World),
    /// What the sentence about a missing permission says.
    pub(crate) remedy: &'static str,
}

/// Whose a kind of switch is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Google,
    Cloudflare,
    Azure,
    Kubernetes,
}

pub(crate) const KINDS: [Kind; 11] = [
    ALL_USERS,
    IAM_CHECK,
    PAGE_RULE,
    REDIRECT_RULE,
    UPTIME_CHECK,
    DNS_RECORD,
    WORKER_ROUTE,
    ALIAS_IP,
    ACCESS_CONFIG,
    KUBERNETES_SCALE,
    IP_CONFIGURATION,
];

fn pair() -> PairSeed {
    PairSeed::example()
}

fn without(value: Option<Value>, keys: &[&str]) -> Value {
    let mut value = value.expect("it is there");
    value.as_object_mut().expect("an object").retain(|key, _| !keys.contains(&key.as_str()));
    value
}
