//! A door for monitors that people have: what they post becomes a probe report, as `failover report` publishes it.
//!
//! It stands beside the status page, which strangers can reach, and not in the function, which they can't. Whoever has
//! its key can say that a site is down, and nothing else: the function looks for itself before it moves anything, and a
//! command is never made of it.

mod heard;
mod limit;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Buf;
use failover_core::{IncidentState, State, report::ProbeReport};
use futures::{Stream, StreamExt};
use http::{HeaderMap, Method, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use warp::{Filter, Rejection};

use crate::{page::PageKey, push::Answer, site::Guarded, watch::letterbox::Letterbox};

pub use heard::{Heard, Request, Seen};
use limit::Limit;

/// The longest body: what monitors post has a few kilobytes.
const LONGEST: usize = 64 * 1024;
/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The door.
pub struct Monitors {
    sites: Vec<Arc<Guarded>>,
    letterbox: Arc<dyn Letterbox>,
    key: PageKey,
    limit: Limit,
}

impl fmt::Debug for Monitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitors").field("sites", &self.sites.len()).finish_non_exhaustive()
    }
}

/// What is answered.
type Told = Result<Value, (StatusCode, String)>;

/// `/monitors` and `/monitors/SITE`, for whoever has the key.
pub fn routes(monitors: Arc<Monitors>) -> impl Filter<Extract = (Answer,), Error = Rejection> + Clone {
    let named = warp::path!("monitors" / String).map(Some);
    let unnamed = warp::path!("monitors").map(|| None::<String>);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    named
        .or(unnamed)
        .unify()
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::body::stream())
        .then(move |site: Option<String>, method: Method, headers: HeaderMap, query: String, body| {
            let monitors = Arc::clone(&monitors);
            async move {
                let told = monitors.hear(site.as_deref(), &method, &headers, &query, body).await;
                answer(told).map(Into::into)
            }
        })
}

impl Monitors {
    /// Publishes through `letterbox` what whoever has `key` says of `sites`.
    pub fn new(sites: Vec<Arc<Guarded>>, letterbox: Arc<dyn Letterbox>, key: PageKey) -> Self {
        Self { sites, letterbox, key, limit: Limit::default() }
    }

