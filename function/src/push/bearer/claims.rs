//! What a token says, before anybody proves that it is true.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    config::Expected,
    push::{Outcome, refusal::Refusal},
};

use super::malformed;

/// What a token says, by name.
pub(super) type Claims = Map<String, Value>;

/// Google's tokens have some 1 KiB; a longer one is somebody's try.
const LONGEST: usize = 16 * 1024;
/// How far clocks may be apart, in seconds: the verifier's own.
const SKEW_SECONDS: i64 = 10;
/// Google's two ways of naming itself, the same that google-cloud-auth 1.18 accepts.
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

/// A token, taken apart.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) claims: Claims,
    pub(super) signature: &'a str,
    header: &'a str,
}

impl<'a> Token<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(malformed("it is longer than 16 KiB"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(malformed("it has not three parts"));
        };
        Ok(Self { text, claims: object(claims)?, signature, header })
    }

    pub(super) fn algorithm(&self) -> Result<String, Refusal> {
        self.header_text("alg")
    }

    /// Which key is to prove it.
    pub(super) fn key_id(&self) -> Result<String, Refusal> {
        self.header_text("kid")
    }

    fn header_text(&self, name: &str) -> Result<String, Refusal> {
        let mut header = object(self.header)?;
        match header.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(malformed(&format!("its header has no {name}"))),
        }
    }
}

fn object(part: &str) -> Result<Claims, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("a part of it is no base64"))?;
    serde_json::from_slice(&bytes).map_err(|_| malformed("a part of it is no JSON object"))
}

/// Whether the token is Google's and from a time that has come.
pub(super) fn check_issue(claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
    let issuer = text(claims, "iss")?;
    if !ISSUERS.contains(&issuer) {
        return Err(Refusal::unproven(format!("the token was issued by {issuer:?}, not by Google")));
    }
    for name in ["iat", "nbf"] {
        if claims.contains_key(name) && seconds(claims, name)? > now.as_second() + SKEW_SECONDS {
            return Err(Refusal::unproven(format!("the token is not valid yet ({name} lies ahead)")));
        }
    }
    Ok(())
}

/// Whether the token is still good, for us, and the push account's.
pub(super) fn check(claims: &Claims, expected: &Expected, now: Timestamp) -> Result<(), Refusal> {
    let (audience, account) = (text(claims, "aud")?, text(claims, "email")?);
    if claims.get("email_verified") != Some(&Value::Bool(true)) {
        return Err(Refusal::unproven("the token's email is not verified"));
    }
    if seconds(claims, "exp")? + SKEW_SECONDS < now.as_second() {
        return Err(Refusal::unproven("the token has expired"));
    }
    if audience != expected.audience {
        let refusal = Refusal::new(Outcome::Forbidden, "the token is for another audience than [push] names");
        return Err(refusal.aside(format!(": for {audience:?}, not for {:?}", expected.audience)));
    }
    if account != expected.service_account {
        let refusal = Refusal::new(Outcome::Forbidden, "the token is of another account than [push] names");
        return Err(refusal.aside(format!(": of {account:?}, not of {}", expected.service_account)));
    }
    Ok(())
}

fn text<'a>(claims: &'a Claims, name: &str) -> Result<&'a str, Refusal> {
    claims
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::unproven(format!("the token has no {name}, or one that is no text")))
}

/// A time of a token, in seconds since 1970; far ones are cut, so that sums can't overflow.
fn seconds(claims: &Claims, name: &str) -> Result<i64, Refusal> {
    let number = claims.get(name).and_then(|value| value.as_i64().or_else(|| whole(value)));
    let number = number
        .ok_or_else(|| Refusal::unproven(format!("the token has no {name}, or one that is no time")))?;
    Ok(number.clamp(0, Timestamp::MAX.as_second()))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the fraction of a second is of no matter, and casts saturate"
)]
fn whole(value: &Value) -> Option<i64> {
    value.as_f64().map(|number| number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Value {
        json!({"iss": "https://accounts.google.com", "aud": "failover", "email": "push@p.iam.gserviceaccount.com",
               "email_verified": true, "iat": NOW - 10, "exp": NOW + 3590, "sub": "1"})
    }

    /// How a token comes out whose claim `name` is `value`, or absent.
    fn came_out(name: &str, value: Option<Value>) -> Option<Outcome> {
        let mut claims = good();
        match value {
            Some(value) => claims[name] = value,
            None => drop(claims.as_object_mut().unwrap().remove(name)),
        }
        let (claims, now) = (claims.as_object().unwrap(), Timestamp::from_second(NOW).unwrap());
        let expected = Expected {
            audience: "failover".into(),
            service_account: "push@p.iam.gserviceaccount.com".into(),
        };
        check_issue(claims, now)
            .and_then(|()| check(claims, &expected, now))
            .err()
            .map(|refusal| refusal.outcome)
    }

    #[test]
    fn every_claim_is_looked_at() {
        const UNPROVEN: Option<Outcome> = Some(Outcome::Unproven);
        const FORBIDDEN: Option<Outcome> = Some(Outcome::Forbidden);
        let table = [
            ("sub", Some(json!("2")), None),
            ("iss", Some(json!("accounts.google.com")), None),
            ("iss", Some(json!("https://accounts.google.com.evil.example")), UNPROVEN),
            ("iss", Some(json!(["https://accounts.google.com"])), UNPROVEN),
            ("iss", None, UNPROVEN),
            ("aud", Some(json!("other")), FORBIDDEN),
            ("aud", Some(json!(["failover"])), UNPROVEN),
            ("aud", None, UNPROVEN),
            ("email", Some(json!("mallory@q.iam.gserviceaccount.com")), FORBIDDEN),
            ("email", Some(json!(7)), UNPROVEN),
            ("email", None, UNPROVEN),
            ("email_verified", Some(json!(false)), UNPROVEN),
            ("email_verified", Some(json!("true")), UNPROVEN),
            ("email_verified", None, UNPROVEN),
            ("exp", Some(json!(NOW - 5)), None),
            ("exp", Some(json!(NOW - 11)), UNPROVEN),
            ("exp", Some(json!(f64::MAX)), None),
            ("exp", Some(json!(i64::MIN)), UNPROVEN),
            ("exp", Some(json!("never")), UNPROVEN),
            ("exp", None, UNPROVEN),
            ("iat", Some(json!(NOW + 5)), None),
            ("iat", Some(json!(NOW + 11)), UNPROVEN),
            ("iat", Some(json!("now")), UNPROVEN),
            ("iat", None, None),
            ("nbf", Some(json!(NOW + 11)), UNPROVEN),
            ("nbf", Some(json!(NOW)), None),
        ];
        for (name, value, expected) in table {
            assert_eq!(came_out(name, value.clone()), expected, "{name} = {value:?}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = "x".repeat(LONGEST + 1);
        for text in ["", "garbage", "a.b", "a.b.c.d", "!!.e30.x", "e30.W10.x", "e30.!!.x", "..", &long] {
            let refusal = Token::read(text).err().or_else(|| Token::read(text).ok()?.algorithm().err());
            assert_eq!(refusal.map(|refusal| refusal.outcome), Some(Outcome::Unproven), "{text:.20}");
        }
        assert!(Token::read("e30.e30.").unwrap().key_id().is_err());
    }
}
