//! The envelope that every answer of Cloudflare's API wears.
//! Source: developers.cloudflare.com/api, "Responses"; errors of older endpoints put the useful text in `messages`.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::frame::call::{Call, Reply};

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CloudflareRefusal {
    status: u16,
    errors: Vec<Value>,
    messages: Vec<Value>,
    retry_after: Option<u64>,
}

impl CloudflareRefusal {
    /// One error with its code and text.
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        let error = json!({ "code": code, "message": message.into() });
        Self { status, errors: vec![error], messages: Vec::new(), retry_after: None }
    }

    /// One more error.
    pub(crate) fn and(mut self, code: u32, message: &str) -> Self {
        self.errors.push(json!({ "code": code, "message": message }));
        self
    }

    /// The cause of the first error, as older endpoints give it.
    pub(crate) fn chained(mut self, code: u32, message: &str) -> Self {
        if let Some(error) = self.errors.first_mut() {
            error["error_chain"] = json!([{ "code": code, "message": message }]);
        }
        self
    }

    /// Where in the body the first error is.
    pub(crate) fn at(mut self, pointer: &str) -> Self {
        if let Some(error) = self.errors.first_mut() {
            error["source"] = json!({ "pointer": pointer });
        }
        self
    }

    /// When to come back.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Page rules: the error says nothing, the messages say everything. `type` is null there, as in the field.
    pub(crate) fn page_rule(complaints: Vec<String>) -> Self {
        let message = |text| json!({ "code": 1, "message": text, "type": null });
        Self {
            messages: complaints.into_iter().map(message).collect(),
            ..Self::new(400, 1004, "Page Rule validation failed: See messages for details.")
        }
    }

    /// A path that leads nowhere, or an id that can't be one.
    pub(crate) fn no_route(path: &str) -> Self {
        let text = format!("Could not route to {path}, perhaps your object identifier is invalid?");
        Self::new(404, 7003, text).and(7000, "No route for that URI")
    }

    /// The error that a status usually comes with, for faults.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::new(status, 10000, "Authentication error"),
            404 => Self::new(
                404,
                7003,
                "Could not route to that object, perhaps your object identifier is invalid?",
            ),
            429 => Self::throttled(),
            _ => Self::new(status, 10013, "An unknown error occurred. Please try again later."),
        }
    }

    /// Too many requests.
    pub(crate) fn throttled() -> Self {
        Self::new(429, 971, "Please wait and consider throttling your request speed")
    }
}

impl From<CloudflareRefusal> for Reply {
    fn from(refusal: CloudflareRefusal) -> Self {
        let body = json!({
            "success": false, "errors": refusal.errors, "messages": refusal.messages, "result": null
        });
        let reply = Reply::json(refusal.status, &body);
        match refusal.retry_after {
            Some(seconds) => reply.header("retry-after", seconds.to_string()),
            None => reply,
        }
    }
}

/// A successful answer.
pub(crate) fn ok(result: &Value) -> Reply {
    Reply::json(200, &json!({ "success": true, "errors": [], "messages": [], "result": result }))
}

/// The page of a list that is asked for by `page` and `per_page`.
pub(crate) fn paged(
    call: &Call,
    items: &[Value],
    usual: usize,
    sizes: RangeInclusive<usize>,
) -> Result<Reply, CloudflareRefusal> {
    let number = |key: &str, usual: usize| call.query(key).map_or(Some(usual), |text| text.parse().ok());
    match (number("page", 1).filter(|page| *page > 0), number("per_page", usual)) {
        (Some(page), Some(size)) if sizes.contains(&size) => Ok(self::page(items, page, size)),
        (None, _) => {
            Err(CloudflareRefusal::new(400, 6003, "Invalid request headers").chained(6101, "Invalid page"))
        }
        _ => {
            Err(CloudflareRefusal::new(400, 6003, "Invalid request headers")
                .chained(6102, "Invalid per_page"))
        }
    }
}

/// One page of a list.
fn page(items: &[Value], number: usize, size: usize) -> Reply {
    let shown: Vec<_> = items.iter().skip((number.max(1) - 1) * size).take(size).collect();
    let info = json!({
        "page": number.max(1), "per_page": size, "count": shown.len(), "total_count": items.len(),
        "total_pages": items.len().div_ceil(size.max(1))
    });
    let body = json!({ "success": true, "errors": [], "messages": [], "result": shown, "result_info": info });
    Reply::json(200, &body)
}
