//! ID tokens of whoever runs this, for a standby that is closed to everybody else.

use std::{collections::HashMap, time::Duration};

use google_cloud_auth::credentials::idtoken::{Builder, IDTokenCredentials};
use http::HeaderValue;
use tokio::sync::Mutex;
use url::Url;

use crate::{api::retry::causes, clouds::google::credentials::unless_it_breaks};

/// One token for each place, kept while it is good.
#[derive(Debug, Default)]
pub(super) struct Identities(Mutex<HashMap<String, IDTokenCredentials>>);

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
                self.0.lock().await.remove(&audience);
                return Err(without(&audience, &why));
            }
        };
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|error| without(&audience, &error.to_string()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    async fn credentials(&self, audience: &str) -> Result<IDTokenCredentials, String> {
        let mut all = self.0.lock().await;
        if let Some(known) = all.get(audience) {
            return Ok(known.clone());
        }
        let built = Builder::new(audience).build().map_err(|error| without(audience, &causes(&error)))?;
        all.insert(audience.to_owned(), built.clone());
        Ok(built)
    }
}

fn without(audience: &str, why: &str) -> String {
    format!("there is no ID token for {audience}, and the standby is closed to everybody without one: {why}")
}
