//! What every answer of the page says to the browser: run this one script, ask nobody but us, keep nothing, tell nobody.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Response, StatusCode, header, response::Builder};

/// The one style sheet, inline in every page.
pub(super) const STYLE: &str = include_str!("../../templates/style.css");

/// The one script, inline where a page looks again by itself. Without it the page works all the same.
pub(super) const SCRIPT: &str = include_str!("../../templates/page.js");

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    // `data:` is for the icon in the browser's tab, whose colour tells the state.
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; connect-src 'self'; \
         img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
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
