//! What a file says.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{broken::Broken, expect::Words};

/// A case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "what")]
    _what: String,
    #[serde(rename = "source")]
    _source: String,
    /// The switches of the site, in order.
    pub(crate) switches: Vec<Switch>,
    /// Keys of the site; null takes one away, `toml:` is written as it is.
    #[serde(default)]
    pub(crate) site: Map<String, Value>,
    /// `[watch]`, where a watcher runs.
    pub(crate) watch: Option<Map<String, Value>>,
    pub(crate) cloudflare: Zone,
    /// What stands at the address that the site's record has; `else` at every other.
    #[serde(default)]
    pub(crate) by_content: BTreeMap<String, Vec<Said>>,
    #[serde(default)]
    pub(crate) edge: Vec<Said>,
    #[serde(default)]
    pub(crate) home: Vec<Said>,
    #[serde(default)]
    pub(crate) standby: Vec<Said>,
    /// Another origin, to which somebody is redirected.
    #[serde(default)]
    pub(crate) elsewhere: Vec<Said>,
    /// What a watcher takes for a proof of its own network.
    #[serde(default)]
    pub(crate) anchor: Vec<Said>,
    /// Places that are proxied and kept by their whole URL.
    #[serde(default)]
    pub(crate) cached: Vec<String>,
    /// What Cloudflare's interface answers instead.
    #[serde(default)]
    pub(crate) faults: Vec<Broken>,
    /// Seconds that a push is waited for.
    pub(crate) patience: Option<f64>,
    /// What happens, in order: see `play.rs`.
    #[serde(rename = "do")]
    pub(crate) steps: Vec<String>,
    pub(crate) expect: Words,
}

/// One switch: a word, or the two contents of a DNS record.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Switch {
    Named(String),
    Record { primary: String, standby: String },
}

/// What the interface holds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Zone {
    pub(crate) page_rules: Option<Vec<Map<String, Value>>>,
    pub(crate) redirects: Option<Vec<Map<String, Value>>>,
    pub(crate) records: Option<Vec<Map<String, Value>>>,
    /// Fields of the zone's own object.
    #[serde(default, rename = "zone")]
    pub(crate) fields: Map<String, Value>,
    #[serde(default)]
    pub(crate) unicode_names: bool,
    /// Null: the user's address for verifying doesn't know the token, since an account owns it.
    #[serde(default, deserialize_with = "named")]
    pub(crate) token: Option<Value>,
}

/// One answer of a place: its usual one, or the one from a second or a mark on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    pub(crate) mark: Option<String>,
    pub(crate) from: Option<f64>,
    #[serde(default = "well")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// A key that is there says something, also with null.
fn named<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn well() -> u16 {
    200
}
