//! Carries `object_store`'s requests with the function's HTTP client and tokens, and judges the answers.
//!
//! Its own errors hide the status of a listing, and it takes any 200 for success: a web page put in between would
//! look like an empty journal. So final answers become a [`Refusal`], and what Cloud Storage never says counts as no
//! answer at all.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use object_store::{
    ClientOptions, Result,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
        HttpService,
    },
};

use crate::api::{
    ApiError,
    answer::{LONGEST, is_tokens_fault},
    tokens::{Token, Tokens},
};

/// On every answer about an object ("XML API: HTTP headers").
const GENERATION: &str = "x-goog-generation";

#[derive(Debug, Clone)]
pub(super) struct Courier {
    pub(super) http: reqwest::Client,
    pub(super) tokens: Option<Arc<dyn Tokens>>,
}

impl HttpConnector for Courier {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Courier {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let lists = request.method() == Method::GET && request.uri().query().is_some();
        let response = self.send(request).await?;
        match response.status() {
            status if is_final(status) => Err(refusal(response).await?),
            status if status.is_success() && lists => listing(response).await,
            status if status.is_success() && !response.headers().contains_key(GENERATION) => {
                Err(foreign(status))
            }
            _ => {
                let (head, body) = response.into_parts();
                Ok(HttpResponse::from_parts(head, whole(body).await?.into()))
            }
        }
    }
}

/// A body, if it has an end that is near.
pub(super) async fn whole(body: HttpResponseBody) -> Result<Bytes, HttpError> {
    let collected = Limited::new(body, LONGEST).collect().await;
    let broken = |error| HttpError::new(HttpErrorKind::Interrupted, std::io::Error::other(error));
    Ok(collected.map_err(broken)?.to_bytes())
}

impl Courier {
    /// Sends it with a token; one that isn't accepted is replaced once, and so is one that was good for nothing yet.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let Some(tokens) = &self.tokens else { return self.http.call(request).await };
        let token = tokens.token().await.map_err(no_token)?;
        let response = self.http.call(signed(request.clone(), &token)).await?;
        if !is_tokens_fault(&**tokens, &token, response.status()) {
            return Ok(response);
        }
        tokens.forget(&token).await;
        let token = tokens.token().await.map_err(no_token)?;
        self.http.call(signed(request, &token)).await
    }
}

fn signed(mut request: HttpRequest, token: &Token) -> HttpRequest {
    request.headers_mut().extend(token.headers().unwrap_or_default());
    request
}

fn no_token(error: ApiError) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, error)
}

/// Whether `object_store` neither tries it again nor has a meaning for it.
fn is_final(status: StatusCode) -> bool {
    let has_a_meaning = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::CONFLICT,
        StatusCode::PRECONDITION_FAILED,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    status.is_client_error() && !has_a_meaning.contains(&status)
}

/// A web page that says no is of something in between: the store was never asked.
async fn refusal(response: HttpResponse) -> Result<HttpError, HttpError> {
    let status = response.status();
    let body = whole(response.into_body()).await?;
    let refusal = Refusal { status, body: String::from_utf8_lossy(&body).into_owned() };
    Ok(match refusal.code() {
        Some(_) => HttpError::new(HttpErrorKind::Unknown, refusal),
        None => foreign(status),
    })
}

async fn listing(response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (head, body) = response.into_parts();
    let body = whole(body).await?;
    let is_listing = body.windows(LISTING.len()).any(|window| window == LISTING);
    if is_listing { Ok(HttpResponse::from_parts(head, body.into())) } else { Err(foreign(head.status)) }
}

const LISTING: &[u8] = b"<ListBucketResult";

/// "Interrupted" is what `object_store` tries again where that is safe.
fn foreign(status: StatusCode) -> HttpError {
    HttpError::new(HttpErrorKind::Interrupted, Foreign(status))
}

/// An answer that isn't Cloud Storage's.
#[derive(Debug, thiserror::Error)]
#[error("answered {0}, but not in Cloud Storage's words")]
pub(super) struct Foreign(StatusCode);

impl Foreign {
    /// Whether a smaller request may be answered otherwise: Google's front end refuses what is too large without the
    /// store's words.
    pub(super) fn is_about_size(&self) -> bool {
        [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE]
            .contains(&self.0)
    }
}

/// A final answer of Cloud Storage.
#[derive(Debug, thiserror::Error)]
#[error("{status}")]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    body: String,
}

impl Refusal {
    /// Cloud Storage's own name of the error ("XML API: HTTP status and error codes").
    pub(super) fn code(&self) -> Option<&str> {
        self.element("Code")
    }

    /// The provider's own words, cut to a line.
    pub(super) fn says(&self) -> String {
        let mut words = ["Details", "Message"].into_iter().filter_map(|name| self.element(name));
        let words = words.find(|text| !text.is_empty()).unwrap_or(&self.body);
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(300).collect()
    }

    /// The text of an element of Cloud Storage's small XML error documents.
    fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    }
}
