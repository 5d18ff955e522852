//! Proves a token's signature with Google's own verifier, kept away from what it does badly.
//!
//! google-cloud-auth 1.18: it panics on a token without an email, takes one without audience or issuer, and fails
//! when two ask at once. So claims are looked at first, one asks at a time, and a panic is an answer.

use std::{sync::Arc, time::Duration};

use google_cloud_auth::credentials::idtoken::verifier::{Builder, Verifier};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, timeout},
};
use tracing::Instrument;

use crate::{
    config::Expected,
    push::{Outcome, refusal::Refusal},
};

use super::{
    claims::{Claims, Token},
    keys::KeyIds,
};

/// How long the verifier may take, which fetches keys without a limit of its own.
const VERIFY_WITHIN: Duration = Duration::from_secs(10);

/// Proves signatures, one at a time.
#[derive(Debug)]
pub(in crate::push) struct Signatures(Arc<Mutex<Prover>>);

#[derive(Debug)]
struct Prover {
    keys: KeyIds,
    verifier: Verifier,
}

impl Signatures {
    pub(super) fn new(expected: &Expected, jwks: String, http: reqwest::Client) -> Self {
        let verifier = Builder::new([&expected.audience])
            .with_email(&expected.service_account)
            .with_jwks_url(&jwks)
            .build();
        Self(Arc::new(Mutex::new(Prover { keys: KeyIds::new(jwks, http), verifier })))
    }

    /// The claims of `token`, proven.
    pub(super) async fn verify(&self, token: &Token<'_>) -> Result<Claims, Refusal> {
        let (key, text, asked) = (token.key_id()?, token.text.to_owned(), Instant::now());
        let prover = Arc::clone(&self.0).lock_owned().await;
        // In a task of its own, where a panic ends nothing but itself.
        let task = tokio::spawn(prove(prover, key, text, asked).in_current_span());
        task.await.unwrap_or_else(|_| Err(unknown("the check itself broke off")))
    }
}

async fn prove(
    mut prover: OwnedMutexGuard<Prover>,
    key: String,
    token: String,
    asked: Instant,
) -> Result<Claims, Refusal> {
    if !prover.keys.knows(&key, asked).await.map_err(|why| unknown(&why))? {
        return Err(Refusal::unproven("the token is signed with a key that is none of Google's"));
    }
    match timeout(VERIFY_WITHIN, prover.verifier.verify(&token)).await {
        Ok(Ok(claims)) => Ok(claims),
        Ok(Err(error)) if error.is_load_cert() => Err(unknown(&error.to_string())),
        Ok(Err(error)) => Err(Refusal::unproven(format!("the token is not good: {error}"))),
        Err(_) => Err(unknown("the keys did not arrive in time")),
    }
}

/// Nobody can tell now: another try may.
fn unknown(why: &str) -> Refusal {
    Refusal::new(Outcome::TryAgain, format!("the token can't be checked without Google's keys: {why}"))
}
