//! Signs what a generic webhook is sent, as standardwebhooks.com has it ("Standard Webhooks", version 1.0.0, read
//! 2026-11-20): receivers check it with that project's libraries or with ten lines of their own.

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::api::Secret;

/// What a base64 secret begins with.
const PREFIX: &str = "whsec_";

/// The key that sender and receiver share.
#[derive(Debug)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Reads `whsec_` and base64, or takes any other text as it is.
    ///
    /// # Errors
    /// When what follows `whsec_` isn't base64; the secret isn't repeated.
    pub fn read(secret: &Secret) -> Result<Self, &'static str> {
        let secret = secret.expose();
        let bytes = match secret.strip_prefix(PREFIX) {
            Some(encoded) => {
                BASE64_STANDARD.decode(encoded).map_err(|_| "what follows whsec_ is not base64")?
            }
            None => secret.as_bytes().to_vec(),
        };
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The header `webhook-signature`: HMAC-SHA256 over id, second and body, joined by full stops.
    pub(super) fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{second}.").as_bytes());
        context.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> SigningKey {
        SigningKey::read(&Secret::new(secret)).unwrap()
    }

    /// Made with Python's `hmac` module.
    #[test]
    fn a_signature_is_the_one_that_others_compute() {
        let key = key("whsec_c2VjcmV0IG9mIHR3ZW50eS1mb3VyIQ==");
        let signature = key.sign("msg_1", 1_763_600_000, br#"{"type":"cloud-failover.ended"}"#);
        assert_eq!(signature, "v1,VwwRbCFrlnXXqOrG/e42J1hUB8OkU5cuN28aQOsg2ic=");
    }

    #[test]
    fn a_secret_without_the_prefix_is_taken_as_it_is() {
        let plain = key("secret of twenty-four!");
        let encoded = key("whsec_c2VjcmV0IG9mIHR3ZW50eS1mb3VyIQ==");
        assert_eq!(plain.sign("a", 1, b"x"), encoded.sign("a", 1, b"x"));
    }

    #[test]
    fn a_broken_secret_is_refused_without_being_repeated() {
        let refused = SigningKey::read(&Secret::new("whsec_hunter2*")).unwrap_err();
        assert!(!refused.contains("hunter2"));
    }
}
