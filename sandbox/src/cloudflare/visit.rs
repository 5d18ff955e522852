//! A visitor's request as Cloudflare's rules see it.

use crate::frame::call::Call;

/// The parts of a request that rules can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// `http` or `https`.
    pub scheme: String,
    /// The `Host` header.
    pub host: String,
    /// The path as sent.
    pub path: String,
    /// The query without its question mark; empty if there is none.
    pub query: String,
    /// The method.
    pub method: String,
}

impl Visit {
    /// What a call to the edge asks for; on loopback that is always plain HTTP.
    pub fn of(call: &Call) -> Self {
        Self {
            scheme: "http".to_owned(),
            host: call.host.clone(),
            path: call.path.clone(),
            query: call.raw_query.clone().unwrap_or_default(),
            method: call.method.to_string(),
        }
    }

    /// Path and query, `http.request.uri`.
    pub fn uri(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The whole address, `http.request.full_uri`.
    pub fn full_uri(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.uri())
    }
}
