//! The way of one push: bearer, body, envelope, subscription, message, delivery, answer.

use std::{sync::Arc, time::Duration};

use bytes::Buf;
use failover_core::{Command, Notification, is_meant_as_command};
use futures::Stream;
use http::{HeaderMap, Method};
use tracing::Instrument;
use warp::{Filter, filters::BoxedFilter};

use crate::{
    config::{Carries, Config, Push},
    log::Trace,
};

use super::{
    Deliver, Delivery, DeliveryKind, Limits, Outcome, Reply,
    bearer::Guard,
    body::Bodies,
    connections::Connection,
    envelope::{self, Envelope},
    refusal::Refusal,
    serve::{Answer, answer, health, wrong_method},
};

/// Takes pushes.
pub struct Door {
    push: Push,
    guard: Guard,
    bodies: Bodies,
    answer_within: Duration,
    deliver: Arc<dyn Deliver>,
}

impl Door {
    /// A door for what `config` lets push; `http` fetches the keys that sign tokens.
    pub fn new(
        config: &Config,
        http: reqwest::Client,
        deliver: Arc<dyn Deliver>,
        limits: Limits,
    ) -> Arc<Self> {
        let guard = Guard::new(&config.push.verify, &config.endpoints, http);
        Arc::new(Self {
            push: config.push.clone(),
            guard,
            bodies: Bodies::new(limits),
            answer_within: limits.answer_within,
            deliver,
        })
    }

    /// `POST /push` and `GET /health`; other paths are left to other routes.
    pub fn routes(self: &Arc<Self>) -> BoxedFilter<(Answer,)> {
        let door = Arc::clone(self);
        let push = warp::path!("push")
            .and(warp::method())
            .and(warp::header::headers_cloned())
            .and(warp::body::stream())
            .and(warp::ext::optional())
            .then(move |method, headers, body, connection: Option<Connection>| {
                Arc::clone(&door).take(method, headers, body, connection)
            });
        let health = warp::path!("health").and(warp::method()).map(|method| health(&method));
        push.or(health).unify().boxed()
    }

    async fn take<S, B, E>(
        self: Arc<Self>,
        method: Method,
        headers: HeaderMap,
        body: S,
        connection: Option<Connection>,
    ) -> Answer
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: Buf + Send,
        E: Send,
    {
        if method != Method::POST {
            return wrong_method(&method, "POST");
        }
        let trace = Trace::read(&headers);
        let span = span_of(trace.as_ref());
        let reply = async {
            let read = self.read(&headers, body, trace).await;
            match read {
                Ok(delivery) => {
                    let _working = connection.map(|connection| connection.works());
                    self.hand_over(delivery).await
                }
                Err(refusal) => refusal.told(),
            }
        };
        answer(&reply.instrument(span).await)
    }

    /// Reads a push, or says why not.
    async fn read<S, B, E>(
        &self,
        headers: &HeaderMap,
        body: S,
        trace: Option<Trace>,
    ) -> Result<Delivery, Refusal>
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: Buf + Send,
        E: Send,
    {
        self.guard.check(headers).await?;
        let body = self.bodies.read(headers, body).await?;
        let envelope = envelope::read(&body).map_err(Refusal::unreadable)?;
        drop(body);
        let span = tracing::Span::current();
        span.record("subscription", envelope.subscription.as_str());
        span.record("message_id", envelope.message_id.as_str());
        let kind = self.decode(&envelope)?;
        Ok(Delivery {
            message_id: envelope.message_id,
            publish_time: envelope.publish_time,
            subscription: envelope.subscription,
            attempt: envelope.attempt,
            kind,
            trace,
        })
    }

    /// What the message says, if its subscription may carry that.
    fn decode(&self, envelope: &Envelope) -> Result<DeliveryKind, Refusal> {
        let data = &envelope.data;
        match self.push.carries(&envelope.subscription) {
            None => Err(Refusal::new(
                Outcome::Forbidden,
                format!("the subscription {} is not configured; add it to [push]", envelope.subscription),
            )),
            Some(Carries::Alerts) if is_meant_as_command(data) => Err(Refusal::new(
                Outcome::Forbidden,
                format!("a command came through {}, which carries alerts only", envelope.subscription),
            )),
            Some(Carries::Alerts) => {
                Notification::read(data).map(DeliveryKind::Alert).map_err(Refusal::unreadable)
            }
            Some(Carries::Commands) => {
                Command::read(data).map(DeliveryKind::Command).map_err(Refusal::unreadable)
            }
        }
    }

    /// Has a delivery acted on in a task of its own, so that a client which goes away stops nothing half done.
    async fn hand_over(&self, delivery: Delivery) -> Reply {
        let deliver = Arc::clone(&self.deliver);
        let work = async move { deliver.deliver(delivery).await }.in_current_span();
        let mut task = tokio::spawn(work);
        match tokio::time::timeout(self.answer_within, &mut task).await {
            Ok(Ok(reply)) => {
                tracing::debug!(status = reply.status, "answered: {}", reply.reason);
                reply
            }
            Ok(Err(broken)) => {
                tracing::error!(
                    error = &broken as &(dyn std::error::Error + 'static),
                    "a delivery broke off"
                );
                Refusal::new(Outcome::TryAgain, "the delivery broke off; the log has the reason".to_owned())
                    .into()
            }
            Err(_) => {
                task.abort();
                let seconds = self.answer_within.as_secs();
                let reason =
                    format!("no end within {seconds} s; the next delivery or reconcile carries it on");
                Refusal::new(Outcome::TryAgain, reason).told()
            }
        }
    }
}

/// The span that all lines of a push are written in.
fn span_of(trace: Option<&Trace>) -> tracing::Span {
    use tracing::field::Empty;
    let span = tracing::error_span!(
        "push",
        trace_id = Empty,
        span_id = Empty,
        trace_sampled = Empty,
        subscription = Empty,
        message_id = Empty
    );
    if let Some(trace) = trace {
        span.record("trace_id", trace.trace_id.as_str());
        span.record("span_id", trace.span_id.as_deref());
        span.record("trace_sampled", trace.sampled);
    }
    span
}
