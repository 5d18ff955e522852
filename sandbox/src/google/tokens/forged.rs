//! Tokens that no verifier may accept, each wrong in exactly one way.
//!
//! Made from good claims, so that a test which sees one accepted knows what was not looked at.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Signer, unsigned};

/// One way for a token to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forgery {
    /// `exp` was an hour ago.
    Expired,
    /// No `exp` at all.
    NoExpiry,
    /// `nbf` and `iat` are an hour ahead.
    NotYetValid,
    /// Meant for another service.
    WrongAudience,
    /// No `aud`: google-cloud-auth 1.18 accepts it.
    NoAudience,
    /// Another service account, of somebody else's project.
    WrongAccount,
    /// `email_verified` is false.
    UnverifiedEmail,
    /// No `email_verified`: google-cloud-auth 1.18 panics.
    NoEmailVerified,
    /// No `email`, as in a `format=standard` token of the metadata server: google-cloud-auth 1.18 panics.
    NoEmail,
    /// `email` is a number.
    EmailNotText,
    /// Another issuer.
    WrongIssuer,
    /// No `iss`: google-cloud-auth 1.18 accepts it.
    NoIssuer,
    /// `alg: none` and an empty signature.
    AlgorithmNone,
    /// HS256 with the public key as its secret, under the right key id.
    Hs256WithPublicKey,
    /// Under a key id that was never published.
    UnknownKey,
    /// No `kid` in the header.
    NoKeyId,
    /// The last third is missing.
    Cut,
    /// Claims changed after signing.
    Tampered,
    /// One bit of the signature changed.
    SignatureChanged,
    /// The signature as Cloud Run leaves it behind.
    Stripped,
    /// Two parts instead of three.
    NoSignature,
    /// The claims are a JSON list.
    ClaimsNotObject,
    /// Not a token at all.
    Garbage,
}

impl Forgery {
    /// All of them, for tables.
    pub const ALL: [Self; 23] = [
        Self::Expired,
        Self::NoExpiry,
        Self::NotYetValid,
        Self::WrongAudience,
        Self::NoAudience,
        Self::WrongAccount,
        Self::UnverifiedEmail,
        Self::NoEmailVerified,
        Self::NoEmail,
        Self::EmailNotText,
        Self::WrongIssuer,
        Self::NoIssuer,
        Self::AlgorithmNone,
        Self::Hs256WithPublicKey,
        Self::UnknownKey,
        Self::NoKeyId,
        Self::Cut,
        Self::Tampered,
        Self::SignatureChanged,
        Self::Stripped,
        Self::NoSignature,
        Self::ClaimsNotObject,
        Self::Garbage,
    ];

    /// A token that is wrong in this one way, made from good `claims`.
    pub fn forge(self, signer: &Signer, claims: &Value) -> String {
        self.with_wrong_claims(signer, claims)
            .or_else(|| self.with_wrong_header(signer, claims))
            .unwrap_or_else(|| self.broken(&signer.sign(claims)))
    }

    /// Rightly signed, but it says the wrong thing.
    fn with_wrong_claims(self, signer: &Signer, claims: &Value) -> Option<String> {
        let mut wrong = claims.clone();
        let issued = claims["iat"].as_i64().unwrap_or_default();
        match self {
            Self::Expired => {
                wrong["iat"] = json!(issued - 7200);
                wrong["exp"] = json!(issued - 3600);
            }
            Self::NotYetValid => {
                wrong["iat"] = json!(issued + 3600);
                wrong["nbf"] = json!(issued + 3600);
                wrong["exp"] = json!(issued + 7200);
            }
            Self::WrongAudience => wrong["aud"] = json!("https://another-service.example.com/push"),
            Self::WrongAccount => wrong["email"] = json!("stranger@another-project.iam.gserviceaccount.com"),
            Self::UnverifiedEmail => wrong["email_verified"] = json!(false),
            Self::EmailNotText => wrong["email"] = json!(42),
            Self::WrongIssuer => wrong["iss"] = json!("https://accounts.example.com"),
            Self::ClaimsNotObject => wrong = json!(["not", "claims"]),
            _ => wrong = without(wrong, self.missing_claim()?),
        }
        Some(signer.sign(&wrong))
    }

    /// The claim that this one leaves out.
    fn missing_claim(self) -> Option<&'static str> {
        match self {
            Self::NoExpiry => Some("exp"),
            Self::NoAudience => Some("aud"),
            Self::NoEmailVerified => Some("email_verified"),
            Self::NoEmail => Some("email"),
            Self::NoIssuer => Some("iss"),
            _ => None,
        }
    }

    /// The claims are good; the header or the key isn't.
    fn with_wrong_header(self, signer: &Signer, claims: &Value) -> Option<String> {
        let key_id = signer.key_id();
        Some(match self {
            Self::AlgorithmNone => {
                format!("{}.", unsigned(&json!({"alg": "none", "kid": key_id, "typ": "JWT"}), claims))
            }
            Self::Hs256WithPublicKey => {
                let content = unsigned(&json!({"alg": "HS256", "kid": key_id, "typ": "JWT"}), claims);
                let secret = hmac::Key::new(hmac::HMAC_SHA256, signer.public_pem().as_bytes());
                let tag = hmac::sign(&secret, content.as_bytes());
                format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
            }
            Self::UnknownKey => {
                let header =
                    json!({"alg": "RS256", "kid": "0000000000000000000000000000000000000000", "typ": "JWT"});
                signer.sign_with_header(&header, claims)
            }
            Self::NoKeyId => signer.sign_with_header(&json!({"alg": "RS256", "typ": "JWT"}), claims),
            _ => return None,
        })
    }

    /// A good token, damaged on its way.
    fn broken(self, good: &str) -> String {
        let (signed, signature) = good.rsplit_once('.').unwrap_or((good, ""));
        match self {
            Self::Cut => good[..good.len() * 2 / 3].to_owned(),
            Self::Tampered => tampered(signed, signature),
            Self::SignatureChanged => format!("{signed}.{}", with_first_changed(signature)),
            Self::Stripped => Signer::strip(good),
            Self::NoSignature => signed.to_owned(),
            _ => "garbage".to_owned(),
        }
    }
}

/// The claims without one of them.
fn without(mut claims: Value, name: &str) -> Value {
    if let Some(fields) = claims.as_object_mut() {
        fields.remove(name);
    }
    claims
}

/// The same signature under claims that say a little more.
fn tampered(signed: &str, signature: &str) -> String {
    let (header, claims) = signed.split_once('.').unwrap_or((signed, ""));
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    let mut claims: Value = serde_json::from_slice(&decoded).unwrap_or_default();
    claims["tampered"] = json!(true);
    format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Text whose first letter is another one.
fn with_first_changed(text: &str) -> String {
    let first = if text.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", text.get(1..).unwrap_or_default())
}
