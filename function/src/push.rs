//! The door: takes pushes over HTTP, proves who sent them, decodes them and answers with what came of them.
//!
//! `main` makes a `Door` and runs `serve`; `cycle` implements `Deliver`. Nothing in here decides anything about a
//! site, and nothing from outside gets further than the step that refuses it: path, method, bearer, body, envelope,
//! subscription, message.

mod bearer;
mod body;
pub mod envelope;
mod refusal;
mod reply;

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Buf;
use failover_core::{Command, Notification, is_meant_as_command};
use futures::Stream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tracing::Instrument;
use warp::{Filter, filters::BoxedFilter};

use crate::{
    config::{Carries, Config, Push},
    log::Trace,
};

pub use reply::{Outcome, Reply, ReplyVerdict};

use bearer::Guard;
use body::Bodies;
use envelope::Envelope;
use refusal::Refusal;

/// Every push is answered within this time: Pub/Sub waits 600 s.
pub const ANSWER_WITHIN: Duration = Duration::from_mins(9);
/// How long requests may take to end after a stop was asked for: Cloud Run kills after 10 s.
const LEAVE_WITHIN: Duration = Duration::from_secs(8);

/// A push that was understood and may be acted on.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The message's id: the same on every redelivery.
    pub message_id: String,
    /// When it was published.
    pub publish_time: Timestamp,
    /// The subscription that pushed it.
    pub subscription: String,
    /// Which try this is, where the subscription counts.
    pub attempt: Option<u64>,
    /// What it says.
    pub kind: DeliveryKind,
    /// The trace that it belongs to.
    pub trace: Option<Trace>,
}

/// What a push says.
#[derive(Debug, Clone, PartialEq)]
pub enum DeliveryKind {
    /// It came through an alerts subscription.
    Alert(Notification),
    /// It came through a commands subscription.
    Command(Command),
}

/// What is done with a delivery.
#[async_trait]
pub trait Deliver: Send + Sync + 'static {
    /// Acts on it and says what came of it.
    ///
    /// # Cancellation
    /// It is dropped at its next await when [`ANSWER_WITHIN`] is over, never because a client went away.
    async fn deliver(&self, delivery: Delivery) -> Reply;
}

/// How much and how long the door puts up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest body, in bytes.
    pub body: usize,
    /// How long a body may take to arrive.
    pub body_within: Duration,
    /// How long an answer may take.
    pub answer_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 1024 * 1024, body_within: Duration::from_secs(30), answer_within: ANSWER_WITHIN }
    }
}

/// Takes pushes.
pub struct Door {
    push: Push,
    guard: Guard,
    bodies: Bodies,
    answer_within: Duration,
    deliver: Arc<dyn Deliver>,
}

/// What every route answers.
pub type Answer = warp::reply::Response;

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
            .then(move |method, headers, body| Arc::clone(&door).take(method, headers, body));
        let health = warp::path!("health").and(warp::method()).map(|method| health(&method));
        push.or(health).unify().boxed()
    }

    async fn take<S, B, E>(self: Arc<Self>, method: Method, headers: HeaderMap, body: S) -> Answer
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
                Ok(delivery) => self.hand_over(delivery).await,
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

/// Takes the pushes that `config` allows on `listener` until `shutdown`; `http` fetches the keys that sign tokens.
pub async fn serve(
    listener: TcpListener,
    config: &Config,
    http: reqwest::Client,
    deliver: Arc<dyn Deliver>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let door = Door::new(config, http, deliver, Limits::default());
    serve_routes(listener, door.routes(), shutdown).await;
}

/// Serves `routes` on `listener` until `shutdown`, then lets requests end for at most 8 s.
pub async fn serve_routes<F>(
    listener: TcpListener,
    routes: F,
    shutdown: impl Future<Output = ()> + Send + 'static,
) where
    F: Filter<Extract = (Answer,), Error = warp::Rejection> + Clone + Send + Sync + 'static,
{
    let elsewhere = warp::any().and(warp::path::full()).then(|path: warp::path::FullPath| async move {
        let reason = format!("nothing is at {}; pushes go to /push", path.as_str());
        answer(&Refusal::new(Outcome::Nowhere, reason).into())
    });
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let signal = async move {
        shutdown.await;
        // Nobody listens only when the server has ended already.
        let _ = stopping.send(());
    };
    let too_long = async {
        if stopped.await.is_err() {
            std::future::pending::<Infallible>().await;
        }
        tokio::time::sleep(LEAVE_WITHIN).await;
    };
    let server = warp::serve(routes.or(elsewhere).unify()).incoming(listener).graceful(signal).run();
    tokio::select! {
        () = server => {}
        () = too_long => tracing::warn!("some requests did not end in time; their next delivery carries them on"),
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

fn health(method: &Method) -> Answer {
    if method == Method::GET {
        json(StatusCode::OK, "{\"status\":\"ok\"}".to_owned())
    } else {
        wrong_method(method, "GET")
    }
}

fn wrong_method(method: &Method, allowed: &'static str) -> Answer {
    let reason = format!("{method} means nothing here; use {allowed}");
    let mut answer = answer(&Refusal::new(Outcome::WrongMethod, reason).into());
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    answer
}

fn answer(reply: &Reply) -> Answer {
    json(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), reply.body())
}

fn json(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests;
