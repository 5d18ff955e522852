//! Tells somebody else that this still works: a URL that is called whenever every site could be looked at.
//!
//! What is called (healthchecks.io, an Uptime Kuma push monitor, a cron job's dead man's switch) raises an alarm of
//! its own when the calls stop, which needs nothing of Google's.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Client;

use crate::api::Secret;

/// A call takes no longer: nobody waits for it but the reconcile that makes it.
const WITHIN: Duration = Duration::from_secs(5);

/// What is called every minute that all is well, so that somebody else notices when the calls stop.
#[derive(Debug, Clone)]
pub struct Ping {
    /// The variable that held its URL, by which it is named in logs.
    pub name: String,
    /// Its URL.
    pub url: Secret,
}

/// Calls every URL that wants to hear that all is well.
#[derive(Debug, Default)]
pub struct Pinger {
    pings: Vec<Ping>,
    http: Client,
}

impl Pinger {
    /// Calls `pings` through the process's one HTTP client.
    pub fn new(pings: Vec<Ping>, http: Client) -> Self {
        Self { pings, http }
    }

    /// Calls each once. One that can't be reached is only said in the log: its own alarm is what it is for.
    pub async fn all_is_well(&self) {
        join_all(self.pings.iter().map(|ping| self.call(ping))).await;
    }

    async fn call(&self, ping: &Ping) {
        let answer = self.http.get(ping.url.expose()).timeout(WITHIN).send().await;
        let told = match answer.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => return,
            Ok(status) => format!("answered {}", status.as_u16()),
            // Without its URL, which is the secret.
            Err(error) => format!("could not be called: {}", crate::log::chain(&error.without_url())),
        };
        tracing::warn!("the ping URL in {} {told}", ping.name);
    }
}
