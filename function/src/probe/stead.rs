//! What answers in a site's stead: a cache, a challenge, somebody who guards it. Neither silence nor proof.

use failover_core::Position;
use http::{HeaderMap, StatusCode, header::SERVER};

/// Whether Cloudflare asks the visitor to prove that they are human (page "Detect a challenge page response", read
/// 2026-11-20).
pub(super) fn challenge(headers: &HeaderMap) -> bool {
    value(headers, "cf-mitigated").eq_ignore_ascii_case("challenge")
}

/// What Cloudflare says of its cache where that gave the answer without asking the site for it (page "Cloudflare cache
/// responses", read 2026-11-20).
pub(super) fn from_a_cache(headers: &HeaderMap) -> Option<String> {
    let cache = value(headers, "cf-cache-status");
    ["HIT", "STALE", "UPDATING"]
        .iter()
        .any(|cached| cache.eq_ignore_ascii_case(cached))
        .then(|| cache.to_owned())
}

/// Whether somebody refuses us, who may let others in: for want of a login, of leave, or since it was too often. A
/// standby that is closed refuses everybody, unless it is Cloudflare in front of it who does.
pub(super) fn is_refusal(status: StatusCode, headers: &HeaderMap, at: Position) -> bool {
    match status.as_u16() {
        401 | 403 => at == Position::Primary || is_from_cloudflare(headers),
        407 | 429 | 451 => true,
        _ => false,
    }
}

fn is_from_cloudflare(headers: &HeaderMap) -> bool {
    headers.contains_key("cf-ray") || value(headers, SERVER.as_str()).eq_ignore_ascii_case("cloudflare")
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
