//! Network interfaces (`Microsoft.Network/networkInterfaces`): read, and replaced as a whole.
//!
//! There is no way to change one configuration of an interface alone: PATCH knows tags only (the specification of
//! `Microsoft.Network`, azure-mgmt-network 33.1.0).

use http::Method;
use serde_json::Value;

use super::{
    Azure, COMPUTE_VERSION, Request, VERSION,
    names::{InterfaceId, PublicAddressId},
};
use crate::api::{ApiError, ApiErrorKind, task::Task};

const MISSING: &str = "check the id of the interface: az network nic list --query '[].id'";
const READ: &str = "grant the identity Microsoft.Network/networkInterfaces/read on it";
const WRITE: &str = "grant the identity Microsoft.Network/networkInterfaces/write on it, \
                     Microsoft.Network/virtualNetworks/subnets/join/action on its subnet, and the join action of what \
                     else it names";

/// The state of an interface that a change is written on top of.
#[derive(Debug, Clone)]
pub struct ETag(String);

impl ETag {
    /// That of an interface as it was read.
    pub(crate) fn of(interface: &Value) -> Option<Self> {
        interface["etag"].as_str().map(|tag| Self(tag.to_owned()))
    }

    /// The tag as it goes into a header.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is done to an interface, in words.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// Such as `give`.
    pub verb: &'static str,
    /// Such as `10.0.0.250 to db-b-nic`.
    pub subject: &'a str,
}

impl Azure {
    /// The interface, and what a change of it is written on top of.
    pub async fn interface(&self, id: &InterfaceId) -> Result<(Value, ETag), ApiError> {
        let task = reading(id);
        let answer = self.call(&task, &Request::get(&self.interface_url(id))).await?;
        let interface = answer.json();
        let etag = ETag::of(&interface);
        let etag = etag.ok_or_else(|| task.error(ApiErrorKind::Transient, "answered without etag"))?;
        Ok((interface, etag))
    }

    /// Replaces the interface if it is still as it was with this tag, and waits until that is done.
    pub async fn replace_interface(
        &self,
        deed: Deed<'_>,
        id: &InterfaceId,
        etag: &ETag,
        interface: &Value,
    ) -> Result<(), ApiError> {
        let task = Task {
            provider: super::PARTY,
            verb: deed.verb,
            subject: deed.subject,
            grant: WRITE,
            missing: MISSING,
            refused: "see what Azure says of it",
        };
        let url = self.interface_url(id);
        let request = Request { method: Method::PUT, url: &url, body: Some((etag, interface)) };
        let answer = self.call(&task, &request).await?;
        self.follow(&task, (id, interface), &answer).await
    }

    /// A public address: where it is, in which zones, and who has it.
    pub async fn public_address(&self, id: &PublicAddressId) -> Result<Value, ApiError> {
        let task = Task {
            grant: "grant the identity Microsoft.Network/publicIPAddresses/read on it",
            missing: "check the id of the address: az network public-ip list --query '[].id'",
            subject: id.name(),
            ..READING
        };
        let url = format!("{}{}?api-version={VERSION}", self.endpoints.azure(), id.as_str());
        task.whole(self.call(&task, &Request::get(&url)).await?.json(), "id")
    }

    /// Something else that an interface hangs on: a machine, a public address, a load balancer.
    pub async fn neighbour(&self, id: &str) -> Result<Value, ApiError> {
        let task = Task {
            grant: "grant the identity read on it",
            missing: "look at what the interface names",
            subject: id.rsplit('/').next().unwrap_or_default(),
            ..READING
        };
        let is_machine = id.to_ascii_lowercase().contains("/providers/microsoft.compute/");
        let version = if is_machine { COMPUTE_VERSION } else { VERSION };
        let url = format!("{}{id}?api-version={version}", self.endpoints.azure());
        task.whole(self.call(&task, &Request::get(&url)).await?.json(), "id")
    }

    pub(super) fn interface_url(&self, id: &InterfaceId) -> String {
        format!("{}{id}?api-version={VERSION}", self.endpoints.azure())
    }
}

/// Reading an interface, in words.
pub(super) fn reading(id: &InterfaceId) -> Task<'_> {
    Task { subject: id.name(), ..READING }
}

const READING: Task<'static> =
    Task { provider: super::PARTY, verb: "read", subject: "", grant: READ, missing: MISSING, refused: "" };
