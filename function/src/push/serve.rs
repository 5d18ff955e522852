//! Serves the door's routes, and any others, until the process is to end.

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

use http::{HeaderValue, Method, Response, StatusCode, header};
use tokio::net::TcpListener;
use warp::Filter;

use crate::config::Config;

use super::{Deliver, Door, Limits, Outcome, Reply, connections, refusal::Refusal};

/// How long requests may take to end after a stop was asked for: Cloud Run kills after 10 s.
const LEAVE_WITHIN: Duration = Duration::from_secs(8);

/// What every route answers.
pub type Answer = warp::reply::Response;

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
    let server = connections::serve(listener, routes.or(elsewhere).unify(), signal);
    tokio::select! {
        () = server => {}
        () = too_long => tracing::warn!("some requests did not end in time; their next delivery carries them on"),
    }
}

/// Uptime checkers ask by HEAD as well; whoever sends the answer leaves its body out then.
pub(super) fn health(method: &Method) -> Answer {
    if method == Method::GET || method == Method::HEAD {
        json(StatusCode::OK, "{\"status\":\"ok\"}".to_owned())
    } else {
        wrong_method(method, "GET, HEAD")
    }
}

pub(super) fn wrong_method(method: &Method, allowed: &'static str) -> Answer {
    let reason = format!("{method} means nothing here; use {allowed}");
    let mut answer = answer(&Refusal::new(Outcome::WrongMethod, reason).into());
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    answer
}

pub(super) fn answer(reply: &Reply) -> Answer {
    json(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), reply.body())
}

fn json(status: StatusCode, body: String) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
