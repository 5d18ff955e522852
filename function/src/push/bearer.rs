//! Proves who sent a push, the way the configuration says and never another.
//!
//! What a token says is read and compared before any key is looked up: only whoever knows the audience and the
//! account gets as far as a signature.

mod claims;
mod keys;
mod signature;

use http::{HeaderMap, header};
use jiff::Timestamp;

use crate::{
    clouds::Endpoints,
    config::{Expected, Verify},
};

use super::refusal::Refusal;

use claims::Token;
use signature::Signatures;

/// Where it is sent, Cloud Run's IAM check looks at this header instead (Google's own cloud-run-proxy relies on it,
/// <https://github.com/GoogleCloudPlatform/cloud-run-proxy/pull/25>); the usual one then says whatever its sender likes.
const CLOUD_RUN_HEADER: &str = "x-serverless-authorization";
/// What Cloud Run puts in place of a signature that it has checked.
const STRIPPED: &str = "SIGNATURE_REMOVED_BY_GOOGLE";

/// Lets pushes in, or not.
#[derive(Debug)]
pub(super) enum Guard {
    /// Cloud Run has checked the token; what it says is compared.
    CloudRunIam(Expected),
    /// The whole token is checked.
    Jwt(Expected, Signatures),
    /// Everybody is let in.
    Nobody,
}

impl Guard {
    pub(super) fn new(verify: &Verify, endpoints: &Endpoints, http: reqwest::Client) -> Self {
        match verify {
            Verify::CloudRunIam(expected) => Self::CloudRunIam(expected.clone()),
            Verify::Jwt(expected) => {
                Self::Jwt(expected.clone(), Signatures::new(expected, endpoints.jwks(), http))
            }
            Verify::Nothing => {
                tracing::warn!("anybody may push: [push] verify is \"none\", which is for sandboxes only");
                Self::Nobody
            }
        }
    }

    /// Whether whoever sent these headers may push.
    pub(super) async fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match self {
            Self::Nobody => Ok(()),
            Self::CloudRunIam(expected) => {
                let name =
                    if headers.contains_key(CLOUD_RUN_HEADER) { CLOUD_RUN_HEADER } else { "authorization" };
                let token = Token::read(bearer(headers, name)?)?;
                claims::check(&token.claims, expected, Timestamp::now())
            }
            Self::Jwt(expected, signatures) => {
                let token = Token::read(bearer(headers, header::AUTHORIZATION.as_str())?)?;
                let now = Timestamp::now();
                claims::check_issue(&token.claims, now)?;
                claims::check(&token.claims, expected, now)?;
                check_form(&token)?;
                let proven = signatures.verify(&token).await?;
                // What was proven is compared again: it is what counts.
                claims::check_issue(&proven, now)?;
                claims::check(&proven, expected, now)
            }
        }
    }
}

/// Refuses what no key could prove.
fn check_form(token: &Token<'_>) -> Result<(), Refusal> {
    if token.signature == STRIPPED {
        let reason = "Cloud Run has stripped the token's signature; set [push] verify = \"cloud_run_iam\"";
        return Err(Refusal::unproven(reason));
    }
    if token.algorithm()? != "RS256" {
        return Err(Refusal::unproven("the token is not signed with RS256, as Google signs"));
    }
    if token.signature.is_empty() {
        return Err(Refusal::unproven("the token has no signature"));
    }
    Ok(())
}

fn bearer<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    let (value, second) = (values.next(), values.next());
    let missing = || Refusal::unproven("the push has no token; the subscription needs an OIDC token");
    let value =
        value.ok_or_else(missing)?.to_str().map_err(|_| malformed("its header holds no plain text"))?;
    if second.is_some() {
        return Err(malformed("it was sent twice"));
    }
    let (scheme, token) = value.trim().split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(missing()) }
}

fn malformed(why: &str) -> Refusal {
    Refusal::unproven(format!("the token can't be read: {why}"))
}
