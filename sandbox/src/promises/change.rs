//! What a provider reports when it changed something.

use serde_json::Value;

/// A mutation, reported by the provider that made it, right after it made it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The IAM policy of a Cloud Run service was set.
    Policy {
        /// `projects/…/services/…`.
        service: String,
        /// The policy before.
        before: Value,
        /// The policy after.
        after: Value,
    },
    /// A Cloud Run service was patched.
    Service {
        /// `projects/…/services/…`.
        service: String,
        /// The service before.
        before: Value,
        /// The service after.
        after: Value,
    },
    /// An uptime check was patched.
    Check {
        /// `projects/…/uptimeCheckConfigs/…`.
        check: String,
        /// The check before.
        before: Value,
        /// The check after.
        after: Value,
    },
    /// A page rule was written.
    PageRule {
        /// The zone's id.
        zone: String,
        /// The rule's id.
        rule: String,
        /// The rule before, null if there was none.
        before: Value,
        /// The rule after, null if it is gone.
        after: Value,
    },
    /// A zone's redirect rules were written.
    Redirects {
        /// The zone's id.
        zone: String,
        /// The ruleset before.
        before: Value,
        /// The ruleset after.
        after: Value,
    },
    /// A network interface was written.
    Interface {
        /// Its resource id.
        interface: String,
        /// The interface before, null if there was none.
        before: Value,
        /// The interface after.
        after: Value,
    },
    /// A route of Workers was written.
    WorkerRoute {
        /// The zone's id.
        zone: String,
        /// The route's id.
        route: String,
        /// The route before, null if there was none.
        before: Value,
        /// The route after, null if it is gone.
        after: Value,
    },
    /// A DNS record was written.
    Record {
        /// The zone's id.
        zone: String,
        /// The record's id.
        record: String,
        /// The record before.
        before: Value,
        /// The record after.
        after: Value,
    },
}
