//! `GET /` and `GET /sites`, and the key in front of them. Everything else is somebody else's path: these routes
//! stand beside the door's, or alone.

use std::sync::Arc;

use http::{HeaderMap, Method, Response, StatusCode, header};
use jiff::Timestamp;
use tokio::net::TcpListener;
use warp::{Filter, Rejection, filters::BoxedFilter};

use super::{Cached, Clock, PageKey, Source, contents, headers::answer, html, key::needs_tls};
use crate::push::{Answer, serve_routes};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const ALLOWED: &str = "GET, HEAD";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Page,
    Sites,
}

/// Serves the page alone on `listener`, with `GET /health` beside it, until `ending`; and what
/// else is served `beside` it.
pub async fn serve(
    listener: TcpListener,
    source: Arc<dyn Source>,
    key: Option<PageKey>,
    beside: Option<BoxedFilter<(Answer,)>>,
    ending: impl Future<Output = ()> + Send + 'static,
) {
    let health = warp::path!("health").and(warp::get().or(warp::head()).unify()).map(healthy);
    let alone = routes(source, key).or(health).unify();
    match beside {
        Some(beside) => serve_routes(listener, alone.or(beside).unify(), ending).await,
        None => serve_routes(listener, alone, ending).await,
    }
}

fn healthy() -> Answer {
    finish(answer(StatusCode::OK, JSON).body(r#"{"status":"ok"}"#.to_owned())).map(Into::into)
}

/// Everything that an answer depends on.
#[derive(Clone)]
struct Door {
    cached: Cached,
    key: Option<PageKey>,
}

/// The page at `/` and its JSON at `/sites`; with a key, only for those who have it.
pub fn routes(
    source: Arc<dyn Source>,
    key: Option<PageKey>,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone {
    routes_at(source, key, Arc::new(Timestamp::now))
}

/// As `routes`, at the time that `clock` tells.
pub fn routes_at(
    source: Arc<dyn Source>,
    key: Option<PageKey>,
    clock: Clock,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone {
    let door = Door { cached: Cached::new(source, clock), key };
    let page = warp::path::end().map(|| Wanted::Page);
    let sites = warp::path!("sites").map(|| Wanted::Sites);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    page.or(sites).unify().and(warp::method()).and(warp::header::headers_cloned()).and(query).then(
        move |wanted, method, headers, query: String| {
            let door = door.clone();
            async move { door.answer(wanted, &method, &headers, &query).await.map(Into::into) }
        },
    )
}

impl Door {
    async fn answer(
        &self,
        wanted: Wanted,
        method: &Method,
        headers: &HeaderMap,
        query: &str,
    ) -> Response<String> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return not_allowed();
        }
        let given = (wanted == Wanted::Page).then(|| key_in(query)).flatten();
        match &self.key {
            Some(key) if given.as_deref().is_some_and(|given| key.is(given)) => welcome(key, headers),
            Some(key) if !key.admits(headers) => refuse(wanted, given.is_some()),
            _ => self.show(wanted).await,
        }
    }

    async fn show(&self, wanted: Wanted) -> Response<String> {
        let look = self.cached.look().await;
        let now = self.cached.now();
        match wanted {
            Wanted::Page => finish(answer(StatusCode::OK, HTML).body(html::page(&look, now))),
            Wanted::Sites => finish(answer(StatusCode::OK, JSON).body(contents::json(&look, now))),
        }
    }
}

fn key_in(query: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "key").map(|(_, value)| value.into_owned())
}

/// Leaves the cookie and has the browser ask for `/`. A redirect would not do: browsers don't send a strict cookie
/// along a redirect that began with a link on another site, in a chat for instance, and this is not one.
fn welcome(key: &PageKey, headers: &HeaderMap) -> Response<String> {
    let cookie = key.cookie(needs_tls(headers));
    finish(answer(StatusCode::OK, HTML).header(header::SET_COOKIE, cookie).body(html::welcome()))
}

fn refuse(wanted: Wanted, was_wrong: bool) -> Response<String> {
    let refused = |content_type| {
        answer(StatusCode::UNAUTHORIZED, content_type)
            .header(header::WWW_AUTHENTICATE, "Bearer realm=\"status page\"")
    };
    match wanted {
        Wanted::Page => finish(refused(HTML).body(html::locked(was_wrong))),
        Wanted::Sites => finish(refused(JSON).body(LOCKED_JSON.to_owned())),
    }
}

const LOCKED_JSON: &str =
    r#"{"error":"the key is missing or wrong; send it as Authorization: Bearer FAILOVER_PAGE_KEY"}"#;

fn not_allowed() -> Response<String> {
    let refused = answer(StatusCode::METHOD_NOT_ALLOWED, "text/plain; charset=utf-8");
    finish(refused.header(header::ALLOW, ALLOWED).body("this page is for reading only\n".to_owned()))
}

/// A response whose parts are all our own constants can't be malformed; if one were, an empty 500 says so.
fn finish(response: Result<Response<String>, http::Error>) -> Response<String> {
    response.unwrap_or_else(|_| {
        let mut broken = Response::new(String::new());
        *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
