//! Who may call Cloudflare's API and what for.
//! Codes as seen in the field: 9106 without credentials, 6003/6111 malformed, 9109 unknown, 10000 not permitted.

use std::time::Instant;

use serde_json::{Value, json};

use crate::cloudflare::envelope::{self, CloudflareRefusal};
use crate::frame::call::{Call, Reply};

/// What a token may do, as the dashboard names it; `Edit` includes reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Zone > Page Rules > Read.
    PageRulesRead,
    /// Zone > Page Rules > Edit.
    PageRulesEdit,
    /// Zone > Single Redirect > Read.
    RedirectRead,
    /// Zone > Single Redirect > Edit.
    RedirectEdit,
    /// Zone > DNS > Read.
    DnsRead,
    /// Zone > DNS > Edit.
    DnsEdit,
    /// Zone > Zone > Read.
    ZoneRead,
    /// Zone > Workers Routes > Read.
    WorkersRoutesRead,
    /// Zone > Workers Routes > Edit.
    WorkersRoutesEdit,
    /// Account > Workers Scripts > Read.
    WorkersScriptsRead,
    /// Account > Account Analytics > Read.
    AccountAnalyticsRead,
}

impl Permission {
    fn includes(self, wanted: Self) -> bool {
        let edits = matches!(
            (self, wanted),
            (Self::PageRulesEdit, Self::PageRulesRead)
                | (Self::RedirectEdit, Self::RedirectRead)
                | (Self::DnsEdit, Self::DnsRead)
                | (Self::WorkersRoutesEdit, Self::WorkersRoutesRead)
        );
        self == wanted || edits
    }
}

/// An API token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The secret.
    pub secret: String,
    /// The account that owns it; none for a user's token.
    pub account: Option<String>,
    /// `active`, `disabled` or `expired`.
    pub status: String,
    /// When it expires, if ever (RFC 3339); said, not enforced.
    pub expires_on: Option<String>,
    /// The zones it is restricted to; none for all.
    pub zones: Option<Vec<String>>,
    /// What it may do there.
    pub permissions: Vec<Permission>,
}

impl Token {
    /// A user's token that may do everything the sandbox has.
    pub fn new(secret: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            account: None,
            status: "active".to_owned(),
            expires_on: None,
            zones: None,
            permissions: vec![
                Permission::PageRulesEdit,
                Permission::RedirectEdit,
                Permission::DnsEdit,
                Permission::ZoneRead,
                Permission::WorkersRoutesEdit,
                Permission::WorkersScriptsRead,
                Permission::AccountAnalyticsRead,
            ],
        }
    }

    /// The answer of the verify endpoints: it says nothing about permissions.
    pub(crate) fn verified(&self) -> Value {
        let mut verified = json!({ "id": "ed17574386854bf78a67040be0a770b0", "status": self.status });
        if let Some(expires_on) = &self.expires_on {
            verified["expires_on"] = json!(expires_on);
        }
        verified
    }

    /// Whether it may do this in this zone.
    pub(crate) fn permits(&self, permission: Permission, zone: &str) -> Result<(), CloudflareRefusal> {
        self.is_active()?;
        if self.zones.as_ref().is_some_and(|zones| !zones.iter().any(|known| known == zone)) {
            return Err(CloudflareRefusal::new(403, 9109, "Unauthorized to access requested resource"));
        }
        let page_rules = matches!(permission, Permission::PageRulesRead | Permission::PageRulesEdit);
        if page_rules && self.account.is_some() {
            // cloudflare/cloudflare-docs#23256: no permission helps.
            return Err(CloudflareRefusal::new(
                403,
                1011,
                "Page Rules endpoint does not support account owned tokens.",
            ));
        }
        self.holds(permission)
    }

    /// Whether it may do this in the account.
    pub(crate) fn permits_in_account(&self, permission: Permission) -> Result<(), CloudflareRefusal> {
        self.is_active()?;
        self.holds(permission)
    }

    fn is_active(&self) -> Result<(), CloudflareRefusal> {
        if self.status == "active" {
            Ok(())
        } else {
            Err(CloudflareRefusal::new(403, 9109, "Invalid access token"))
        }
    }

    fn holds(&self, permission: Permission) -> Result<(), CloudflareRefusal> {
        if self.permissions.iter().any(|held| held.includes(permission)) {
            return Ok(());
        }
        Err(CloudflareRefusal::new(403, 10000, "Authentication error"))
    }
}

