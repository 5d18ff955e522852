//! A zone.
//!
//! Source: the page "Zone Details" of Cloudflare's API reference, read 2026-11-29.

use serde_json::Value;
use url::Url;

use super::{Cloudflare, Purpose};
use crate::api::{ApiError, task::Task};

fn task<'a>(subject: &'a str, grant: &'static str) -> Task<'a> {
    Task { provider: super::PARTY, verb: "read", subject, grant, missing: "check the zone's id", refused: "" }
}

/// Zones, asked for by the client.
#[derive(Debug, Clone, Copy)]
pub struct ZonesApi<'a> {
    pub(super) cloudflare: &'a Cloudflare,
}

impl ZonesApi<'_> {
    /// A zone: whose it is, and whether Cloudflare stands in front of its names.
    pub async fn zone(self, zone: &str) -> Result<Value, ApiError> {
        let path = format!("zones/{zone}");
        let task = task(&path, "grant the token \"Zone: Read\" on this zone");
        let zone = self.cloudflare.get(&task, Purpose::Read, path.clone()).await?;
        task.whole(zone, "id")
    }

    /// Whether an answer at `url` comes through Cloudflare, which says so in its headers; `None` where nobody answers, or
    /// somebody elsewhere.
    pub async fn is_before(self, url: &Url) -> Option<bool> {
        let asked = self
            .cloudflare
            .shared
            .http
            .get(url.clone())
            .timeout(self.cloudflare.shared.call_timeout)
            .send()
            .await;
        let answer = asked.ok().filter(|answer| answer.url().origin() == url.origin())?;
        let headers = answer.headers();
        let is_cloudflares = headers.get("server").is_some_and(|server| server == "cloudflare");
        Some(is_cloudflares || headers.contains_key("cf-ray"))
    }
}
