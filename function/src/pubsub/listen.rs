//! Listening on a subscription that waits to be asked. Only a watcher does; the function takes pushes.

use std::collections::HashMap;

use google_cloud_pubsub::client::Subscriber;

use super::{PubSub, failure::Call};
use crate::api::ApiError;

/// Messages that may wait here at once: they are looked at as they come.
const WAITING: i64 = 100;

impl PubSub {
    /// Hands the attributes of every message of `projects/{project}/subscriptions/{subscription}` to `heard`, and
    /// acknowledges it; gives back what ended that.
    pub async fn listen(&self, name: &str, mut heard: impl FnMut(&HashMap<String, String>)) -> ApiError {
        let call = Call::listen(name);
        let mut builder =
            Subscriber::builder().with_credentials(self.credentials()).with_grpc_subchannel_count(1);
        if let Some(endpoint) = self.endpoint() {
            builder = builder.with_endpoint(endpoint);
        }
        let subscriber = match builder.build().await {
            Ok(subscriber) => subscriber,
            Err(error) => return call.unprepared(&error),
        };
        let mut stream = subscriber.subscribe(name).set_max_outstanding_messages(WAITING).build();
        loop {
            match stream.next().await {
                Some(Ok((message, handler))) => {
                    heard(&message.attributes);
                    handler.ack();
                }
                Some(Err(error)) => return call.failed(&error),
                None => return call.ended(),
            }
        }
    }
}
