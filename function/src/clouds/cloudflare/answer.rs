//! Reads Cloudflare's envelope: `success`, `errors[]`, `messages[]`, `result`.
//!
//! The useful text is often in `messages[]` alone, so both lists are told. Codes are not documented, so the HTTP status
//! decides, and a code where the status says too little or a grant would mend nothing.

use http::StatusCode;
use serde_json::Value;

use crate::api::{
    ApiError, ApiErrorKind,
    answer::Answer,
    retry::{Failure, Wait},
    task::{Task, excerpt, kind_of},
};

/// A header that can't be a token's, or none at all.
const MALFORMED: [i64; 5] = [6003, 6103, 6111, 9106, 9107];
/// Bad token, not to be used from here, or not for this resource: the message tells which.
const UNAUTHORISED: i64 = 9109;
/// Bad token, or without the permission: the status tells which.
const AUTHENTICATION: i64 = 10000;
/// Page Rules take no tokens that an account owns (cloudflare/cloudflare-docs#23256).
const ACCOUNT_OWNED: i64 = 1011;
/// What was sent breaks Cloudflare's own rules.
const VALIDATION: [i64; 1] = [1004];
/// No such path, object or record.
const ROUTING: [i64; 3] = [7000, 7003, 81044];
/// Another record of the name stands in the way.
const IN_THE_WAY: [i64; 5] = [81053, 81054, 81056, 81057, 81058];

const NO_TOKEN: &str = "that is not a Cloudflare token: it is cut short or has something around it; make one at \
                        https://dash.cloudflare.com/profile/api-tokens and set CLOUDFLARE_API_TOKEN";
pub(crate) const NOT_FROM_HERE: &str = "the token may not be used from this address: widen its filter of client addresses, or make \
                             one without it at https://dash.cloudflare.com/profile/api-tokens";
const OF_AN_ACCOUNT: &str = "Page Rules take no token that an account owns: use a user's token, or a redirect rule with \
                             kind = \"cloudflare_redirect_rule\"";
const ANOTHER_RECORD: &str =
    "another record of the name is in the way: delete it, or have a switch move it too";

/// The `result` of an answer, or what went wrong.
pub(crate) fn read(task: &Task<'_>, answer: &Answer) -> Result<Value, Failure> {
    let read = answer.read_json(task).and_then(|envelope| judged(task, answer, envelope));
    read.map_err(|failure| throttled(answer, failure))
}

/// Who throttles may say for how long; else the pauses grow.
fn throttled(answer: &Answer, failure: Failure) -> Failure {
    let is_unsaid = answer.status == StatusCode::TOO_MANY_REQUESTS && failure.wait == Wait::Backoff;
    if is_unsaid { Failure { wait: Wait::Throttled, ..failure } } else { failure }
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    info: Value,
}

impl Page {
    /// Whether there are more after this one, which is the `number`th; none where it is another one than was asked for.
    pub(super) fn has_more(&self, number: u64) -> Option<bool> {
        let told = |key: &str| whole_number(&self.info[key]);
        if told("page").is_some_and(|page| page != number) {
            return None;
        }
        let size = told("per_page").filter(|size| *size > 0);
        let counted = || Some(told("total_count")?.div_ceil(size?));
        Some(match told("total_pages").or_else(counted) {
            Some(pages) => pages > number,
            // Nobody says how many there are: one that is full may not be the last.
            None => size.is_some_and(|size| u64::try_from(self.items.len()).is_ok_and(|items| items >= size)),
        })
    }
}

/// A page of a list, or what went wrong: what isn't a list isn't an empty one.
pub(super) fn page(task: &Task<'_>, answer: &Answer) -> Result<Page, Failure> {
    let whole = |mut envelope: Value| {
        let info = envelope.get_mut("result_info").map(Value::take).unwrap_or_default();
        match judged(task, answer, envelope)? {
            Value::Array(items) => Ok(Page { items, info }),
            _ => Err(answer.failure(task.error(ApiErrorKind::Transient, "answered without a list"), None)),
        }
    };
    answer.read_json(task).and_then(whole).map_err(|failure| throttled(answer, failure))
}

/// The text of an answer that has no envelope unless it is a refusal, or what went wrong.
pub(super) fn text(task: &Task<'_>, answer: &Answer) -> Result<String, Failure> {
    if !answer.status.is_success() {
        return read(task, answer).map(|result| result.to_string());
    }
    let text = String::from_utf8_lossy(&answer.body);
    if text.trim().is_empty() || text.trim_start().starts_with('<') {
        let what = format!("answered with a page instead: {}", excerpt(&answer.body));
        return Err(answer.failure(task.error(ApiErrorKind::Transient, &what), None));
    }
    Ok(text.into_owned())
}

