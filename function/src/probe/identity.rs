//! ID tokens of whoever runs this, for a standby that is closed to everybody else.

use std::{collections::HashMap, time::Duration};

use google_cloud_auth::credentials::idtoken::{Builder, IDTokenCredentials};
use http::HeaderValue;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::{api::retry::causes, clouds::google::credentials::unless_it_breaks};

/// A token that doesn't let us in is replaced at most this often: own choice, so that a door that stays closed costs a
/// token a minute and no more.
const DOUBTED_AGAIN: Duration = Duration::from_mins(1);

/// One token for each place, kept while it is good.
#[derive(Debug, Default)]
pub(super) struct Identities(Mutex<HashMap<String, Identity>>);

/// What we show at one place.
#[derive(Debug, Default)]
struct Identity {
    credentials: Option<IDTokenCredentials>,
    /// When the last ones were given up for nothing but a refusal there.
    doubted: Option<Instant>,
}

impl Identities {
    /// The header's value for the place at this address.
    ///
    /// # Errors
    /// Why there is none, in words that name what mends it.
    pub(super) async fn of(&self, place: &Url, patience: Duration) -> Result<HeaderValue, String> {
        let audience = place.origin().ascii_serialization();
        let credentials = self.credentials(&audience).await?;
        let asked = tokio::time::timeout(patience, unless_it_breaks(credentials.id_token())).await;
        let token = match asked {
            Ok(Some(Ok(token))) => Ok(token),
            Ok(Some(Err(error))) => Err(causes(&error)),
            Ok(None) => Err("the library that fetches it broke off".to_owned()),
            Err(_) => Err(format!("no answer within {patience:?}")),
        };
        let token = match token {
            Ok(token) => token,
            Err(why) => {
                // The library's credentials are dead for good after a refusal, and wait for an answer that never came.
                self.forget(&audience).await;
                return Err(without(&audience, &why));
            }
        };
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|error| without(&audience, &error.to_string()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The place at this address didn't let us in: the next visit shows another token, since a metadata server that
    /// stumbles may hand out one of another identity.
    pub(super) async fn doubt(&self, place: &Url) {
        let mut all = self.0.lock().await;
        let Some(identity) = all.get_mut(&place.origin().ascii_serialization()) else { return };
        if identity.doubted.is_none_or(|then| then.elapsed() >= DOUBTED_AGAIN) {
            *identity = Identity { credentials: None, doubted: Some(Instant::now()) };
        }
    }

    async fn forget(&self, audience: &str) {
        if let Some(identity) = self.0.lock().await.get_mut(audience) {
            identity.credentials = None;
        }
    }

    async fn credentials(&self, audience: &str) -> Result<IDTokenCredentials, String> {
        let mut all = self.0.lock().await;
        let identity = all.entry(audience.to_owned()).or_default();
        if let Some(known) = &identity.credentials {
            return Ok(known.clone());
        }
        let built = Builder::new(audience).build().map_err(|error| without(audience, &causes(&error)))?;
        Ok(identity.credentials.insert(built).clone())
    }
}

fn without(audience: &str, why: &str) -> String {
    format!("there is no ID token for {audience}, and the standby is closed to everybody without one: {why}")
}

#[cfg(test)]
impl Identities {
    /// Takes what it takes to show something at the place, without asking anybody for a token.
    pub(super) async fn prepare(&self, place: &Url) {
        self.credentials(&place.origin().ascii_serialization()).await.expect("credentials");
    }

    /// Whether the next visit to the place shows what the last one did.
    pub(super) async fn keeps(&self, place: &Url) -> bool {
        let all = self.0.lock().await;
        all.get(&place.origin().ascii_serialization()).is_some_and(|identity| identity.credentials.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_let_us_in_is_replaced_once_a_minute() {
        let (identities, place) = (Identities::default(), Url::parse("https://standby.example/a").unwrap());
        identities.doubt(&place).await;
        identities.prepare(&place).await;
        // Building them takes no time of this clock.
        tokio::time::pause();
        identities.doubt(&place).await;
        assert!(!identities.keeps(&place).await);
        identities.prepare(&place).await;
        tokio::time::advance(Duration::from_secs(59)).await;
        identities.doubt(&place).await;
        assert!(identities.keeps(&place).await, "it was replaced just now");
        tokio::time::advance(Duration::from_secs(1)).await;
        identities.doubt(&place).await;
        assert!(!identities.keeps(&place).await);
    }
}
