//! What is being asked of a provider, in words: every failure becomes one sentence with a remedy.

use std::{fmt::Write, time::Duration};

use http::StatusCode;
use serde_json::Value;

use super::{ApiError, ApiErrorKind};

/// Whom something is asked of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party {
    /// As an operator calls it, such as `Cloud Run`.
    pub(crate) name: &'static str,
    /// What mends credentials that it doesn't accept: never a grant.
    pub(crate) renewal: &'static str,
}

/// One thing asked of a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    /// The provider.
    pub(crate) provider: Party,
    /// What is done, such as `read the IAM policy of`.
    pub(crate) verb: &'static str,
    /// To what: the provider's name of it.
    pub(crate) subject: &'a str,
    /// What mends a refusal for want of permission.
    pub(crate) grant: &'static str,
    /// What to look at when there is no such thing.
    pub(crate) missing: &'static str,
    /// What to look at when the request is refused as wrong; may be empty.
    pub(crate) refused: &'static str,
}

impl Task<'_> {
    /// The failure that the provider told by `status` and in its own words, `said`.
    pub(crate) fn failed(&self, status: StatusCode, said: &str) -> ApiError {
        self.error(kind_of(status), &format!("answered {}: {said}", status.as_u16()))
    }

    /// The failure of an answer that is JSON, and not the provider's: it came from something in between, so it may pass.
    pub(crate) fn strange(&self, answer: &super::answer::Answer) -> ApiError {
        let what = format!(
            "answered {}, but not in words of its own: {}",
            answer.status.as_u16(),
            excerpt(&answer.body)
        );
        self.error(ApiErrorKind::Transient, &what)
    }

    /// The failure to get any answer within `limit`.
    pub(crate) fn unanswered(&self, limit: Duration) -> ApiError {
        let what = format!("gave no answer within {limit:?}, and the change may still have landed");
        self.error(ApiErrorKind::Transient, if self.verb.starts_with("read") { cut(&what) } else { &what })
    }

    /// The answer, if it has the text `key` that every whole answer has. An empty one must not pass for a thing that
    /// is switched off.
    pub(crate) fn whole(&self, answer: Value, key: &str) -> Result<Value, ApiError> {
        if answer[key].is_string() {
            return Ok(answer);
        }
        Err(self.error(ApiErrorKind::Transient, &format!("answered without {key}")))
    }

    /// A failure of this kind: `what` reads after the provider's name.
    pub(crate) fn error(&self, kind: ApiErrorKind, what: &str) -> ApiError {
        let remedy = match kind {
            ApiErrorKind::Unaccepted => self.provider.renewal,
            ApiErrorKind::Denied => self.grant,
            ApiErrorKind::Missing => self.missing,
            ApiErrorKind::Refused => self.refused,
            ApiErrorKind::Conflict
            | ApiErrorKind::Transient
            | ApiErrorKind::Busy(_)
            | ApiErrorKind::Throttled
            | ApiErrorKind::Rationed(_) => "",
        };
        self.told(kind, what, remedy)
    }

    /// A failure of this kind that something else mends than what usually mends its kind.
    pub(crate) fn told(&self, kind: ApiErrorKind, what: &str, remedy: &str) -> ApiError {
        let mut message = format!("could not {} {}: {} {what}", self.verb, self.subject, self.provider.name);
        if !remedy.is_empty() {
            let _ = write!(message, "; {remedy}");
        }
        ApiError::in_words_of_others(kind, &message)
    }
}

fn cut(what: &str) -> &str {
    what.split(',').next().unwrap_or(what)
}

/// What an HTTP status means to a caller.
pub(crate) fn kind_of(status: StatusCode) -> ApiErrorKind {
    match status.as_u16() {
        401 => ApiErrorKind::Unaccepted,
        403 => ApiErrorKind::Denied,
        404 | 410 => ApiErrorKind::Missing,
        409 | 412 => ApiErrorKind::Conflict,
        // Whoever hasn't built it will not have built it a moment later.
        501 => ApiErrorKind::Refused,
        // Locked and too early pass as well as too late and too many.
        408 | 423 | 425 | 429 | 500..=599 => ApiErrorKind::Transient,
        _ => ApiErrorKind::Refused,
    }
}

/// The beginning of an answer that can't be read, on one line, fit for a log.
pub(crate) fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 120;
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * MOST)]);
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_are_not_accepted_are_told_from_those_that_may_not() {
        let task = Task {
            provider: Party { name: "Cloud Run", renewal: "sign in anew" },
            verb: "read",
            subject: "it",
            grant: "grant it",
            missing: "look for it",
            refused: "",
        };
        let unaccepted = task.failed(StatusCode::UNAUTHORIZED, "no");
        assert_eq!(unaccepted.kind, ApiErrorKind::Unaccepted);
        assert!(unaccepted.message.ends_with("; sign in anew"), "{unaccepted}");
        let denied = task.failed(StatusCode::FORBIDDEN, "no");
        assert_eq!(denied.kind, ApiErrorKind::Denied);
        assert!(denied.message.ends_with("; grant it"), "{denied}");
        assert!(unaccepted.is_permanent() && denied.is_permanent());
    }

    #[test]
    fn what_is_not_implemented_does_not_pass_by_itself() {
        assert_eq!(kind_of(StatusCode::NOT_IMPLEMENTED), ApiErrorKind::Refused);
        assert_eq!(kind_of(StatusCode::SERVICE_UNAVAILABLE), ApiErrorKind::Transient);
    }

    #[test]
    fn an_excerpt_is_short_and_on_one_line() {
        assert_eq!(excerpt(b"<html>\r\n  <b>no\x1b[0m</b>"), "<html> <b>no [0m</b>");
        assert_eq!(excerpt(b""), "");
        let long = excerpt(&"ü ".repeat(5000).into_bytes());
        assert_eq!((long.chars().count(), long.ends_with('…')), (121, true));
        assert_eq!(excerpt(&[0xff, 0xfe]), "\u{fffd}\u{fffd}");
    }
}
