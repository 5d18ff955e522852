//! Cloudflare's interface: one page rule, one Single Redirect in its ruleset, one DNS record, or one Workers route.
//!
//! What is asked is described as the `cloudflare` crate has its endpoints. Its client isn't what asks: of an answer
//! with a bad status it keeps a list of errors whose codes end at 65535, and is empty where one is larger.

mod answer;
mod budget;
mod by_hand;
pub mod dns_record;
mod expression;
pub mod front;
mod id;
mod object;
pub mod page_rule;
mod pattern;
mod records;
pub mod redirect_rule;
mod rules;
mod target;
mod tokens;
pub mod worker_route;
mod workers;
mod zones;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ::cloudflare::framework::{
    Environment,
    auth::Credentials,
    endpoint::{Method, RequestBody, spec::EndpointSpec},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use super::{Cloud, Endpoints};
use crate::api::{
    ApiError, ApiErrorKind, Pace, Secret,
    answer::{Answer, broken},
    fence,
    retry::{self, Failure},
    task::{Party, Task},
};

pub(crate) use answer::NOT_FROM_HERE;
pub use budget::Purpose;
use budget::{Budget, Grant, Heard};
pub use by_hand::ByHand;
pub use id::HexId;
use records::RecordsApi;
use rules::RulesApi;
use tokens::TokensApi;
use workers::WorkersApi;
use zones::ZonesApi;

/// What all kinds of switches here ask by one token.
pub const CLOUD: Cloud = Cloud("cloudflare");

/// Whom is asked.
const PARTY: Party = Party {
    name: "Cloudflare",
    renewal: "the token isn't accepted: make a new one at https://dash.cloudflare.com/profile/api-tokens and set \
              CLOUDFLARE_API_TOKEN",
};

/// A switch's way to Cloudflare: one client for all, and a place in the order of who goes first.
#[derive(Debug)]
pub struct Cloudflare {
    shared: Arc<Shared>,
    rank: u32,
    /// Leave to make the calls of a write, waited for before the last looks.
    reserved: Mutex<Vec<Grant>>,
}

/// What all ways to Cloudflare share.
pub(crate) struct Shared {
    base: String,
    token: Option<Secret>,
    http: reqwest::Client,
    call_timeout: Duration,
    pace: Pace,
    budget: Arc<Budget>,
    switches: AtomicU32,
}

/// A list of so many pages has no end: own choice, a zone has some hundred records of one name at most.
const PAGES: u64 = 50;

/// One request, below `/client/v4`.
#[derive(Debug)]
struct Request {
    method: Method,
    path: String,
    query: Option<String>,
    body: Option<String>,
}

impl Request {
    fn get(path: String) -> Self {
        Self { method: Method::GET, path, query: None, body: None }
    }

    fn post(path: String, body: &Value) -> Self {
        Self { method: Method::POST, path, query: None, body: Some(body.to_string()) }
    }
}

impl EndpointSpec for Request {
    const IS_RAW_BODY: bool = true;
    type JsonResponse = ();
    type ResponseType = Vec<u8>;

    fn method(&self) -> Method {
        self.method.clone()
    }

    fn path(&self) -> String {
        self.path.clone()
    }

    fn query(&self) -> Option<String> {
        self.query.clone()
    }

    fn body(&self) -> Option<RequestBody<'_>> {
        self.body.clone().map(RequestBody::Json)
    }
}