/// The token a call carries, if it is one of ours.
pub(crate) fn token<'a>(tokens: &'a [Token], call: &Call) -> Result<&'a Token, CloudflareRefusal> {
    let Some(header) = call.header("authorization") else {
        return Err(CloudflareRefusal::new(
            400,
            9106,
            "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
        ));
    };
    let secret = header.strip_prefix("Bearer ").filter(|secret| well_formed(secret)).ok_or_else(malformed)?;
    let known = tokens.iter().find(|token| token.secret == secret);
    known.ok_or_else(|| CloudflareRefusal::new(403, 9109, "Invalid access token"))
}

/// `GET /user/tokens/verify` and, with an account, `GET /accounts/{account}/tokens/verify`: each refuses the other's.
pub(crate) fn verify(
    tokens: &[Token],
    call: &Call,
    account: Option<&str>,
) -> Result<Reply, CloudflareRefusal> {
    let token = match token(tokens, call) {
        Err(refusal) if refusal == CloudflareRefusal::new(403, 9109, "Invalid access token") => {
            Err(invalid())
        }
        other => other,
    }?;
    if token.account.as_deref() == account { Ok(envelope::ok(&token.verified())) } else { Err(invalid()) }
}

fn invalid() -> CloudflareRefusal {
    CloudflareRefusal::new(401, 1000, "Invalid API Token")
}

fn malformed() -> CloudflareRefusal {
    CloudflareRefusal::new(400, 6003, "Invalid request headers")
        .chained(6111, "Invalid format for Authorization header")
}

/// Tokens are 40 characters or more of the URL-safe alphabet.
fn well_formed(secret: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    secret.len() >= 40 && secret.bytes().all(allowed)
}

/// A call, and when it is judged.
pub(crate) struct Asked<'a> {
    pub(crate) call: &'a Call,
    pub(crate) now: Instant,
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use http::{HeaderMap, HeaderValue, Method, Uri};

    use super::*;
    use crate::service::Service;

    const SECRET: &str = "0123456789abcdef0123456789abcdef01234567";

    fn call(authorization: Option<&str>) -> Call {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert("authorization", HeaderValue::from_str(value).expect("a header"));
        }
        let local = SocketAddr::from(([127, 0, 0, 1], 80));
        Call::new(Service::Cloudflare, local, Method::GET, &Uri::from_static("/")).with_headers(headers)
    }

    fn refusal(authorization: Option<&str>) -> CloudflareRefusal {
        token(&[Token::new(SECRET)], &call(authorization)).expect_err("a refusal")
    }

    #[test]
    fn a_call_without_a_good_token_is_refused_with_the_code_that_says_why() {
        assert_eq!(Reply::from(refusal(None)).status, 400);
        assert_eq!(refusal(Some("Bearer short")), malformed());
        assert_eq!(refusal(Some(&format!("Bearer {SECRET} "))), malformed());
        assert_eq!(refusal(Some(&format!("Token {SECRET}"))), malformed());
        let other = "Bearer zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
        assert_eq!(refusal(Some(other)), CloudflareRefusal::new(403, 9109, "Invalid access token"));
    }

    #[test]
    fn a_token_is_verified_only_where_its_owner_is() {
        let mut token = Token::new(SECRET);
        let call = call(Some(&format!("Bearer {SECRET}")));
        assert!(verify(std::slice::from_ref(&token), &call, None).is_ok());
        assert_eq!(verify(std::slice::from_ref(&token), &call, Some("a1")).err(), Some(invalid()));
        token.account = Some("a1".to_owned());
        assert!(verify(std::slice::from_ref(&token), &call, Some("a1")).is_ok());
        assert_eq!(verify(&[token], &call, None).err(), Some(invalid()));
    }

    #[test]
    fn a_token_may_do_only_what_it_is_for() {
        let reader = Token { permissions: vec![Permission::PageRulesRead], ..Token::new(SECRET) };
        assert!(reader.permits(Permission::PageRulesRead, "z").is_ok());
        assert!(reader.permits(Permission::PageRulesEdit, "z").is_err());
        let elsewhere = Token { zones: Some(vec!["other".to_owned()]), ..Token::new(SECRET) };
        assert!(elsewhere.permits(Permission::PageRulesEdit, "z").is_err());
        let of_account = Token { account: Some("a1".to_owned()), ..Token::new(SECRET) };
        assert!(of_account.permits(Permission::PageRulesRead, "z").is_err());
        assert!(of_account.permits(Permission::RedirectEdit, "z").is_ok());
        let disabled = Token { status: "disabled".to_owned(), ..Token::new(SECRET) };
        assert!(disabled.permits(Permission::ZoneRead, "z").is_err());
    }
}
