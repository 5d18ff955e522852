//! Access tokens, and where they come from.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

use super::{ApiError, Secret};

/// An access token, with the project that requests are counted on where the credentials name one.
#[derive(Debug, Clone)]
pub struct Token {
    /// What goes after `Bearer`.
    pub bearer: Secret,
    /// The header `x-goog-user-project`, for operators' own credentials.
    pub quota_project: Option<String>,
    /// Which credentials it came from, so that refused ones are forgotten once.
    pub(crate) generation: u64,
}

impl Token {
    /// The headers that carry it; `None` if it fits into none.
    pub fn headers(&self) -> Option<HeaderMap> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.bearer.expose())).ok()?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        if let Some(project) = &self.quota_project {
            headers.insert("x-goog-user-project", HeaderValue::from_str(project).ok()?);
        }
        Some(headers)
    }
}

/// Where access tokens come from: Google's, unless something else is said.
#[async_trait]
pub trait Tokens<T = Token>: fmt::Debug + Send + Sync {
    /// A token that should be good now: cached, or fetched.
    async fn token(&self) -> Result<T, ApiError>;

    /// Forgets what led to `refused`, so that the next token is a fresh one.
    async fn forget(&self, refused: &T);

    /// Notes that a provider did something for it.
    fn was_good(&self, _token: &T) {}

    /// Whether a refusal may be the token's fault: nothing was done for it yet, and none was replaced for that just now.
    /// Whoever asks replaces it.
    fn may_be_anothers(&self, _token: &T) -> bool {
        false
    }
}

/// One token for ever: for tests, and for a token given by hand.
#[derive(Debug)]
pub struct StaticToken(pub Secret);

#[async_trait]
impl Tokens for StaticToken {
    async fn token(&self) -> Result<Token, ApiError> {
        Ok(Token { bearer: self.0.clone(), quota_project: None, generation: 0 })
    }

    async fn forget(&self, _refused: &Token) {}
}