impl Cloudflare {
    /// DNS records, asked for by the client.
    pub fn records(&self) -> RecordsApi<'_> {
        RecordsApi { cloudflare: self }
    }

    /// Page rules and redirect rules, asked for by the client.
    pub fn rules(&self) -> RulesApi<'_> {
        RulesApi { cloudflare: self }
    }

    /// Whose token it is and what it may, asked by the client.
    pub fn tokens(&self) -> TokensApi<'_> {
        TokensApi { cloudflare: self }
    }

    /// Workers, their routes and their counts, asked for by the client.
    pub fn workers(&self) -> WorkersApi<'_> {
        WorkersApi { cloudflare: self }
    }

    /// Zones, asked for by the client.
    pub fn zones(&self) -> ZonesApi<'_> {
        ZonesApi { cloudflare: self }
    }

    /// Waits until there is room for a write that takes so many calls, however long; the write that follows soon has it.
    ///
    /// # Cancellation
    /// Whoever stops waiting makes room for the next.
    pub async fn await_room(&self, calls: usize) {
        let mut grants = Vec::new();
        for _ in 0..calls {
            grants.push(self.shared.budget.turn(Purpose::Write, self.rank).await);
        }
        *self.reserved() = grants;
    }

    /// The whole address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.shared.base)
    }

    async fn get(&self, task: &Task<'_>, purpose: Purpose, path: String) -> Result<Value, ApiError> {
        self.call(task, purpose, &Request::get(path)).await
    }

    async fn patch(&self, task: &Task<'_>, path: String, body: &Value) -> Result<Value, ApiError> {
        let request = Request { method: Method::PATCH, path, query: None, body: Some(body.to_string()) };
        self.call(task, Purpose::Write, &request).await
    }

    async fn put(&self, task: &Task<'_>, path: String, body: &Value) -> Result<Value, ApiError> {
        let request = Request { method: Method::PUT, path, query: None, body: Some(body.to_string()) };
        self.call(task, Purpose::Write, &request).await
    }

    /// All of a list, page after page: a part of it would be taken for all.
    async fn list(
        &self,
        task: &Task<'_>,
        purpose: Purpose,
        path: &str,
        query: Option<&str>,
    ) -> Result<Vec<Value>, ApiError> {
        let mut found = Vec::new();
        for number in 1..=PAGES {
            let page = (number > 1).then(|| format!("page={number}"));
            let query: Vec<&str> = query.into_iter().chain(page.as_deref()).collect();
            let query = (!query.is_empty()).then(|| query.join("&"));
            let request = Request { method: Method::GET, path: path.to_owned(), query, body: None };
            let page = self.ask(task, purpose, &request, answer::page).await?;
            let more = page.has_more(number);
            found.extend(page.items);
            match more {
                Some(false) => return Ok(found),
                Some(true) => {}
                None => {
                    let what = format!("answered with another page than the {number}. of its list");
                    return Err(task.error(ApiErrorKind::Transient, &what));
                }
            }
        }
        Err(task.error(ApiErrorKind::Transient, "listed without an end"))
    }

    /// Asks until there is an answer, and gives the `result` in it.
    async fn call(&self, task: &Task<'_>, purpose: Purpose, request: &Request) -> Result<Value, ApiError> {
        self.ask(task, purpose, request, answer::read).await
    }

    /// Asks until there is an answer, and gives what `read` makes of it.
    async fn ask<T>(
        &self,
        task: &Task<'_>,
        purpose: Purpose,
        request: &Request,
        read: fn(&Task<'_>, &Answer) -> Result<T, Failure>,
    ) -> Result<T, ApiError> {
        let headers = self.shared.headers(task)?;
        retry::persist(&self.shared.pace, || async {
            let grant = self.grant(task, purpose).await?;
            // What is read for a write changes nothing yet, and a query that is posted nothing at all.
            if purpose == Purpose::Write && !matches!(request.method, Method::GET) {
                fence::check(task)?;
            }
            let answered = self.shared.send(task, request, headers.clone()).await;
            grant.answered(match &answered {
                Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => Heard::TooMany(answer.wait()),
                _ => Heard::AnythingElse,
            });
            read(task, &answered?)
        })
        .await
    }

    async fn grant(&self, task: &Task<'_>, purpose: Purpose) -> Result<Grant, ApiError> {
        let budget = &self.shared.budget;
        if purpose == Purpose::Glance {
            return budget.glance().map_err(|wait| {
                let what = "was not asked, because the calls that are left are kept for moves";
                task.error(ApiErrorKind::Rationed(wait), what)
            });
        }
        let reserved = if purpose == Purpose::Write { self.reserved().pop() } else { None };
        match reserved.filter(Grant::is_good) {
            Some(grant) => Ok(grant),
            None => Ok(budget.turn(purpose, self.rank).await),
        }
    }

    fn reserved(&self) -> MutexGuard<'_, Vec<Grant>> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// With this token.
    pub(crate) fn new(
        http: reqwest::Client,
        endpoints: &Endpoints,
        token: Option<Secret>,
        call_timeout: Duration,
        pace: Pace,
    ) -> Arc<Self> {
        // Without the slash the base's last part would be lost.
        let base = endpoints.cloudflare() + "/";
        let budget = Arc::new(Budget::new(pace.throttled));
        Arc::new(Self { base, token, http, call_timeout, pace, budget, switches: AtomicU32::default() })
    }

    /// The way of another switch; those that are made first go first.
    pub(crate) fn another(self: &Arc<Self>) -> Cloudflare {
        let rank = self.switches.fetch_add(1, Ordering::Relaxed);
        Cloudflare { shared: Arc::clone(self), rank, reserved: Mutex::default() }
    }

    /// What shows who asks.
    fn headers(&self, task: &Task<'_>) -> Result<HeaderMap, ApiError> {
        let Some(token) = self.token.as_ref().filter(|token| !token.is_empty()) else {
            let message =
                "there is no Cloudflare token; set CLOUDFLARE_API_TOKEN or CLOUDFLARE_API_TOKEN_FILE";
            return Err(ApiError { kind: ApiErrorKind::Unaccepted, message: message.to_owned() });
        };
        let credentials = Credentials::UserAuthToken { token: token.expose().to_owned() };
        let unfit = || {
            let what = "was not asked, because the token holds characters that no header can carry";
            task.error(ApiErrorKind::Unaccepted, what)
        };
        let mut headers = HeaderMap::new();
        for (name, value) in credentials.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| unfit())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }

    async fn send(&self, task: &Task<'_>, request: &Request, headers: HeaderMap) -> Result<Answer, Failure> {
        let url = request.url(&Environment::Custom(self.base.clone()));
        let mut sent = self.http.request(request.method(), url).headers(headers).timeout(self.call_timeout);
        if let (Some(kind), Some(body)) = (request.content_type(), &request.body) {
            sent = sent.header(CONTENT_TYPE, kind.as_ref()).body(body.clone());
        }
        let broken = |error: reqwest::Error| broken(task, &error, self.call_timeout);
        let response = sent.send().await.map_err(broken)?;
        Answer::receive(response).await.map_err(broken)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("base", &self.base).field("pace", &self.pace).finish_non_exhaustive()
    }
}
