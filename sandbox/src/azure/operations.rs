//! Operations: what a write's `Azure-AsyncOperation` leads to.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::directory::Directory;
use super::envelope::AzureDenied;
use super::version;
use crate::frame::call::{Call, Reply};

/// What one must be allowed to do at the subscription to follow an operation.
const READ: &str = "Microsoft.Network/locations/operations/read";

/// Azure asks for no longer pauses between two looks (azure-powershell#14460: `Retry-After: 10`).
const LONGEST_PAUSE: u64 = 10;

/// How an operation ended, or will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    /// The code and the sentence that it carries.
    Failed(&'static str, String),
    /// A newer write of the same interface came first.
    Superseded,
}

/// Every operation that was begun; one that has no outcome yet is running.
#[derive(Debug, Default)]
pub(super) struct Operations {
    pub(super) takes: Duration,
    /// How the next one will end, if not well.
    pub(super) next: Option<Outcome>,
    pub(super) newer_wins: bool,
    begun: HashMap<String, Option<Outcome>>,
}

impl Operations {
    /// Begins one; answers with its id.
    pub(super) fn begin(&mut self) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        self.begun.insert(id.clone(), None);
        id
    }

    pub(super) fn end(&mut self, id: &str, outcome: Outcome) {
        self.begun.insert(id.to_owned(), Some(outcome));
    }

    /// Seconds until one had better look again.
    pub(super) fn pause(&self) -> String {
        let whole = self.takes.as_secs() + u64::from(self.takes.subsec_nanos() > 0);
        whole.min(LONGEST_PAUSE).to_string()
    }

    /// Answers 200 however the operation ended: that is in the body.
    pub(super) fn get(
        &self,
        directory: &Directory,
        call: &Call,
        id: &str,
        scope: &str,
    ) -> Result<Reply, AzureDenied> {
        directory.require(call, READ, scope)?;
        version::check(call)?;
        let missing = || AzureDenied::new(404, "NotFound", format!("Operation {id} not found."));
        let outcome = self.begun.get(id).ok_or_else(missing)?;
        let reply = Reply::json(200, &view(outcome.as_ref()));
        Ok(if outcome.is_none() { reply.header("retry-after", self.pause()) } else { reply })
    }
}

fn view(outcome: Option<&Outcome>) -> Value {
    let ended = |status: &str, code: &str, message: &str| json!({"status": status, "error": {"code": code, "message": message, "details": []}});
    match outcome {
        None => json!({"status": "InProgress"}),
        Some(Outcome::Succeeded) => json!({"status": "Succeeded"}),
        Some(Outcome::Failed(code, message)) => ended("Failed", code, message),
        Some(Outcome::Superseded) => ended(
            "Canceled",
            "CanceledAndSupersededDueToAnotherOperation",
            "Operation was canceled and superseded by another operation on the same resource.",
        ),
    }
}
