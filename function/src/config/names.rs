//! Pub/Sub's names of subscriptions and topics, checked by shape.

use std::{fmt, str::FromStr};

/// A subscription: `projects/P/subscriptions/S`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionName(String);

/// A topic: `projects/P/topics/T`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicName(String);

impl SubscriptionName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project's id.
    pub fn project(&self) -> &str {
        project(&self.0)
    }
}

impl TopicName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project's id.
    pub fn project(&self) -> &str {
        project(&self.0)
    }
}

impl FromStr for SubscriptionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shaped(text, "subscriptions").map(Self)
    }
}

impl FromStr for TopicName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        shaped(text, "topics").map(Self)
    }
}

impl fmt::Display for SubscriptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn project(name: &str) -> &str {
    name.split('/').nth(1).unwrap_or_default()
}

/// Accepts `projects/P/{collection}/NAME`; Pub/Sub's names have at least three characters.
fn shaped(text: &str, collection: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let fits = match parts[..] {
        ["projects", project, middle, name] => middle == collection && plain(project, 1) && plain(name, 3),
        _ => false,
    };
    if fits { Ok(text.to_owned()) } else { Err(format!("is not of the shape projects/…/{collection}/…")) }
}

fn plain(name: &str, least: usize) -> bool {
    name.len() >= least && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~+%:".contains(c))
}
