//! A subscription's settings, as `failover check` compares them with what a failover needs.

use std::time::Duration;

use google_cloud_gax::retry_policy::RetryPolicyExt;
use google_cloud_pubsub::{
    client::SubscriptionAdmin,
    model::{PushConfig, Subscription, push_config::Wrapper},
    retry_policy::RetryableErrors,
};
use serde::Serialize;
use tokio::time::timeout;

use super::{PubSub, failure::Call};
use crate::api::ApiError;

/// What matters of a subscription ("REST Resource: projects.subscriptions", read 2026-11-20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionSettings {
    /// `projects/{project}/subscriptions/{subscription}`.
    pub name: String,
    /// The topic it delivers, or `_deleted-topic_`.
    pub topic: String,
    /// Where it pushes to; `None` if it waits to be asked.
    pub push: Option<PushSettings>,
    /// How long Pub/Sub waits for a push to be answered.
    pub ack_deadline: Duration,
    /// Least and most time between two deliveries of a message; `None` if it is delivered again at once.
    pub retry: Option<(Duration, Duration)>,
    /// Where a message goes after this many deliveries; `None` if it is delivered until it is too old.
    pub dead_letter: Option<DeadLetter>,
    /// How long a message that nobody takes is kept.
    pub retention: Duration,
    /// After how long without activity the subscription is deleted; `None` for never.
    pub expires_after: Option<Duration>,
    /// Which messages are delivered; empty for all.
    pub filter: String,
    /// Whether its topic is gone.
    pub detached: bool,
}

/// Where and how a subscription pushes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PushSettings {
    /// The URL.
    pub endpoint: String,
    /// The account whose token goes with it; empty without a token.
    pub service_account: String,
    /// Whom the token is for; empty for the URL itself.
    pub audience: String,
    /// Whether messages come wrapped in an envelope; we understand no others.
    pub wrapped: bool,
}

/// Where messages go that nobody could take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The topic.
    pub topic: String,
    /// After how many deliveries.
    pub attempts: u32,
}

/// What Pub/Sub does without a setting of its own: kept for seven days ("messageRetentionDuration").
const DEFAULT_RETENTION: Duration = Duration::from_hours(7 * 24);

/// What Pub/Sub does without a setting of its own: deleted after 31 days of inactivity ("expirationPolicy").
const DEFAULT_EXPIRY: Duration = Duration::from_hours(31 * 24);

impl PubSub {
    /// Reads the settings of `projects/{project}/subscriptions/{subscription}`.
    pub async fn subscription(&self, name: &str) -> Result<SubscriptionSettings, ApiError> {
        let call = Call::read(name);
        let limit = self.0.settings.call_timeout;
        // On the heap: whoever asks would carry both.
        let read = || Box::pin(self.read_subscription(&call, name));
        match timeout(limit, self.authorized([read(), read()])).await {
            Ok(answer) => answer,
            Err(_) => Err(call.unanswered(limit)),
        }
    }

    async fn read_subscription(&self, call: &Call<'_>, name: &str) -> Result<SubscriptionSettings, ApiError> {
        let retries = RetryableErrors.with_time_limit(self.0.settings.call_timeout);
        let mut builder =
            SubscriptionAdmin::builder().with_credentials(self.credentials()).with_retry_policy(retries);
        if let Some(endpoint) = self.endpoint() {
            builder = builder.with_endpoint(endpoint);
        }
        let admin = builder.build().await.map_err(|error| call.unprepared(&error))?;
        let read = admin.get_subscription().set_subscription(name).send().await;
        read.map(SubscriptionSettings::of).map_err(|error| call.failed(&error))
    }
}

impl SubscriptionSettings {
    fn of(read: Subscription) -> Self {
        let ttl = read.expiration_policy.map(|policy| policy.ttl.map(duration));
        Self {
            name: read.name,
            topic: read.topic,
            push: read.push_config.filter(|push| !push.push_endpoint.is_empty()).map(PushSettings::of),
            ack_deadline: Duration::from_secs(read.ack_deadline_seconds.try_into().unwrap_or_default()),
            retry: read.retry_policy.map(|retry| {
                let or = |backoff: Option<_>, seconds| backoff.map_or(Duration::from_secs(seconds), duration);
                (or(retry.minimum_backoff, 10), or(retry.maximum_backoff, 600))
            }),
            dead_letter: read.dead_letter_policy.map(|policy| DeadLetter {
                topic: policy.dead_letter_topic,
                attempts: policy.max_delivery_attempts.try_into().unwrap_or_default(),
            }),
            retention: read.message_retention_duration.map_or(DEFAULT_RETENTION, duration),
            expires_after: ttl.unwrap_or(Some(DEFAULT_EXPIRY)),
            filter: read.filter,
            detached: read.detached,
        }
    }
}

impl PushSettings {
    fn of(push: PushConfig) -> Self {
        let token = push.oidc_token().cloned();
        let (service_account, audience) = token
            .map(|token| (token.service_account_email.clone(), token.audience.clone()))
            .unwrap_or_default();
        let wrapped = !matches!(push.wrapper, Some(Wrapper::NoWrapper(_)));
        Self { endpoint: push.push_endpoint, service_account, audience, wrapped }
    }
}

fn duration(read: impl TryInto<Duration>) -> Duration {
    read.try_into().unwrap_or_default()
}
