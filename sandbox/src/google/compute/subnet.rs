//! Subnets: their ranges, as those that machines' aliases are from.

use serde_json::{Value, json};

use super::ComputeState;
use super::envelope::{ComputeDenied, require};
use super::machine::{BASE, Subnet};
use crate::frame::call::Reply;
use crate::google::Asked;
use crate::google::strict;

impl Subnet {
    fn view(&self) -> Value {
        let mut view = json!({
            "kind": "compute#subnetwork",
            "id": "1357924680135792468",
            "name": self.path.rsplit('/').next(),
            "ipCidrRange": self.range.to_string(),
            "region": format!("{BASE}/{}", self.path.split("/subnetworks/").next().unwrap_or_default()),
            "fingerprint": "q7Wf0k3dY1c=",
            "selfLink": format!("{BASE}/{}", self.path),
        });
        let range = |(name, range): &(String, super::Cidr)| json!({"rangeName": name, "ipCidrRange": range.to_string()});
        if !self.secondary.is_empty() {
            view["secondaryIpRanges"] = self.secondary.iter().map(range).collect();
        }
        view
    }
}

pub(super) fn get(
    Asked { state, access, call, name: path, .. }: Asked<ComputeState>,
) -> Result<Reply, ComputeDenied> {
    require(access, call, &["compute.subnetworks.get"], path)?;
    strict::check_query(call, &["views"])?;
    let found = state.subnets.iter().find(|subnet| subnet.path == path);
    found.map(|subnet| strict::ok(&subnet.view())).ok_or_else(|| ComputeDenied::not_found(path))
}
