//! The one source of Google access tokens.
//!
//! On Cloud Run tokens come from the metadata server, elsewhere from Application Default Credentials.
//! `GCE_METADATA_HOST` (host and port, without a scheme) leads to another metadata server.

use std::{panic::AssertUnwindSafe, sync::PoisonError, time::Duration};

use async_trait::async_trait;
use futures::FutureExt;
use google_cloud_auth::{
    credentials::{AccessTokenCredentials, Builder, CacheableResource, CredentialsProvider},
    errors::CredentialsError,
};
use http::{Extensions, HeaderMap, header::AUTHORIZATION};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::api::{
    ApiError, ApiErrorKind, Secret,
    tokens::{Token, Tokens},
};

/// A token for which nothing was ever done is replaced at most this often: own choice, so that a permission that is
/// missing costs a token a minute and no more.
const DOUBTED_AGAIN: Duration = Duration::from_mins(1);

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What comes of this work of Google's library; nothing where it panics, as it does for good once its own task has: that
/// builds a client for each token, which takes descriptors and the system's certificates.
pub(crate) async fn unless_it_breaks<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

/// Application Default Credentials.
///
/// The library's credentials object is dead for good after one permanent error and repeats a passing one for
/// ten seconds, so it is built anew whenever it fails.
#[derive(Debug)]
pub struct DefaultCredentials {
    patience: Duration,
    current: Mutex<(u64, Option<AccessTokenCredentials>)>,
    standing: std::sync::Mutex<Standing>,
}

/// What the newest token was worth so far.
///
/// A metadata server that stumbles may hand out a good token of another identity, which is refused everything for an
/// hour (apache/arrow-rs-object-store#805).
#[derive(Debug, Default)]
struct Standing {
    token: Option<Secret>,
    is_good: bool,
    /// Which credentials were last given up for that, and when.
    doubted: Option<(u64, Instant)>,
}

impl Standing {
    /// Looks at `token` from now on; the one before says nothing of it.
    fn turn_to(&mut self, token: &Secret) {
        if self.token.as_ref() != Some(token) {
            self.token = Some(token.clone());
            self.is_good = false;
        }
    }

    fn may_be_anothers(&mut self, token: &Token, now: Instant) -> bool {
        // Asked at the same time as one that was given up: that one's successor is asked for this, too.
        if self.doubted.is_some_and(|(generation, _)| token.generation <= generation) {
            return true;
        }
        self.turn_to(&token.bearer);
        let doubted = self.doubted.is_some_and(|(_, then)| now.duration_since(then) < DOUBTED_AGAIN);
        let may = !self.is_good && !doubted;
        if may {
            self.doubted = Some((token.generation, now));
        }
        may
    }
}

impl DefaultCredentials {
    /// Credentials that are looked for when the first token is asked for; one fetch may take `patience`.
    pub fn new(patience: Duration) -> Self {
        Self { patience, current: Mutex::new((0, None)), standing: std::sync::Mutex::default() }
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn credentials(&self) -> Result<(u64, AccessTokenCredentials), ApiError> {
        let mut current = self.current.lock().await;
        if let (generation, Some(credentials)) = &*current {
            return Ok((*generation, credentials.clone()));
        }
        let built = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
        let credentials =
            built.map_err(|error| unavailable(ApiErrorKind::Denied, &crate::api::retry::causes(&error)))?;
        *current = (current.0 + 1, Some(credentials.clone()));
        Ok((current.0, credentials))
    }

    async fn drop_generation(&self, generation: u64) {
        let mut current = self.current.lock().await;
        if current.0 == generation {
            current.1 = None;
        }
    }
}

#[async_trait]
impl Tokens for DefaultCredentials {
    async fn token(&self) -> Result<Token, ApiError> {
        let (generation, credentials) = self.credentials().await?;
        let asked = unless_it_breaks(credentials.headers(Extensions::new()));
        let error = match timeout(self.patience, asked).await.map(|told| told.unwrap_or_else(broke)) {
            Ok(Ok(CacheableResource::New { data, .. })) => match read_headers(&data, generation) {
                Some(token) => return Ok(token),
                None => unavailable(ApiErrorKind::Transient, "the credentials gave no bearer token"),
            },
            Ok(Ok(CacheableResource::NotModified)) => {
                unavailable(ApiErrorKind::Transient, "the credentials gave no token")
            }
            Ok(Err(error)) => refused(&error),
            Err(_) => unavailable(ApiErrorKind::Transient, &format!("no answer within {:?}", self.patience)),
        };
        self.drop_generation(generation).await;
        Err(error)
    }

    async fn forget(&self, refused: &Token) {
        self.drop_generation(refused.generation).await;
    }

    fn was_good(&self, token: &Token) {
        let mut standing = self.standing();
        standing.turn_to(&token.bearer);
        standing.is_good = true;
    }

    fn may_be_anothers(&self, token: &Token) -> bool {
        self.standing().may_be_anothers(token, Instant::now())
    }
}

fn read_headers(headers: &HeaderMap, generation: u64) -> Option<Token> {
    let bearer = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let quota_project = headers.get("x-goog-user-project").and_then(|value| value.to_str().ok());
    Some(Token { bearer: Secret::new(bearer), quota_project: quota_project.map(str::to_owned), generation })
}

/// What a library that broke off is taken to have said: another one may do better.
fn broke<T>() -> Result<T, CredentialsError> {
    Err(CredentialsError::from_msg(true, "the library that fetches it broke off"))
}

fn refused(error: &CredentialsError) -> ApiError {
    let kind = if error.is_transient() { ApiErrorKind::Transient } else { ApiErrorKind::Denied };
    unavailable(kind, &crate::api::retry::causes(error))
}

fn unavailable(kind: ApiErrorKind, why: &str) -> ApiError {
    let message = format!(
        "could not get a Google access token: {why}; on Cloud Run give the service a service account, elsewhere \
         run gcloud auth application-default login"
    );
    ApiError::in_words_of_others(kind, &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(bearer: &str, generation: u64) -> Token {
        Token { bearer: Secret::new(bearer), quota_project: None, generation }
    }

    #[test]
    fn a_token_for_which_nothing_was_done_is_doubted_once_a_minute_and_a_good_one_never() {
        let now = Instant::now();
        let mut standing = Standing::default();
        assert!(standing.may_be_anothers(&token("theirs", 1), now));
        assert!(standing.may_be_anothers(&token("theirs", 1), now), "it was asked at the same time");
        let soon = now + Duration::from_secs(59);
        assert!(!standing.may_be_anothers(&token("theirs", 2), soon), "it was replaced just now");
        assert!(standing.may_be_anothers(&token("theirs", 2), now + Duration::from_mins(1)));
        standing.turn_to(&Secret::new("ours"));
        standing.is_good = true;
        let later = now + Duration::from_hours(1);
        assert!(!standing.may_be_anothers(&token("ours", 3), later), "what it is refused, it may not");
        assert!(
            standing.may_be_anothers(&token("theirs", 3), later),
            "the next has to show what it is worth"
        );
    }
}
