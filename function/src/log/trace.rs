//! The trace that a request belongs to, as its headers tell.

use http::HeaderMap;

/// A trace, and the span in it that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: Option<String>,
    /// Whether somebody records it.
    pub sampled: bool,
}

impl Trace {
    /// Reads `traceparent`, else the older `X-Cloud-Trace-Context`.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        header("traceparent")
            .and_then(from_traceparent)
            .or_else(|| header("x-cloud-trace-context").and_then(from_cloud_trace))
    }
}

/// `00-<32 digits>-<16 digits>-<flags>` (W3C Trace Context).
fn from_traceparent(text: &str) -> Option<Trace> {
    let mut parts = text.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version.len() != 2 || version.eq_ignore_ascii_case("ff") {
        return None;
    }
    Some(Trace {
        trace_id: digits(trace, 32)?,
        span_id: Some(digits(span, 16)?),
        sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
    })
}

/// `<32 digits>/<decimal span>;o=<0 or 1>`.
fn from_cloud_trace(text: &str) -> Option<Trace> {
    let (ids, options) = text.trim().split_once(';').unwrap_or((text.trim(), ""));
    let (trace, span) = ids.split_once('/').unwrap_or((ids, ""));
    let span: Option<u64> = span.parse().ok().filter(|span| *span != 0);
    Some(Trace {
        trace_id: digits(trace, 32)?,
        span_id: span.map(|span| format!("{span:016x}")),
        sampled: options.trim() == "o=1",
    })
}

/// So many hexadecimal digits, not all of them zero.
fn digits(text: &str, count: usize) -> Option<String> {
    let fits =
        text.len() == count && text.chars().all(|c| c.is_ascii_hexdigit()) && text.chars().any(|c| c != '0');
    fits.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &str) -> Option<(String, Option<String>, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        Trace::read(&headers).map(|trace| (trace.trace_id, trace.span_id, trace.sampled))
    }

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn both_headers_are_read() {
        let span = Some("00f067aa0ba902b7".to_owned());
        let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        assert_eq!(read("traceparent", &traceparent), Some((TRACE.into(), span, true)));
        let older = |text: String| read("x-cloud-trace-context", &text);
        let one = Some("0000000000000001".to_owned());
        assert_eq!(older(format!("{TRACE}/1;o=1")), Some((TRACE.into(), one.clone(), true)));
        assert_eq!(older(format!("{TRACE}/1")), Some((TRACE.into(), one, false)));
        assert_eq!(older(TRACE.into()), Some((TRACE.into(), None, false)));
    }

    #[test]
    fn what_is_no_trace_is_none() {
        let zeros = "0".repeat(32);
        for text in
            ["", "00", "00-x-y-z", &format!("ff-{TRACE}-00f067aa0ba902b7-01"), &format!("00-{zeros}-1-01")]
        {
            assert_eq!(read("traceparent", text), None, "{text}");
        }
        for text in ["", "/", "abc/1;o=1", &format!("{zeros}/1")] {
            assert_eq!(read("x-cloud-trace-context", text), None, "{text}");
        }
    }
}
