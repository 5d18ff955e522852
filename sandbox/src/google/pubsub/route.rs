//! Which request to Pub/Sub means what.

use crate::frame::call::Call;

/// What a request is for, with the resource that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Publish(String),
    GetTopic(String),
    ListTopics(String),
    GetSubscription(String),
    ListSubscriptions(String),
    Pull(String),
    Acknowledge(String),
    TestPermissions,
    Unknown,
}

impl Route {
    /// Reads method and path.
    pub(super) fn of(call: &Call) -> Self {
        let route = call.route();
        let ["v1", "projects", project, kind, rest @ ..] = route.as_slice() else { return Self::Unknown };
        let name = |id: &str| format!("projects/{project}/{kind}/{id}");
        match (call.method.as_str(), *kind, rest) {
            ("GET", "subscriptions", []) => Self::ListSubscriptions(format!("projects/{project}/")),
            ("GET", "topics", []) => Self::ListTopics(format!("projects/{project}/")),
            ("GET", "topics", [id]) => Self::GetTopic(name(id)),
            ("GET", "subscriptions", [id]) => Self::GetSubscription(name(id)),
            ("POST", "topics" | "subscriptions", [last]) if last.ends_with(":testIamPermissions") => {
                Self::TestPermissions
            }
            ("POST", kind, [last]) => match (kind, last.split_once(':')) {
                ("topics", Some((id, "publish"))) => Self::Publish(name(id)),
                ("subscriptions", Some((id, "pull"))) => Self::Pull(name(id)),
                ("subscriptions", Some((id, "acknowledge"))) => Self::Acknowledge(name(id)),
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    /// The operation in the ledger's words.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Publish(_) => "pubsub.publish",
            Self::GetTopic(_) => "pubsub.get_topic",
            Self::ListTopics(_) => "pubsub.list_topics",
            Self::GetSubscription(_) => "pubsub.get_subscription",
            Self::ListSubscriptions(_) => "pubsub.list_subscriptions",
            Self::Pull(_) => "pubsub.pull",
            Self::Acknowledge(_) => "pubsub.acknowledge",
            Self::TestPermissions => "pubsub.test_iam_permissions",
            Self::Unknown => "pubsub.unknown",
        }
    }
}
