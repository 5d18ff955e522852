//! Pages of lists: `pageSize` and `pageToken` (AIP-158).

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::strict;
use crate::frame::call::Call;

/// More than this nobody gets at once.
const LARGEST: usize = 1000;

/// One page of `items`, as the field `name` of a list answer. An empty list leaves the field out.
///
/// # Errors
/// 400 `INVALID_ARGUMENT` for a size or token that isn't one.
pub fn of(call: &Call, items: Vec<Value>, name: &str) -> Result<Value, Refusal> {
    let number = |parameter: &str, default: usize| match strict::query(call, parameter) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| {
            Refusal::invalid_argument(format!("Field {parameter} had an invalid value of \"{text}\"."))
        }),
    };
    let size = match number("pageSize", LARGEST)? {
        0 => LARGEST,
        size => size.min(LARGEST),
    };
    let start = number("pageToken", 0)?;
    let total = items.len();
    let page: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut body = json!({});
    if !page.is_empty() {
        body[name] = json!(page);
    }
    if start + size < total {
        body["nextPageToken"] = json!((start + size).to_string());
    }
    Ok(body)
}
