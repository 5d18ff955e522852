//! Cloudflare's interface: one page rule, one Single Redirect in its ruleset, or one DNS record.
//!
//! Requests go through the `cloudflare` crate's client. Answers are taken as raw bytes, because the crate itself
//! never looks at `success`, and a failure may arrive with status 200.

mod answer;
mod budget;
mod records;
mod rules;
mod tokens;

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
    client::{ClientConfig, async_api::Client},
    endpoint::{Method, RequestBody, spec::EndpointSpec},
};
use once_cell::sync::OnceCell;
use serde_json::Value;

use super::{
    ApiError, ApiErrorKind, Endpoints, Pace, Secret, fence,
    retry::{self, Failure},
    task::Task,
};

pub use budget::Purpose;
use budget::{Budget, Grant};

/// A switch's way to Cloudflare: one client for all, and a place in the order of who goes first.
#[derive(Debug)]
pub struct Cloudflare {
    shared: Arc<Shared>,
    rank: u32,
    /// Leave to write, waited for before the last looks.
    reserved: Mutex<Option<Grant>>,
}

/// The one client of Cloudflare's interface.
pub(super) struct Shared {
    base: String,
    token: Option<Secret>,
    /// Built once, ahead of the first call or at it; where that fails, the next call tries again.
    client: OnceCell<Client>,
    call_timeout: Duration,
    pace: Pace,
    budget: Arc<Budget>,
    switches: AtomicU32,
}

/// One request, below `/client/v4`.
#[derive(Debug)]
struct Request {
    method: Method,
    path: String,
    query: Option<String>,
    body: Option<String>,
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
    /// Waits until there is room for a write, however long; the write that follows soon takes it.
    ///
    /// # Cancellation
    /// Whoever stops waiting makes room for the next.
    pub async fn await_room(&self) {
        let grant = self.shared.budget.turn(Purpose::Write, self.rank).await;
        *self.reserved() = Some(grant);
    }

    /// The whole address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.shared.base)
    }

    async fn get(&self, task: &Task<'_>, purpose: Purpose, path: String) -> Result<Value, ApiError> {
        self.call(task, purpose, &Request { method: Method::GET, path, query: None, body: None }).await
    }

    async fn patch(&self, task: &Task<'_>, path: String, body: &Value) -> Result<Value, ApiError> {
        let request = Request { method: Method::PATCH, path, query: None, body: Some(body.to_string()) };
        self.call(task, Purpose::Write, &request).await
    }

    /// Asks until there is an answer, and gives the `result` in it.
    async fn call(&self, task: &Task<'_>, purpose: Purpose, request: &Request) -> Result<Value, ApiError> {
        let client = self.shared.client()?;
        retry::persist(&self.shared.pace, || async {
            let grant = self.grant(task, purpose).await?;
            if purpose == Purpose::Write {
                fence::check(task)?;
            }
            let answered = client.request(request).await;
            grant.answered(answered.as_ref().is_err_and(answer::is_throttled));
            match answered {
                Ok(body) => answer::read(task, &body).map_err(Failure::from),
                Err(failure) => Err(answer::failed(task, failure, self.shared.call_timeout)),
            }
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
        let reserved = if purpose == Purpose::Write { self.reserved().take() } else { None };
        match reserved.filter(Grant::is_good) {
            Some(grant) => Ok(grant),
            None => Ok(budget.turn(purpose, self.rank).await),
        }
    }

    fn reserved(&self) -> MutexGuard<'_, Option<Grant>> {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// A client with this token.
    pub(super) fn new(
        endpoints: &Endpoints,
        token: Option<Secret>,
        call_timeout: Duration,
        pace: Pace,
    ) -> Arc<Self> {
        // Without the slash the base's last part would be lost.
        let base = endpoints.cloudflare() + "/";
        let budget = Arc::new(Budget::new(pace.throttled));
        let (client, switches) = (OnceCell::new(), AtomicU32::default());
        Arc::new(Self { base, token, client, call_timeout, pace, budget, switches })
    }

    /// The way of another switch; those that are made first go first.
    pub(super) fn another(self: &Arc<Self>) -> Cloudflare {
        let rank = self.switches.fetch_add(1, Ordering::Relaxed);
        Cloudflare { shared: Arc::clone(self), rank, reserved: Mutex::default() }
    }

    /// Builds the client, which reads the system's certificates anew, before anybody waits for it.
    pub(super) fn prepare(&self) {
        if self.token.is_some() {
            // Whoever calls is told why it failed.
            let _ = self.client();
        }
    }

    fn client(&self) -> Result<&Client, ApiError> {
        self.client.get_or_try_init(|| self.build())
    }

    fn build(&self) -> Result<Client, ApiError> {
        let Some(token) = self.token.as_ref().filter(|token| !token.is_empty()) else {
            let message =
                "there is no Cloudflare token; set CLOUDFLARE_API_TOKEN or CLOUDFLARE_API_TOKEN_FILE";
            return Err(ApiError { kind: ApiErrorKind::Denied, message: message.to_owned() });
        };
        // The reqwest inside the crate panics where no TLS provider is installed. A second installation is refused,
        // which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let credentials = Credentials::UserAuthToken { token: token.expose().to_owned() };
        let config = ClientConfig { http_timeout: self.call_timeout, ..ClientConfig::default() };
        let environment = Environment::Custom(self.base.clone());
        Client::new(credentials, config, environment).map_err(|error| ApiError {
            kind: ApiErrorKind::Transient,
            message: format!("could not prepare for Cloudflare: {}", retry::causes(&error)),
        })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("base", &self.base).field("pace", &self.pace).finish_non_exhaustive()
    }
}
