//! Our own watcher in a process of its own: this same executable as `watch`.
//!
//! It publishes by gRPC to the sandbox's Pub/Sub, which pushes to the function. As the function it never outlives the
//! drill.

use std::{path::Path, sync::Arc};

use ::stage::Process;
use anyhow::anyhow;
use sandbox::World;
use serde_json::Value;

use super::{
    child::{self, STARTS_WITHIN},
    logbook::LogBook,
    patience,
};

/// What it is called in its reports.
pub(super) const NAME: &str = "watcher";

/// A running watcher.
#[derive(Debug)]
pub(super) struct Watcher(Process);

impl Watcher {
    /// Starts it with this configuration and environment, and waits until it has seen the site.
    ///
    /// # Errors
    /// When it can't be started or ends at once; the sentence has its own last complaint.
    pub(super) async fn start(
        config: &Path,
        environment: &[(&str, String)],
        logbook: &Arc<LogBook>,
    ) -> anyhow::Result<Self> {
        let mut process = child::spawn(&["watch", "--name", NAME], config, environment, logbook)?;
        patience::until("the watcher's first look", STARTS_WITHIN, || {
            if let Some(status) = process.has_ended() {
                let why = logbook.last_complaint().unwrap_or_else(|| status.to_string());
                return Some(Err(anyhow!("the watcher ended as soon as it was started: {why}")));
            }
            logbook.find(0, |line| line.text("message").contains("the primary answers")).map(|_| Ok(()))
        })
        .await??;
        Ok(Self(process))
    }

    /// SIGTERM, and the exit code; `None` if it had to be killed.
    pub(super) async fn end(self) -> Option<i32> {
        child::end(self.0).await
    }
}

/// What a message on the alerts topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alert {
    /// Monitoring's.
    Monitoring {
        /// Whether an incident opens.
        opens: bool,
    },
    /// The watcher's.
    Report {
        /// Whether an outage is reported, and not its end.
        opens: bool,
    },
    /// The watcher lives.
    SignOfLife,
}

impl Alert {
    /// What the message of this id is.
    pub(super) fn of(world: &World, message: &str) -> Self {
        let said = world.pubsub.said(message).unwrap_or_default();
        Self::read(&serde_json::from_slice(&said).unwrap_or_default())
    }

    fn read(said: &Value) -> Self {
        let incident = &said["incident"];
        let opens = incident["state"] == "open";
        if incident["policy_user_labels"]["failover_watcher"].is_null() {
            return Self::Monitoring { opens };
        }
        if incident["policy_user_labels"]["failover_site"].is_null() {
            Self::SignOfLife
        } else {
            Self::Report { opens }
        }
    }

    /// Whether it says that an outage began.
    pub(super) fn opens(self) -> bool {
        matches!(self, Self::Monitoring { opens: true } | Self::Report { opens: true })
    }
}

#[cfg(test)]
mod tests {
    use failover_core::{
        IncidentState,
        report::{ProbeReport, heartbeat},
    };
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn who_says_what_is_told_apart() {
        let report = |state| ProbeReport {
            site: "resume".parse().unwrap(),
            watcher: NAME.to_owned(),
            incident: "watcher-resume-1".to_owned(),
            state,
            started_at: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
            summary: String::new(),
        };
        let alert = |message: &Value| Alert::read(message);
        assert_eq!(alert(&report(IncidentState::Open).message()), Alert::Report { opens: true });
        assert_eq!(alert(&report(IncidentState::Closed).message()), Alert::Report { opens: false });
        assert_eq!(alert(&heartbeat(NAME, "it lives")), Alert::SignOfLife);
        let monitoring =
            json!({"incident": {"state": "open", "policy_user_labels": {"failover_site": "resume"}}});
        assert_eq!(alert(&monitoring), Alert::Monitoring { opens: true });
    }
}
