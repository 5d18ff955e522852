//! What a provider is asked and what it answers.
//! Made by the listener, read by every provider; it never touches a socket itself.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::change::Change;
use crate::service::Service;

/// The header by which whoever serves a visitor says who it is.
pub const SERVED_BY: &str = "served-by";

/// One request, read to its end.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whose listener took it.
    pub service: Service,
    /// The address it was sent to: tells the sites' listeners apart.
    pub local: SocketAddr,
    /// The method, as sent.
    pub method: Method,
    /// The path exactly as sent, still percent-encoded.
    pub path: String,
    /// The path's segments, percent-decoded; a trailing slash leaves an empty last one.
    pub segments: Vec<String>,
    /// The query's pairs, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// The query exactly as sent, without its question mark.
    pub raw_query: Option<String>,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The `Host` header, port included.
    pub host: String,
}

impl Call {
    /// A call made of its first line, without headers or body.
    pub fn new(service: Service, local: SocketAddr, method: Method, uri: &http::Uri) -> Self {
        Self {
            service,
            local,
            method,
            path: uri.path().to_owned(),
            segments: segments(uri.path()),
            query: pairs(uri.query().unwrap_or_default()),
            raw_query: uri.query().map(ToOwned::to_owned),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            host: uri.authority().map_or_else(String::new, ToString::to_string),
        }
    }

    /// The same call with these headers; the `Host` header wins over the request line.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        if let Some(host) = headers.get(http::header::HOST).and_then(|host| host.to_str().ok()) {
            host.clone_into(&mut self.host);
        }
        self.headers = headers;
        self
    }

    /// The same call with this body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The first value of this query key.
    pub fn query(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The header's text, if it was sent and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of `Authorization: Bearer …`.
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The decoded segments as slices, ready for a `match`.
    pub fn route(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }
}

fn segments(path: &str) -> Vec<String> {
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    path.trim_start_matches('/').split('/').map(decode).collect()
}

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// How an answer reaches, or doesn't reach, whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Delivery {
    /// As soon as it is made.
    #[default]
    AtOnce,
    /// After this long.
    After(Duration),
    /// Not at all: the connection stays open and silent.
    Never,
    /// Not at all: the connection is closed without a word.
    Reset,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers in the order they are sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How it is delivered.
    pub delivery: Delivery,
    /// What the call changed.
    pub change: Option<Change>,
    /// What was wrong with how it was asked, though it was carried out, as a sentence.
    pub complaint: Option<String>,
}

impl Reply {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::typed(status, "application/json; charset=UTF-8", body.to_string())
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", body)
    }

    /// A web page.
    pub fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::typed(status, "text/html; charset=utf-8", body)
    }

    /// A body of any other type.
    pub fn typed(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), ..Self::default() }.header("content-type", content_type)
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The connection is closed without an answer.
    pub fn reset() -> Self {
        Self { delivery: Delivery::Reset, ..Self::default() }
    }

    /// The connection stays open and nothing is ever said.
    pub fn never() -> Self {
        Self { delivery: Delivery::Never, ..Self::default() }
    }

    /// The same answer with one more header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same answer, this much later.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delivery = match self.delivery {
            Delivery::AtOnce => Delivery::After(delay),
            Delivery::After(already) => Delivery::After(already + delay),
            silent => silent,
        };
        self
    }

    /// The same answer to a call that changed this.
    pub fn changed(self, change: Change) -> Self {
        Self { change: Some(change), ..self }
    }

    /// The first value of this header, whatever its case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(uri: &str) -> Call {
        let local = SocketAddr::from(([127, 0, 0, 1], 80));
        Call::new(Service::Storage, local, Method::GET, &uri.parse().expect("a uri"))
    }

    #[test]
    fn segments_are_decoded_only_after_they_were_split() {
        assert_eq!(call("/bucket/journal%2F0001%2Ejson").segments, ["bucket", "journal/0001.json"]);
    }

    #[test]
    fn a_query_is_decoded_and_its_first_value_wins() {
        let call = call("/?start-after=a%2Fb&start-after=c");
        assert_eq!(call.query("start-after"), Some("a/b"));
        assert_eq!(call.query("prefix"), None);
    }

    #[test]
    fn an_answer_that_is_never_given_is_not_made_late() {
        assert_eq!(Reply::never().after(Duration::from_secs(1)).delivery, Delivery::Never);
        assert_eq!(
            Reply::empty(200).after(Duration::from_secs(1)).delivery,
            Delivery::After(Duration::from_secs(1))
        );
    }
}
