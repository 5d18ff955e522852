//! What is the same for every provider over JSON: an answer as it came, a token that isn't accepted, no answer at all.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    ApiError, ApiErrorKind,
    retry::{Failure, Wait, retry_after, root_cause},
    task::{Task, excerpt},
};
use crate::api::tokens::Tokens;

/// No answer that anybody here needs is longer: own choice, a project's thousand services fit into half of it.
pub(crate) const LONGEST: usize = 16 * 1024 * 1024;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// No more of it than [`LONGEST`]: what is cut off there is no JSON.
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn receive(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Self { status, headers, body: body(response).await? })
    }

    /// How long the provider wants to be left alone.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.header(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, Timestamp::now()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer's JSON; nothing where there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The answer's JSON. Whatever isn't JSON came from something in between, so it may pass.
    pub(crate) fn read_json(&self, task: &Task<'_>) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let what =
                format!("answered {} with what isn't JSON: {}", self.status.as_u16(), excerpt(&self.body));
            self.failure(task.error(ApiErrorKind::Transient, &what), None)
        })
    }

    /// A failure that this answer told of. A wish to wait may be among its headers, or where this provider has it.
    pub(crate) fn failure(&self, error: ApiError, wish: Option<Duration>) -> Failure {
        Failure { error, wait: self.wait().or(wish).map_or(Wait::Backoff, Wait::Asked) }
    }
}

/// A body, as far as it is read: whoever sends without an end isn't listened to for ever.
pub(crate) async fn body(mut response: reqwest::Response) -> Result<Bytes, reqwest::Error> {
    let mut body = BytesMut::new();
    while body.len() < LONGEST
        && let Some(chunk) = response.chunk().await?
    {
        let room = LONGEST - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(body.freeze())
}

/// One try with one of these tokens. One that isn't accepted is replaced once, and so is one for which nothing was done
/// yet: it may be somebody else's.
pub(crate) async fn authorized<T, S, F>(tokens: &dyn Tokens<T>, send: S) -> Result<Answer, Failure>
where
    T: Clone,
    S: Fn(T) -> F,
    F: Future<Output = Result<Answer, Failure>>,
{
    let token = tokens.token().await?;
    let answer = send(token.clone()).await?;
    if !is_tokens_fault(tokens, &token, answer.status) {
        return Ok(answer);
    }
    tokens.forget(&token).await;
    let token = tokens.token().await?;
    let answer = send(token.clone()).await?;
    if answer.status.is_success() {
        tokens.was_good(&token);
    }
    Ok(answer)
}

/// Whether a fresh token may be answered otherwise.
pub(crate) fn is_tokens_fault<T>(tokens: &dyn Tokens<T>, token: &T, status: StatusCode) -> bool {
    if status.is_success() {
        tokens.was_good(token);
    }
    status == StatusCode::UNAUTHORIZED || (status == StatusCode::FORBIDDEN && tokens.may_be_anothers(token))
}

/// Why there was no answer within `limit`, or none at all.
pub(crate) fn broken(task: &Task<'_>, error: &reqwest::Error, limit: Duration) -> Failure {
    if error.is_timeout() {
        return task.unanswered(limit).into();
    }
    let kind = if error.is_builder() { ApiErrorKind::Refused } else { ApiErrorKind::Transient };
    let at = error.url().map(|url| format!(" at {}", url.origin().ascii_serialization())).unwrap_or_default();
    task.error(kind, &format!("could not be reached{at}: {}", root_cause(error))).into()
}

#[cfg(test)]
impl Answer {
    /// One without any headers.
    pub(crate) fn of(status: u16, body: &str) -> Self {
        let status = StatusCode::from_u16(status).expect("a status");
        Self { status, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const TASK: Task<'static> = Task {
        provider: crate::api::task::Party { name: "Cloud Run", renewal: "" },
        verb: "read",
        subject: "services/s",
        grant: "",
        missing: "",
        refused: "",
    };

    #[test]
    fn whatever_is_not_json_may_pass() {
        for status in [200, 403, 404, 502] {
            let failure = Answer::of(status, "<html>oops</html>").read_json(&TASK).unwrap_err();
            assert_eq!((failure.error.kind, failure.wait), (ApiErrorKind::Transient, Wait::Backoff));
            let told =
                format!("could not read services/s: Cloud Run answered {status} with what isn't JSON: ");
            assert_eq!(failure.error.message, format!("{told}<html>oops</html>"));
        }
    }

    #[test]
    fn a_wish_to_wait_in_the_headers_goes_before_one_elsewhere() {
        let mut answer = Answer::of(429, "");
        let error = || TASK.error(ApiErrorKind::Transient, "is busy");
        let elsewhere = Some(Duration::from_secs(3));
        assert_eq!(answer.failure(error(), None).wait, Wait::Backoff);
        assert_eq!(answer.failure(error(), elsewhere).wait, Wait::Asked(Duration::from_secs(3)));
        answer.headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(answer.failure(error(), elsewhere).wait, Wait::Asked(Duration::from_secs(7)));
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_read_no_further_than_anybody_needs() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("it");
        let endless = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a request");
            let _ = stream.read(&mut [0; 1024]).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[";
            let mut sent = stream.write_all(head).await;
            while sent.is_ok() {
                sent = stream.write_all(&vec![b' '; 65536]).await;
            }
        });
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = Answer::receive(http.get(format!("http://{at}/")).send().await.expect("a head")).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.body.len(), LONGEST);
        assert_eq!(answer.read_json(&TASK).unwrap_err().error.kind, ApiErrorKind::Transient);
        drop(answer);
        endless.await.expect("it was hung up on");
    }

    #[tokio::test]
    async fn an_address_that_nobody_listens_at_is_named_without_its_path() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let error = http.get(format!("http://{nobody}/secret?key=1")).send().await.unwrap_err();
        let failure = broken(&TASK, &error, Duration::from_secs(1));
        let told = format!("could not read services/s: Cloud Run could not be reached at http://{nobody}: ");
        assert!(failure.error.message.starts_with(&told), "{}", failure.error.message);
        assert!(!failure.error.message.contains("secret"), "{}", failure.error.message);
    }
}
