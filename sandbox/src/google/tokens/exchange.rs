//! Google's token endpoint for accounts that sign for themselves: an assertion for a token.
//! Source: developers.google.com/identity/protocols/oauth2/service-account, and Cloud Run's page "Authenticating
//! service-to-service", section "Use a self-signed JWT".

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Signer, push_claims};
use crate::frame::call::{Call, Reply};
use crate::frame::lock::lock;
use crate::google::access::Access;

/// The path of the endpoint.
pub const TOKEN_PATH: &str = "/token";

/// What the grant is called.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long tokens live, and assertions at most.
const HOUR: Duration = Duration::from_hours(1);

/// Keys of accounts, by the account.
#[derive(Debug, Default)]
pub(super) struct Accounts(Mutex<HashMap<String, Vec<u8>>>);

impl Accounts {
    /// A new key of this account, as PKCS#8 in PEM.
    pub(super) fn add(&self, account: &str) -> String {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("the system has randomness");
        lock(&self.0).insert(account.to_owned(), pair.public_key().as_ref().to_vec());
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("an RSA key has a DER form");
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            BASE64_STANDARD.encode(der.as_ref())
        )
    }

    pub(super) fn answer(&self, call: &Call, signer: &Signer, access: &Access) -> Reply {
        let issued = self.read(call).and_then(|claims| issue(signer, access, &claims));
        let (status, body) = match issued {
            Ok(tokens) => (200, tokens),
            Err(why) => (400, json!({ "error": "invalid_grant", "error_description": why })),
        };
        Reply::typed(status, "application/json", body.to_string())
    }

    /// The claims of a good assertion, or what is wrong with it.
    fn read(&self, call: &Call) -> Result<Value, &'static str> {
        let body = String::from_utf8_lossy(&call.body);
        let form: HashMap<String, String> =
            url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        if form.get("grant_type").is_none_or(|grant| grant != GRANT) {
            return Err("grant_type is not jwt-bearer");
        }
        let assertion = form.get("assertion").ok_or("there is no assertion")?;
        let (signed, signature) = assertion.rsplit_once('.').ok_or("the assertion is no JWT")?;
        let claims = signed.split_once('.').and_then(|(_, claims)| decoded(claims)).ok_or("no claims")?;
        let account = claims["iss"].as_str().unwrap_or_default();
        let key = lock(&self.0).get(account).cloned().ok_or("nobody knows the account")?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| "the signature is no base64")?;
        let verifier = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        verifier.verify(signed.as_bytes(), &signature).map_err(|_| "the signature is wrong")?;
        let (now, iat, exp) = (Timestamp::now().as_second(), claims["iat"].as_i64(), claims["exp"].as_i64());
        let times = iat.zip(exp).is_some_and(|(iat, exp)| iat <= now + 60 && exp > now && exp - iat <= 3600);
        if !times {
            return Err("iat or exp is wrong");
        }
        if claims["aud"] != format!("http://{}{TOKEN_PATH}", call.host) {
            return Err("aud is not this endpoint");
        }
        Ok(claims)
    }
}

fn issue(signer: &Signer, access: &Access, claims: &Value) -> Result<Value, &'static str> {
    let account = claims["iss"].as_str().unwrap_or_default();
    match (claims["target_audience"].as_str(), claims["scope"].as_str()) {
        (Some(audience), None) => {
            let id_token = signer.sign(&push_claims(audience, account, Timestamp::now()));
            Ok(json!({ "id_token": id_token }))
        }
        (None, Some(_)) => {
            let token = access.issue(account, HOUR);
            Ok(json!({ "access_token": token, "expires_in": HOUR.as_secs(), "token_type": "Bearer" }))
        }
        _ => Err("either target_audience or scope is needed"),
    }
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
