//! Lends the function's tokens to Google's client.

use std::sync::Arc;

use google_cloud_auth::{
    credentials::{CacheableResource, CredentialsProvider, EntityTag},
    errors::CredentialsError,
};
use http::{Extensions, HeaderMap};

use crate::api::tokens::Tokens;

#[derive(Debug)]
pub(super) struct Bridge(pub(super) Arc<dyn Tokens>);

impl CredentialsProvider for Bridge {
    async fn headers(&self, _: Extensions) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        let token = self.0.token().await;
        let token =
            token.map_err(|error| CredentialsError::from_msg(!error.is_permanent(), error.message))?;
        let data = token.headers();
        let data = data.ok_or_else(|| CredentialsError::from_msg(false, "the token fits into no header"))?;
        Ok(CacheableResource::New { entity_tag: EntityTag::new(), data })
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}
