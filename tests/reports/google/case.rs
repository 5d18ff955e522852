//! What a file says.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::broken::Broken;

/// A case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "what")]
    _what: String,
    #[serde(rename = "source")]
    _source: String,
    /// `well` or `silent`, at first.
    pub(crate) site: String,
    #[serde(default)]
    pub(crate) set: Changes,
    #[serde(default)]
    pub(crate) config: Configured,
    pub(crate) steps: Vec<Step>,
}

/// What is configured otherwise than usual.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configured {
    /// Lines for the site.
    #[serde(default)]
    pub(crate) site: Vec<String>,
    /// Texts of the whole configuration, each with the one that takes its place.
    #[serde(default)]
    pub(crate) replace: Vec<(String, String)>,
}

/// What changes in the world.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    pub(crate) primary_up: Option<bool>,
    pub(crate) standby_broken: Option<bool>,
    /// The standby's policy.
    pub(crate) policy: Option<Value>,
    /// Tokens that are known and may do nothing.
    #[serde(default)]
    pub(crate) denied_tokens: Vec<String>,
    #[serde(default)]
    pub(crate) meta_faults: Vec<Broken>,
    /// Milliseconds by service.
    #[serde(default)]
    pub(crate) latency: BTreeMap<String, u64>,
    /// Alerts of the project.
    pub(crate) alerts: Option<Vec<Value>>,
}

/// One thing that happens, and what is to be seen then.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(default)]
    pub(crate) set: Changes,
    #[serde(default)]
    pub(crate) faults: Vec<Broken>,
    pub(crate) alert: Option<Alert>,
    pub(crate) command: Option<Value>,
    /// The message's id; one of its own if not told.
    pub(crate) mid: Option<String>,
    #[serde(default)]
    pub(crate) attributes: Value,
    /// How often it is delivered at once.
    pub(crate) times: Option<usize>,
    /// How often it is delivered one after another until it is settled.
    pub(crate) tries: Option<usize>,
    /// Seconds that an answer is waited for.
    pub(crate) patience: Option<f64>,
    #[serde(default)]
    pub(crate) expect: Expected,
}

/// An alert: a whole body, or a usual one of this id and state.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    pub(crate) incident: Option<Value>,
    pub(crate) id: Option<String>,
    pub(crate) state: Option<String>,
}

/// What is to be seen after a step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) status: Option<u16>,
    /// Where visitors are led.
    pub(crate) serves: Option<String>,
    pub(crate) paused: Option<bool>,
    /// Changes that clouds were asked for, in this step.
    pub(crate) writes: Option<usize>,
    /// Seconds that the step may take.
    pub(crate) within: Option<f64>,
    #[serde(default)]
    pub(crate) says: Vec<String>,
    #[serde(default)]
    pub(crate) never_says: Vec<String>,
    /// Kinds of announcements.
    #[serde(default)]
    pub(crate) announced: Vec<String>,
    #[serde(default)]
    pub(crate) never_announced: Vec<String>,
    /// At most so many calls, by interface and method.
    #[serde(default)]
    pub(crate) calls: Map<String, Value>,
}