/// The `data` of an answer to a GraphQL query, or what went wrong: its errors come with a good status.
pub(super) fn data(task: &Task<'_>, answer: &Answer) -> Result<Value, Failure> {
    if !answer.status.is_success() {
        return read(task, answer);
    }
    let mut answered = answer.read_json(task)?;
    let Some(said) = said(&answered) else {
        return Ok(answered.get_mut("data").map(Value::take).unwrap_or_default());
    };
    let refused = |error: &Value| {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        code.starts_with("auth") || error["message"].as_str().is_some_and(|text| text.contains("authori"))
    };
    let denied = entries(&answered, "errors").any(refused);
    let kind = if denied { ApiErrorKind::Denied } else { ApiErrorKind::Refused };
    Err(answer.failure(task.error(kind, &format!("answered: {said}")), None))
}

fn judged(task: &Task<'_>, answer: &Answer, mut envelope: Value) -> Result<Value, Failure> {
    if answer.status.is_success() && envelope["success"] == true {
        return Ok(envelope.get_mut("result").map(Value::take).unwrap_or_default());
    }
    if !is_envelope(&envelope) {
        return Err(answer.failure(task.strange(answer), None));
    }
    let said = said(&envelope).unwrap_or_else(|| excerpt(&answer.body));
    let what = match answer.status {
        status if status.is_success() => format!("answered success: false: {said}"),
        status => format!("answered {}: {said}", status.as_u16()),
    };
    Err(answer.failure(failed(task, answer.status, &envelope, &what), None))
}

fn failed(task: &Task<'_>, status: StatusCode, envelope: &Value, what: &str) -> ApiError {
    // A good status and a bad body contradict each other, so the next answer may be another.
    let kind = if status.is_success() { ApiErrorKind::Transient } else { kind_of(status) };
    let codes = codes(envelope);
    let any = |known: &[i64]| codes.iter().any(|code| known.contains(code));
    if kind == ApiErrorKind::Transient && !status.is_success() {
        return task.error(kind, what);
    }
    if any(&MALFORMED) {
        return task.told(ApiErrorKind::Unaccepted, what, NO_TOKEN);
    }
    if any(&[ACCOUNT_OWNED]) {
        return task.told(ApiErrorKind::Denied, what, OF_AN_ACCOUNT);
    }
    if any(&[UNAUTHORISED]) {
        return unauthorised(task, what);
    }
    if any(&IN_THE_WAY) && !status.is_success() {
        return task.told(kind, what, ANOTHER_RECORD);
    }
    let by_code = match status.as_u16() {
        200..=299 | 400 if any(&[AUTHENTICATION]) => Some(ApiErrorKind::Denied),
        200..=299 | 400 if any(&ROUTING) => Some(ApiErrorKind::Missing),
        200..=299 | 400 if any(&VALIDATION) => Some(ApiErrorKind::Refused),
        _ => None,
    };
    task.error(by_code.unwrap_or(kind), what)
}

/// Whether Cloudflare wrote it: what stands in between writes JSON too.
fn is_envelope(answered: &Value) -> bool {
    answered["success"].is_boolean() || answered["errors"].is_array() || answered["messages"].is_array()
}

/// One code for three things that are mended in three ways.
fn unauthorised(task: &Task<'_>, what: &str) -> ApiError {
    let told = what.to_ascii_lowercase();
    if told.contains("from location") || told.contains("ip address") {
        task.told(ApiErrorKind::Denied, what, NOT_FROM_HERE)
    } else if told.contains("access token") || told.contains("api token") {
        task.error(ApiErrorKind::Unaccepted, what)
    } else {
        task.error(ApiErrorKind::Denied, what)
    }
}

/// The codes of all errors, those of their causes included.
fn codes(envelope: &Value) -> Vec<i64> {
    let chained = |entry: &'_ Value| entry["error_chain"].as_array().cloned().unwrap_or_default();
    let errors: Vec<Value> = entries(envelope, "errors").cloned().collect();
    let causes = errors.iter().flat_map(chained);
    errors.iter().cloned().chain(causes).filter_map(|entry| code(&entry)).collect()
}

/// A code is a number, and some services write it as a text.
fn code(entry: &Value) -> Option<i64> {
    entry["code"].as_i64().or_else(|| entry["code"].as_str()?.parse().ok())
}

fn whole_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Every error and message, with its code.
fn said(envelope: &Value) -> Option<String> {
    let all = entries(envelope, "errors").chain(entries(envelope, "messages"));
    let lines: Vec<String> = all.filter_map(line).collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn entries<'a>(envelope: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    envelope[list].as_array().into_iter().flatten()
}

fn line(entry: &Value) -> Option<String> {
    let message = entry["message"].as_str().or_else(|| entry.as_str())?;
    let chained = entry["error_chain"].as_array().into_iter().flatten().filter_map(line);
    let said: Vec<String> = std::iter::once(message.to_owned()).chain(chained).collect();
    let code = code(entry).map(|code| format!(" ({code})")).unwrap_or_default();
    Some(format!("{}{code}", said.join(": ")))
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
