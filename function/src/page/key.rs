//! The page's key: a link opens the page once, then a cookie does.
//!
//! The cookie holds a code made from the key, never the key itself; whoever changes the key takes every cookie back.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};

use crate::api::Secret;

/// What the code in the cookie is made for: another purpose would have another code.
const PURPOSE: &[u8] = b"cloud-failover status page, cookie 1";
const COOKIE: &str = "failover_page";
/// How long a browser keeps it: own choice, one link a month.
const KEPT_SECONDS: u32 = 30 * 24 * 60 * 60;

/// The key that opens the page.
#[derive(Clone)]
pub struct PageKey {
    code: hmac::Tag,
}

impl PageKey {
    /// The page opens for whoever has `secret`.
    pub fn new(secret: &Secret) -> Self {
        Self { code: code(secret.expose()) }
    }

    /// Whether `given` is the key. It takes as long for a wrong one as for the right one.
    pub(crate) fn is(&self, given: &str) -> bool {
        same(code(given).as_ref(), self.code.as_ref())
    }

    /// Whether a request carries the cookie, or the key itself as a bearer token.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        cookies(headers).any(|given| self.made(given)) || bearer(headers).is_some_and(|given| self.is(given))
    }

    /// The cookie; a browser sends a `secure` one only over TLS.
    pub(super) fn cookie(&self, secure: bool) -> String {
        let code = URL_SAFE_NO_PAD.encode(self.code.as_ref());
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={code}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Strict{secure}")
    }

    fn made(&self, cookie: &str) -> bool {
        URL_SAFE_NO_PAD.decode(cookie).is_ok_and(|given| same(&given, self.code.as_ref()))
    }
}

impl fmt::Debug for PageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey(…)")
    }
}

fn code(key: &str) -> hmac::Tag {
    // The key is the text that is signed: as the HMAC's key, it would be the same as itself with zeros after it.
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, PURPOSE), key.as_bytes())
}

fn same(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a cookie has to be kept to TLS: everywhere but on a machine's own loopback.
pub(super) fn needs_tls(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let parsed = url::Url::parse(&format!("http://{host}/")).ok();
    !parsed.as_ref().and_then(url::Url::host).is_some_and(|host| match host {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn only_the_key_itself_is_the_key() {
        let key = PageKey::new(&Secret::new("open sesame"));
        assert!(key.is("open sesame"));
        for wrong in ["", "open", "open sesame ", "open sesamf", "open sesame\0"] {
            assert!(!key.is(wrong), "{wrong:?}");
        }
        assert_eq!(format!("{key:?}"), "PageKey(…)");
    }

    #[test]
    fn a_cookie_opens_and_does_not_tell_the_key() {
        let key = PageKey::new(&Secret::new("open-sesame"));
        let cookie = key.cookie(true);
        assert!(
            !cookie.contains("sesame") && cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"),
            "{cookie}"
        );
        assert!(!key.cookie(false).contains("Secure"));
        let pair = cookie.split(';').next().unwrap();
        assert!(key.admits(&with(header::COOKIE, &format!("a=b; {pair}; c"))));
        assert!(!PageKey::new(&Secret::new("another")).admits(&with(header::COOKIE, pair)));
        assert!(!key.admits(&with(header::COOKIE, "failover_page=")));
        assert!(!key.admits(&with(header::COOKIE, "failover_page=open-sesame")));
        assert!(!key.admits(&HeaderMap::new()));
    }

    #[test]
    fn a_bearer_token_opens() {
        let key = PageKey::new(&Secret::new("open-sesame"));
        assert!(key.admits(&with(header::AUTHORIZATION, "bearer open-sesame")));
        assert!(!key.admits(&with(header::AUTHORIZATION, "Bearer open")));
        assert!(!key.admits(&with(header::AUTHORIZATION, "Basic open-sesame")));
    }

    #[test]
    fn only_loopback_does_without_tls() {
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "127.9.9.9"] {
            assert!(!needs_tls(&with(header::HOST, host)), "{host}");
        }
        for host in ["status.example.com", "localhost.example.com", "10.0.0.1", ""] {
            assert!(needs_tls(&with(header::HOST, host)), "{host}");
        }
        assert!(needs_tls(&HeaderMap::new()));
    }
}
