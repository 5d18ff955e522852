//! Reserved external addresses.

use serde_json::{Value, json};

use super::ComputeState;
use super::envelope::{ComputeDenied, require};
use super::machine::{AddressSeed, BASE};
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::strict;

#[derive(Debug)]
pub(super) struct Address {
    pub(super) seed: AddressSeed,
}

impl Address {
    /// The network tier of all addresses here.
    pub(super) const TIER: &str = "PREMIUM";

    pub(super) fn new(seed: AddressSeed) -> Self {
        Self { seed }
    }

    /// Whether it is this address, in this region.
    pub(super) fn is(&self, ip: &str, region: &str) -> bool {
        self.seed.ip.to_string() == ip && self.seed.path.split('/').nth(3) == Some(region)
    }

    fn view(&self, state: &ComputeState) -> Value {
        let ip = self.seed.ip;
        let using = state.machines.iter().filter(|m| m.access.as_ref().is_some_and(|access| access.ip == ip));
        let users: Vec<String> = using.map(|machine| format!("{BASE}/{}", machine.path())).collect();
        let region = self.seed.path.split("/addresses/").next().unwrap_or_default();
        let mut view = json!({
            "kind": "compute#address",
            "id": "7890123456789012345",
            "name": self.seed.path.rsplit('/').next(),
            "address": ip.to_string(),
            "addressType": "EXTERNAL",
            "networkTier": Self::TIER,
            "region": format!("{BASE}/{region}"),
            "status": if users.is_empty() { "RESERVED" } else { "IN_USE" },
            "selfLink": format!("{BASE}/{}", self.seed.path),
        });
        if !users.is_empty() {
            view["users"] = json!(users);
        }
        view
    }
}

pub(super) fn get(
    Asked { state, access, call, name: path, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    require(access, call, &["compute.addresses.get"], path)?;
    strict::check_query(call, &[])?;
    let found = state.addresses.iter().find(|address| address.seed.path == path);
    found.map(|address| strict::ok(&address.view(state))).ok_or_else(|| ComputeDenied::not_found(path))
}
