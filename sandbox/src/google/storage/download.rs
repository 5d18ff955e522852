//! What is downloaded of an object: all of it, or one range.

use bytes::Bytes;

use super::Object;
use super::refusal::Refused;
use crate::frame::call::{Call, Reply};

/// The content, or the range of it that is asked for.
pub(super) fn answer(call: &Call, object: &Object) -> Result<Reply, Refused> {
    match call.header("range").and_then(|range| range.strip_prefix("bytes=")) {
        Some(range) => part(object, range),
        None => Ok(Reply::typed(200, &object.content_type, object.content.clone())),
    }
}

/// One range of an object: `first-last`, `first-` or `-length`.
fn part(object: &Object, range: &str) -> Result<Reply, Refused> {
    let size = object.content.len();
    let (first, last) = range.split_once('-').ok_or_else(Refused::not_satisfiable)?;
    let number = |text: &str| text.parse::<usize>().ok();
    let (first, end) = match (number(first), number(last)) {
        (Some(first), last) => (first, last.map_or(size, |last| size.min(last + 1))),
        (None, Some(length)) => (size.saturating_sub(length), size),
        (None, None) => return Err(Refused::not_satisfiable()),
    };
    if first >= end {
        return Err(Refused::not_satisfiable());
    }
    let content: Bytes = object.content.slice(first..end);
    let reply = Reply::typed(206, &object.content_type, content);
    Ok(reply.header("content-range", format!("bytes {first}-{}/{size}", end - 1)))
}