    async fn hear<S, B, E>(
        &self,
        site: Option<&str>,
        method: &Method,
        headers: &HeaderMap,
        query: &str,
        body: S,
    ) -> Told
    where
        S: Stream<Item = Result<B, E>> + Send,
        B: Buf,
    {
        if !matches!(*method, Method::GET | Method::POST | Method::PUT) {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "post what the monitor has seen".to_owned()));
        }
        if !self.limit.allows(std::time::Instant::now()) {
            let sentence = "too many requests: a monitor says something when a site goes down or comes up";
            return Err((StatusCode::TOO_MANY_REQUESTS, sentence.to_owned()));
        }
        if !self.admits(headers, query) {
            return Err((
                StatusCode::UNAUTHORIZED,
                "the key is missing or wrong: ?key=…, or a bearer token".to_owned(),
            ));
        }
        let body = read(body).await?;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let request = Request { query, kind, body: &body };
        let heard = heard::read(&request).map_err(|why| (StatusCode::BAD_REQUEST, why))?;
        let site = self.meant(site, &heard)?;
        self.publish(site, &heard).await
    }

    fn admits(&self, headers: &HeaderMap, query: &str) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.split_once(' ')).map(|(_, token)| token.trim().to_owned());
        let given = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key");
        let given = bearer.or_else(|| given.map(|(_, key)| key.into_owned()));
        given.is_some_and(|given| self.key.is(&given))
    }

    /// The site that the path names, else the one whose host the monitor names, else the only one.
    fn meant(&self, named: Option<&str>, heard: &Heard) -> Result<&Arc<Guarded>, (StatusCode, String)> {
        let names = || self.sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>().join(", ");
        let by_name = |name: &str| self.sites.iter().find(|site| site.name.as_str() == name);
        if let Some(name) = named {
            let unknown =
                || (StatusCode::NOT_FOUND, format!("{name:?} is no site here; there is {}", names()));
            return by_name(name).ok_or_else(unknown);
        }
        let by_host =
            |host: &str| self.sites.iter().find(|site| host_of(site).is_some_and(|own| own == host));
        let marked =
            heard.site.as_deref().and_then(by_name).or_else(|| heard.host.as_deref().and_then(by_host));
        match (marked, &self.sites[..]) {
            (Some(site), _) | (None, [site]) => Ok(site),
            _ => Err((
                StatusCode::BAD_REQUEST,
                format!("say which site: post to /monitors/SITE, one of {}", names()),
            )),
        }
    }

    async fn publish(&self, site: &Arc<Guarded>, heard: &Heard) -> Told {
        let now = Timestamp::now();
        let nothing =
            |sentence: String| json!({ "site": site.name, "published": false, "sentence": sentence });
        let state = match heard.seen {
            Seen::Down => IncidentState::Open,
            Seen::Up => IncidentState::Closed,
            Seen::Nothing => {
                return Ok(nothing(format!(
                    "{} said nothing of an outage: nothing was published",
                    heard.monitor
                )));
            }
        };
        let earlier = match (self.waiting(site, &heard.monitor).await, state) {
            (Ok(earlier), _) => earlier,
            // Being heard matters more than not being heard twice.
            (Err(_), IncidentState::Open) => None,
            (Err(why), IncidentState::Closed) => return Err((StatusCode::SERVICE_UNAVAILABLE, why)),
        };
        let (incident, started_at) = match (earlier, state) {
            (Some(earlier), _) => earlier,
            (None, IncidentState::Open) => (ProbeReport::id_of(&heard.monitor, &site.name, now), now),
            (None, IncidentState::Closed) => {
                return Ok(nothing(format!(
                    "no outage that {} reported is waiting: nothing was published",
                    heard.monitor
                )));
            }
        };
        let report = ProbeReport {
            site: site.name.clone(),
            watcher: heard.monitor.clone(),
            incident: incident.clone(),
            state,
            started_at,
            at: now,
            summary: heard.summary.clone(),
        };
        self.letterbox.post(&report.message()).await.map_err(|error| {
            tracing::error!(site = %site.name, "a monitor's report could not be published: {}", error.message);
            (StatusCode::SERVICE_UNAVAILABLE, "the report could not be published; say it again".to_owned())
        })?;
        let seen = if state == IncidentState::Open { "down" } else { "up" };
        tracing::info!(site = %site.name, incident, "{} reports that it is {seen}", heard.monitor);
        Ok(json!({ "site": site.name, "published": true, "incident": incident, "seen": seen }))
    }

    /// The outage of `site` that this monitor reported earlier and that is still waiting.
    async fn waiting(&self, site: &Guarded, monitor: &str) -> Result<Option<(String, Timestamp)>, String> {
        let look = tokio::time::timeout(site.pace.journal_patience, site.record.look_past()).await;
        match look {
            Ok(Ok(head)) => Ok(waiting(&head.state, site, monitor)),
            Ok(Err(_)) | Err(_) => {
                Err("the journal could not be read, so nobody knows which outage is over; say it again"
                    .to_owned())
            }
        }
    }
}

/// A monitor that says "down" every minute tells of one outage, and its "up" closes that one.
fn waiting(state: &State, site: &Guarded, monitor: &str) -> Option<(String, Timestamp)> {
    let prefix = ProbeReport::id_prefix(monitor, &site.name);
    let open = state.plans.iter().flat_map(|plan| &plan.order.incidents);
    let waiting = state.pending.iter().chain(open).filter(|incident| incident.id.starts_with(&prefix));
    waiting
        .max_by_key(|incident| incident.started_at)
        .map(|incident| (incident.id.clone(), incident.started_at))
}

fn host_of(site: &Guarded) -> Option<String> {
    site.targets.public.as_ref().and_then(url::Url::host_str).map(str::to_lowercase)
}

async fn read<S, B, E>(body: S) -> Result<Vec<u8>, (StatusCode, String)>
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf,
{
    let collected = async {
        let (mut body, mut bytes) = (std::pin::pin!(body), Vec::new());
        while let Some(part) = body.next().await {
            let Ok(mut part) = part else {
                return Err((StatusCode::BAD_REQUEST, "the body broke off".to_owned()));
            };
            if bytes.len() + part.remaining() > LONGEST {
                return Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 64 KiB".to_owned()));
            }
            bytes.extend_from_slice(&part.copy_to_bytes(part.remaining()));
        }
        Ok(bytes)
    };
    let late = |_| (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time".to_owned());
    tokio::time::timeout(BODY_WITHIN, collected).await.map_err(late)?
}

fn answer(told: Told) -> Response<String> {
    let (status, body) = match told {
        Ok(body) => (StatusCode::OK, body),
        Err((status, sentence)) => (status, json!({ "error": sentence })),
    };
    let reply = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-store");
    let reply =
        if status == StatusCode::TOO_MANY_REQUESTS { reply.header(header::RETRY_AFTER, "10") } else { reply };
    // Fixed headers: building can't fail.
    reply.body(body.to_string()).unwrap_or_default()
}
