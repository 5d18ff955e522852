//! What every answer of the page says to the browser: run nothing, fetch nothing, keep nothing, tell nobody.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Response, StatusCode, header, response::Builder};

/// The one style sheet, inline in every page.
pub(super) const STYLE: &str = include_str!("../../templates/style.css");

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    // `data:` is for the icon in the browser's tab, whose colour tells the state.
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// The page's Content-Security-Policy.
pub fn content_security_policy() -> &'static str {
    &POLICY
}

/// An answer with everything but its body.
pub(super) fn answer(status: StatusCode, content_type: &'static str) -> Builder {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_SECURITY_POLICY, content_security_policy())
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .header("x-robots-tag", HeaderValue::from_static("noindex"))
}
