//! Pub/Sub as we use it: events and commands are published, a subscription's settings are read.
//!
//! Used by announcements, by `failover send` and `failover report`, and by `failover check`. The function never
//! receives this way: its messages arrive as pushes. Only `failover watch` may listen. The connection is made with the
//! first call and kept.

mod bridge;
mod failure;
mod listen;
mod subscription;

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use google_cloud_auth::credentials::{Credentials, anonymous};
use google_cloud_gax::retry_policy::RetryPolicyExt;
use google_cloud_pubsub::{
    client::{BasePublisher, Publisher},
    model::Message,
    retry_policy::RetryableErrors,
};
use tokio::{sync::Mutex, time::timeout};
use url::Url;

pub use subscription::{DeadLetter, PushSettings, SubscriptionSettings};

use crate::api::{
    ApiError, ApiErrorKind,
    tokens::{Token, Tokens},
};
use bridge::Bridge;
use failure::Call;

/// How Pub/Sub is reached.
#[derive(Debug, Clone)]
pub struct PubSubSettings {
    /// Where it is, if not at Google: `[endpoints] pubsub`, or `PUBSUB_EMULATOR_HOST` with `http://` before it.
    pub endpoint: Option<Url>,
    /// The function's one source of tokens; without it calls are anonymous, which only an emulator takes.
    pub tokens: Option<Arc<dyn Tokens>>,
    /// Most that one call waits for its answer, retries included.
    pub call_timeout: Duration,
}

/// A client of Pub/Sub; cheap to clone, and its clones share one connection.
#[derive(Debug, Clone)]
pub struct PubSub(Arc<Client>);

#[derive(Debug)]
struct Client {
    settings: PubSubSettings,
    publishers: Mutex<HashMap<String, Publisher>>,
    base: Mutex<Option<BasePublisher>>,
}

impl PubSub {
    /// A client that connects with its first call.
    pub fn new(settings: PubSubSettings) -> Self {
        Self(Arc::new(Client { settings, publishers: Mutex::default(), base: Mutex::default() }))
    }

    /// Publishes one message on `projects/{project}/topics/{topic}` and gives its id.
    ///
    /// A connection that doesn't answer in half the time is replaced and the message sent again: after a night
    /// without CPU the other end may have forgotten it. Receivers may then see the message twice.
    pub async fn publish(
        &self,
        topic: &str,
        data: Bytes,
        attributes: HashMap<String, String>,
    ) -> Result<String, ApiError> {
        let call = Call::publish(topic);
        let half = self.0.settings.call_timeout / 2;
        let message = Message::new().set_data(data).set_attributes(attributes);
        for _ in 0..2 {
            let publisher = self.publisher(&call, topic).await?;
            // On the heap: whoever asks would carry both.
            let publish = || Box::pin(publish(&publisher, &message, &call));
            match timeout(half, self.authorized([publish(), publish()])).await {
                Ok(answer) => return answer,
                Err(_) => self.forget_connection().await,
            }
        }
        Err(call.unanswered(self.0.settings.call_timeout))
    }

    /// What is asked of Pub/Sub, and once more where the token may be to blame. Google's client asks for a token with each
    /// call, and would be lent the same one until it expires.
    async fn authorized<T, Asking>(&self, [ask, again]: [Asking; 2]) -> Result<T, ApiError>
    where
        Asking: Future<Output = Result<T, ApiError>>,
    {
        let lent = self.lent().await;
        let answer = ask.await;
        if self.is_replaced(lent, answer.as_ref().err()).await { again.await } else { answer }
    }

    /// The token that the next call will carry; none where there is none to be had, which that call will tell.
    async fn lent(&self) -> Option<Token> {
        self.0.settings.tokens.as_ref()?.token().await.ok()
    }

    /// Whether a call that ended like this is worth another, with the token's successor.
    async fn is_replaced(&self, lent: Option<Token>, error: Option<&ApiError>) -> bool {
        let Some((tokens, token)) = self.0.settings.tokens.as_ref().zip(lent) else { return false };
        if error.is_none() {
            tokens.was_good(&token);
        }
        let is_its_fault = error.is_some_and(|error| match error.kind {
            ApiErrorKind::Unaccepted => true,
            ApiErrorKind::Denied => tokens.may_be_anothers(&token),
            _ => false,
        });
        if is_its_fault {
            tokens.forget(&token).await;
        }
        is_its_fault
    }

    async fn publisher(&self, call: &Call<'_>, topic: &str) -> Result<Publisher, ApiError> {
        let mut publishers = self.0.publishers.lock().await;
        if let Some(publisher) = publishers.get(topic) {
            return Ok(publisher.clone());
        }
        let base = self.base(call).await?;
        let publisher = base.publisher(topic).set_delay_threshold(Duration::from_millis(1)).build();
        publishers.insert(topic.to_owned(), publisher.clone());
        Ok(publisher)
    }

    async fn base(&self, call: &Call<'_>) -> Result<BasePublisher, ApiError> {
        let mut base = self.0.base.lock().await;
        if let Some(base) = &*base {
            return Ok(base.clone());
        }
        let settings = &self.0.settings;
        let retries = RetryableErrors.with_time_limit(settings.call_timeout / 2);
        let mut builder =
            BasePublisher::builder().with_credentials(self.credentials()).with_retry_policy(retries);
        if let Some(endpoint) = self.endpoint() {
            builder = builder.with_endpoint(endpoint);
        }
        let built = builder.build().await.map_err(|error| call.unprepared(&error))?;
        *base = Some(built.clone());
        Ok(built)
    }

    async fn forget_connection(&self) {
        *self.0.base.lock().await = None;
        self.0.publishers.lock().await.clear();
    }

    fn endpoint(&self) -> Option<String> {
        self.0.settings.endpoint.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned())
    }

    fn credentials(&self) -> Credentials {
        match &self.0.settings.tokens {
            Some(tokens) => Bridge(Arc::clone(tokens)).into(),
            None => anonymous::Builder::new().build(),
        }
    }
}

/// Google's publisher sends as soon as it is told to, awaited or not: this waits until it is asked.
async fn publish(publisher: &Publisher, message: &Message, call: &Call<'_>) -> Result<String, ApiError> {
    publisher.publish(message.clone()).await.map_err(|error| call.refused(&error))
}
