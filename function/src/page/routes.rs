//! `GET /`, `/sites` and `/metrics`, and the key in front of them; `/public` and `/badge.svg`, with a key of their own
//! or none. Everything else is somebody else's path: these routes stand beside the door's, or alone.

use std::sync::Arc;

use http::{HeaderMap, Method, Response, StatusCode, header};
use jiff::Timestamp;
use tokio::net::TcpListener;
use warp::{Filter, Rejection, filters::BoxedFilter};

use super::{
    Cached, Clock, PageKey, Source, contents, headers::answer, html, key::needs_tls, metrics, public,
};
use crate::push::{Answer, serve_routes};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";
const ALLOWED: &str = "GET, HEAD";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Page,
    Sites,
    Metrics,
    Public,
    Badge,
}

impl Wanted {
    fn is_for_anybody(self) -> bool {
        matches!(self, Self::Public | Self::Badge)
    }
}

/// Who may see what.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// What the page asks for; without it whoever can reach it sees it.
    pub page: Option<PageKey>,
    /// Who sees what anybody may know.
    pub public: Public,
}

/// Who sees the page without commands, and the badge.
#[derive(Debug, Clone, Default)]
pub enum Public {
    /// There is none.
    #[default]
    Closed,
    /// Anybody who can reach it.
    Open,
    /// Whoever has this key, which opens nothing else.
    Keyed(PageKey),
}

/// Serves the page alone on `listener`, with `GET /health` beside it, until `ending`; and what
/// else is served `beside` it.
pub async fn serve(
    listener: TcpListener,
    source: Arc<dyn Source>,
    keys: Keys,
    beside: Option<BoxedFilter<(Answer,)>>,
    ending: impl Future<Output = ()> + Send + 'static,
) {
    let health = warp::path!("health").and(warp::get().or(warp::head()).unify()).map(healthy);
    let alone = routes(source, keys).or(health).unify();
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
    keys: Keys,
}

/// The page at `/`, its JSON at `/sites` and its figures at `/metrics`; with a key, only for those who have it. What
/// anybody may know at `/public` and `/badge.svg`, where `keys` say so.
pub fn routes(
    source: Arc<dyn Source>,
    keys: Keys,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone {
    routes_at(source, keys, Arc::new(Timestamp::now))
}

/// As `routes`, at the time that `clock` tells.
pub fn routes_at(
    source: Arc<dyn Source>,
    keys: Keys,
    clock: Clock,
) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone {
    let door = Door { cached: Cached::new(source, clock), keys };
    let page = warp::path::end().map(|| Wanted::Page);
    let sites = warp::path!("sites").map(|| Wanted::Sites);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let metrics = warp::path!("metrics").map(|| Wanted::Metrics);
    let public = warp::path!("public").map(|| Wanted::Public);
    let badge = warp::path!("badge.svg").map(|| Wanted::Badge);
    let paths = page.or(sites).unify().or(metrics).unify().or(public).unify().or(badge).unify();
    paths.and(warp::method()).and(warp::header::headers_cloned()).and(query).then(
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
        if wanted.is_for_anybody() {
            return self.answer_anybody(wanted, headers, query).await;
        }
        let given = (wanted == Wanted::Page).then(|| value_in(query, "key")).flatten();
        match &self.keys.page {
            Some(key) if given.as_deref().is_some_and(|given| key.is(given)) => welcome(key, headers),
            Some(key) if !key.admits(headers) => refuse(wanted, given.is_some()),
            _ => self.show(wanted, query).await,
        }
    }

    /// The key goes with every request: a badge stands in others' pages, where no cookie of ours is sent.
    async fn answer_anybody(&self, wanted: Wanted, headers: &HeaderMap, query: &str) -> Response<String> {
        let given = value_in(query, "key");
        let knows =
            |key: &PageKey| given.as_deref().is_some_and(|given| key.is(given)) || key.admits(headers);
        match &self.keys.public {
            Public::Closed => finish(answer(StatusCode::NOT_FOUND, TEXT).body(NOT_PUBLIC.to_owned())),
            Public::Keyed(key) if !knows(key) && !self.keys.page.as_ref().is_some_and(knows) => {
                finish(answer(StatusCode::UNAUTHORIZED, TEXT).body(LOCKED_PUBLIC.to_owned()))
            }
            Public::Open | Public::Keyed(_) => self.show(wanted, query).await,
        }
    }

    async fn show(&self, wanted: Wanted, query: &str) -> Response<String> {
        let look = self.cached.look().await;
        let now = self.cached.now();
        let still = value_in(query, "still").is_some();
        let (content_type, body) = match wanted {
            Wanted::Page => (HTML, html::page(&look, now, still)),
            Wanted::Sites => (JSON, contents::json(&look, now)),
            Wanted::Metrics => (metrics::CONTENT_TYPE, metrics::text(&look, now)),
            Wanted::Public => (HTML, public::page(&look, now, still)),
            Wanted::Badge => match public::badge(&look, now, value_in(query, "site").as_deref()) {
                Some(badge) => (SVG, badge),
                None => return finish(answer(StatusCode::NOT_FOUND, TEXT).body(NO_SITE.to_owned())),
            },
        };
        finish(answer(StatusCode::OK, content_type).body(body))
    }
}

fn value_in(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
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
        _ => finish(refused(JSON).body(LOCKED_JSON.to_owned())),
    }
}

const LOCKED_JSON: &str =
    r#"{"error":"the key is missing or wrong; send it as Authorization: Bearer FAILOVER_PAGE_KEY"}"#;

const NOT_PUBLIC: &str =
    "there is no public page: it is shown where the configuration says public_page = true\n";
const LOCKED_PUBLIC: &str =
    "the key is missing or wrong; it goes into the address: ?key=FAILOVER_PUBLIC_KEY\n";
const NO_SITE: &str = "there is no site of this name\n";

fn not_allowed() -> Response<String> {
    let refused = answer(StatusCode::METHOD_NOT_ALLOWED, TEXT);
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
